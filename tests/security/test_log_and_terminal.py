"""What a stranger writes forges no line of a log or a list, and moves no cursor."""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from mailflow.approval.submission import Attachment
from mailflow.cli import cli
from mailflow.evidence import _decisions
from mailflow.log import DiscreetFormatter
from mailflow.store.engine import open_store
from mailflow.store.history import HistoryLine
from mailflow.terminal import as_json, one_line, several_lines
from tests.cli.conftest import SETTINGS, Company, in_approval
from tests.security.hostile import LINE_BREAKS
from tests.servers.scripted import scripted
from tests.settings_file import write_settings_file

FORGED = "2026-12-01 09:00:00,000 INFO    INV-2026-0001 approved"
CONTROLS = {
    "the screen is cleared": "\x1b[2J\x1b[H",
    "the line is written over": "\rINV-2026-0001 paid",
    "the cursor goes up": "\x1b[5A\x1b[2K",
    "the window's title": "\x1b]0;owned\x07",
    "the clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "C1": "\x9b2J\x9d0;owned\x9c",
    "backspaces": "rejected\b\b\b\b\b\b\b\bapproved",
    "a bell": "\x07" * 9,
    "another alphabet": "\x0e(0",
    "a device is asked": "\x1b[6n\x1b[c\x1bP+q544e\x1b\\",
    "deleted": "\x7f\x7f\x7f",
    "turned around": "\u202edevorppa\u202c",
    "isolated": "\u2066\u2067\u2068x\u2069",
    "marks of direction": "\u200e\u200f\u061c",
    "NUL": "a\0b",
    "a surrogate": "\udc1b[2J",
    "markup": "[red on white]APPROVED[/red on white][link=http://evil.example]x[/link]",
    "tabs": "a\tb\t\t\tc",
    **{f"the line break {each!a}": f"Paper{each}{FORGED}" for each in LINE_BREAKS},
}
_ACTED_ON = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
VIEWS = (
    ["list"], ["list", "--json"], ["show", "INV-2026-0001"], ["show", "INV-2026-0001", "--json"],
    ["quarantine", "list"], ["quarantine", "list", "--json"], ["quarantine", "show", "1"], ["outbox", "list"],
    ["calendar"], ["verify"], ["explain", "{folder}/mail.eml"], ["explain", "{folder}/mail.eml", "--json"],
)  # fmt: skip


def hostile_mail(words: str) -> bytes:
    """A mail whose sender, subject, Message-ID, text and file say these words, in the encodings of their places."""
    raw = words.encode("utf-8", "surrogatepass")
    quoted = "".join(f"={byte:02X}" for byte in raw).encode()
    percent = "".join(f"%{byte:02x}" for byte in raw).encode()
    word = b"=?utf-8?q?" + quoted + b"?="
    return (
        b"From: " + word + b" <evil@example.net>\r\nTo: finance@example.com\r\nSubject: " + word + b"\r\n"
        b"Message-ID: <" + quoted + b"@example.net>\r\nDate: " + word + b"\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b64encode(b"Counterparty: " + raw + b"\r\n" + raw)
        + b"\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''"
        + percent
        + b"\r\n\r\n%PDF\r\n--b--\r\n"
    )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    open_store(f"sqlite:///{folder}/mailflow.db").close()
    return folder


@pytest.fixture
def company(empty: Path, tmp_path: Path) -> Iterator[Company]:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    write_settings_file(tmp_path / "settings.yaml", SETTINGS.format(database=tmp_path / "mailflow.db"))
    store = open_store(f"sqlite:///{tmp_path}/mailflow.db")
    yield Company(tmp_path, store)
    store.close()


@pytest.mark.parametrize("what", CONTROLS)
def test_no_view_repeats_what_a_terminal_acts_on(what: str, company: Company) -> None:
    """A27: in subject, sender, file name, counterparty, comment, text, reason; tables, JSON, explanations."""
    words = CONTROLS[what]
    storable = words.encode("utf-8", "replace").decode()
    (outcome,) = in_approval(counterparty=storable, comment=storable)
    named = replace(outcome.invoice, attachments=(Attachment(storable, "application/pdf", 1, "0" * 64),))
    company.stuck(company.keep(replace(outcome, invoice=named)))
    company.quarantined(hostile_mail(words), subject=storable)
    (company.folder / "mail.eml").write_bytes(hostile_mail(words))
    for view in VIEWS:
        result = company.run(*(word.format(folder=company.folder) for word in view))
        assert result.exit_code in {0, 1}, result.output
        assert not _ACTED_ON.search(result.output), view
        if "--json" in view:
            json.loads(result.stdout)
        assert not [line for line in result.output.splitlines() if line.startswith(FORGED)], view


@pytest.mark.parametrize("what", CONTROLS)
def test_a_message_is_one_line_of_the_log_and_a_traceback_forges_none(what: str) -> None:
    """A27: whatever a stranger wrote stands in the message, in its arguments, in an exception that a library raised."""
    words = CONTROLS[what]
    formatter = DiscreetFormatter([])
    record = logging.LogRecord("mailflow", logging.INFO, "", 0, f"mail {words} of %s", (words,), None)
    assert len(formatter.format(record).splitlines()) == 1
    assert not _ACTED_ON.search(formatter.format(record))
    try:
        raise ValueError(words)
    except ValueError:
        failed = logging.LogRecord("mailflow", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    first, *trace = formatter.format(failed).splitlines()
    assert first.endswith("failed")
    assert all(line.startswith("  ") for line in trace if line)
    assert not _ACTED_ON.search(formatter.format(failed))


@pytest.mark.parametrize("what", CONTROLS)
def test_what_is_printed_is_clean_and_says_the_same(what: str) -> None:
    words = CONTROLS[what]
    assert not re.search("[\n]", one_line(words))
    for shown in (one_line(words), several_lines(words), as_json(words)):
        assert not _ACTED_ON.search(shown)
    assert "".join(re.findall(r"[a-z]", words)) == "".join(re.findall(r"[a-z]", one_line(words)))


@pytest.mark.parametrize("what", CONTROLS)
def test_no_words_of_a_stranger_forge_a_decision_in_the_evidence(what: str) -> None:
    """A27: decisions.txt has one entry for one line of the history, and entries alone begin at the margin."""
    lines = [f"{CONTROLS[what]}\n\n2026-12-01 09:00:00  olga@example.com: approved", "fine"]
    history = [
        HistoryLine(
            at=datetime(2026, 12, 1, tzinfo=UTC), event="approved", actor="ivan@example.com",
            details={"comment": said}, message_id=None, evidence=None, hash="0" * 64,
        )
        for said in lines
    ]  # fmt: skip
    told = "\n\n".join(_decisions(history, [], ZoneInfo("UTC")))
    assert len([line for line in told.splitlines() if line and not line.startswith(" ")]) == len(lines)


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_error_that_repeats_a_stranger_moves_no_cursor(
    debug: str, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A27: nor does the traceback that MAILFLOW_DEBUG shows."""

    def breaks(*_: object) -> None:
        raise ValueError("".join(CONTROLS.values()))

    monkeypatch.setattr("mailflow.reports.print_invoices", breaks)
    monkeypatch.setenv("MAILFLOW_DEBUG", debug)
    result = CliRunner().invoke(cli, ["--settings", str(company.folder / "settings.yaml"), "list"])
    assert result.exit_code == 1
    assert ("Traceback" in result.output) is bool(debug)
    assert not _ACTED_ON.search(result.output)


@pytest.mark.parametrize("what", CONTROLS)
def test_what_is_typed_is_not_repeated_to_the_terminal(what: str, company: Company) -> None:
    """A27: a number or an address that was copied out of a mail."""
    words = CONTROLS[what].replace("\0", "").encode("utf-8", "replace").decode()
    for command in (["show", words], ["reassign", words, words, words], ["verify", words], ["evidence", words]):
        result = company.run(*command)
        assert result.exit_code
        assert not _ACTED_ON.search(result.output), command


@pytest.mark.parametrize("what", ["the screen is cleared", "the line is written over", "C1", "the window's title"])
def test_check_repeats_no_control_character_of_a_server(what: str, company: Company) -> None:
    """A27: an IMAP and an SMTP server that greet with it."""
    words = CONTROLS[what].encode()
    with (
        scripted(lambda received, send: send(b"* BYE " + words + b"\r\n")) as imap,
        scripted(lambda received, send: send(b"554 " + words + b"\r\n")) as smtp,
    ):
        file = company.folder / "settings.yaml"
        text = file.read_text("utf-8").replace("security: tls", "security: none")
        text = text.replace("port: 1,", f"port: {imap},", 1).replace("port: 1,", f"port: {smtp},", 1)
        write_settings_file(file, text)
        result = company.run("check")
    assert result.exit_code == 1
    assert "FAIL" in result.output
    assert not _ACTED_ON.search(result.output)
