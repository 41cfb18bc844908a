"""The database: opened, migrated, and given out one unit of work at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlmodel import Session

from mailflow.errors import ConfigurationError, SettingsProblem, TransientFailure
from mailflow.store.unit_of_work import UnitOfWork

_MIGRATION_LOCK = 6_204_533
"""Any number, the same in every mailflow: the PostgreSQL advisory lock that lets one daemon migrate at a time."""


class Store:
    """Everything that is remembered."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A unit of work; only its commit keeps anything.

        Raises TransientFailure where the database is away or busy.
        """
        try:
            with Session(self._engine, expire_on_commit=False) as session:
                yield UnitOfWork(session)
        except DBAPIError as error:
            raise _passing(error) from error

    def close(self) -> None:
        """Ends every connection."""
        self._engine.dispose()


def open_store(url: str) -> Store:
    """Opens the database and brings it to the newest migration.

    Raises ConfigurationError for an address that cannot be used, TransientFailure where the server is away.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            _migrate(connection)
    except DBAPIError as error:
        raise _passing(error) from error
    return Store(engine)


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
        options: dict[str, Any] = {"connect_args": {"connect_timeout": 10}, "pool_pre_ping": True}
        engine = create_engine(address, **({} if address.get_backend_name() == "sqlite" else options))
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _unusable("it is no database address", "Write sqlite:///mailflow.db or postgresql+psycopg://…") from error
    except ModuleNotFoundError as error:
        raise _unusable(
            f"its driver {error.name} is not installed", "Install mailflow with its postgres extra."
        ) from error
    if address.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, address)
    return engine


def _prepare_sqlite(engine: Engine, address: URL) -> None:
    folder = Path(address.database or "").parent
    if address.database and not folder.is_dir():
        raise _unusable(f"its folder {folder} is not there", "Make the folder.")

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        command.upgrade(migrations(connection), "head")


def migrations(connection: Connection) -> Config:
    """Alembic's configuration, on this connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _passing(error: DBAPIError) -> TransientFailure:
    """The database's own words without the statement, its values or the address."""
    words = " ".join(str(error.orig).split()) if error.orig else type(error).__name__
    return TransientFailure(f"The database cannot be used just now: {words}")


def _unusable(what: str, mend: str) -> ConfigurationError:
    return ConfigurationError("settings", [SettingsProblem("database", what, mend)])
