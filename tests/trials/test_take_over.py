"""Several daemons on one mailbox, as they are run: one watches, the others help and take over when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from mailflow import bootstrap
from mailflow.daemon import STANDS_BY
from mailflow.store.engine import GONE_AFTER
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.company import DIRECTOR, IVAN, write_settings
from tests.trials.people import People
from tests.trials.watcher import Watcher
from tests.trials.worker import FORKS, wired

TOP = Path(__file__).parents[2]
BUSY = 20.0
"""Seconds that a start, or a few mails, may take on a busy machine."""

TAKEN_OVER_WITHIN = STANDS_BY + GONE_AFTER + BUSY
DAYS_AHEAD = timedelta(days=40)


@contextmanager
def daemon(settings: Path, log: str) -> Iterator[subprocess.Popen[bytes]]:
    """`run.py run` in a process of its own, with a log of its own beside the settings; killed in the end."""
    with settings.with_name(log).open("wb") as said:
        process = subprocess.Popen([sys.executable, TOP / "run.py", "--settings", settings, "run"], stderr=said)
        try:
            until_it_says(settings.with_name(log), "mailflow is running")
            yield process
        finally:
            process.kill()
            process.wait()


def until_it_says(log: Path, words: str) -> None:
    comes_true(lambda: words in log.read_text("utf-8"), f"{log.name} never said {words!r}")


def comes_true(what: Callable[[], bool], otherwise: str, within: float = TAKEN_OVER_WITHIN) -> None:
    until = time.monotonic() + within
    while not what():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)


def received(log: Path) -> int:
    return log.read_text("utf-8").count("received mail")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    on_postgresql = request.param == "postgresql"
    return str(request.getfixturevalue("postgres_url")) if on_postgresql else f"sqlite:///{tmp_path}/mailflow.db"


def test_when_the_one_that_watches_is_killed_mail_goes_on_within_seconds_nothing_lost_or_twice(
    dovecot: Dovecot, user: str, tmp_path: Path, url: str
) -> None:
    with SmtpSink() as sink, ExitStack() as stack:
        settings = write_settings(tmp_path, database=url, imap=dovecot.imap_port, smtp=sink.port, user=user)
        people = People(dovecot, user, sink)
        first = stack.enter_context(daemon(settings, "first"))
        people.submit(1)
        sink.wait_for(2, BUSY)
        stack.enter_context(daemon(settings, "second"))
        people.submit(1)
        sink.wait_for(4, BUSY)
        assert received(tmp_path / "second") == 0, "one watches, and the other does not look at the mailbox"
        first.send_signal(signal.SIGKILL)
        people.submit(1)
        sink.wait_for(6, TAKEN_OVER_WITHIN)
        assert received(tmp_path / "second") == 1
        third = stack.enter_context(daemon(settings, "third"))
        people.submit(1)
        sink.wait_for(8, BUSY)
        assert received(tmp_path / "third") == 0, "who comes later stands by"
        comes_true(lambda: len(people.mailbox()["Processed"]) == 4, "it was never moved")
        comes_true(lambda: not people.mailbox()["INBOX"], "it lies where it came to, too")
        third.send_signal(signal.SIGTERM)
        assert third.wait(BUSY) == 0
        ids = Counter(str(message_from_bytes(mail.raw, policy=default)["Message-ID"]) for mail in sink.mails)
        assert len(ids) == 8
        assert set(ids.values()) == {1}
        assert Watcher(url).rows("SELECT state, count(*) FROM inbox GROUP BY state") == [("processed", 4)]


def test_who_helps_reads_and_sends_what_the_watching_one_has_received(
    dovecot: Dovecot, user: str, tmp_path: Path, url: str
) -> None:
    """The one that watches does nothing but that here: as if it had its hands full."""
    with SmtpSink() as sink:
        settings = write_settings(tmp_path, database=url, imap=dovecot.imap_port, smtp=sink.port, user=user)
        people = People(dovecot, user, sink)
        with closing(wired(settings)) as watching:
            assert watching.whole_pass.intake.watches()
            with daemon(settings, "helper"):
                people.submit(3)
                watching.whole_pass.intake.run_once(bootstrap.utc_now())
                sink.wait_for(6, STANDS_BY + BUSY)
                assert received(tmp_path / "helper") == 0
                assert len(people.mailbox()["INBOX"]) == 3, "whoever watches moves them"
            watching.whole_pass.intake.file_away()
            assert len(people.mailbox()["Processed"]) == 3


def test_of_two_at_the_same_moment_one_reminds_and_one_moves_the_pay_date(
    dovecot: Dovecot, user: str, tmp_path: Path, url: str
) -> None:
    """Ten payments whose day is over, and ten silent approvers; both processes begin together."""
    with SmtpSink() as sink:
        settings = write_settings(tmp_path, database=url, imap=dovecot.imap_port, smtp=sink.port, user=user)
        people = People(dovecot, user, sink)
        with closing(wired(settings)) as mailflow:
            people.submit(10)
            for _ in range(2):
                mailflow.mail_pass()
                people.answer()
            people.submit(10)
            mailflow.mail_pass()
        before = len(sink.mails)
        together = FORKS.Barrier(2)
        both = [FORKS.Process(target=_does_what_is_due, args=(settings, together)) for _ in range(2)]
        for process in both:
            process.start()
        for process in both:
            process.join(60)
            assert process.exitcode == 0
        history = dict(
            Watcher(url).rows(
                "SELECT event, count(*) FROM history WHERE event IN ('reminded', 'payment_moved') GROUP BY event"
            )
        )
        with closing(wired(settings)) as mailflow:
            mailflow.mail_pass(bootstrap.utc_now() + DAYS_AHEAD)
        asked = Counter(mail.recipients[0] for mail in sink.mails[before:])
    assert history["payment_moved"] == 10
    assert history.get("reminded", 0) in (0, 10), "in a mail for each, or all in one"
    assert (asked[IVAN], asked[DIRECTOR]) == (10, 0)


def _does_what_is_due(settings: Path, together: Barrier) -> None:
    with closing(wired(settings)) as mailflow:
        together.wait(30)
        for _ in range(3):
            mailflow.whole_pass.calendar_day.run_once(bootstrap.utc_now() + DAYS_AHEAD, looked=True)
    os._exit(0)
