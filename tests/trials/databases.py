"""Databases that are copied and looked at: SQLite files, or databases of a PostgreSQL cluster."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.servers.postgres import Postgres

_SQLITE = "sqlite:///"


class Databases:
    """Makes them, in a folder or in a cluster."""

    def __init__(self, folder: Path, postgres: Postgres | None = None) -> None:
        self._folder, self._postgres, self._count = folder, postgres, itertools.count(1)

    def __str__(self) -> str:
        return "PostgreSQL" if self._postgres else "SQLite"

    def new(self) -> str:
        """The address of an empty one."""
        if self._postgres:
            return self._postgres.new_database()
        return f"{_SQLITE}{self._folder}/{next(self._count)}.db"

    def keep(self, url: str) -> str:
        """A database as it is, for later; nobody uses it any more."""
        if self._postgres:
            return url
        kept = self.new()
        with closing(sqlite3.connect(_file(url))) as source, closing(sqlite3.connect(_file(kept))) as copy:
            source.backup(copy)
        return kept

    def copy(self, kept: str) -> str:
        """The address of a copy of what was kept."""
        if self._postgres:
            return self._postgres.new_database(like=kept)
        url = self.new()
        shutil.copyfile(_file(kept), _file(url))
        return url

    def drop(self, url: str) -> None:
        """Removes one."""
        if self._postgres:
            self._postgres.drop(url)
            return
        for end in ("", "-wal", "-shm", ".lock"):
            Path(_file(url) + end).unlink(missing_ok=True)


@contextmanager
def untouched(url: str) -> Iterator[str]:
    """The address of the same contents, to look at.

    Whoever opens a SQLite database mends what a killed one has left in it, and that is the next start's work.
    """
    if not url.startswith(_SQLITE):
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        for end in ("", "-wal"):
            if (part := Path(_file(url) + end)).exists():
                shutil.copyfile(part, f"{folder}/copy.db{end}")
        yield f"{_SQLITE}{folder}/copy.db"


def rows(url: str, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of these tables."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {
            table: [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {table}"))]
            for table in tables
        }


def _file(url: str) -> str:
    return url.removeprefix(_SQLITE)
