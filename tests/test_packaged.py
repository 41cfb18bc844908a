"""What is said to people fits how mailflow was installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailflow import packaged


def test_the_command_is_run_py_in_a_checkout_and_mailflow_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packaged.command() == "python run.py"
    monkeypatch.setattr(packaged, "__file__", str(tmp_path / "site-packages" / "mailflow" / "packaged.py"))
    assert packaged.command() == "mailflow"
