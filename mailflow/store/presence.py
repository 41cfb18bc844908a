"""Who else works on this database, and which of them watches the mailbox: by locks that die with their holder.

Every working mailflow holds a shared lock that the system takes back when its process ends, however it ends. Whoever
begins and can have the lock for itself alone is the only one: no lease can belong to anybody alive. Each holds one lock
more by its own name, so that the others see which of them is gone; and one holds the lock of the mailbox.
"""

from __future__ import annotations

import glob
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from sqlalchemy import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator


class Presence(Protocol):
    """One mailflow's part in the work on a database."""

    ahead: timedelta
    """The database's clock before this machine's."""

    def join(self, when_alone: Callable[[], None]) -> None:
        """Takes part in the work, after `when_alone` where nobody else does."""

    def keep(self) -> None:
        """Takes part again where the connection was lost that the part was held by."""

    def watches(self) -> bool:
        """Whether the mailbox is ours to watch, as it is from now on where nobody else has it."""

    def is_gone(self, holder: str) -> bool:
        """Whether the mailflow of this name works no more."""

    def leave(self) -> None:
        """Ends the part, and the watch."""


def presence(engine: Engine, holder: str) -> Presence:
    """The part that `holder` may take in the work on a database."""
    if engine.dialect.name == "postgresql":
        from mailflow.store.presence_postgresql import PresenceByConnection

        return PresenceByConnection(engine, holder)
    if not engine.url.database or engine.url.database == ":memory:":
        return Alone()
    return PresenceByFile(engine, Path(engine.url.database), holder)


def alone_on(database: Path) -> AbstractContextManager[bool]:
    """Whether nobody works on this SQLite database; if so, nobody begins to before this ends."""
    return _alone_by_file(_lock_file(database))


class Alone:
    """Nobody else can reach the database."""

    ahead = timedelta(0)

    def join(self, when_alone: Callable[[], None]) -> None:
        """Nobody else takes part."""
        when_alone()

    def keep(self) -> None:
        """There is nothing to lose."""

    def watches(self) -> bool:
        """Nobody else could."""
        return True

    def is_gone(self, holder: str) -> bool:
        """There is nobody else."""
        return False

    def leave(self) -> None:
        """There is nothing to leave."""


class PresenceByFile:
    """SQLite, on one machine: the system unlocks the files when their process ends."""

    ahead = timedelta(0)

    def __init__(self, engine: Engine, database: Path, holder: str) -> None:
        self._engine = engine
        self._database = database
        self._holder = holder
        self._joined: IO[bytes] | None = None
        self._named: IO[bytes] | None = None
        self._watch: IO[bytes] | None = None

    def join(self, when_alone: Callable[[], None]) -> None:
        """Connections from before the lock are closed: another database may have been put in the place of theirs."""
        try:
            import fcntl
        except ModuleNotFoundError:
            return
        self._joined = _lock_file(self._database).open("ab")
        try:
            fcntl.flock(self._joined, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._joined, fcntl.LOCK_SH)
            self._engine.dispose()
        else:
            self._engine.dispose()
            self._clear_away()
            when_alone()
            fcntl.flock(self._joined, fcntl.LOCK_SH)
        self._named = _locked(self._name(self._holder))

    def keep(self) -> None:
        """A file's lock is never lost."""

    def watches(self) -> bool:
        """Whether the lock of the mailbox is ours, taking it where it is free."""
        self._watch = self._watch or _locked(_lock_file(self._database, ".watch"))
        return self._watch is not None

    def is_gone(self, holder: str) -> bool:
        """Whether the file of this name is unlocked, or not there any more; then it is removed."""
        name = self._name(holder)
        if not name.exists():
            return True
        lock = _locked(name)
        if lock is None:
            return False
        name.unlink(missing_ok=True)
        lock.close()
        return True

    def leave(self) -> None:
        """Unlocks everything."""
        if self._named:
            self._name(self._holder).unlink(missing_ok=True)
        for lock in (self._named, self._watch, self._joined):
            if lock:
                lock.close()
        self._named = self._watch = self._joined = None

    def _name(self, holder: str) -> Path:
        return self._database.with_name(f"{self._database.name}.{holder}.holder")

    def _clear_away(self) -> None:
        """What those leave behind that are killed."""
        for name in self._database.parent.glob(f"{glob.escape(self._database.name)}.*.holder"):
            name.unlink(missing_ok=True)


def _locked(file: Path) -> IO[bytes] | None:
    """The file, locked until it is closed; None where somebody else has locked it."""
    lock = file.open("ab")
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    except ModuleNotFoundError:
        pass  # a system without such locks has one mailflow
    return lock


@contextmanager
def _alone_by_file(file: Path) -> Iterator[bool]:
    lock = _locked(file)
    try:
        yield lock is not None
    finally:
        if lock:
            lock.close()


def _lock_file(database: Path, what: str = "") -> Path:
    return database.with_name(f"{database.name}{what}.lock")
