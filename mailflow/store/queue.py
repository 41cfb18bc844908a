"""How much waits in a queue, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.orm import Mapped


@dataclass(frozen=True)
class Queue:
    """How many entries that are not finished there are of each state; when the oldest of those came that wait for us.

    `due_since`: since when one could be done that has not been; None where nothing can be done now.
    """

    states: Mapping[str, int]
    oldest: datetime | None
    due_since: datetime | None


def count_states(
    connection: Connection, state: Mapped[str], of: Sequence[str], *here: ColumnElement[bool]
) -> dict[str, int]:
    """How many rows there are of each of these states: by their index, however many there are of others."""
    counted = connection.execute(select(state, func.count()).where(*here, state.in_(of)).group_by(state))
    return {**dict.fromkeys(map(str, of), 0), **{str(name): count for name, count in counted}}


def earliest(
    connection: Connection, column: Mapped[datetime], now: datetime, *where: ColumnElement[bool]
) -> datetime | None:
    """The earliest moment of some rows; `now` is the `moment` of their conditions."""
    found: datetime | None = connection.execute(select(func.min(column)).where(*where), {"moment": now}).scalar()
    return found
