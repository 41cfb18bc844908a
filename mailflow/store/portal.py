"""What is remembered of the portal: what it shows under which id, how it is set up, whose turn it is to speak to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update
from sqlmodel import col

from mailflow.approval.effects import Showing
from mailflow.approval.structure import Structure
from mailflow.store.codec import read_structure, structure_document
from mailflow.store.outbox import PORTAL_CHANNEL, OutboxState
from mailflow.store.statements import per_dialect
from mailflow.store.tables import OutboxRow, PortalMemoryRow, PortalObjectRow

_SETUP = "setup"
_TURN = "turn"
_STRUCTURE = "structure"


@dataclass(frozen=True)
class PortalObject:
    """One thing in the portal. `remote_id` is None while nobody knows whether the request was carried out."""

    key: str
    number: str
    kind: str
    request: Mapping[str, Any]
    sent_at: datetime
    remote_id: int | None
    gone: bool


@dataclass(frozen=True)
class InPortal:
    """How far the portal shows an invoice: the id of its record, how many changes it has not heard of."""

    item_id: int | None
    pending: int


class PortalMemory:
    """Kept by the key of the effect that made it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def about_to_make(self, key: str, number: str, kind: str, request: Mapping[str, Any], now: datetime) -> None:
        """Remembers a request before it is sent; one that was remembered before stays, with a new time."""
        asked = {"request": json.dumps(request, ensure_ascii=False), "sent_at": now, "gone": False}
        self._connection.execute(
            _ABOUT_TO_MAKE(self._connection), {"key": key, "number": number, "kind": kind, **asked}
        )

    def made(self, key: str, remote_id: int) -> None:
        """The portal shows it, under this id."""
        self._connection.execute(
            update(PortalObjectRow).where(col(PortalObjectRow.key) == key).values(remote_id=remote_id, gone=False)
        )

    def gone(self, key: str) -> None:
        """The portal shows it no more."""
        self._connection.execute(update(PortalObjectRow).where(col(PortalObjectRow.key) == key).values(gone=True))

    def forget(self, key: str) -> None:
        """The request was refused and has made nothing: the next try writes another."""
        self._connection.execute(
            PortalObjectRow.__table__.delete().where(  # type: ignore[attr-defined]
                col(PortalObjectRow.key) == key, col(PortalObjectRow.remote_id).is_(None)
            )
        )

    def get(self, key: str) -> PortalObject | None:
        """What was made, or is being made, under this key."""
        row = self._connection.execute(select(PortalObjectRow).where(col(PortalObjectRow.key) == key)).first()
        return _object(row) if row else None

    def of_invoices(self, numbers: Iterable[str], kind: str) -> dict[str, list[PortalObject]]:
        """What the portal shows of these invoices, of one kind, by number; what is gone is left out."""
        rows = self._connection.execute(
            select(PortalObjectRow).where(
                col(PortalObjectRow.number).in_(list(numbers)),
                col(PortalObjectRow.kind) == kind,
                col(PortalObjectRow.remote_id).is_not(None),
                col(PortalObjectRow.gone).is_(False),
            )
        )
        found: dict[str, list[PortalObject]] = {}
        for row in rows:
            found.setdefault(row.number, []).append(_object(row))
        return found

    def how_far(self, numbers: Collection[str]) -> dict[str, InPortal]:
        """How far the portal shows each of these invoices, by number."""
        unheard = self._connection.execute(
            select(col(OutboxRow.number), func.count())
            .where(
                col(OutboxRow.channel) == PORTAL_CHANNEL,
                col(OutboxRow.number).in_(numbers),
                col(OutboxRow.state) != OutboxState.DELIVERED.value,
            )
            .group_by(col(OutboxRow.number))
        )
        pending = {row[0]: row[1] for row in unheard}
        records = self.of_invoices(numbers, Showing.RECORD.value)
        items = {number: found[0].remote_id for number, found in records.items()}
        return {number: InPortal(items.get(number), pending.get(number, 0)) for number in numbers}

    def setup(self) -> dict[str, Any] | None:
        """How the portal is set up for mailflow: ids by name."""
        found = self.recall(_SETUP)
        return json.loads(found[0]) if found else None

    def keep_setup(self, setup: Mapping[str, Any], now: datetime) -> None:
        """Remembers how the portal is set up."""
        self.remember(_SETUP, json.dumps(setup, ensure_ascii=False), now)

    def structure(self) -> Structure | None:
        """The departments and people of the portal as they were last read."""
        found = self.recall(_STRUCTURE)
        return read_structure(found[0]) if found else None

    def structure_read_at(self) -> datetime | None:
        """When they were last read; to know that, nobody has to read them all."""
        when = select(col(PortalMemoryRow.at)).where(col(PortalMemoryRow.name) == _STRUCTURE)
        moment: datetime | None = self._connection.execute(when).scalar()
        return moment

    def keep_structure(self, structure: Structure) -> None:
        """Remembers them."""
        self.remember(_STRUCTURE, structure_document(structure), structure.read_at)

    def take_turn(self, who: str, now: datetime, lease: timedelta) -> bool:
        """Whether `who` may speak to the portal until the lease ends: one at a time, whoever and wherever they are."""
        turn = {"name": _TURN, "document": who, "at": now + lease, "moment": now}
        return self._connection.execute(_TAKE_TURN(self._connection), turn).first() is not None

    def end_turn(self, who: str, now: datetime) -> None:
        """Lets the next one speak."""
        self._connection.execute(
            update(PortalMemoryRow)
            .where(col(PortalMemoryRow.name) == _TURN, col(PortalMemoryRow.document) == who)
            .values(at=now)
        )

    def free(self, now: datetime, holder: str = "") -> None:
        """Whoever was speaking is gone; or this holder is, whose name stands in that of whoever speaks."""
        turn = update(PortalMemoryRow).where(col(PortalMemoryRow.name) == _TURN)
        self._connection.execute(turn.where(col(PortalMemoryRow.document).contains(holder)).values(at=now))

    def remember(self, name: str, document: str, now: datetime) -> None:
        """Keeps a document under a name."""
        kept = {"name": name, "document": document, "at": now}
        self._connection.execute(_REMEMBER(self._connection), kept)

    def recall(self, name: str) -> tuple[str, datetime] | None:
        """A document, and when it was kept."""
        row = self._connection.execute(select(PortalMemoryRow).where(col(PortalMemoryRow.name) == name)).first()
        return (row.document, row.at) if row else None


_ABOUT_TO_MAKE = per_dialect(
    lambda insert: (new := insert(PortalObjectRow)).on_conflict_do_update(
        index_elements=["key"], set_={"sent_at": new.excluded.sent_at}
    )
)
_TAKE_TURN = per_dialect(
    lambda insert: (
        (new := insert(PortalMemoryRow))
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"document": new.excluded.document, "at": new.excluded.at},
            where=or_(
                col(PortalMemoryRow.document) == new.excluded.document, col(PortalMemoryRow.at) <= bindparam("moment")
            ),
        )
        .returning(col(PortalMemoryRow.name))
    )
)
_REMEMBER = per_dialect(
    lambda insert: (new := insert(PortalMemoryRow)).on_conflict_do_update(
        index_elements=["name"], set_={"document": new.excluded.document, "at": new.excluded.at}
    )
)


def _object(row: Row[Any]) -> PortalObject:
    return PortalObject(row.key, row.number, row.kind, json.loads(row.request), row.sent_at, row.remote_id, row.gone)
