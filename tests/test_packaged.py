"""What is said to people fits how mailflow was installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailflow import packaged


def test_the_command_is_run_py_in_a_checkout_and_mailflow_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packaged.command() == "python run.py"
    monkeypatch.setattr(packaged, "__file__", str(tmp_path / "site-packages" / "mailflow" / "packaged.py"))
    assert packaged.command() == "mailflow"


def test_nobody_is_told_to_install_what_a_stranger_may_have_named_mailflow() -> None:
    """The public index knows mailflow by its name alone; a wheel is named by its file."""
    package = Path(packaged.__file__).parent
    told = [
        line
        for file in package.rglob("*.py")
        for line in file.read_text("utf-8").splitlines()
        if re.search(r"install '?mailflow(?!-)", line)
    ]
    assert told == []
