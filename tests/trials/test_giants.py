"""Mails as large as anybody can make them: one giant holds up nobody, and the machine's memory is left alone.

TRIALS=full python -m pytest tests/trials/test_giants.py
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import ReceivedMail, SmtpSink
from tests.trials.company import IVAN, submission, write_settings
from tests.trials.memory import watched
from tests.trials.size import by_size

TOP = Path(__file__).parents[2]
MB = 1_000_000
MAX_MESSAGE_MB = 25
MOST_MEMORY = 300
"""MB resident, of the largest process. A giant is not read, so there it is of all of them together."""

MOST_TOGETHER = 550
"""MB resident, of mailflow and the process that reads, where a mail of the largest size goes through both."""

GIANT_MB = by_size(quick=200, ci=500, full=2_000)
LARGE_ONES = by_size(quick=3, ci=40, full=400)
LINE = base64.b64encode(bytes(range(54))) + b"\r\n"
LINES = LINE * 1_000


def written_by_ivan(name: str, megabytes: float) -> Iterator[bytes]:
    """A complete invoice whose file makes the mail so large, in parts. The name makes it another one."""
    yield (
        f"From: {IVAN}\r\nTo: finance@example.com\r\nSubject: {name}\r\nMessage-ID: <{name}@example.com>\r\n"
        "Date: Tue, 01 Dec 2026 09:00:00 +0300\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\nContent-Type: text/plain\r\n\r\n"
        f"Counterparty: {name} Ltd\r\nAmount: 125 EUR\r\nPay date: in 30 days\r\n\r\n--part\r\n"
        'Content-Type: application/pdf; name="invoice.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    ).encode()
    yield base64.b64encode(f"%PDF-1.4 {name:30}".encode()) + b"\r\n"
    for _ in range(int(megabytes * MB - 1_000) // len(LINES)):
        yield LINES
    yield b"--part--\r\n"


class Counting(list[ReceivedMail]):
    """Counts by recipient what a sink would keep; 40 large mails twice over are no test's to hold."""

    def __init__(self) -> None:
        super().__init__()
        self.to: Counter[str] = Counter()
        self.largest = 0

    def append(self, mail: ReceivedMail) -> None:
        self.to[mail.recipients[0]] += 1
        self.largest = max(self.largest, len(mail.raw))


def once(settings_file: Path, log: Path) -> tuple[int, dict[int, float]]:
    """One pass by a real `run.py once`: its exit code, and the highest marks of memory of all its processes."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, TOP / "run.py", "--settings", settings_file, "once"],
            stdout=written,
            stderr=written,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        marks = watched(process)
    return process.returncode, marks


def inbox(database: str) -> list[tuple[str, str, str]]:
    engine = create_engine(database)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT state, kind, reason FROM inbox ORDER BY id")).all()
    engine.dispose()
    return [(row.state, row.kind, row.reason) for row in rows]


def count(dovecot: Dovecot, user: str, folder: str) -> int:
    with dovecot.client(user, folder) as box:
        return len(box.uids())


def test_a_giant_in_front_of_a_good_mail_goes_to_quarantine_unread(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    dovecot.deliver_parts(user, written_by_ivan("giant", GIANT_MB))
    dovecot.deliver(user, submission(1))
    database = f"sqlite:///{tmp_path}/mailflow.db"
    with SmtpSink() as sink:
        settings = write_settings(tmp_path, database=database, imap=dovecot.imap_port, smtp=sink.port, user=user)
        code, marks = once(settings, tmp_path / "log")
        said = [mail.recipients[0] for mail in sink.mails]
    assert code == 0, (tmp_path / "log").read_text()
    giant, good = inbox(database)
    assert giant[:2] == ("quarantined", "too_large")
    assert giant[2].startswith("the mail is too large (")
    assert good[:2] == ("processed", "submission")
    assert sorted(said) == ["admin@example.com", IVAN, IVAN, "olga@example.com"]
    assert (count(dovecot, user, "Quarantine"), count(dovecot, user, "Processed")) == (1, 1)
    print(f"{GIANT_MB} MB: {_said(marks)}")
    assert sum(marks.values()) < MOST_MEMORY, _said(marks)


def test_many_mails_of_the_size_that_is_allowed_are_all_read_within_the_memory(
    dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    for number in range(LARGE_ONES):
        dovecot.deliver_parts(user, written_by_ivan(f"large-{number}", MAX_MESSAGE_MB))
    database = f"sqlite:///{tmp_path}/mailflow.db"
    with SmtpSink() as sink:
        sink.mails = Counting()
        settings = write_settings(
            tmp_path,
            database=database,
            imap=dovecot.imap_port,
            smtp=sink.port,
            user=user,
            more=f"max_message_mb: {MAX_MESSAGE_MB}",
        )
        code, marks = once(settings, tmp_path / "log")
        assert code == 0, (tmp_path / "log").read_text()
        assert sink.mails.to == {IVAN: LARGE_ONES, "olga@example.com": LARGE_ONES}
        assert sink.mails.largest > 0.9 * MAX_MESSAGE_MB * MB
    assert Counter(row[:2] for row in inbox(database)) == {("processed", "submission"): LARGE_ONES}
    assert count(dovecot, user, "INBOX") == 0
    print(f"{LARGE_ONES} mails of {MAX_MESSAGE_MB} MB: {_said(marks)}")
    assert max(marks.values()) < MOST_MEMORY, _said(marks)
    assert sum(marks.values()) < MOST_TOGETHER, _said(marks)


def _said(marks: dict[int, float]) -> str:
    each = ", ".join(f"{mark:.0f}" for mark in marks.values())
    return f"{sum(marks.values()):.0f} MB at most ({each} MB in its processes)"
