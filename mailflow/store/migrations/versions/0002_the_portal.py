"""the portal"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('portal_object',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('request', sa.Text(), nullable=False),
    sa.Column('sent_at', sa.DateTime(), nullable=False),
    sa.Column('remote_id', sa.BigInteger(), nullable=True),
    sa.Column('gone', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_portal_object'))
    )
    with op.batch_alter_table('portal_object', schema=None) as batch_op:
        batch_op.create_index('ix_portal_object_number', ['number', 'kind'], unique=False)

    op.create_table('portal_memory',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_portal_memory'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('world', sa.String(), server_default='mail', nullable=False))
        batch_op.drop_index('ix_outbox_due')
        batch_op.create_index('ix_outbox_due', ['world', 'state', 'next_attempt_at', 'id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_due')
        batch_op.create_index('ix_outbox_due', ['state', 'next_attempt_at', 'id'], unique=False)
        batch_op.drop_column('world')

    op.drop_table('portal_memory')
    with op.batch_alter_table('portal_object', schema=None) as batch_op:
        batch_op.drop_index('ix_portal_object_number')

    op.drop_table('portal_object')
