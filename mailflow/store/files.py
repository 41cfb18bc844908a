"""Files of invoices, by the SHA-256 of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

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
        self._connection.execute(_KEEP(self._connection), {"sha256": sha256, "content": content})
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content of a file; raises LookupError for one that is not there."""
        found = self.several([sha256])
        if sha256 not in found:
            raise LookupError(f"no file {sha256}")
        return found[sha256]

    def several(self, digests: Collection[str]) -> dict[str, bytes]:
        """The contents of files by their SHA-256; one that is not there is left out."""
        rows = self._connection.execute(_CONTENTS, {"these": sorted(digests)})
        return {row.sha256: row.content for row in rows}


_CONTENTS = select(col(FileRow.sha256), col(FileRow.content)).where(
    col(FileRow.sha256).in_(bindparam("these", expanding=True))
)
_KEEP = per_dialect(lambda insert: insert(FileRow).on_conflict_do_nothing())
