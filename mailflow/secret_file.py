"""Secrets in files: nobody but their owner may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_LARGEST = 64_000
"""Bytes of a file that can be meant as one secret."""


class UnfitFile(Exception):
    """A file that no secret is taken from. `what` and `mend` are sentences for the administrator."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def others_can_read(path: Path) -> bool:
    """Whether the file is more than its owner's: its group or everybody may use it, and may enter its folder."""
    return _is_shared(path, path.stat())


def read_secret(path: Path, from_systemd: bool = False) -> str:
    """The secret that is all of a file; the line end after it is none of it. Raises UnfitFile.

    `from_systemd`: a credential of this service; its access list, not its mode, says who can read it (systemd.exec(5)).
    """
    put = f"Put the secret alone into {path}, readable by mailflow's user."
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UnfitFile(f"is to be read from {path}, which is no file.", put)
            if not from_systemd and _is_shared(path, found):
                raise UnfitFile(f"is read from {path}, which other users of this machine can read.", _chmod(path))
            secret = file.read(_LARGEST + 1).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UnfitFile(f"cannot be read from {path} ({why}).", put) from None
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise UnfitFile(f"is to be read from {path}, which is empty.", put)
    if len(secret) >= _LARGEST:
        raise UnfitFile(f"is to be read from {path}, which is too large for a secret.", put)
    return secret


def _is_shared(path: Path, file: os.stat_result) -> bool:
    return bool(file.st_mode & 0o077) and bool(path.absolute().parent.stat().st_mode & 0o011)


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes to would hold up the start."""
    return os.open(path, flags | os.O_NONBLOCK)


def _chmod(path: Path) -> str:
    return f"Take it away from them: chmod 600 {path}"
