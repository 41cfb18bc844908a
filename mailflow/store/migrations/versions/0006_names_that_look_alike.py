"""names that look alike"""

import sqlalchemy as sa
from alembic import op

from mailflow.approval.lookalike import skeleton, spelling

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('skeleton', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('spelling', sa.Text(), server_default='', nullable=False))
        batch_op.create_index('ix_invoice_skeleton', ['skeleton', 'spelling', 'created_at'], unique=False)
    connection = op.get_bind()
    invoice = sa.table('invoice', sa.column('counterparty'), sa.column('skeleton'), sa.column('spelling'))
    names = connection.execute(sa.select(invoice.c.counterparty).distinct()).scalars().all()
    known = [{'name': name, 'looks': skeleton(name)[:200], 'spelt': spelling(name)[:200]} for name in names if name]
    if known:
        connection.execute(
            sa.update(invoice)
            .where(invoice.c.counterparty == sa.bindparam('name'))
            .values(skeleton=sa.bindparam('looks'), spelling=sa.bindparam('spelt')),
            known,
        )


def downgrade() -> None:
    with op.batch_alter_table('invoice', schema=None, recreate='never') as batch_op:
        batch_op.drop_index('ix_invoice_skeleton')
        batch_op.drop_column('spelling')
        batch_op.drop_column('skeleton')
