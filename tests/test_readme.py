"""The README keeps its word: every command in it runs, every setting stands in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

from benchmarks.million import INVOICES, MEASURED, as_markdown, needs
from mailflow.cli import cli
from mailflow.settings import Settings

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
SHELL = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip() and not line.startswith("#")
]
PYTHON = [line for line in SHELL if line.startswith("python run.py")]
MAKE = [line for line in SHELL if line.startswith("make")]
INLINE = re.findall(r"`python run\.py ([^`]+)`", README)


def test_the_readme_has_commands_and_all_are_of_a_kind_that_is_tried() -> None:
    assert [line for line in SHELL if line in PYTHON + MAKE] == SHELL
    assert len(PYTHON) >= 3


@pytest.mark.parametrize("line", MAKE)
def test_every_make_target_of_the_readme_is_there(line: str) -> None:
    target = shlex.split(line)[1]
    done = subprocess.run(["make", "-n", target], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words", [*(shlex.split(line)[2:] for line in PYTHON), *(shlex.split(w) for w in INLINE)], ids=str
)
def test_every_command_of_the_readme_is_understood(words: list[str]) -> None:
    command: click.Command = cli
    context = click.Context(cli)
    while words and isinstance(command, click.Group):
        if words[0].startswith("--"):
            assert words[0] in {option for p in command.params for option in p.opts}
            words = words[2:]
            continue
        found = command.get_command(context, words[0])
        assert found, f"{words[0]} is no command"
        command, words = found, words[1:]
    options = {option for p in command.params for option in p.opts}
    assert [w for w in words if w.startswith("--") and w not in options] == []


def test_wrong_settings_end_every_command_with_78(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("language: fr\n")
    done = subprocess.run(
        [sys.executable, TOP / "run.py", "--settings", tmp_path / "settings.yaml", "check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 78
    assert "language" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sample_settings_are_checked_without_a_server_and_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text((TOP / "settings.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    environment = {**os.environ, "IMAP_PASSWORD": "hidden-word", "SMTP_PASSWORD": "hidden-word"}
    done = subprocess.run(
        [sys.executable, TOP / "run.py", "--settings", "settings.yaml", "check"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "127.0.0.1:993" in done.stdout
    assert "hidden-word" not in done.stdout + done.stderr


def _keys(model: type[BaseModel], path: str = "") -> list[str]:
    keys = []
    for name, field in ((field.alias or name, field) for name, field in model.model_fields.items()):
        inner = _section(field.annotation)
        keys += _keys(inner, f"{name}.") if inner else [name]
    return keys


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


@pytest.mark.parametrize("key", _keys(Settings))
def test_every_key_of_the_settings_stands_in_the_readme(key: str) -> None:
    assert re.search(rf"`[\w.]*\b{key}\b[^`]*`", README), key


def test_the_million_a_day_is_worked_out_from_the_figures_that_the_script_has() -> None:
    assert as_markdown(needs(MEASURED)) in README


def test_twice_the_cost_or_twice_the_invoices_needs_twice_as_much() -> None:
    once, twice = needs(MEASURED), needs(replace(MEASURED, cpu_ms=2 * MEASURED.cpu_ms))
    doubled = needs(MEASURED, 2 * INVOICES)
    daemons = [need.what for need in once].index("daemons, a core each")
    assert (once[daemons].amount, twice[daemons].amount, doubled[daemons].amount) == ("12", "23", "23")
    assert [a for a, b in zip(once, twice, strict=True) if a.amount != b.amount] == [once[daemons]]
