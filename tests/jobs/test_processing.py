"""Many mails are decided on in one transaction, and it comes to what each alone would have come to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from mailflow import bootstrap
from mailflow.approval.wording import Keywords
from mailflow.documents.reading import read_file
from mailflow.errors import DatabaseAway
from mailflow.inbound.message import content_digest, parse_header
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.jobs import processing
from mailflow.jobs.processing import Processing
from mailflow.ports import FetchedMail, Location
from mailflow.settings import load_settings
from mailflow.store.inbox import InboxState
from tests.trials.company import DIRECTOR, OLGA, answer, submission, write_settings
from tests.trials.standing import standing

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
POISON = b"poison"
SUBMISSIONS = [submission(number) for number in range(1, 6)]  # whose boundaries are drawn by lot


class Desk:
    """mailflow without servers: mails are laid on it, decided on, and what came of them is looked up."""

    def __init__(self, folder: Path, database: Path, at_once: int) -> None:
        self.url = f"sqlite:///{database}"
        settings = load_settings(write_settings(folder, database=self.url, imap=1, smtp=1, user="finance"), {})
        self.application = bootstrap.build(settings)
        self.store = self.application.store
        self.processing: Processing = replace(
            self.application.whole_pass.processing,
            read=partial(_read, keywords=bootstrap.keywords_of(settings)),
            read_file=read_file,
            at_once=at_once,
        )
        self._laid = 0

    def lay(self, *mails: bytes) -> None:
        with self.store.begin() as uow:
            for raw in mails:
                self._laid += 1
                sender = parse_header(raw).sender or ""
                fetched = FetchedMail(Location("INBOX", 1, self._laid), raw, len(raw))
                uow.inbox.record(fetched, f"<{self._laid}@x>", content_digest(raw), sender, "", NOW, sender)
            uow.commit()

    def decide(self) -> list[int]:
        counts = []
        while count := self.processing.run_once(NOW):
            counts.append(count)
        return counts

    def asked(self, person: str) -> list[bytes]:
        """The mails that wait to be sent to somebody, so far as an answer needs them."""
        with self.store.begin() as uow:
            drafts = [
                self.application.whole_pass.dispatch._drafted(entry, self.processing.company)[0]
                for entry in uow.outbox.undelivered()
                if entry.recipient == person
            ]
        return [draft.replace(b"\0", b"") for draft in drafts]

    def states(self) -> list[str]:
        with self.store.begin() as uow:
            return [mail.state for mail in map(uow.inbox.get, range(1, self._laid + 1)) if mail]

    def close(self) -> None:
        self.application.close()


def _read(raw: bytes, today: date, keywords: Keywords) -> ReadMail:
    if POISON in raw:
        raise RecursionError("nobody foresaw this mail")
    return read_mail(raw, keywords, today)


@pytest.fixture
def desk(tmp_path: Path) -> Callable[[int], Desk]:
    """Each has a copy of the same empty database, and so gives the same mails the same names."""
    template = tmp_path / "template.db"
    Desk(tmp_path, template, 1).close()
    return lambda at_once: Desk(tmp_path, Path(shutil.copy(template, tmp_path / f"{at_once}.db")), at_once)


def conversation(desk: Desk, between: Callable[[Desk], object]) -> None:
    """Submissions, one of them twice; then answers that agree, contradict, come twice and from the wrong person."""
    *complete, fifth = SUBMISSIONS
    desk.lay(*complete, fifth.replace(b"1005 EUR", b"much"))
    desk.lay(complete[0].replace(b"submission-1@", b"submission-again@"))
    between(desk)
    one, two, three, four = desk.asked(OLGA)
    desk.lay(
        answer(one, "APPROVE"),
        answer(one, "REJECT: no contract", again=1),
        answer(two, "REJECT"),
        answer(two, "REJECT: too dear", again=1),
        answer(three, "APPROVE", sender=DIRECTOR),
        answer(four, "QUESTION: what for?"),
        answer(four, "APPROVE", again=1),
    )
    between(desk)


def test_many_mails_in_one_transaction_come_to_what_each_alone_comes_to(desk: Callable[[int], Desk]) -> None:
    with closing(desk(1)) as single, closing(desk(10)) as batch:
        conversation(single, Desk.decide)
        counts: list[int] = []
        conversation(batch, lambda desk: counts.extend(desk.decide()))
        assert counts == [6, 7]
        assert standing(batch.url) == standing(single.url)


def test_a_mail_that_breaks_the_reader_holds_up_none_of_those_beside_it(desk: Callable[[int], Desk]) -> None:
    with closing(desk(10)) as batch:
        batch.lay(submission(1), submission(2).replace(b"Paper 2", POISON), submission(3))
        assert batch.decide() == [3]
        assert batch.states() == [InboxState.PROCESSED, InboxState.FAILED, InboxState.PROCESSED]


def test_a_mail_that_the_database_refuses_holds_up_none_of_those_beside_it(
    desk: Callable[[int], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = Processing._settle

    def refused(self: Processing, uow: object, mail: processing.InboxMail, *more: object) -> processing.Settled:
        if mail.id == 2:
            raise DatabaseAway("it dies of this one")
        return settle(self, uow, mail, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Processing, "_settle", refused)
    with closing(desk(10)) as batch:
        batch.lay(submission(1), submission(2), submission(3))
        with pytest.raises(DatabaseAway):
            batch.decide()
        assert batch.states()[:2] == [InboxState.PROCESSED, InboxState.FAILED]
        batch.processing.resume()
        batch.processing.run_once(NOW + timedelta(seconds=1))
        assert batch.states() == [InboxState.PROCESSED, InboxState.FAILED, InboxState.PROCESSED]


def test_what_cannot_be_read_in_time_is_left_for_the_next_transaction(
    desk: Callable[[int], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1000, 15))
    monkeypatch.setattr(processing, "monotonic", lambda: next(ticks))
    with closing(desk(10)) as batch:
        batch.lay(*(submission(number) for number in range(1, 6)))
        counts = batch.decide()
        assert sum(counts) == 5
        assert len(counts) > 1
        assert batch.states() == [InboxState.PROCESSED] * 5


def test_so_many_mails_are_held_in_memory_as_are_not_too_large_together(
    desk: Callable[[int], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "BYTES_AT_ONCE", 2 * len(SUBMISSIONS[0]))
    with closing(desk(10)) as batch:
        batch.lay(*SUBMISSIONS)
        assert batch.decide() == [2, 2, 1]
        assert batch.states() == [InboxState.PROCESSED] * 5
