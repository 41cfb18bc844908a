"""The wheel holds all that mailflow needs beside its libraries: it works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from mailflow import __version__

TOP = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=120, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=TOP)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def mailflow(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console command in an environment of its own: the wheel, and the libraries that are installed here."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "environment"
    assert run(UV, "venv", "--offline", "--python", sys.executable, environment).returncode == 0
    python = environment / "bin" / "python"
    done = run(UV, "pip", "install", "--offline", "--no-index", "--no-deps", "--python", python, wheel)
    assert done.returncode == 0, done.stderr
    here = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    (Path(here) / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin" / "mailflow"


def test_everything_that_lies_beside_the_code_in_a_checkout_lies_in_the_wheel(wheel: Path) -> None:
    inside = {name.removeprefix("mailflow/") for name in zipfile.ZipFile(wheel).namelist()}
    beside = {path.relative_to(TOP).as_posix() for path in (TOP / "templates").rglob("*.j2")}
    code = {path.relative_to(TOP / "mailflow").as_posix() for path in (TOP / "mailflow").rglob("*.py")}
    assert len(beside) > 100
    assert {*beside, *code, "settings.yaml", "office/mailboxes.html.j2"} <= inside


def test_the_wheel_brings_a_command_that_knows_its_version(wheel: Path, mailflow: Path, tmp_path: Path) -> None:
    assert wheel.name.startswith(f"mailflow-{__version__}-")
    assert run(mailflow, "--version", cwd=tmp_path).stdout == f"mailflow, version {__version__}\n"


def test_without_settings_the_command_names_the_sample_that_it_brought(mailflow: Path, tmp_path: Path) -> None:
    done = run(mailflow, "check", cwd=tmp_path)
    assert done.returncode == 78
    [sample] = [word.rstrip(",") for word in done.stderr.split() if word.startswith("/") and "settings.yaml" in word]
    assert Path(sample).read_text("utf-8") == (TOP / "settings.yaml").read_text("utf-8")
    assert not Path(sample).is_relative_to(TOP)


def test_the_installed_command_writes_every_mail_with_the_templates_that_it_brought(
    mailflow: Path, tmp_path: Path
) -> None:
    (tmp_path / "settings.yaml").write_text((TOP / "settings.yaml").read_text("utf-8"), "utf-8")
    environment = {**os.environ, "IMAP_PASSWORD": "-", "SMTP_PASSWORD": "-"}
    done = run(mailflow, "check", cwd=tmp_path, env=environment)
    [templates] = [line for line in done.stdout.splitlines() if "templates" in line]
    assert templates.startswith("ok ")
    assert str(mailflow.parents[1]) in templates
    assert "database: opened" in done.stdout


@pytest.mark.slow
def test_the_installed_command_plays_the_demo(mailflow: Path, tmp_path: Path) -> None:
    done = run(mailflow, "demo", "--output", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "mailboxes.html").exists()
