"""the daemons that work on this database"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('daemon',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('mailbox', sa.Text(), nullable=False),
    sa.Column('watches', sa.Boolean(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('seen_at', sa.DateTime(), nullable=False),
    sa.Column('passed_at', sa.DateTime(), nullable=True),
    sa.Column('trouble', sa.Text(), nullable=False),
    sa.Column('troubled_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daemon'))
    )


def downgrade() -> None:
    op.drop_table('daemon')
