"""Which migration a database is at; to be asked at every start, so without alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"


def is_newest(connection: Connection) -> bool:
    """Whether every migration has been done, and none that this mailflow does not know."""
    with connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return False
        done = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return done == [newest()]


def newest() -> str:
    """The number of the last migration: their files begin with it, in their order."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
