"""Edited settings: right ones are in force from the next pass on, wrong ones change nothing and are told of once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailflow import settings_watch
from mailflow.approval.structure import HierarchySource
from mailflow.errors import ConfigurationError, DatabaseAway
from mailflow.settings import Settings, load_settings
from mailflow.settings_watch import SettingsWatch, until_restart
from tests.settings_file import write_settings_file
from tests.test_settings import GOOD, SECRETS, good, load


@dataclass
class Watched:
    """A file that is watched, and what came of it."""

    folder: Path
    text: str = GOOD
    environment: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    taken: list[Settings] = field(default_factory=list)
    wrong: list[ConfigurationError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file = write_settings_file(self.folder / "settings.yaml", self.text)
        settings = load_settings(self.file, self.environment)
        self.watch = SettingsWatch(self.file, settings, self.taken.append, self.wrong.append, self.environment)

    def edit(self, old: str, new: str) -> None:
        assert old in self.text
        self.text = self.text.replace(old, new, 1)
        write_settings_file(self.file, self.text)
        self.watch.look()


@pytest.fixture(autouse=True)
def _nobody_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_watch, "SECONDS_UNTOUCHED", 0.01)


def test_right_settings_are_taken_over_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.edit("remind_after_hours: 24", "remind_after_hours: 8")
    watched.watch.look()
    assert [settings.approval.remind_after_hours for settings in watched.taken] == [8]
    assert watched.watch.settings.approval.remind_after_hours == 8


def test_wrong_settings_are_told_of_once_each_time_they_are_edited_and_change_nothing(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.edit("remind_after_hours: 24", "remind_after_hours: never")
    watched.watch.look()
    assert [(p.key, p.line) for p in watched.wrong[0].problems] == [("approval.remind_after_hours", 27)]
    watched.edit("remind_after_hours: never", "remind_after_hours: 0")
    assert (len(watched.wrong), watched.taken) == (2, [])
    watched.edit("remind_after_hours: 0", "remind_after_hours: 8")
    assert watched.watch.settings.approval.remind_after_hours == 8


def test_a_file_that_is_no_yaml_any_more_or_gone_is_wrong_settings_too(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.edit("language: en", "language: [en")
    watched.file.unlink()
    watched.watch.look()
    assert [wrong.problems[0].key for wrong in watched.wrong] == ["YAML", "settings"]
    write_settings_file(watched.file, GOOD)
    watched.watch.look()
    assert len(watched.taken) == 1


@pytest.mark.parametrize(("written", "done"), [("8", ["taken over"]), ("never", ["complained"])])
def test_what_could_not_be_taken_over_or_complained_of_is_with_the_next_look(
    tmp_path: Path, written: str, done: list[str]
) -> None:
    watched, heard = Watched(tmp_path), list[str]()

    def is_away(_: object) -> None:
        raise DatabaseAway("the database is away")

    watched.watch.take_over = watched.watch.complain = is_away
    with pytest.raises(DatabaseAway):
        watched.edit("remind_after_hours: 24", f"remind_after_hours: {written}")
    assert watched.watch.settings.approval.remind_after_hours == 24
    watched.watch.take_over = lambda _: heard.append("taken over")
    watched.watch.complain = lambda _: heard.append("complained")
    watched.watch.look()
    watched.watch.look()
    assert heard == done


def test_heads_are_those_of_a_portal_once_that_is_connected(tmp_path: Path) -> None:
    portal = "bitrix24: {webhook: 'https://firm.example/rest/1/secret/'}\nadministrator:"
    text = GOOD.replace("administrator:", portal, 1).replace("approval:\n", "approval:\n  hierarchy: bitrix24\n", 1)
    settings, later = until_restart(load(tmp_path, GOOD), load(tmp_path, text))
    assert (settings.bitrix24, settings.approval.hierarchy) == (None, HierarchySource.SETTINGS)
    assert later == ["bitrix24", "approval.hierarchy"]


def test_a_file_that_is_only_touched_is_not_edited(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    os.utime(watched.file, ns=(1, 1))
    watched.watch.look()
    assert (watched.taken, watched.wrong) == ([], [])


def test_where_nothing_was_touched_no_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", _refuses)
    watched.watch.look()


def _refuses(path: Path) -> bytes:
    raise AssertionError(f"{path} was read")


def test_the_environment_file_and_the_files_with_secrets_are_looked_at_too(tmp_path: Path) -> None:
    secret = write_settings_file(tmp_path / "token", "first")
    text = GOOD.replace("${IMAP_PASSWORD}", "${file:token}") + "company_name: ${COMPANY}\n"
    write_settings_file(tmp_path / ".env", "COMPANY=Romashka\n")
    watched = Watched(tmp_path, text)
    write_settings_file(tmp_path / ".env", "COMPANY=Vector\n")
    watched.watch.look()
    assert watched.taken[-1].company_name == "Vector"
    write_settings_file(secret, "second")
    watched.watch.look()
    assert len(watched.taken) == 2


def test_a_secret_that_others_can_read_from_now_on_is_told_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    secret = write_settings_file(tmp_path / "token", "secret")
    watched = Watched(tmp_path, GOOD.replace("${IMAP_PASSWORD}", "${file:token}"))
    secret.chmod(0o644)
    watched.watch.look()
    assert "other users of this machine can read" in watched.wrong[0].problems[0].what


def test_what_is_edited_while_it_is_read_is_seen_with_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path)

    def edited_meanwhile(file: Path, environment: dict[str, str], database: str) -> Settings:
        settings = load_settings(file, environment, database)
        write_settings_file(file, GOOD.replace("remind_after_hours: 24", "remind_after_hours: 12"))
        return settings

    with monkeypatch.context() as patch:
        patch.setattr(settings_watch, "load_settings", edited_meanwhile)
        watched.edit("remind_after_hours: 24", "remind_after_hours: 8")
    watched.watch.look()
    assert [settings.approval.remind_after_hours for settings in watched.taken] == [8, 12]


def test_a_file_that_somebody_still_writes_to_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path)
    pieces = [GOOD[:40], GOOD[:400], GOOD.replace("remind_after_hours: 24", "remind_after_hours: 8")]
    written: list[str] = []

    def writes_meanwhile(seconds: float) -> None:
        if pieces:
            written.append(pieces.pop(0))
            write_settings_file(watched.file, written[-1])

    write_settings_file(watched.file, GOOD[:4])
    monkeypatch.setattr("mailflow.settings_watch.time.sleep", writes_meanwhile)
    watched.watch.look()
    assert (len(written), len(watched.taken), watched.wrong) == (3, 1, [])


RESTARTS: list[tuple[str, str, list[str]]] = [
    ("sqlite:///mailflow.db", "sqlite:///other.db", ["database"]),
    ("address: Finance@", "address: Invoices@", ["mailbox.address"]),
    ("poll_seconds: 60", "poll_seconds: 5", ["mailbox.poll_seconds"]),
    ("administrator:", "max_message_mb: 5\nadministrator:", ["max_message_mb"]),
    ("reference\n  trusted_authserv: []", "dmarc\n  trusted_authserv: [mx.example.com]", []),
    ("timezone: Europe/Moscow", "timezone: Europe/Berlin", []),
]


@pytest.mark.parametrize(("old", "new", "keys"), RESTARTS, ids=[r[1] for r in RESTARTS])
def test_what_is_connected_stays_as_it_is_until_a_restart(tmp_path: Path, old: str, new: str, keys: list[str]) -> None:
    before, edited = load(tmp_path, GOOD), load(tmp_path, good(old, new))
    assert before != edited
    settings, later = until_restart(before, edited)
    assert later == keys
    assert settings == (before if keys else edited)
