"""Files of invoices, by the SHA-256 of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import Connection

from mailflow.store.contents import Contents
from mailflow.store.statements import per_dialect
from mailflow.store.tables import FileRow


class Files:
    """Each content is kept once, however many invoices have it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, content: bytes) -> str:
        """Keeps a file; gives its SHA-256 in hex."""
        sha256 = hashlib.sha256(content).hexdigest()
        _CONTENTS.insert(self._connection, {sha256: content})
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content of a file; raises LookupError for one that is not there."""
        found = self.several([sha256])
        if sha256 not in found:
            raise LookupError(f"no file {sha256}")
        return found[sha256]

    def several(self, digests: Collection[str]) -> dict[str, bytes]:
        """The contents of files by their SHA-256; one that is not there is left out."""
        return _CONTENTS.several(self._connection, sorted(digests))


_CONTENTS = Contents(
    FileRow, "sha256", "content", per_dialect(lambda insert: insert(FileRow).on_conflict_do_nothing())
)
