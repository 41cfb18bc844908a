"""Who else works on this database: what a killed mailflow had taken in hand is free again as soon as it is gone.

Every working mailflow holds a shared lock that the system takes back when its process ends, however it ends. Whoever
begins and can have the lock for itself alone is the only one: no lease can belong to anybody alive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, text

_PRESENCE_LOCK = 6_204_534
"""Any number, the same in every mailflow: the PostgreSQL advisory lock of those who work."""

_FILING_LOCK = 6_204_535
"""The same for the one that moves mail."""


def join(engine: Engine, when_alone: Callable[[], None]) -> Callable[[], None]:
    """Takes part in the work, after `when_alone` where nobody else does; gives what ends the part."""
    if engine.dialect.name == "postgresql":
        return _join_postgresql(engine, when_alone)
    if not engine.url.database or engine.url.database == ":memory:":
        when_alone()
        return lambda: None
    return _join_by_file(engine, _lock_file(Path(engine.url.database)), when_alone)


def alone_on(database: Path) -> AbstractContextManager[bool]:
    """Whether nobody works on this SQLite database; if so, nobody begins to before this ends."""
    return _alone_by_file(_lock_file(database))


def alone_in_filing(engine: Engine) -> AbstractContextManager[bool]:
    """Whether nobody else moves mail; if so, nobody begins to before this ends, or its process does."""
    if engine.dialect.name == "postgresql":
        return _alone_by_connection(engine)
    if not engine.url.database or engine.url.database == ":memory:":
        return nullcontext(True)
    return _alone_by_file(_lock_file(Path(engine.url.database), ".filing"))


@contextmanager
def _alone_by_connection(engine: Engine) -> Iterator[bool]:
    key = {"key": _FILING_LOCK}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        alone = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar())
        try:
            yield alone
        finally:
            if alone:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


@contextmanager
def _alone_by_file(file: Path) -> Iterator[bool]:
    try:
        import fcntl
    except ModuleNotFoundError:
        yield True
        return
    with file.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _lock_file(database: Path, what: str = "") -> Path:
    return database.with_name(f"{database.name}{what}.lock")


def _join_postgresql(engine: Engine, when_alone: Callable[[], None]) -> Callable[[], None]:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    key = {"key": _PRESENCE_LOCK}
    if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar():
        when_alone()
        connection.execute(text("SELECT pg_advisory_lock_shared(:key), pg_advisory_unlock(:key)"), key)
    else:
        connection.execute(text("SELECT pg_advisory_lock_shared(:key)"), key)

    def leave() -> None:
        if not connection.closed:
            connection.invalidate()
            connection.close()

    return leave


def _join_by_file(engine: Engine, file: Path, when_alone: Callable[[], None]) -> Callable[[], None]:
    """Connections from before the lock are closed: another database may have been put in the place of theirs."""
    try:
        import fcntl
    except ModuleNotFoundError:
        return lambda: None
    lock: IO[bytes] = file.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_SH)
        engine.dispose()
        return lock.close
    engine.dispose()
    when_alone()
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock.close
