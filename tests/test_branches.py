"""One of several companies that begins anew after trouble goes by the settings as they are by then."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mailflow import bootstrap, branches
from mailflow.branches import Branch
from mailflow.service_manager import ServiceManager
from mailflow.settings import Settings, load_settings
from tests.settings_file import write_settings_file
from tests.test_settings import GOOD, SECRETS, good

REMIND = "remind_after_hours: 24"


def hours_of_two_starts(branch: Branch, monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> list[float]:
    """The hours that each start was made with; before the second one the file is another."""
    hours: list[float] = []

    def begins(settings: Settings) -> None:
        hours.append(settings.approval.remind_after_hours)
        if len(hours) == 2:
            branch.stop()
        write_settings_file(branch.file, meanwhile)
        raise OSError("whatever hinders it")

    monkeypatch.setattr(branches, "LONGEST_PAUSE", 0)
    monkeypatch.setattr(bootstrap, "build", begins)
    branch.run()
    return hours


@pytest.mark.parametrize(("meanwhile", "second"), [("remind_after_hours: 8", 8), ("remind_after_hours: never", 24)])
def test_a_company_that_begins_anew_goes_by_the_settings_as_they_are_now_if_they_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str, second: float
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    file = write_settings_file(tmp_path / "north.yaml", GOOD)
    branch = Branch(load_settings(file), file, ServiceManager())
    assert hours_of_two_starts(branch, monkeypatch, good(REMIND, meanwhile)) == [24, second]


def test_what_came_into_force_while_it_worked_stays_so_where_the_file_is_wrong_by_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    file = write_settings_file(tmp_path / "north.yaml", good(REMIND, "remind_after_hours: 8"))
    in_force, began_with = load_settings(file), list[Settings]()
    write_settings_file(file, GOOD)
    branch = Branch(load_settings(file), file, ServiceManager())

    def begins(settings: Settings) -> object:
        began_with.append(settings)
        write_settings_file(file, "no settings")
        return SimpleNamespace(settings=in_force, close=lambda: None)

    def breaks(*_: object) -> None:
        if len(began_with) == 2:
            branch.stop()
        raise OSError("whatever hinders it")

    monkeypatch.setattr(branches, "LONGEST_PAUSE", 0)
    monkeypatch.setattr(bootstrap, "build", begins)
    monkeypatch.setattr(bootstrap, "daemon_of", breaks)
    branch.run()
    assert began_with[1] == in_force
