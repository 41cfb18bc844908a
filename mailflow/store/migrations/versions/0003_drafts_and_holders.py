"""drafts, holders of leases, the key of identities"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = op.create_table('identity_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_key'))
    )
    op.bulk_insert(key, [{'id': 1, 'key': secrets.token_bytes(32)}])
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('leased_by', sa.String(), nullable=True))
        batch_op.create_index('ix_inbox_message_id', ['message_id'], unique=False, postgresql_using='hash')
        batch_op.create_index('ix_inbox_number', ['number'], unique=False)
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('leased_by', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('draft', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    # a table made anew would be dropped first, and what refers to it hinders that
    with op.batch_alter_table('outbox', schema=None, recreate='never') as batch_op:
        batch_op.drop_column('draft')
        batch_op.drop_column('leased_by')
    with op.batch_alter_table('inbox', schema=None, recreate='never') as batch_op:
        batch_op.drop_index('ix_inbox_number')
        batch_op.drop_index('ix_inbox_message_id')
        batch_op.drop_column('leased_by')
    op.drop_table('identity_key')
