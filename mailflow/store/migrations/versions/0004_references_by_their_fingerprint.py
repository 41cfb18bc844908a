"""references by their fingerprint, decisions on hold"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('ALTER TABLE reference RENAME COLUMN token TO fingerprint')
    connection = op.get_bind()
    reference = sa.table('reference', sa.column('fingerprint'))
    tokens = connection.execute(sa.select(reference.c.fingerprint)).scalars().all()
    hashed = [{'token': t, 'sha256': hashlib.sha256(t.encode('utf-8', 'replace')).hexdigest()} for t in tokens]
    if hashed:
        connection.execute(
            sa.update(reference)
            .where(reference.c.fingerprint == sa.bindparam('token'))
            .values(fingerprint=sa.bindparam('sha256')),
            hashed,
        )
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('on_hold_until', sa.DateTime(), nullable=True))
        batch_op.create_index('ix_invoice_on_hold_until', ['on_hold_until'], unique=False)


def downgrade() -> None:
    # nobody can tell the tokens from their hashes: answers to earlier mails are found by Message-ID alone
    with op.batch_alter_table('invoice', schema=None, recreate='never') as batch_op:
        batch_op.drop_index('ix_invoice_on_hold_until')
        batch_op.drop_column('on_hold_until')
    op.execute('ALTER TABLE reference RENAME COLUMN fingerprint TO token')
