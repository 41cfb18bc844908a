"""The database: opened, migrated, and given out one unit of work at a time."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from mailflow.errors import ConfigurationError, TransientFailure
from mailflow.store.encryption import encrypted
from mailflow.store.failures import unusable, why_not_done, why_not_opened
from mailflow.store.presence import presence
from mailflow.store.unit_of_work import UnitOfWork
from mailflow.store.version import is_newest

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10
_PRAGMAS = ("busy_timeout=5000", "synchronous=FULL", "foreign_keys=ON")
_WRITE_AHEAD_SECONDS = 5
_LOOKS = "looks"
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg")

GONE_AFTER = 5.0
"""Seconds for which a mailflow must be missed before others take over what it had in hand: one whose connection to the
database has just broken is back by then, or has noticed."""

CLOCKS_DIFFER = timedelta(minutes=1)
"""Is worth a word."""


class Store:
    """Everything that is remembered; what is taken in hand through it is held by this one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._holder = uuid4().hex
        self._presence = presence(engine, self._holder)
        self._missed: dict[str, float] = {}

    @property
    def holder(self) -> str:
        """The name that what is taken in hand here is held by."""
        return self._holder

    @property
    def ahead(self) -> timedelta:
        """The clock that all on this database go by, before this machine's: PostgreSQL's, where they differ."""
        return self._presence.ahead

    def take_part(self, now: datetime, in_doubt_until: datetime | None = None) -> None:
        """Begins to work on what is kept here; where nobody else does, everything taken in hand is free again.

        What was being sent waits until `in_doubt_until`, where that is given. Whoever only looks does not take part.
        """
        with self._foreseen():
            self._presence.join(lambda: self._free(in_doubt_until or now, now))
        if abs(self.ahead) > CLOCKS_DIFFER:
            log.warning(
                "This machine's clock and the database's differ by %d seconds; the database's counts. Set the clock.",
                abs(self.ahead).total_seconds(),
            )

    def take_over(self, now: datetime, in_doubt_until: datetime) -> None:
        """What a mailflow had in hand that is gone is free again; what it was sending waits until `in_doubt_until`."""
        with self._foreseen():
            self._presence.keep()
            with self.begin() as uow:
                others = (uow.inbox.holders(now) | uow.outbox.holders(in_doubt_until)) - {self._holder}
            gone = {holder for holder in others if self._presence.is_gone(holder)}
        self._missed = {holder: self._missed.get(holder, monotonic()) for holder in gone}
        for holder in [holder for holder, since in self._missed.items() if monotonic() - since >= GONE_AFTER]:
            with self.begin() as uow:
                uow.inbox.free(holder)
                uow.outbox.free(in_doubt_until, holder)
                uow.portal.free(now, holder)
                uow.commit()
            log.warning("another mailflow is gone; what it had in hand is taken over")

    def watches(self) -> bool:
        """Whether this mailflow is the one that reads and moves mail, as it is from now on where nobody else is.

        The others must not. Asked before each deed, since the part is lost with the connection. Raises as `begin`.
        """
        with self._foreseen():
            return self._presence.watches()

    def is_gone(self, holder: str) -> bool:
        """Whether the mailflow of this name works no more. Raises as `begin`."""
        with self._foreseen():
            return self._presence.is_gone(holder)

    def _free(self, in_doubt_until: datetime, now: datetime) -> None:
        with self.begin() as uow:
            uow.inbox.free()
            uow.outbox.free(in_doubt_until)
            uow.portal.free(now)
            uow.commit()

    @contextmanager
    def _foreseen(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise why_not_done(error, self._engine.url) from error
        except OSError as error:
            raise _no_lock_file(error) from error

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A unit of work; only its commit keeps anything.

        Raises TransientFailure where the database is away or busy or somebody else was faster, PermanentFailure where
        it can never take what it was given.
        """
        try:
            with self._engine.connect() as connection:
                yield UnitOfWork(connection, self._holder)
        except DBAPIError as error:
            raise why_not_done(error, self._engine.url) from error

    @contextmanager
    def look(self) -> Iterator[UnitOfWork]:
        """A unit of work that can only read, and holds up nobody who writes. Raises as `begin` does."""
        try:
            looking = {_LOOKS: True, "postgresql_readonly": True}
            with self._engine.connect().execution_options(**looking) as connection, _unwritable(connection):
                yield UnitOfWork(connection, self._holder)
        except DBAPIError as error:
            raise why_not_done(error, self._engine.url) from error

    def identity_key(self) -> bytes:
        """The secret from which references and Message-IDs are made; it never changes."""
        with self.begin() as uow:
            return uow.references.identity_key()

    def close(self) -> None:
        """Ends every connection, and the part in the work."""
        self._presence.leave()
        self._engine.dispose()


def _no_lock_file(error: OSError) -> TransientFailure:
    return TransientFailure(f"The lock file of the database cannot be used: {error.strerror}")


def open_store(url: str) -> Store:
    """Opens the database and brings it to the newest migration.

    Raises ConfigurationError for an address that cannot be used, TransientFailure where the server is away.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            if not is_newest(connection):
                from mailflow.store.migrating import migrate

                migrate(connection, _schema_of(make_url(url)))
    except DBAPIError as error:
        engine.dispose()
        raise why_not_opened(error, engine.url) from None
    except ConfigurationError:
        engine.dispose()
        raise
    return Store(engine)


def _engine(url: str) -> Engine:
    address = _address(url)
    try:
        if address.drivername in _SQLITE:
            _keep_private(address)
            engine = create_engine(address, hide_parameters=True)
            _prepare_sqlite(engine)
            return engine
        engine = create_engine(
            encrypted(_in_schema(address)),
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": _CONNECT_SECONDS},
        )
        from mailflow.store.patience import be_patient

        be_patient(engine)
        return engine
    except ModuleNotFoundError as missing:
        raise unusable(f"its driver {missing.name} is not installed.", "pip install 'psycopg[binary]'") from None


def _schema_of(url: URL) -> str:
    """The schema that `?schema=NAME` names; without one the tables lie where the database's user has them."""
    named = url.query.get("schema", "")
    return named if isinstance(named, str) else named[-1]


def _in_schema(address: URL) -> URL:
    """The same for libpq, which knows no such key but lets a connection begin in a schema."""
    schema = _schema_of(address)
    if not schema:
        return address
    begins_in = f'{address.query.get("options", "")} -csearch_path="{schema}"'.strip()
    return address.difference_update_query(["schema"]).update_query_dict({"options": begins_in})


def _address(url: str) -> URL:
    mend = "Write sqlite:///mailflow.db or postgresql+psycopg://user:password@host/name."
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise unusable("it is no database address.", mend) from None
    if address.drivername not in _SQLITE + _POSTGRESQL:
        raise unusable("mailflow knows SQLite and PostgreSQL only.", mend)
    if address.drivername in _SQLITE and not Path(address.database or "").parent.is_dir():
        raise unusable(f"its folder {Path(address.database or '').parent} is not there.", "Make the folder.")
    return address


def _keep_private(address: URL) -> None:
    """A new file is its owner's alone: it holds every mail, and the key that references are made from.

    One that is there keeps its mode. Where none can be made SQLite says why.
    """
    with suppress(OSError):
        Path(address.database or "").touch(0o600, exist_ok=False)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_LOOKS) else "BEGIN IMMEDIATE")


@contextmanager
def _unwritable(connection: Connection) -> Iterator[None]:
    """PostgreSQL refuses by itself to write in a transaction that only reads; SQLite does where it is told to."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("PRAGMA query_only=ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA query_only=OFF")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Two daemons that both start on a new file are in each other's way here, and busy_timeout waits for neither."""
    until = monotonic() + _WRITE_AHEAD_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(0.01)
        else:
            return
