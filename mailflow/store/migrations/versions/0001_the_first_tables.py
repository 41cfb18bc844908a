"""the first tables"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('file',
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_file'))
    )
    op.create_table('inbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=True),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('sender', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('complete', sa.Boolean(), nullable=False),
    sa.Column('received_at', sa.DateTime(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('settled_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox')),
    sa.UniqueConstraint('digest', name=op.f('uq_inbox_digest'))
    )
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.create_index('ix_inbox_waiting', ['state', 'next_attempt_at', 'id'], unique=False)

    op.create_table('invoice',
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('submitter', sa.Text(), nullable=False),
    sa.Column('counterparty', sa.Text(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('waits_for', sa.Text(), nullable=True),
    sa.Column('told_at', sa.DateTime(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_invoice'))
    )
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.create_index('ix_invoice_counterparty', ['counterparty', 'created_at'], unique=False)
        batch_op.create_index('ix_invoice_due', ['status', 'due'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_submitter'), ['submitter'], unique=False)
        batch_op.create_index('ix_invoice_waiting', ['status', 'told_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_waits_for'), ['waits_for'], unique=False)

    op.create_table('invoice_number',
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('year', name=op.f('pk_invoice_number'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('recipient', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('effect', sa.Text(), nullable=False),
    sa.Column('identity', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('delivered_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('message_id', name=op.f('uq_outbox_message_id'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_due', ['state', 'next_attempt_at', 'id'], unique=False)
        batch_op.create_index('ix_outbox_kind', ['recipient', 'kind', 'created_at'], unique=False)
        batch_op.create_index('ix_outbox_order', ['channel', 'number', 'state', 'id'], unique=False)
        batch_op.create_index('ix_outbox_thread', ['number', 'recipient', 'id'], unique=False)

    op.create_table('history',
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=True),
    sa.Column('evidence', sa.String(), nullable=True),
    sa.Column('hash', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['invoice.number'], name=op.f('fk_history_number')),
    sa.PrimaryKeyConstraint('number', 'position', name=op.f('pk_history'))
    )
    op.create_table('inbox_location',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('inbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('folder', sa.Text(), nullable=False),
    sa.Column('uidvalidity', sa.BigInteger(), nullable=False),
    sa.Column('uid', sa.BigInteger(), nullable=False),
    sa.Column('filed', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_inbox_location_inbox_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_location')),
    sa.UniqueConstraint('folder', 'uidvalidity', 'uid', name=op.f('uq_inbox_location_folder'))
    )
    with op.batch_alter_table('inbox_location', schema=None) as batch_op:
        batch_op.create_index('ix_inbox_location_unfiled', ['filed', 'inbox_id'], unique=False)

    op.create_table('invite_uid',
    sa.Column('uid', sa.Text(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['invoice.number'], name=op.f('fk_invite_uid_number')),
    sa.PrimaryKeyConstraint('uid', name=op.f('pk_invite_uid'))
    )
    op.create_table('invoice_file',
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['invoice.number'], name=op.f('fk_invoice_file_number')),
    sa.PrimaryKeyConstraint('number', 'sha256', name=op.f('pk_invoice_file'))
    )
    with op.batch_alter_table('invoice_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_file_sha256'), ['sha256'], unique=False)

    op.create_table('raw_mail',
    sa.Column('inbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('raw', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_raw_mail_inbox_id')),
    sa.PrimaryKeyConstraint('inbox_id', name=op.f('pk_raw_mail'))
    )
    op.create_table('reference',
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('asks', sa.String(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['number'], ['invoice.number'], name=op.f('fk_reference_number')),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_reference')),
    sa.UniqueConstraint('message_id', name=op.f('uq_reference_message_id'))
    )


def downgrade() -> None:
    op.drop_table('reference')
    op.drop_table('raw_mail')
    with op.batch_alter_table('invoice_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_file_sha256'))

    op.drop_table('invoice_file')
    op.drop_table('invite_uid')
    with op.batch_alter_table('inbox_location', schema=None) as batch_op:
        batch_op.drop_index('ix_inbox_location_unfiled')

    op.drop_table('inbox_location')
    op.drop_table('history')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_thread')
        batch_op.drop_index('ix_outbox_order')
        batch_op.drop_index('ix_outbox_kind')
        batch_op.drop_index('ix_outbox_due')

    op.drop_table('outbox')
    op.drop_table('invoice_number')
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_waits_for'))
        batch_op.drop_index('ix_invoice_waiting')
        batch_op.drop_index(batch_op.f('ix_invoice_submitter'))
        batch_op.drop_index('ix_invoice_due')
        batch_op.drop_index('ix_invoice_counterparty')

    op.drop_table('invoice')
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.drop_index('ix_inbox_waiting')

    op.drop_table('inbox')
    op.drop_table('file')
