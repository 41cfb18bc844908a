"""The commands where the settings name several companies: all of them in turn, or the one that --company names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailflow.cli import cli
from mailflow.store.engine import open_store
from tests.approval.company import opened
from tests.settings_file import write_settings_file
from tests.test_installation import BOTH, COMPANY

NUMBER = "INV-2026-0001"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Each company has its INV-2026-0001."""
    settings = write_settings_file(tmp_path / "settings.yaml", BOTH + f"database: sqlite:///{tmp_path}/mail.db\n")
    for name in ("north", "south"):
        write_settings_file(tmp_path / f"{name}.yaml", COMPANY.format(name=name))
        store = open_store(f"sqlite:///{tmp_path}/mail-{name}.db")
        with store.begin() as uow:
            uow.invoices.add(opened(title=f"Paper of {name}").invoice)
            uow.commit()
        store.close()
    return lambda *words: CliRunner().invoke(cli, ["--settings", str(settings), *words])


def test_a_list_shows_each_company_under_its_name(run: Callable[..., Result]) -> None:
    shown = run("list")
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert lines.index("north:") < lines.index("south:")
    assert shown.output.count(NUMBER) == 2


def test_json_has_each_company_by_its_name(run: Callable[..., Result]) -> None:
    shown = json.loads(run("list", "--json").output)
    assert {name: invoice["title"] for name, (invoice,) in shown.items()} == {
        "north": "Paper of north",
        "south": "Paper of south",
    }
    for command in (["calendar"], ["quarantine", "list"], ["outbox", "list"], ["verify"]):
        assert list(json.loads(run(*command, "--json").output)) == ["north", "south"], command


def test_with_a_name_it_is_as_if_there_were_that_company_alone(run: Callable[..., Result]) -> None:
    (invoice,) = json.loads(run("list", "--company", "south", "--json").output)
    assert invoice["title"] == "Paper of south"
    assert json.loads(run("show", NUMBER, "--company", "north", "--json").output)["title"] == "Paper of north"


@pytest.mark.parametrize(
    "command",
    [
        ["show", NUMBER],
        ["verify", NUMBER],
        ["evidence", NUMBER],
        ["reassign", NUMBER, "a@example.com", "b@example.com"],
        ["list", "--csv", "-"],
        ["calendar", "--ics", "-"],
        ["quarantine", "retry", "1"],
        ["outbox", "retry", "all"],
        ["bitrix24", "setup"],
    ],
    ids=" ".join,
)
def test_what_is_about_one_company_asks_for_its_name(run: Callable[..., Result], command: list[str]) -> None:
    said = run(*command)
    assert said.exit_code == 2
    assert "Say which company with --company NAME: north, south." in said.output


def test_an_unknown_name_is_named_with_those_there_are(run: Callable[..., Result]) -> None:
    said = run("list", "--company", "west")
    assert said.exit_code == 2
    assert "There is no company west; the settings name north, south." in said.output


def test_one_company_alone_has_no_name(tmp_path: Path) -> None:
    settings = write_settings_file(tmp_path / "settings.yaml", COMPANY.format(name="north"))
    said = CliRunner().invoke(cli, ["--settings", str(settings), "list", "--company", "north"])
    assert said.exit_code == 2
    assert "leave --company out" in said.output


def test_a_check_is_well_where_all_companies_are(run: Callable[..., Result]) -> None:
    """Nobody answers at the address of their mail servers."""
    said = run("check")
    assert said.exit_code == 1
    assert said.output.count("FAIL IMAP") == 2
    assert said.output.index("north:") < said.output.index("south:")
