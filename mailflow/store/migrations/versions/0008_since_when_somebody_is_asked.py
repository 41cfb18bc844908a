"""since when an approver is asked"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('asked_at', sa.DateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_invoice_asked_at'), ['asked_at'], unique=False)
    op.execute("UPDATE invoice SET asked_at = told_at WHERE status = 'in_approval'")


def downgrade() -> None:
    with op.batch_alter_table('invoice', schema=None, recreate='never') as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_asked_at'))
        batch_op.drop_column('asked_at')
