"""A mailbox as files: every mail as .eml, its attachments and its calendar beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailflow.office.received import ReceivedMail

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class SavedFile:
    """An attachment on disk; `path` is relative to the output folder, with slashes."""

    name: str
    path: str
    size: int


@dataclass(frozen=True)
class SavedMail:
    """A mail on disk; the paths are relative to the output folder, with slashes."""

    mail: ReceivedMail
    eml: str
    files: tuple[SavedFile, ...]
    ics: str | None


def save_mailbox(output: Path, owner: str, mails: Sequence[ReceivedMail]) -> tuple[SavedMail, ...]:
    """Writes mails/<owner>/NN-subject.eml and what hangs on them; the calendars go to invites/<owner>/."""
    return tuple(_save(output, owner, number, mail) for number, mail in enumerate(mails, start=1))


def _save(output: Path, owner: str, number: int, mail: ReceivedMail) -> SavedMail:
    stem = f"{number:02}-{_safe(mail.title)}"
    eml = Path("mails", _safe(owner), f"{stem}.eml")
    _write(output / eml, mail.raw)
    files = []
    for place, paper in enumerate(mail.files, start=1):
        path = eml.parent / f"{number:02}-files" / f"{place}-{_safe(paper.filename)}"
        _write(output / path, paper.content)
        files.append(SavedFile(paper.filename, path.as_posix(), len(paper.content)))
    ics = None
    if mail.calendar:
        ics = Path("invites", _safe(owner), f"{stem}.ics")
        _write(output / ics, mail.calendar.to_ical())
    return SavedMail(mail, eml.as_posix(), tuple(files), ics.as_posix() if ics else None)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _safe(name: str) -> str:
    """A file name that every system takes: letters and digits of any alphabet, dots, dashes; never a path."""
    stem, dot, extension = _UNSAFE.sub("-", name.replace("@", " at ")).strip("-.").rpartition(".")
    if len(extension) > 5:
        stem, dot, extension = f"{stem}{dot}{extension}", "", ""
    return f"{stem[:_LONGEST_NAME]}{dot}{extension}".strip("-.") or "unnamed"
