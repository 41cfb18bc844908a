"""Statements that both databases understand, but SQLAlchemy spells per dialect."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel


def upsert(connection: Connection, row: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT."""
    insert = postgresql.insert if on_postgresql(connection) else sqlite.insert
    return insert(row)


def on_postgresql(connection: Connection) -> bool:
    """Whether several units of work can write at the same time; SQLite lets one write after the other."""
    return bool(connection.dialect.name == "postgresql")
