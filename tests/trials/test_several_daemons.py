"""Several mailflows on one mailbox and one database, some of which are killed: each mail and each effect is one's.

TRIALS=ci python -m pytest tests/trials/test_several_daemons.py
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailflow import bootstrap
from mailflow.bootstrap import Application
from mailflow.daemon import STANDS_BY
from mailflow.jobs import processing
from mailflow.jobs.whole_pass import PassResult
from mailflow.store.engine import GONE_AFTER
from tests.conftest import TRIAL
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import audit
from tests.trials.company import IVAN, OLGA, write_settings
from tests.trials.dying import dies_reading, dies_sending
from tests.trials.people import People
from tests.trials.size import by_size
from tests.trials.watcher import Watcher
from tests.trials.worker import Clock, Worker, log_of, wired

MAILS = by_size(quick=100, ci=300, full=10_000)
KILLS = by_size(quick=10, ci=30, full=1_000)
DAEMONS = 4
SECONDS_BETWEEN_KILLS = (0.05, 0.4)
AT_REST_AFTER = GONE_AFTER + STANDS_BY + 2
"""Seconds in which nothing changes, though all that was left by the dead is taken over meanwhile."""

STUCK_AFTER = 120.0
A_MOMENT = 10.0
"""Seconds in which PostgreSQL notices that a client was killed; much shorter than any lease."""

NOW = bootstrap.utc_now()
MOMENT = timedelta(seconds=1)


@dataclass
class Firm:
    """One mailbox, one database, and people."""

    settings: Path
    url: str
    people: People
    watcher: Watcher

    def findings(self) -> list[str]:
        """What the auditor finds, once everything is at rest."""
        people = self.people
        return audit(
            self.url,
            people.delivered,
            people.mailbox(),
            people.received(),
            self.watcher.in_doubt,
            self.watcher.in_motion,
        )

    def got(self, person: str) -> int:
        """How many mails came to a person."""
        return sum(mail.recipients == (person,) for mail in self.people.sink.mails)


@pytest.fixture(params=["sqlite", "postgresql"])
def firm(request: pytest.FixtureRequest, dovecot: Dovecot, user: str, tmp_path: Path) -> Iterator[Firm]:
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if on_postgresql else f"sqlite:///{tmp_path}/mailflow.db"
    with SmtpSink() as sink:
        settings = write_settings(tmp_path, database=url, imap=dovecot.imap_port, smtp=sink.port, user=user)
        yield Firm(settings, url, People(dovecot, user, sink), Watcher(url))


@contextmanager
def daemons(settings: Path, clock: Clock) -> Iterator[list[Worker]]:
    """So many that work; whoever is in the list at the end is killed."""
    working: list[Worker] = []
    try:
        for _ in range(DAEMONS):
            working.append(Worker(settings, clock).__enter__())
        yield working
    finally:
        for worker in working:
            worker.kill()


def at_rest(watcher: Watcher) -> None:
    """Waits until nothing changes any more."""
    end = time.monotonic() + STUCK_AFTER
    seen, since = watcher.look(), time.monotonic()
    while time.monotonic() - since < AT_REST_AFTER:
        assert time.monotonic() < end, f"it never comes to rest: {seen}"
        time.sleep(0.1)
        if (now := watcher.look()) != seen:
            seen, since, end = now, time.monotonic(), time.monotonic() + STUCK_AFTER


def test_four_that_are_killed_and_replaced_take_each_mail_and_send_each_effect_once(
    firm: Firm, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    chance, clock, began = random.Random(seed), Clock(), time.monotonic()
    people, watcher = firm.people, firm.watcher
    with daemons(firm.settings, clock) as working:
        for killed in range(KILLS):
            people.submit(MAILS * (killed + 1) // KILLS - people.submitted)
            time.sleep(chance.uniform(*SECONDS_BETWEEN_KILLS))
            working.pop(chance.randrange(DAEMONS)).kill()
            watcher.doubt()
            working.append(Worker(firm.settings, clock).__enter__())
        at_rest(watcher)
        assert (watcher.seen.unread, watcher.seen.unsent) == (0, 0), "what the dead had in hand is taken over"
    people.read()
    repeated = people.repeated()
    record_property(
        TRIAL,
        f"{DAEMONS} daemons, {firm.url.partition(':')[0]}: {people.submitted} mails, {KILLS} kills, "
        f"{len(watcher.in_doubt)} effects were being sent, {repeated.total()} repeated, "
        f"{time.monotonic() - began:.0f} s, SEED={seed}",
    )
    assert not firm.findings()
    assert repeated <= watcher.in_doubt
    assert watcher.rows("SELECT kind, state, count(*) FROM inbox GROUP BY kind, state") == [
        ("submission", "processed", MAILS)
    ]
    assert Counter(dict(watcher.rows("SELECT kind, count(*) FROM outbox GROUP BY kind"))) == {
        "acknowledgement": MAILS,
        "approval_request": MAILS,
    }
    assert len(watcher.rows("SELECT DISTINCT number FROM outbox WHERE kind = 'acknowledgement'")) == MAILS
    assert "Traceback" not in log_of(firm.settings).read_text("utf-8")


def test_a_mail_that_a_dead_one_was_reading_is_taken_over_while_another_one_lives(firm: Firm) -> None:
    with closing(wired(firm.settings)) as survivor:
        firm.people.submit(1)
        survivor.whole_pass.intake.run_once(NOW)
        dies_reading(firm.settings, NOW)
        assert survivor.mail_pass(NOW).processed == 0, "it may be back in a moment"
        assert passes_until(survivor, NOW, lambda done: done.processed > 0).processed == 1
    assert (firm.got(IVAN), firm.got(OLGA)) == (1, 1)
    assert not firm.findings()


def test_an_effect_that_a_dead_one_was_sending_is_taken_over_and_holds_up_no_other(firm: Firm) -> None:
    with closing(wired(firm.settings)) as survivor:
        firm.people.submit(1)
        survivor.whole_pass.intake.run_once(NOW)
        survivor.whole_pass.processing.run_once(NOW)
        dies_sending(firm.settings, NOW)
        firm.watcher.doubt()
        assert survivor.mail_pass(NOW).sent == 1
        assert (firm.got(IVAN), firm.got(OLGA)) == (0, 1)
        assert passes_until(survivor, NOW, lambda done: done.sent > 0).sent == 1
    assert (firm.got(IVAN), firm.got(OLGA)) == (1, 1)
    assert not firm.findings()


def test_what_a_living_one_holds_for_too_long_is_taken_over_when_its_lease_is_over(firm: Firm) -> None:
    with closing(wired(firm.settings)) as hung, closing(wired(firm.settings)) as other:
        firm.people.submit(1)
        hung.whole_pass.intake.run_once(NOW)
        with hung.store.begin() as uow:
            assert uow.inbox.claim(NOW, processing.LEASE)
            uow.commit()
        assert other.mail_pass(NOW + processing.LEASE - MOMENT).processed == 0
        assert other.mail_pass(NOW + processing.LEASE).processed == 1


def passes_until(mailflow: Application, now: datetime, done: Callable[[PassResult], bool]) -> PassResult:
    """The first pass that comes to this; it comes soon."""
    until = time.monotonic() + GONE_AFTER + A_MOMENT
    while not done(result := mailflow.mail_pass(now)):
        assert time.monotonic() < until, "it was never taken over"
        time.sleep(0.1)
    return result


def test_when_all_are_gone_the_next_one_takes_over_at_once_what_they_held(firm: Firm) -> None:
    with closing(wired(firm.settings)) as first:
        firm.people.submit(2)
        first.whole_pass.intake.run_once(NOW)
        replace(first.whole_pass.processing, at_once=1).run_once(NOW)
        dies_reading(firm.settings, NOW)
        dies_sending(firm.settings, NOW)
        firm.watcher.doubt()
    done, until = PassResult(), time.monotonic() + A_MOMENT
    while not done.processed and time.monotonic() < until:
        with closing(wired(firm.settings)) as next_one:
            done += next_one.mail_pass(bootstrap.utc_now())
    assert (done.processed, done.sent) == (1, 4)
    assert not firm.findings()


def test_one_that_begins_while_another_works_leaves_alone_what_that_one_holds(firm: Firm) -> None:
    with closing(wired(firm.settings)) as first:
        firm.people.submit(1)
        first.whole_pass.intake.run_once(NOW)
        with first.store.begin() as uow:
            assert uow.inbox.claim(NOW, processing.LEASE)
            uow.commit()
        with closing(wired(firm.settings)) as second:
            assert second.mail_pass(NOW + MOMENT).processed == 0
        assert first.mail_pass(NOW + MOMENT).processed == 1
    assert not firm.findings()
