"""The columns that hold mails and files. In SQLite a large content is written and read where it lies: a statement would
hold it three times, and as its parameter until it is executed again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Insert, Select, bindparam, case, func, literal_column, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from mailflow.store.statements import on_postgresql

LARGE = 1_000_000
"""Bytes."""


@dataclass(frozen=True)
class Contents:
    """The `column` of a table, by its `key`; `insertion` is what inserts a row."""

    table: type[SQLModel]
    key: str
    column: str
    insertion: Callable[[Connection], Insert]

    def insert(self, connection: Connection, contents: Mapping[Any, bytes]) -> None:
        """Keeps contents by their keys, except where the insertion passes over one that is there."""
        insertion = self.insertion(connection)
        in_place = not on_postgresql(connection)
        large = {key: content for key, content in contents.items() if in_place and len(content) >= LARGE}
        if rows := [{self.key: key, self.column: contents[key]} for key in contents if key not in large]:
            connection.execute(insertion, rows)
        for key, content in large.items():
            room = insertion.values({self.column: func.zeroblob(bindparam("size"))})
            made = connection.execute(room, {self.key: key, "size": len(content)})
            if made.rowcount:
                with self._place(connection, made.lastrowid, readonly=False) as place:
                    place.write(content)

    def several(self, connection: Connection, keys: Sequence[Any]) -> dict[Any, bytes]:
        """The contents by their keys; one that is not there is left out."""
        these = {"these": keys}
        if on_postgresql(connection):
            return {row[0]: row[1] for row in connection.execute(self._whole, these)}
        found = {}
        for key, rowid, content in connection.execute(self._unless_large, these).all():
            if content is None:
                with self._place(connection, rowid, readonly=True) as place:
                    content = place.read()
            found[key] = content
        return found

    @contextmanager
    def _place(self, connection: Connection, rowid: int, *, readonly: bool) -> Iterator[sqlite3.Blob]:
        driver: Any = connection.connection.driver_connection
        try:
            with driver.blobopen(self.table.__tablename__, self.column, rowid, readonly=readonly) as place:
                yield place
        except sqlite3.Error as error:
            raise DBAPIError.instance(None, None, error, sqlite3.Error) from error

    @cached_property
    def _whole(self) -> Select[Any]:
        return self._select(getattr(self.table, self.column))

    @cached_property
    def _unless_large(self) -> Select[Any]:
        content = getattr(self.table, self.column)
        return self._select(literal_column("rowid"), case((func.length(content) < LARGE, content)))

    def _select(self, *columns: Any) -> Select[Any]:
        key = getattr(self.table, self.key)
        return select(key, *columns).where(key.in_(bindparam("these", expanding=True)))
