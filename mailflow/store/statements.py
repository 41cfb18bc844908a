"""Statements that both databases understand, but SQLAlchemy spells per dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

Insert = postgresql.Insert | sqlite.Insert
Statement = TypeVar("Statement")


def per_dialect(build: Callable[[Callable[[type[SQLModel]], Insert]], Statement]) -> Callable[[Connection], Statement]:
    """Builds a statement for each dialect, once; called with a connection it gives that one's."""
    of_sqlite, of_postgresql = build(sqlite.insert), build(postgresql.insert)
    return lambda connection: of_postgresql if on_postgresql(connection) else of_sqlite


def on_postgresql(connection: Connection) -> bool:
    """Whether several units of work can write at the same time; SQLite lets one write after the other."""
    return bool(connection.dialect.name == "postgresql")
