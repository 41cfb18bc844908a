"""The daemons that work on this database, each by what it last said of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlmodel import col

from mailflow.store.tables import DaemonRow


@dataclass(frozen=True)
class DaemonState:
    """One daemon; `id` is the holder of its leases, `watches` whether the mailbox is its own to read and move.

    `passed_at` is when it last did all there was to do, None before; `trouble` is what hindered it last, in words
    without a secret, "" where nothing ever did.
    """

    id: str
    mailbox: str
    watches: bool
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    passed_at: datetime | None = None
    trouble: str = ""
    troubled_at: datetime | None = None

    @property
    def is_hindered(self) -> bool:
        """Whether the trouble is not over."""
        return self.troubled_at is not None and (self.passed_at is None or self.passed_at <= self.troubled_at)


class Daemons:
    """A daemon that was killed stays until it is forgotten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, daemon: DaemonState) -> None:
        """What a daemon says of itself, in the place of what it said before."""
        values = asdict(daemon)
        if self._connection.execute(_UPDATE, {"this": daemon.id, **values}).rowcount != 1:
            self._connection.execute(_ADD, values)

    def all(self) -> list[DaemonState]:
        """Those that work, and those that have not been forgotten, in the order of their start."""
        rows = self._connection.execute(select(DaemonRow).order_by(col(DaemonRow.started_at), col(DaemonRow.id)))
        return [DaemonState(**row._mapping) for row in rows]

    def remove(self, daemon_id: str) -> None:
        """A daemon has stopped."""
        self._connection.execute(delete(DaemonRow).where(col(DaemonRow.id) == daemon_id))

    def forget(self, before: datetime) -> None:
        """Removes those that were not heard of since a moment."""
        self._connection.execute(delete(DaemonRow).where(col(DaemonRow.seen_at) < before))


_ADD = insert(DaemonRow)
_UPDATE = update(DaemonRow).where(col(DaemonRow.id) == bindparam("this"))
