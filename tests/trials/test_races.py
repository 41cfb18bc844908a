"""Two people, or one with two clients, contradict each other at the same moment: one wins, the other one is told why.

TRIALS=full python -m pytest tests/trials/test_races.py
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from mailflow import bootstrap
from mailflow.approval.effects import Mail, Message
from mailflow.approval.reference import Asks
from mailflow.documents.reading import read_file
from mailflow.inbound.reading import read_mail
from mailflow.jobs.intake import Intake
from mailflow.jobs.lines import Lines
from mailflow.ports import Envelope, FetchedMail, Location
from mailflow.settings import load_settings
from mailflow.store.inbox import InboxState
from mailflow.store.unit_of_work import UnitOfWork
from tests.trials.audit import DECISIONS, Sent, audit
from tests.trials.company import reply, submission, write_settings
from tests.trials.pairs import APPROVERS, PAIRS, Ending
from tests.trials.racers import race
from tests.trials.size import by_size

MORNING = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
LATER = timedelta(minutes=2)
"""Longer than the pause after which a mail that was overtaken is tried again."""

PAIRS_IN_ALL = by_size(quick=100, ci=1_000, full=100_000)
PAIRS_IN_A_DATABASE = 1_000


@dataclass
class Pile:
    """A mailbox that only hands out what was put into it."""

    mails: list[bytes] = field(default_factory=list)
    everything: list[bytes] = field(default_factory=list)

    def put(self, *mails: bytes) -> None:
        self.mails += mails
        self.everything += mails

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        first = len(self.everything) - len(self.mails) + 1
        for uid, raw in enumerate(self.mails, first):
            yield FetchedMail(Location("INBOX", 1, uid), raw, len(raw))
        self.mails.clear()


@dataclass
class Post:
    """An SMTP server that takes everything."""

    sent: list[Sent] = field(default_factory=list)

    def send(self, envelope: Envelope) -> str:
        self.sent.append(Sent(envelope.recipient, envelope.message))
        return "250 ok"


@dataclass
class Desk:
    """A mailflow without servers: mails are put on it, what it decided is looked up."""

    url: str
    settings_file: Path
    pile: Pile = field(default_factory=Pile)
    post: Post = field(default_factory=Post)

    def __post_init__(self) -> None:
        settings = load_settings(self.settings_file, {})
        self.application = bootstrap.build(settings)
        self.store = self.application.store
        read = partial(read_mail, keywords=bootstrap.keywords_of(settings))
        self.processing = replace(
            self.application.whole_pass.processing,
            read=lambda raw, today: read(raw=raw, today=today),
            read_file=read_file,
        )
        self.dispatch = replace(self.application.whole_pass.dispatch, lines=Lines(self.post))  # type: ignore[arg-type]
        router = self.processing.router
        self.intake = Intake(self.store, self.pile, router, "Processed", "Quarantine")  # type: ignore[arg-type]

    def receive(self, *mails: bytes) -> None:
        self.pile.put(*mails)
        self.intake.run_once(MORNING)

    def decide(self, now: datetime) -> None:
        while self.processing.run_once(now):
            pass

    def send(self, now: datetime) -> None:
        while self.dispatch.run_once(now):
            pass

    def invoices(self) -> list[str]:
        """The numbers of all invoices, oldest first."""
        with self.store.begin() as uow:
            return [invoice.number for invoice in uow.invoices.all()]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the address of an empty database, again and again."""
    if request.param == "sqlite":
        numbers = itertools.count(1)
        return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
    new: Callable[[], str] = request.getfixturevalue("postgres").new_database
    return new


def test_of_two_answers_that_contradict_each_other_one_wins_and_the_other_is_explained(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    endings: Counter[tuple[str, Ending]] = Counter()
    for begun in range(0, PAIRS_IN_ALL, PAIRS_IN_A_DATABASE):
        url = new_database()
        desk = Desk(url, write_settings(tmp_path, database=url, imap=1, smtp=1, user="finance"))
        try:
            endings += _play(desk, min(PAIRS_IN_A_DATABASE, PAIRS_IN_ALL - begun))
        finally:
            desk.application.close()
    for (name, ending), times in sorted(endings.items(), key=str):
        print(f"{name:22}{times:8} times {', '.join(ending.decided)}")
    assert endings.total() == PAIRS_IN_ALL
    for place in (0, 1):
        assert any(endings[name, pair.endings[place]] for name, pair in PAIRS.items()), "this was no race"


def _play(desk: Desk, count: int) -> Counter[tuple[str, Ending]]:
    """So many pairs in one database, and how each of them ended."""
    pairs = dict(zip(_to_payment(desk, count), itertools.cycle(PAIRS.items())))
    for place, (number, (_, pair)) in enumerate(pairs.items()):
        mails = pair.mails(_asked(desk, number))
        desk.receive(*(mails if place // len(PAIRS) % 2 else reversed(mails)))
    race(desk.settings_file, len(pairs), MORNING)
    desk.decide(MORNING + LATER)
    with desk.store.begin() as uow:
        endings = _endings(uow, pairs)
        ends = [mail.state for i in range(len(desk.pile.everything)) if (mail := uow.inbox.get(i + 1))]
    for number, (name, pair) in pairs.items():
        assert endings[number] in pair.endings, f"{number}: {name} came to {endings[number]}"
    assert len(ends) == len(desk.pile.everything)
    assert set(ends) <= {InboxState.PROCESSED, InboxState.REFUSED}
    everything = desk.pile.everything
    assert audit(desk.url, everything, {"INBOX": everything}, desk.post.sent, finished=False) == []
    return Counter((name, endings[number]) for number, (name, _) in pairs.items())


def _to_payment(desk: Desk, count: int) -> list[str]:
    """So many invoices, each at the moment of which its pair is."""
    desk.receive(*(submission(number) for number in range(count)))
    desk.decide(MORNING)
    desk.send(MORNING)
    numbers = desk.invoices()
    assert len(numbers) == count
    for approver in APPROVERS:
        for number, pair in zip(numbers, itertools.cycle(PAIRS.values())):
            if pair.decided:
                desk.receive(reply(_asked(desk, number)[approver, Asks.APPROVAL], "x", approver, "APPROVE"))
        desk.decide(MORNING)
        desk.send(MORNING)
    return numbers


def _asked(desk: Desk, number: str) -> dict[tuple[str, Asks], str]:
    """The Message-ID of the mail that asked each person for something, by person and by what it asks."""
    with desk.store.begin() as uow:
        people = uow.invoices.get(number).people  # type: ignore[union-attr]
        ids = [message_id for person in people for message_id in uow.outbox.thread(number, person)]
        references = {message_id: uow.references.by_message_id(message_id) for message_id in reversed(ids)}
    return {(found.person, found.asks): message_id for message_id, found in references.items() if found}


def _endings(uow: UnitOfWork, numbers: Iterable[str]) -> dict[str, Ending]:
    """How each invoice ended; what its history and the mails say of a refusal must be the same."""
    told = _told(uow)
    endings = {}
    for number in numbers:
        invoice = uow.invoices.get(number)
        assert invoice is not None
        assert uow.history.broken_link(number) is None, f"{number}: the chain of its history is broken"
        lines = uow.history.of(number)
        refused = [line.actor for line in lines if line.event == "refused"]
        assert refused == [person for person, _, _ in told[number]], f"{number}: {refused} were told {told[number]}"
        assert len(refused) <= 1, f"{number}: {refused} were refused"
        decided = tuple(line.event for line in lines if line.event in DECISIONS)
        endings[number] = Ending(decided, next(iter(told[number]), None), invoice.status.value)
    return endings


def _told(uow: UnitOfWork) -> defaultdict[str, list[tuple[str, str, str]]]:
    """By invoice: whom a mail tells that nothing has changed, why, and by whom it had been decided."""
    told = defaultdict(list)
    for entry in uow.outbox.undelivered():
        mail = entry.effect
        if entry.number and isinstance(mail, Mail) and mail.message is Message.REFUSED:
            told[entry.number].append((mail.to, str(mail.extra["code"]), str(mail.extra["by"])))
    return told
