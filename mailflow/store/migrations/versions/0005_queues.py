"""the queues that mail waits in"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('queue', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('rank', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_index('ix_inbox_queue', ['queue', 'received_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('inbox', schema=None, recreate='never') as batch_op:
        batch_op.drop_index('ix_inbox_queue')
        batch_op.drop_column('rank')
        batch_op.drop_column('queue')
