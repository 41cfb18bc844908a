"""Secrets that are written out in the settings: only in a file that nobody else can read."""

from __future__ import annotations

import re
from pathlib import Path

from mailflow.secret_file import others_can_read
from mailflow.settings_source import KeyPath, Source

SECRET_PARTS: dict[KeyPath, re.Pattern[str]] = {
    ("database",): re.compile(r"://[^/@]*:[^@]+@|[?&]password=[^&]+"),
    ("mailbox", "imap", "password"): re.compile(r".+", re.DOTALL),
    ("mailbox", "smtp", "password"): re.compile(r".+", re.DOTALL),
    ("mailbox", "oauth", "client_secret"): re.compile(r".+", re.DOTALL),
    ("bitrix24", "webhook"): re.compile(r"/rest/\d*/[^/\s]+"),
}
"""The keys that hold secrets, and what in their values is one."""


def note_written_out(source: Source, file: Path) -> None:
    """Adds every secret that stands in the settings themselves, where others can read these, to the problems."""
    if not others_can_read(file):
        return
    mend = f"Write ${{NAME}} or ${{file:/path/to/secret}} in its place, or chmod 600 {file}."
    for path, secret in SECRET_PARTS.items():
        if secret.search(source.written_out(path)):
            source.add(path, "is written out in a file that other users of this machine can read.", mend)
