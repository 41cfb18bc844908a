"""The history of each invoice: it only grows, and each line is chained by hash to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select
from sqlmodel import col

from mailflow.approval.effects import Entry
from mailflow.store.statements import on_postgresql
from mailflow.store.tables import HistoryRow, InvoiceRow, storable

FIRST = "0" * 64


@dataclass(frozen=True)
class HistoryLine:
    """One line. `evidence` is the SHA-256 of the raw mail that led to it, `hash` chains it (hex)."""

    at: datetime
    event: str
    actor: str
    details: Mapping[str, object]
    message_id: str | None
    evidence: str | None
    hash: str


class History:
    """What happened to the invoices. There is no way to change or delete a line."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[str, tuple[int, str]] = {}
        self._new: list[dict[str, object]] = []

    def append(self, number: str, entry: Entry, at: datetime, message_id: str | None, evidence: str | None) -> None:
        """Adds a line to an invoice's history; it is written by `flush`."""
        self._new.append(
            {
                "number": number,
                "at": at,
                "event": storable(entry.event),
                "actor": storable(entry.actor),
                "details": storable(json.dumps(dict(entry.details), ensure_ascii=False, sort_keys=True, default=str)),
                "message_id": storable(message_id) if message_id else None,
                "evidence": evidence,
            }
        )

    def flush(self) -> None:
        """Writes what was added."""
        if self._new:
            self._find_last({str(line["number"]) for line in self._new})
            self._connection.execute(_ADD, [self._chained(line) for line in self._new])
            self._new = []

    def of(self, number: str) -> list[HistoryLine]:
        """An invoice's history, oldest first."""
        return [
            HistoryLine(r.at, r.event, r.actor, json.loads(r.details), r.message_id, r.evidence, r.hash)
            for r in self._rows(number)
        ]

    def numbers(self) -> list[str]:
        """Every invoice that has a history or a row, by number."""
        of_lines, of_rows = select(col(HistoryRow.number)), select(col(InvoiceRow.number))
        return sorted(self._connection.execute(of_lines.union(of_rows)).scalars())

    def broken_link(self, number: str) -> int | None:
        """The position of the first line that does not follow from the one before; None where the chain holds."""
        before = FIRST
        for position, row in enumerate(self._rows(number)):
            if row.position != position or row.hash != _hash(before, _line(row)):
                return position
            before = row.hash
        return None

    def chain(self, number: str) -> list[dict[str, object]]:
        """An invoice's history as it is hashed: each line's JSON values, and its hash."""
        return [{**_plain(_line(row)), "hash": row.hash} for row in self._rows(number)]

    def _find_last(self, numbers: set[str]) -> None:
        """Each one's last position and hash. No two units of work must follow one line: the invoice's row is the lock.

        With the locks held and one unit of work on this connection, each is asked for once.
        """
        if unknown := sorted(numbers - self._last.keys()):
            if on_postgresql(self._connection):
                self._connection.execute(_HOLD, {"these": unknown})
            found = self._connection.execute(_LAST, {"these": unknown})
            self._last |= dict.fromkeys(unknown, (-1, FIRST))
            self._last |= {row.number: (row.position, row.hash) for row in found}

    def _chained(self, new: Mapping[str, object]) -> dict[str, object]:
        number = str(new["number"])
        position, before = self._last[number]
        line = {**new, "position": position + 1}
        chained = _hash(before, line)
        self._last[number] = position + 1, chained
        return {**line, "hash": chained}

    def _rows(self, number: str) -> list[Row[Any]]:
        self.flush()
        return list(self._connection.execute(_LINES, {"of": number}))


_THESE = col(InvoiceRow.number).in_(bindparam("these", expanding=True))
_LAST_POSITION = (
    select(func.max(HistoryRow.position))
    .where(col(HistoryRow.number) == col(InvoiceRow.number))
    .correlate(InvoiceRow)
    .scalar_subquery()
)
_LAST = (
    select(col(HistoryRow.number), col(HistoryRow.position), col(HistoryRow.hash))
    .join(InvoiceRow, col(InvoiceRow.number) == col(HistoryRow.number))
    .where(_THESE, col(HistoryRow.position) == _LAST_POSITION)
)
_ADD = insert(HistoryRow)
_HOLD = select(col(InvoiceRow.number)).where(_THESE).order_by(col(InvoiceRow.number)).with_for_update()
_LINES = select(HistoryRow).where(col(HistoryRow.number) == bindparam("of")).order_by(col(HistoryRow.position))


def _line(row: Row[Any]) -> dict[str, object]:
    names = ("number", "position", "at", "event", "actor", "details", "message_id", "evidence")
    return {name: getattr(row, name) for name in names}


def _plain(line: Mapping[str, object]) -> dict[str, object]:
    at = line["at"]
    assert isinstance(at, datetime)
    return {**line, "at": at.timestamp()}


def _hash(before: str, line: Mapping[str, object]) -> str:
    plain = json.dumps(_plain(line), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256((before + plain).encode()).hexdigest()
