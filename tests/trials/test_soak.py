"""A month of a company, and another, in one process: it takes no more at the end than it took at the beginning.

TRIALS=full TRIALS_MINUTES=1440 python -m pytest tests/trials/test_soak.py
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import Sent, audit
from tests.trials.company import write_settings
from tests.trials.month import HOURS_A_MONTH, Month
from tests.trials.size import by_size
from tests.trials.soaked import Figures, Soaked, soaked

BEGINS = datetime(2026, 12, 1, tzinfo=UTC)
MINUTES = float(os.environ.get("TRIALS_MINUTES", by_size(quick=0.5, ci=5, full=24 * 60)))
MOST_MONTHS = 24
"""A longer trial is slower, not larger: what it did has still to be audited."""

MAY_GROW_BY = 0.05
INVOICES_AN_HOUR = by_size(quick=0.1, ci=0.5, full=0.5)
"""In the working hours: 27 a month in a short trial, which must come through a whole one."""

QUIET_HOURS = 12
SEED = 4


@dataclass
class Trial:
    """The company's servers and people around one mailflow, hour after hour."""

    dovecot: Dovecot
    user: str
    sink: SmtpSink
    mailflow: Soaked
    month: Month
    delivered: list[bytes] = field(default_factory=list)
    curve: list[Figures] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> datetime:
        return BEGINS + timedelta(hours=self.month.hour)

    def run(self) -> None:
        """Whole months, until the minutes are over; the figures are taken once a day."""
        begun, pace = time.monotonic(), MINUTES * 60 / (HOURS_A_MONTH * MOST_MONTHS)
        while time.monotonic() < begun + MINUTES * 60 or self.month.hour % HOURS_A_MONTH:
            self._hour()
            time.sleep(max(0.0, begun + pace * self.month.hour - time.monotonic()))

    def come_to_rest(self) -> None:
        """Some quiet hours, in which everything that was put off comes to its end."""
        for _ in range(QUIET_HOURS):
            self.month.hour += 1
            result, _ = self.mailflow.pass_at(self.now)
        assert result["troubles"] == []

    def _hour(self) -> None:
        seen = len(self.sink.mails)
        for mail in self.month.next_hour():
            self.dovecot.deliver(self.user, mail, arrives=self.now)
            self.delivered.append(mail)
        if fault := self.month.trouble():
            self.sink.plan(fault)
            self.faults[fault.stage] += 1
        if self.month.breaks_down():
            self._without_dovecot()
        _, figures = self.mailflow.pass_at(self.now, measure=self.month.hour % 24 == 0)
        if figures:
            self.curve.append(figures)
        self.month.get(self.sink.mails[seen:])

    def _without_dovecot(self) -> None:
        self.faults["dovecot"] += 1
        self.dovecot.kill()
        result, _ = self.mailflow.pass_at(self.now)
        assert result["troubles"], "nobody noticed that the mailbox was away"
        self.dovecot.start()


def test_a_company_works_for_months_and_memory_files_and_threads_stay_as_they_were(
    dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    file = tmp_path / "mailflow.db"
    with SmtpSink() as sink:
        settings = write_settings(
            tmp_path, database=f"sqlite:///{file}", imap=dovecot.imap_port, smtp=sink.port, user=user
        )
        with soaked(settings, tmp_path / "log") as process:
            process.pass_at(BEGINS)
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as looked:
                month = Month(lambda message_id: _kind(looked, message_id), random.Random(SEED), INVOICES_AN_HOUR)
                trial = Trial(dovecot, user, sink, process, month)
                trial.run()
                trial.come_to_rest()
    folders = {name: dovecot.mails(user, name) for name in ("INBOX", "Processed", "Quarantine")}
    print(f"{trial.month.hour} hours, {len(trial.delivered)} mails in, {len(sink.mails)} out, {dict(trial.faults)}")
    print(*trial.curve[:: max(1, len(trial.curve) // 10)], sep="\n")
    sent = [Sent(mail.recipients[0], mail.raw) for mail in sink.mails]
    copies = Counter(mail.message_id for mail in sent)
    repeated = {message_id for message_id, times in copies.items() if times > 1}
    assert len(repeated) <= trial.faults["answer"]
    assert audit(f"sqlite:///{file}", trial.delivered, folders, sent, repeated) == []
    grown = _growth(trial.curve)
    assert not grown, "\n".join(map(str, [*grown, *trial.curve]))


def _growth(curve: list[Figures]) -> list[str]:
    """What is more at the end than it was after the first fifth, which is for warming up."""
    fifth = len(curve) // 5
    before, after = curve[fifth : 2 * fifth], curve[-fifth:]
    grown = []
    for name in ("memory", "of_children"):
        was, became = (median(getattr(figures, name) for figures in part) for part in (before, after))
        if became > was * (1 + MAY_GROW_BY):
            grown.append(f"{name} has grown from {was:.1f} MB to {became:.1f} MB")
    for name in ("files", "threads"):
        was, became = (max(getattr(figures, name) for figures in part) for part in (before, after))
        if became > was:
            grown.append(f"{name} have grown from {was} to {became}")
    return grown


def _kind(database: sqlite3.Connection, message_id: str) -> str | None:
    row = database.execute("SELECT kind FROM outbox WHERE message_id = ?", (message_id,)).fetchone()
    return str(row[0]) if row else None
