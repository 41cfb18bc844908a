"""The real store on SQLite in memory, whose commits may fail or be the last thing that the process does."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from mailflow.store.engine import Store, _prepare_sqlite, open_store
from mailflow.store.unit_of_work import UnitOfWork
from tests.simulation.weather import Weather, failure


class StormyStore(Store):
    """A store in the weather; `seen` is called after every commit, `failed` when there is none."""

    def __init__(self, weather: Weather, seen: Callable[[], None], failed: Callable[[], None]) -> None:
        super().__init__(_engine())
        self._weather = weather
        self._seen = seen
        self._failed = failed

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with super().begin() as uow:
            uow.commit = partial(self._commit, uow.commit)  # type: ignore[method-assign]
            yield uow

    def _commit(self, commit: Callable[[], None]) -> None:
        mishap = self._weather.draw("commit", "busy", "answer_lost", "crash", "crash_after")
        if mishap in ("busy", "crash"):
            self._failed()
            raise failure(mishap)
        commit()
        self._seen()
        if mishap:
            raise failure(mishap)


@cache
def connection() -> sqlite3.Connection:
    """The one connection of the process's database, for who looks past the store, and for copies of all of it."""
    with _engine().connect() as opened:
        raw = opened.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def copied(source: sqlite3.Connection, target: sqlite3.Connection | None = None) -> sqlite3.Connection:
    """Everything that is in one database, in another one; what was there is forgotten."""
    target = target or sqlite3.connect(":memory:")
    source.backup(target)
    return target


@cache
def _engine() -> Engine:
    """One for the process, since it remembers the statements that it has compiled."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    _prepare_sqlite(engine)
    return engine


@cache
def template() -> sqlite3.Connection:
    """A migrated database, whose secret is known, so that the same seed gives the same Message-IDs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.db"
        open_store(f"sqlite:///{file}").close()
        migrated = sqlite3.connect(file)
        copy = copied(migrated)
        migrated.close()
    copy.execute("UPDATE identity_key SET key = ?", (b"the secret of the simulation",))
    copy.commit()
    return copy
