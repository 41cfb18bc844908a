"""marks by which a repetition is known"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('invoice_mark',
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('mark', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['invoice.number'], name=op.f('fk_invoice_mark_number')),
    sa.PrimaryKeyConstraint('number', 'mark', name=op.f('pk_invoice_mark'))
    )
    with op.batch_alter_table('invoice_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_mark_mark'), ['mark'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('invoice_mark', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_mark_mark'))

    op.drop_table('invoice_mark')
