"""The part in the work on PostgreSQL: advisory locks of one connection that is kept for them.

The server takes them back when the connection ends: at once where the process is killed, within a quarter of a minute
where the machine or the network is gone. Each schema has locks of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

NO_MATTER = timedelta(seconds=1)
"""So much two clocks may differ."""

_KEY = "hashtextextended(current_schema() || ' ' || :lock, 0)"
_TAKING_PART, _WATCHING = "works", "watches"
_TRY = text(f"SELECT pg_try_advisory_lock({_KEY})")
_TRY_TO_SHARE = text(f"SELECT pg_try_advisory_lock_shared({_KEY})")
_SHARE = text(f"SELECT pg_advisory_lock_shared({_KEY})")
_LET_GO = text(f"SELECT pg_advisory_unlock({_KEY})")
_STOP_SHARING = text(f"SELECT pg_advisory_unlock_shared({_KEY})")
_TIME = text("SELECT clock_timestamp()")
_NOTICE_A_DEAD_LINE = text(
    "SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '3', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)


class PresenceByConnection:
    """Locks that are there as long as their connection; where that breaks, whoever held them notices when it asks."""

    def __init__(self, engine: Engine, holder: str) -> None:
        self.ahead = timedelta(0)
        self._engine = engine
        self._name = f"holder {holder}"
        self._connection: Connection | None = None
        self._held: set[str] = set()
        self._takes_part = False

    def join(self, when_alone: Callable[[], None]) -> None:
        """Takes part in the work, after `when_alone` where nobody else does."""
        self._takes_part = True
        if self._ask(_TRY, _TAKING_PART):
            when_alone()
            self._ask(_SHARE, _TAKING_PART)
            self._ask(_LET_GO, _TAKING_PART)
        else:
            self._ask(_SHARE, _TAKING_PART)
        self._held.add(_TAKING_PART)
        self._has(self._name)
        self._is_there()

    def keep(self) -> None:
        """Where the server still takes an old connection of ours for alive, its lock is tried for at each call."""
        if not self._takes_part:
            return
        self._is_there()
        if _TAKING_PART not in self._held:
            self._ask(_SHARE, _TAKING_PART)
            self._held.add(_TAKING_PART)
        self._has(self._name)

    def watches(self) -> bool:
        """Whether the lock of the mailbox is ours at this moment, by the server's own word."""
        if _WATCHING in self._held and self._is_there():
            return True
        return self._has(_WATCHING)

    def is_gone(self, holder: str) -> bool:
        """Whether nobody holds the lock of this name."""
        name = f"holder {holder}"
        if not self._ask(_TRY_TO_SHARE, name):
            return False
        self._ask(_STOP_SHARING, name)
        return True

    def leave(self) -> None:
        """Ends the connection, and all locks with it."""
        self._takes_part = False
        self._drop()

    def _has(self, lock: str) -> bool:
        """Whether a lock is ours, taking it where it is free."""
        if lock not in self._held and self._ask(_TRY, lock):
            self._held.add(lock)
        return lock in self._held

    def _is_there(self) -> bool:
        """Whether our connection is; the server's clock is read by the way."""
        if self._connection is None:
            return False
        asked = datetime.now(UTC)
        try:
            theirs: datetime = self._ask(_TIME)
        except DBAPIError:
            return False
        ahead = theirs - asked - (datetime.now(UTC) - asked) / 2
        self.ahead = ahead if abs(ahead) > NO_MATTER else timedelta(0)
        return True

    def _ask(self, statement: Any, lock: str = "") -> Any:
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._connection.execute(_NOTICE_A_DEAD_LINE)
            return self._connection.execute(statement, {"lock": lock} if lock else {}).scalar()
        except DBAPIError:
            self._drop()
            raise

    def _drop(self) -> None:
        self._held.clear()
        if self._connection:
            with suppress(DBAPIError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
