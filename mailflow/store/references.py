"""What our mails can be answered about: by their token, their Message-ID, their calendar UID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, union_all
from sqlmodel import col

from mailflow.approval.reference import Asks, Reference, fingerprint
from mailflow.store.statements import per_dialect
from mailflow.store.tables import DigestItemRow, IdentityKeyRow, InviteUidRow, OutboxRow, ReferenceRow


class References:
    """Every reference that was given out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[str, Reference] = {}

    def add(self, reference: Reference, message_id: str) -> bool:
        """A mail that is about to go out; False where another has its Message-ID or fingerprint."""
        row = {**asdict(reference), "asks": reference.asks.value, "message_id": message_id}
        return self._connection.execute(_ADD(self._connection), row).scalar() is not None

    def add_items(self, items: Mapping[int, Reference], message_id: str) -> None:
        """The lines of a digest that is about to go out, by their numbers; all have the fingerprint of its mail."""
        rows = [
            {**asdict(item), "asks": item.asks.value, "message_id": message_id, "position": position}
            for position, item in items.items()
        ]
        self._connection.execute(_ADD_ITEMS, rows)

    def items_of(self, digest: str) -> dict[int, Reference]:
        """The lines of the digest with this fingerprint, by their numbers."""
        rows = self._connection.execute(_ITEMS, {"key": digest})
        return {row.position: _reference(row) for row in rows}

    def by_token(self, token: str) -> Reference | None:
        """The mail whose subject had this #token."""
        key = fingerprint(token)
        found = self._found.get(key) or self._find(_BY_FINGERPRINT, key)
        return found or self._digest(_DIGEST_BY_FINGERPRINT, key)

    def by_message_id(self, message_id: str) -> Reference | None:
        """The mail with this Message-ID."""
        return self._find(_BY_MESSAGE_ID, message_id) or self._digest(_DIGEST_BY_MESSAGE_ID, message_id)

    def message_id_of(self, reference: str) -> str | None:
        """The Message-ID of the mail that gave out the reference with this fingerprint."""
        message_id: str | None = self._connection.execute(_MESSAGE_ID_OF, {"key": reference}).scalar()
        return message_id

    def is_new(self, reference: str, message_id: str) -> bool:
        """Whether no mail was ever written under this Message-ID, or gave out a reference with this fingerprint."""
        return self._connection.execute(_USED, {"key": reference, "its_id": message_id}).first() is None

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

    def _find(self, statement: Select[ReferenceRow], key: str) -> Reference | None:
        row = self._connection.execute(statement, {"key": key}).first()
        if row is None:
            return None
        found = _reference(row)
        self._found[found.fingerprint] = found
        return found

    def _digest(self, statement: Select[DigestItemRow], key: str) -> Reference | None:
        row = self._connection.execute(statement, {"key": key}).first()
        return Reference(row.fingerprint, "", 0, Asks.DIGEST, row.person, "") if row else None


def _reference(row: Row[Any]) -> Reference:
    return Reference(row.fingerprint, row.number, row.revision, Asks(row.asks), row.person, row.digest, row.step)


_ADD = per_dialect(
    lambda insert: insert(ReferenceRow).on_conflict_do_nothing().returning(col(ReferenceRow.fingerprint))
)
_BY_FINGERPRINT = select(ReferenceRow).where(col(ReferenceRow.fingerprint) == bindparam("key"))
_BY_MESSAGE_ID = select(ReferenceRow).where(col(ReferenceRow.message_id) == bindparam("key"))
_USED = union_all(
    select(col(ReferenceRow.message_id)).where(col(ReferenceRow.fingerprint) == bindparam("key")),
    select(col(OutboxRow.message_id)).where(col(OutboxRow.message_id) == bindparam("its_id")),
)
_ADD_ITEMS = insert(DigestItemRow)
_ITEMS = (
    select(DigestItemRow)
    .where(col(DigestItemRow.fingerprint) == bindparam("key"))
    .order_by(col(DigestItemRow.position))
)
_DIGEST_BY_FINGERPRINT = select(DigestItemRow).where(col(DigestItemRow.fingerprint) == bindparam("key")).limit(1)
_DIGEST_BY_MESSAGE_ID = select(DigestItemRow).where(col(DigestItemRow.message_id) == bindparam("key")).limit(1)
_MESSAGE_ID_OF = select(col(ReferenceRow.message_id)).where(col(ReferenceRow.fingerprint) == bindparam("key"))
