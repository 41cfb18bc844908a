"""The rows. They validate nothing: an Invoice checks itself, rows only remember."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {  # a constraint without a name could never be changed by a migration
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware time, stored as naive UTC and given back aware, the same on SQLite and PostgreSQL."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware -> naive UTC. Raises ValueError for a time without an offset: nobody knows which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no offset")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Naive UTC -> aware."""
        return value.replace(tzinfo=UTC) if value else None


class Words(TypeDecorator[str]):
    """Text from outside, stored and looked up as both databases can: without NUL and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Any str -> storable text."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses; a surrogate without its other half, no UTF-8, becomes '?'."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


ByteOrdered = Text().with_variant(Text(collation="C"), "postgresql")
"""Storable text in the order of its code points, whatever language the database sorts by: a prefix is a range."""

Identifier = BigInteger().with_variant(Integer, "sqlite")

KEY_LENGTH = 200
"""How many characters of a stranger's words an index gets: PostgreSQL has no room for more than about 2,700 bytes."""


class Row(SQLModel):
    """A row of some table. What would validate it is never asked for, and is not built at every start."""

    model_config = {"defer_build": True}


class InboxRow(Row, table=True):
    """One received mail; its bytes are in `raw_mail`. Mails wait by `rank`, those of one rank in their order."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_waiting", "state", "next_attempt_at", "id"),
        Index("ix_inbox_message_id", "message_id"),  # PostgreSQL has a hash: see the migration
        Index("ix_inbox_number", "number"),
        Index("ix_inbox_queue", "queue", "received_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Identifier)
    message_id: str | None = Field(default=None, sa_type=Words)
    digest: str = Field(unique=True)
    sender: str = Field(sa_type=Words)
    subject: str = Field(sa_type=Words)
    size: int
    complete: bool
    received_at: datetime = Field(sa_type=Moment)
    queue: str = Field(default="", sa_type=Words, sa_column_kwargs={"server_default": ""})
    rank: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    state: str
    kind: str = ""
    reason: str = Field(default="", sa_type=Words)
    error: str = Field(default="", sa_type=Words)
    number: str | None = None
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=Moment)
    leased_until: datetime | None = Field(default=None, sa_type=Moment)
    leased_by: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Moment)


class RawMailRow(Row, table=True):
    """The bytes of a received mail, kept as evidence."""

    __tablename__ = "raw_mail"

    inbox_id: int = Field(primary_key=True, foreign_key="inbox.id", sa_type=Identifier)
    raw: bytes = Field(sa_type=LargeBinary)


class LocationRow(Row, table=True):
    """A place in the mailbox where a received mail lies, or lay."""

    __tablename__ = "inbox_location"
    __table_args__ = (
        UniqueConstraint("folder", "uidvalidity", "uid"),
        Index("ix_inbox_location_unfiled", "filed", "inbox_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Identifier)
    inbox_id: int = Field(foreign_key="inbox.id", sa_type=Identifier)
    folder: str = Field(sa_type=Words)
    uidvalidity: int = Field(sa_type=BigInteger)
    uid: int = Field(sa_type=BigInteger)
    filed: bool = False


class FileRow(Row, table=True):
    """A file of an invoice, once for each content."""

    __tablename__ = "file"

    sha256: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class NumberRow(Row, table=True):
    """The last invoice number of a year."""

    __tablename__ = "invoice_number"

    year: int = Field(primary_key=True)
    last: int


class InvoiceRow(Row, table=True):
    """An invoice: the aggregate as a JSON document, and beside it what is searched by.

    `counterparty` is cut to KEY_LENGTH, `skeleton` is what looks like it, `spelling` the same name however written;
    `waits_for` is the person asked now, `asked_at` since when an approver is, `told_at` when somebody was last told,
    `due` the day of an open payment, `on_hold_until` when a decision takes effect; `payment_day` and `shifts` are those
    of a payment that was asked for, whatever became of it.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        Index("ix_invoice_waiting", "status", "told_at"),
        Index("ix_invoice_due", "status", "due"),
        Index("ix_invoice_on_hold_until", "on_hold_until"),
        Index("ix_invoice_counterparty", "counterparty", "created_at"),
        Index("ix_invoice_skeleton", "skeleton", "spelling", "created_at"),
        Index("ix_invoice_age", "created_at", "number"),
        Index("ix_invoice_payment", "payment_day", "status", "currency", "shifts", "amount_minor"),
    )

    number: str = Field(primary_key=True, sa_type=Words)
    status: str
    submitter: str = Field(index=True, sa_type=Words)
    counterparty: str = Field(sa_type=Words)
    skeleton: str = Field(default="", sa_type=Words, sa_column_kwargs={"server_default": ""})
    spelling: str = Field(default="", sa_type=Words, sa_column_kwargs={"server_default": ""})
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = None
    due: date | None = None
    waits_for: str | None = Field(default=None, index=True, sa_type=Words)
    asked_at: datetime | None = Field(default=None, index=True, sa_type=Moment)
    told_at: datetime | None = Field(default=None, sa_type=Moment)
    on_hold_until: datetime | None = Field(default=None, sa_type=Moment)
    payment_day: date | None = None
    shifts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: datetime = Field(sa_type=Moment)
    version: int
    document: str = Field(sa_type=Text)


class InvoiceFileRow(Row, table=True):
    """Which files an invoice has ever had, in whichever revision."""

    __tablename__ = "invoice_file"

    number: str = Field(primary_key=True, foreign_key="invoice.number")
    sha256: str = Field(primary_key=True, index=True)


class InvoiceMarkRow(Row, table=True):
    """By what an invoice has ever been known: as a repetition of another, and as one of its supplier."""

    __tablename__ = "invoice_mark"

    number: str = Field(primary_key=True, foreign_key="invoice.number")
    mark: str = Field(primary_key=True, index=True, sa_type=Words)


class InvoiceFacetRow(Row, table=True):
    """Under what an invoice is found on the board, as it is now (see store.facets); each in the order of arrival."""

    __tablename__ = "invoice_facet"
    __table_args__ = (Index("ix_invoice_facet_number", "number", "key"),)

    key: str = Field(primary_key=True, sa_type=ByteOrdered)
    created_at: datetime = Field(primary_key=True, sa_type=Moment)
    number: str = Field(primary_key=True, foreign_key="invoice.number")


class InviteUidRow(Row, table=True):
    """The invoice of a calendar UID."""

    __tablename__ = "invite_uid"

    uid: str = Field(primary_key=True, sa_type=Words)
    number: str = Field(foreign_key="invoice.number")


class ReferenceRow(Row, table=True):
    """What a mail of ours can be answered about; of the token itself only the SHA-256 (hex) is kept."""

    __tablename__ = "reference"

    fingerprint: str = Field(primary_key=True, sa_type=Words)
    message_id: str = Field(unique=True, sa_type=Words)
    number: str = Field(foreign_key="invoice.number")
    revision: int
    asks: str
    person: str = Field(sa_type=Words)
    digest: str
    step: int | None = None


class DigestItemRow(Row, table=True):
    """What one line of a digest can be answered about; `fingerprint` and `message_id` are those of its mail."""

    __tablename__ = "digest_item"

    fingerprint: str = Field(primary_key=True, sa_type=Words)
    position: int = Field(primary_key=True)
    message_id: str = Field(index=True, sa_type=Words)
    number: str = Field(foreign_key="invoice.number")
    revision: int
    asks: str
    person: str = Field(sa_type=Words)
    digest: str
    step: int | None = None


class OutboxRow(Row, table=True):
    """One effect that must reach the world (transactional outbox): `world` is mail or portal.

    `identity` says what the mail's token is made from, by `identity_key`, and not the token.
    `draft` is the mail without its files, kept from the first try until it is delivered, so that a repetition is the
    same mail byte for byte, whatever has changed in templates and settings.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "world", "state", "next_attempt_at", "id"),
        Index("ix_outbox_order", "channel", "number", "state", "id"),
        Index("ix_outbox_thread", "number", "recipient", "id"),
        Index("ix_outbox_kind", "recipient", "kind", "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Identifier)
    world: str = Field(default="mail", sa_column_kwargs={"server_default": "mail"})
    channel: str = Field(sa_type=Words)
    number: str | None = None
    recipient: str = Field(sa_type=Words)
    kind: str
    effect: str = Field(sa_type=Text)
    identity: str = Field(sa_type=Text)
    message_id: str = Field(unique=True, sa_type=Words)
    created_at: datetime = Field(sa_type=Moment)
    state: str
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=Moment)
    leased_until: datetime | None = Field(default=None, sa_type=Moment)
    leased_by: str | None = None
    draft: bytes | None = Field(default=None, sa_type=LargeBinary)
    last_error: str = Field(default="", sa_type=Words)
    answer: str = Field(default="", sa_type=Words)
    delivered_at: datetime | None = Field(default=None, sa_type=Moment)


class HistoryRow(Row, table=True):
    """One line of an invoice's history, chained by hash to the one before; written once."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_at", "at", "number", "position"),)

    number: str = Field(primary_key=True, foreign_key="invoice.number")
    position: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    event: str
    actor: str = Field(sa_type=Words)
    details: str = Field(sa_type=Words)
    message_id: str | None = Field(default=None, sa_type=Words)
    evidence: str | None = None
    hash: str


class FeedRow(Row, table=True):
    """Somebody's calendar feed; of its token only the SHA-256 (hex) is kept. A new generation ends the one before."""

    __tablename__ = "feed"

    person: str = Field(primary_key=True, sa_type=Words)
    generation: int
    fingerprint: str = Field(unique=True)


class SignInRow(Row, table=True):
    """A link that signs somebody in to the board, once; of its token only the SHA-256 (hex) is kept."""

    __tablename__ = "sign_in"

    fingerprint: str = Field(primary_key=True)
    person: str = Field(sa_type=Words)
    until: datetime = Field(index=True, sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class IdentityKeyRow(Row, table=True):
    """The secret from which references and Message-IDs are made; one row, made with the database."""

    __tablename__ = "identity_key"

    id: int = Field(primary_key=True)
    key: bytes = Field(sa_type=LargeBinary)


class PortalObjectRow(Row, table=True):
    """Something that the portal shows, or was asked to: its id there, and the very request that asks for it.

    The request is kept before it is sent, so that a repetition is the same request byte for byte.
    """

    __tablename__ = "portal_object"
    __table_args__ = (Index("ix_portal_object_number", "number", "kind"),)

    key: str = Field(primary_key=True, sa_type=Words)
    number: str
    kind: str
    request: str = Field(sa_type=Text)
    sent_at: datetime = Field(sa_type=Moment)
    remote_id: int | None = Field(default=None, sa_type=BigInteger)
    gone: bool = False


class PortalMemoryRow(Row, table=True):
    """What is remembered of the portal as a whole: how it is set up, its departments, whose turn it is to speak."""

    __tablename__ = "portal_memory"

    name: str = Field(primary_key=True)
    document: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Moment)


class DaemonRow(Row, table=True):
    """A daemon that works on this database, by the name of its holder, or has; `trouble` is what it met last.

    `passed_at` is when it last did all there was to do, `troubled_at` when something last hindered it.
    """

    __tablename__ = "daemon"

    id: str = Field(primary_key=True, sa_type=Words)
    mailbox: str = Field(sa_type=Words)
    watches: bool
    host: str = Field(sa_type=Words)
    pid: int
    version: str
    started_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    passed_at: datetime | None = Field(default=None, sa_type=Moment)
    trouble: str = Field(default="", sa_type=Words)
    troubled_at: datetime | None = Field(default=None, sa_type=Moment)
