"""The frame around the commands: exit codes, errors in words, a cheap --help."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailflow.errors import ConfigurationError, PermanentFailure, SettingsProblem, TransientFailure
from mailflow.log import DiscreetFormatter, JournalFormatter, start_logging
from mailflow.terminal import as_json, one_line, several_lines
from tests.cli.conftest import Company

TOP = Path(__file__).parents[2]
HEAVY = (
    "sqlmodel",
    "sqlalchemy",
    "pydantic",
    "rich",
    "yaml",
    "icalendar",
    "holidays",
    "jinja2",
    "imap_tools",
    "dateparser",
)


@dataclass(frozen=True)
class CheckLine:
    ok: bool
    what: str
    how: str = ""


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Stands in for the wiring, which is tested where it is."""
    module = types.ModuleType("mailflow.bootstrap")
    monkeypatch.setitem(sys.modules, "mailflow.bootstrap", module)
    monkeypatch.setattr("mailflow.bootstrap", module, raising=False)
    return module


def raising(error: Exception) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_help_and_version_import_nothing_heavy() -> None:
    program = (
        "import sys, runpy\n"
        "sys.argv = ['run.py', sys.argv[1]]\n"
        "try: runpy.run_path('run.py', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    for option in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", program, option], cwd=TOP, capture_output=True, text=True, check=True
        )
        assert done.stderr.strip() == "[]"
    assert "mailflow" in done.stdout


def test_help_costs_next_to_nothing() -> None:
    def cpu(*arguments: str) -> float:
        costs = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], cwd=TOP, capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(costs)

    assert cpu("run.py", "--help") - cpu("-c", "") < 0.150


def test_without_its_libraries_run_py_takes_the_environment_beside_it_or_says_make_install(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_bytes((TOP / "run.py").read_bytes())
    bare = [sys._base_executable, "-S", "run.py", "--help"]  # type: ignore[attr-defined]
    done = subprocess.run(bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make install" in done.stderr
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho taken $@\n")
    python.chmod(0o755)
    assert subprocess.check_output(bare, cwd=tmp_path, text=True) == "taken run.py --help\n"


@pytest.mark.parametrize(
    "command", [[], ["run"], ["once"], ["check"], ["list"], ["calendar"], ["outbox", "retry", "all"]]
)
def test_wrong_settings_end_every_command_with_78_and_the_whole_list(office: Company, command: list[str]) -> None:
    settings = office.folder / "settings.yaml"
    settings.write_text(settings.read_text().replace("admin@", "admin").replace("reference", "both"))
    result = office.run(*command)
    assert (result.exit_code, result.stdout) == (78, "")
    assert "line 7, mailbox.sender_check: 'both' is not allowed." in result.stderr
    assert "line 8, administrator:" in result.stderr
    assert "s3cret" not in result.stderr


def test_no_settings_at_all_end_with_78(office: Company) -> None:
    (office.folder / "settings.yaml").unlink()
    result = office.run("list")
    assert result.exit_code == 78
    assert "there is no such file" in result.stderr


@pytest.mark.parametrize("command", ["run", "once"])
def test_a_database_that_is_away_is_one_sentence_and_75_for_a_pass(
    office: Company, bootstrap: types.ModuleType, command: str
) -> None:
    setattr(bootstrap, command, raising(TransientFailure("The database cannot be reached.")))
    result = office.run(command)
    assert (result.exit_code, result.stderr) == (75, "The database cannot be reached.\n")


def test_a_database_that_is_away_ends_a_look_with_1(office: Company) -> None:
    settings = office.folder / "settings.yaml"
    away = settings.read_text().replace(
        "database: sqlite:///", "database: postgresql+psycopg://u:db-s3cret@127.0.0.1:1/"
    )
    settings.write_text(away)
    result = office.run("list")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "s3cret" not in result.stderr


def test_run_is_what_happens_without_a_command(office: Company, bootstrap: types.ModuleType) -> None:
    bootstrap.run = lambda settings, file: 0 if settings.mailbox.address == "finance@example.com" else 1  # type: ignore[attr-defined]
    assert office.run().exit_code == 0
    assert office.run("run").exit_code == 0


@pytest.mark.parametrize("code", [0, 75])
def test_once_says_what_it_did_and_whether_something_waits(
    office: Company, bootstrap: types.ModuleType, code: int
) -> None:
    def once(settings: object, progress: Any) -> int:
        for what, count in (("received", 1), ("received", 2), ("processed", 2), ("filed", 0), ("sent", 5)):
            progress(what, count)
        return code

    bootstrap.once = once  # type: ignore[attr-defined]
    result = office.run("once")
    assert (result.exit_code, result.stdout) == (code, "received 2, processed 2, sent 5\n")
    assert ("waits for a retry" in result.stderr) is (code == 75)


def test_check_prints_a_line_each_and_what_to_do(office: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [CheckLine(True, "IMAP: signed in"), CheckLine(False, "SMTP: \x1b[2Jrefused", "Check the port.")]
    checking = types.ModuleType("mailflow.checking")
    checking.check = lambda settings: lines  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mailflow.checking", checking)
    monkeypatch.setattr("mailflow.checking", checking, raising=False)
    result = office.run("check")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == ["ok   IMAP: signed in", "FAIL SMTP: [2Jrefused", "     Check the port."]
    lines.pop()
    assert office.run("check").exit_code == 0


def test_the_demo_needs_no_settings(office: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[tuple[Path, bool]] = []
    module = types.ModuleType("mailflow.demo")
    module.play = lambda output, stay: played.append((output, stay)) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mailflow.demo", module)
    (office.folder / "settings.yaml").unlink()
    assert office.run("demo", "--stay", "--output", str(office.folder)).exit_code == 0
    assert office.run("demo").exit_code == 0
    assert played == [(office.folder, True), (Path("demo-output"), False)]


def test_nobody_is_shown_a_traceback_or_a_secret_unless_they_ask(
    office: Company, bootstrap: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.once = raising(ValueError("imap-s3cret"))  # type: ignore[attr-defined]
    monkeypatch.delenv("MAILFLOW_DEBUG", raising=False)
    result = office.run("once")
    assert result.exit_code == 1
    assert "ValueError in test_commands.py, line" in result.stderr
    assert "Traceback" not in result.stderr
    assert "s3cret" not in result.stderr
    monkeypatch.setenv("MAILFLOW_DEBUG", "1")
    assert "Traceback" in office.run("once").stderr


def test_a_path_that_nobody_may_use_is_named_with_the_systems_words(office: Company) -> None:
    result = office.run("demo", "--output", str(office.folder / "settings.yaml" / "demo"))
    assert result.exit_code == 1
    assert "settings.yaml/demo: Not a directory. Check the path" in result.stderr


def test_what_mailflow_itself_raises_is_told_in_its_own_words(office: Company, bootstrap: types.ModuleType) -> None:
    bootstrap.run = raising(PermanentFailure("The mailbox has no folder \x1b[1mINBOX."))  # type: ignore[attr-defined]
    assert office.run("run").stderr == "The mailbox has no folder [1mINBOX.\n"
    problem = SettingsProblem("mailbox.imap", "was refused.", "Check the password.", 4)
    bootstrap.run = raising(ConfigurationError("settings.yaml", [problem]))  # type: ignore[attr-defined]
    result = office.run("run")
    assert result.exit_code == 78
    assert "line 4, mailbox.imap: was refused. Check the password." in result.stderr


def test_a_reader_that_stops_reading_is_no_error(office: Company) -> None:
    command = f"{sys.executable} run.py --settings {office.folder}/settings.yaml list --json | true"
    done = subprocess.run(["bash", "-c", command], cwd=TOP, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "not made for" not in done.stderr


def test_cyrillic_is_printed_whatever_the_terminal_can_show(office: Company) -> None:
    office.quarantined()
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "run.py", "--settings", str(office.folder / "settings.yaml"), "quarantine", "list"]
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "evil@example.net" in done.stdout


def record(message: str, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("mailflow", logging.ERROR, "x.py", 1, message, (), more.get("exc_info"))


def test_the_log_never_shows_a_secret_not_even_in_a_librarys_traceback() -> None:
    formatter = DiscreetFormatter(["https://portal/rest/1/s3cret/", "s3cret", "ab"])
    try:
        raise ValueError("GET https://portal/rest/1/s3cret/ failed, s3cret")
    except ValueError:
        shown = formatter.format(record("LOGIN finance s3cret about", exc_info=sys.exc_info()))
    assert "s3cret" not in shown
    assert "GET *** failed, ***" in shown
    assert "about" in shown  # a secret of two letters is no reason to spoil every word


def test_a_stranger_cannot_write_a_line_of_the_log() -> None:
    shown = DiscreetFormatter([]).format(record("subject: x\r\n2026 ERROR forged \x1b[31m"))
    assert "\n" not in shown
    assert "\x1b" not in shown


def test_in_the_journal_each_line_has_its_priority_and_no_time_of_its_own() -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        shown = JournalFormatter([]).format(record("a mail failed", exc_info=sys.exc_info())).split("\n")
    assert shown[0] == "<3>a mail failed"
    assert len(shown) > 3
    assert all(line.startswith("<3>") for line in shown)
    informed = logging.LogRecord("mailflow", logging.INFO, "x.py", 1, "sent", (), None)
    assert JournalFormatter([]).format(informed) == "<6>sent"


def test_only_the_stream_that_is_the_journals_gets_priorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "stderr").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        found = os.fstat(stream.fileno())
        for named, expected in ((f"{found.st_dev}:{found.st_ino}", True), ("8:1", False)):
            monkeypatch.setenv("JOURNAL_STREAM", named)
            start_logging([])
            [handler] = logging.getLogger().handlers
            assert isinstance(handler.formatter, JournalFormatter) is expected
    logging.basicConfig(force=True, handlers=[])


def test_texts_lose_what_a_terminal_would_act_on_and_nothing_else() -> None:
    assert one_line(" a\tb\r\nc\x00\x1b[1m\x9b\u202e\ud800 ") == "a b c[1m\ufffd"
    assert several_lines("a\r\nb\rc\td\x1be") == "a\nb\nc       de"
    assert as_json({"ё": "\x9b\u202e\ud800\x1b"}) == '{\n  "ё": "\\u009b\\u202e\\ud800\\u001b"\n}'
