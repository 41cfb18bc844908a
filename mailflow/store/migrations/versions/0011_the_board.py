"""what the board looks up"""

import sqlalchemy as sa
from alembic import op

from mailflow.store.codec import read_invoice
from mailflow.store.facets import facets

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

_AT_ONCE = 500


def upgrade() -> None:
    byte_ordered = sa.Text(collation='C') if op.get_bind().dialect.name == 'postgresql' else sa.Text()
    op.create_table('invoice_facet',
    sa.Column('key', byte_ordered, nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['invoice.number'], name=op.f('fk_invoice_facet_number')),
    sa.PrimaryKeyConstraint('key', 'created_at', 'number', name=op.f('pk_invoice_facet'))
    )
    with op.batch_alter_table('invoice_facet', schema=None) as batch_op:
        batch_op.create_index('ix_invoice_facet_number', ['number', 'key'], unique=False)
    op.create_table('feed',
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('person', name=op.f('pk_feed')),
    sa.UniqueConstraint('fingerprint', name=op.f('uq_feed_fingerprint'))
    )
    op.create_table('sign_in',
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('until', sa.DateTime(), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('fingerprint', name=op.f('pk_sign_in'))
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_until'), ['until'], unique=False)
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('payment_day', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('shifts', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_index('ix_invoice_age', ['created_at', 'number'], unique=False)
        batch_op.create_index(
            'ix_invoice_payment', ['payment_day', 'status', 'currency', 'shifts', 'amount_minor'], unique=False
        )
    with op.batch_alter_table('history', schema=None) as batch_op:
        batch_op.create_index('ix_history_at', ['at', 'number', 'position'], unique=False)
    _file_what_is_there(op.get_bind())


def _file_what_is_there(connection: sa.Connection) -> None:
    moment = sa.DateTime()
    invoice = sa.table(
        'invoice', sa.column('number'), sa.column('created_at', moment), sa.column('document'),
        sa.column('payment_day', sa.Date()), sa.column('shifts'),
    )
    facet = sa.table('invoice_facet', sa.column('key'), sa.column('created_at', moment), sa.column('number'))
    paid_on = (
        sa.update(invoice)
        .where(invoice.c.number == sa.bindparam('this'))
        .values(payment_day=sa.bindparam('day'), shifts=sa.bindparam('times'))
    )
    last = ''
    while rows := connection.execute(
        sa.select(invoice.c.number, invoice.c.created_at, invoice.c.document)
        .where(invoice.c.number > last).order_by(invoice.c.number).limit(_AT_ONCE)
    ).all():
        last = rows[-1].number
        found, payments = [], []
        for row in rows:
            read = read_invoice(row.document)
            found += [{'key': k, 'created_at': row.created_at, 'number': row.number} for k in sorted(facets(read))]
            if read.payment:
                payments.append({'this': row.number, 'day': read.payment.due, 'times': read.payment.shifts})
        connection.execute(sa.insert(facet), found)
        if payments:
            connection.execute(paid_on, payments)


def downgrade() -> None:
    with op.batch_alter_table('history', schema=None) as batch_op:
        batch_op.drop_index('ix_history_at')

    with op.batch_alter_table('invoice', schema=None, recreate='never') as batch_op:
        batch_op.drop_index('ix_invoice_payment')
        batch_op.drop_index('ix_invoice_age')
        batch_op.drop_column('shifts')
        batch_op.drop_column('payment_day')

    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_until'))

    op.drop_table('sign_in')
    op.drop_table('feed')
    op.drop_table('invoice_facet')
