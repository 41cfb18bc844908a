"""What is installed on a server: systemd takes the unit, and finds little that a stranger inside could do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[1] / "packaging" / "systemd" / "mailflow.service"
MOST_EXPOSED = 2.0
"""`systemd-analyze security` calls up to 2.0 the best of its classes but one (safe to OK)."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there."""
    text = UNIT.read_text("utf-8")
    assert "ExecStart=/opt/mailflow/bin/mailflow " in text
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace("/opt/mailflow/bin/mailflow", sys.executable), "utf-8")
    return copy


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_finds_no_mistake_in_the_unit(unit: Path) -> None:
    done = analyze("verify", unit)
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


@needs_systemd
def test_the_service_is_shut_in_as_far_as_its_work_allows(unit: Path) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={round(MOST_EXPOSED * 10)}", unit)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_wrong_settings_are_not_tried_again_and_no_watchdog_is_shorter_than_a_mail_server_may_think() -> None:
    lines = UNIT.read_text("utf-8").splitlines()
    assert "RestartPreventExitStatus=78" in lines
    assert "Type=notify" in lines
    [watchdog] = [line.removeprefix("WatchdogSec=") for line in lines if line.startswith("WatchdogSec=")]
    assert int(watchdog.removesuffix("min")) > 10  # RFC 5321 section 4.5.3.2.6
