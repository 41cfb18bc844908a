"""The settings while mailflow runs: noticed once they are edited, checked, taken over between two passes."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailflow.approval.structure import HierarchySource
from mailflow.errors import ConfigurationError, TransientFailure
from mailflow.settings import MailboxSettings, Settings, load_settings
from mailflow.settings_source import files_of

log = logging.getLogger(__name__)

AT_ONCE = frozenset({"sender_check", "trusted_authserv"})
"""Of the section `mailbox`; all else of it is what the connections were made by."""

SECONDS_UNTOUCHED = 0.3
LONGEST_EDIT = 3.0
"""A file is read once nobody has written to it for the one, or after the other at the latest."""

_Stats = Mapping[Path, tuple[int, ...] | None]


@dataclass
class SettingsWatch:
    """Looks at the settings, the `.env` beside them and the files with secrets.

    `take_over` gets settings that are right, `complain` is told once of each change that is not; then nothing changes.
    Where either raises TransientFailure, the next look does it again.
    """

    file: Path
    settings: Settings
    take_over: Callable[[Settings], None]
    complain: Callable[[ConfigurationError], None]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def __post_init__(self) -> None:
        files = files_of(self.file, self.environment)
        self._stats: _Stats = {file: _stat(file) for file in files}
        self._contents = {file: _content(file) for file in files}

    def look(self) -> None:
        """Before each pass: costs a look at the files' times where nothing was edited."""
        if {file: _stat(file) for file in self._stats} == self._stats:
            return
        self._stats, before = self._settled(), self._contents
        self._contents = {file: _content(file) for file in self._stats}
        if self._contents == before:
            return
        try:
            self._read_again()
        except TransientFailure:
            self._stats, self._contents = {self.file: ()}, {}
            raise

    def _read_again(self) -> None:
        try:
            edited = load_settings(self.file, self.environment, self.settings.database.get_secret_value())
        except ConfigurationError as wrong:
            log.error("%s was edited and is wrong; what was right before stays in force", self.file)
            for problem in wrong.problems:
                log.error("%s", problem)
            self.complain(wrong)
            return
        finally:
            self._watch(files_of(self.file, self.environment))
        settings, later = until_restart(self.settings, edited)
        self.take_over(settings)
        self.settings = settings
        log.info("%s was edited and is in force from now on", self.file)
        if later:
            log.warning("of this only after a restart: %s", ", ".join(later))

    def _settled(self) -> _Stats:
        """The files when nobody writes to them any more: half of a file may well be right by itself."""
        end, stats = time.monotonic() + LONGEST_EDIT, {file: _stat(file) for file in self._stats}
        while time.monotonic() < end:
            time.sleep(SECONDS_UNTOUCHED)
            if (later := {file: _stat(file) for file in stats}) == stats:
                break
            stats = later
        return stats

    def _watch(self, files: list[Path]) -> None:
        """These from now on; what was edited since it was read is seen with the next look."""
        self._stats = {file: self._stats[file] if file in self._stats else _stat(file) for file in files}
        self._contents = {file: self._contents.get(file) or _content(file) for file in files}


_LASTING = ("database", "bitrix24", "board", "max_message_mb", "log", "metrics")


def until_restart(old: Settings, new: Settings) -> tuple[Settings, list[str]]:
    """The new settings without what only a restart can change, and the keys of that."""
    lasting = [name for name in MailboxSettings.model_fields if name not in AT_ONCE]
    mailbox = new.mailbox.model_copy(update={name: getattr(old.mailbox, name) for name in lasting})
    kept = {"mailbox": mailbox, **{name: getattr(old, name) for name in _LASTING}}
    later = [f"mailbox.{name}" for name in lasting if getattr(old.mailbox, name) != getattr(new.mailbox, name)]
    later += [name for name in kept if name != "mailbox" and kept[name] != getattr(new, name)]
    if old.bitrix24 is None and new.approval.hierarchy is HierarchySource.BITRIX24:  # nobody would read the heads
        kept["approval"] = new.approval.model_copy(update={"hierarchy": old.approval.hierarchy})
        later.append("approval.hierarchy")
    return new.model_copy(update=kept), later


def _stat(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def _content(file: Path) -> bytes:
    """What a file holds, as a hash, and who may read it; a file that is not there is another than an empty one."""
    try:
        return b"%o %b" % (file.stat().st_mode, hashlib.sha256(file.read_bytes()).digest())
    except OSError:
        return b"-"
