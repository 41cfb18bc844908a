"""Files of invoices, by the SHA-256 of their content."""

from __future__ import annotations

import hashlib

from sqlalchemy import insert, select
from sqlmodel import Session, col

from mailflow.store.tables import FileRow


class Files:
    """Each content is kept once, however many invoices have it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, content: bytes) -> str:
        """Keeps a file; gives its SHA-256 in hex."""
        sha256 = hashlib.sha256(content).hexdigest()
        known = select(col(FileRow.sha256)).where(col(FileRow.sha256) == sha256)
        if self._session.execute(known).first() is None:
            self._session.execute(insert(FileRow).values(sha256=sha256, content=content))
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content of a file; raises LookupError for one that is not there."""
        content: bytes | None = self._session.execute(
            select(col(FileRow.content)).where(col(FileRow.sha256) == sha256)
        ).scalar()
        if content is None:
            raise LookupError(f"no file {sha256}")
        return content
