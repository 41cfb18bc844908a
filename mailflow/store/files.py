"""Files of invoices, by the SHA-256 of their content."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, bindparam, select
from sqlmodel import col

from mailflow.store.statements import per_dialect
from mailflow.store.tables import FileRow


class Files:
    """Each content is kept once, however many invoices have it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, content: bytes) -> str:
        """Keeps a file; gives its SHA-256 in hex."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self._connection.execute(_KNOWN, {"key": sha256}).first() is None:
            self._connection.execute(_KEEP(self._connection), {"sha256": sha256, "content": content})
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content of a file; raises LookupError for one that is not there."""
        content: bytes | None = self._connection.execute(
            select(col(FileRow.content)).where(col(FileRow.sha256) == sha256)
        ).scalar()
        if content is None:
            raise LookupError(f"no file {sha256}")
        return content


_KNOWN = select(col(FileRow.sha256)).where(col(FileRow.sha256) == bindparam("key"))
_KEEP = per_dialect(lambda insert: insert(FileRow).on_conflict_do_nothing())
