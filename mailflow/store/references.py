"""What our mails can be answered about: by their token, their Message-ID, their calendar UID."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, insert, select
from sqlmodel import col

from mailflow.approval.reference import Asks, Reference, fingerprint
from mailflow.store.tables import IdentityKeyRow, InviteUidRow, ReferenceRow


class References:
    """Every reference that was given out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, reference: Reference, message_id: str) -> None:
        """A mail that is about to go out."""
        self._connection.execute(
            insert(ReferenceRow).values(
                fingerprint=reference.fingerprint,
                message_id=message_id,
                number=reference.number,
                revision=reference.revision,
                asks=reference.asks.value,
                person=reference.person,
                digest=reference.digest,
                step=reference.step,
            )
        )

    def by_token(self, token: str) -> Reference | None:
        """The mail whose subject had this #token."""
        return self._find(col(ReferenceRow.fingerprint) == fingerprint(token))

    def by_message_id(self, message_id: str) -> Reference | None:
        """The mail with this Message-ID."""
        return self._find(col(ReferenceRow.message_id) == message_id)

    def message_id_of(self, reference: str) -> str | None:
        """The Message-ID of the mail that gave out the reference with this fingerprint."""
        message_id: str | None = self._connection.execute(
            select(col(ReferenceRow.message_id)).where(col(ReferenceRow.fingerprint) == reference)
        ).scalar()
        return message_id

    def number_of_uid(self, uid: str) -> str | None:
        """The invoice whose payment has this calendar UID."""
        number: str | None = self._connection.execute(
            select(col(InviteUidRow.number)).where(col(InviteUidRow.uid) == uid)
        ).scalar()
        return number

    def identity_key(self) -> bytes:
        """The secret from which references and Message-IDs are made."""
        key: bytes = self._connection.execute(select(col(IdentityKeyRow.key))).scalar_one()
        return key

    def _find(self, condition: ColumnElement[bool]) -> Reference | None:
        row = self._connection.execute(select(ReferenceRow).where(condition)).first()
        if row is None:
            return None
        return Reference(row.fingerprint, row.number, row.revision, Asks(row.asks), row.person, row.digest, row.step)
