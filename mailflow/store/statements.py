"""Statements that both databases understand, but SQLAlchemy spells per dialect."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = postgresql.Insert | sqlite.Insert

Statement = TypeVar("Statement")


def per_dialect(build: Callable[[Callable[[type[SQLModel]], Insert]], Statement]) -> Callable[[Connection], Statement]:
    """Builds a statement for a dialect when it is first met; called with a connection it gives that one's."""
    built = cache(lambda dialect: build(_insert(dialect)))
    return lambda connection: built(connection.dialect.name)


def _insert(dialect: str) -> Any:
    """Only the dialect that is spoken is imported: each brings all its drivers, which takes a tenth of a second."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert


def on_postgresql(connection: Connection) -> bool:
    """Whether several units of work can write at the same time; SQLite lets one write after the other."""
    return bool(connection.dialect.name == "postgresql")
