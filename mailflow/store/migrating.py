"""Brings a database to the newest migration. Alembic takes a tenth of a second to import, so only this room does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from mailflow.store.failures import unusable
from mailflow.store.version import MIGRATIONS

_MIGRATION_LOCK = 6_204_533
"""Any number, the same in every mailflow: the PostgreSQL advisory lock that lets one daemon migrate at a time."""

_ONE_AT_A_TIME = Lock()
"""Alembic keeps what it works on in its module: companies that start in threads of their own would mix theirs up."""

_THERE_IS = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")


def migrate(connection: Connection, schema: str = "") -> None:
    """One transaction under a lock; a second daemon waits and then finds nothing left to do.

    `schema` is made where it is named and not there.

    Raises ConfigurationError where a newer mailflow has written the database.
    """
    with _ONE_AT_A_TIME, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            if schema and not connection.execute(_THERE_IS, {"schema": schema}).first():
                connection.execute(CreateSchema(schema))
        try:
            with _long_patience(connection):
                command.upgrade(migrations(connection), "head")
        except CommandError:
            raise unusable("a newer mailflow has written it.", "Install that mailflow again.") from None


@contextmanager
def _long_patience(connection: Connection) -> Iterator[None]:
    """A server that has answered may be long in migrating."""
    if connection.dialect.name != "postgresql":
        yield
        return
    from mailflow.store.patience import WHILE_MIGRATING, PatientConnection

    driver = connection.connection.driver_connection
    assert isinstance(driver, PatientConnection)
    driver.patience = WHILE_MIGRATING
    yield
    driver.patience = None


def migrations(connection: Connection) -> Config:
    """Alembic's configuration, on this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
