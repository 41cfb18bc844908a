"""Files of invoices, by the SHA-256 of their content."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select
from sqlmodel import col

from mailflow.store.statements import upsert
from mailflow.store.tables import FileRow


class Files:
    """Each content is kept once, however many invoices have it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, content: bytes) -> str:
        """Keeps a file; gives its SHA-256 in hex."""
        sha256 = hashlib.sha256(content).hexdigest()
        known = select(col(FileRow.sha256)).where(col(FileRow.sha256) == sha256)
        if self._connection.execute(known).first() is None:
            new = upsert(self._connection, FileRow).values(sha256=sha256, content=content)
            self._connection.execute(new.on_conflict_do_nothing())
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content of a file; raises LookupError for one that is not there."""
        content: bytes | None = self._connection.execute(
            select(col(FileRow.content)).where(col(FileRow.sha256) == sha256)
        ).scalar()
        if content is None:
            raise LookupError(f"no file {sha256}")
        return content
