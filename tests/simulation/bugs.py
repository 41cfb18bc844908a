"""Bugs that mailflow does not have, each put in for a while, to see that the simulation would find it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company
from mailflow.approval.effects import Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.noticing import remind_approver
from mailflow.approval.reference import Reference
from mailflow.jobs import calendar_day, dispatch, intake, processing
from mailflow.jobs.dispatch import Dispatch
from mailflow.jobs.intake import Intake
from mailflow.jobs.processing import Processing
from mailflow.ports import Envelope, FetchedMail, Location
from mailflow.store.inbox import Inbox, InboxMail
from mailflow.store.outbox import Outbox, OutboxEntry
from mailflow.store.tables import LocationRow
from tests.simulation.simulation import Result, run


def claimed_without_a_lease(patch: pytest.MonkeyPatch) -> None:
    """A mail that is being sent is anybody's."""
    claim = Outbox.claim_batch

    def at_once_free_again(
        self: Outbox, now: datetime, lease: timedelta, *more: Any, **named: Any
    ) -> list[OutboxEntry]:
        return claim(self, now, timedelta(0), *more, **named)

    patch.setattr(Outbox, "claim_batch", at_once_free_again)


def moved_before_it_is_recorded(patch: pytest.MonkeyPatch) -> None:
    """The mail leaves INBOX first."""
    record = Intake._record

    def move_and_record(self: Intake, uow: Any, fetched: FetchedMail, now: datetime) -> Any:
        self.mailbox.file_away([fetched.location], self.processed)
        return record(self, uow, fetched, now)

    patch.setattr(Intake, "_record", move_and_record)


def a_new_message_id_at_each_try(patch: pytest.MonkeyPatch) -> None:
    """A repetition is another mail."""
    envelope = Dispatch._envelope

    def renamed(self: Dispatch, entry: OutboxEntry, *more: Any) -> Envelope:
        first = envelope(self, entry, *more)
        if not entry.attempts and not entry.again:
            return first
        return replace(first, message=first.message.replace(b"Message-ID: <", b"Message-ID: <again."))

    patch.setattr(Dispatch, "_envelope", renamed)


def written_anew_at_each_try(patch: pytest.MonkeyPatch) -> None:
    """What a mail says is not kept: a repetition shows how things stand by then."""
    draft, tries = Dispatch._drafted, itertools.count()

    def anew(self: Dispatch, entry: OutboxEntry, company: Company) -> tuple[bytes, str]:
        written, error = draft(self, replace(entry, draft=None), company)
        return written + f"Now it is {next(tries)}.\r\n".encode(), error

    patch.setattr(Dispatch, "_drafted", anew)


def settled_in_a_transaction_of_its_own(patch: pytest.MonkeyPatch) -> None:
    """What a mail decides is committed, and only then that the mail is done with."""

    def process(self: Processing, mails: Sequence[InboxMail], now: datetime) -> int:
        (mail,) = mails
        with self.store.begin() as uow:
            raw = uow.inbox.raw(mail.id)
        read = self.read(raw, self.company.today(now))
        with self.store.begin() as uow:
            settled = self._settle(uow, mail, read, now)
            uow.commit()
        with self.store.begin() as uow:
            uow.inbox.settle(mail.id, settled.state, now, settled.kind, settled.reason, settled.number)
            uow.commit()
        return 1

    patch.setattr(Processing, "_process", process)


def history_in_a_transaction_of_its_own(patch: pytest.MonkeyPatch) -> None:
    """What was decided is committed, and only then written into the history."""

    def process(self: Processing, mails: Sequence[InboxMail], now: datetime) -> int:
        (mail,) = mails
        with self.store.begin() as uow:
            raw = uow.inbox.raw(mail.id)
        read = self.read(raw, self.company.today(now))
        later: list[tuple[Any, ...]] = []
        with self.store.begin() as uow:
            uow.history.append = lambda *line: later.append(line)  # type: ignore[method-assign]
            settled = self._settle(uow, mail, read, now)
            uow.inbox.settle(mail.id, settled.state, now, settled.kind, settled.reason, settled.number)
            uow.commit()
        with self.store.begin() as uow:
            for line in later:
                uow.history.append(*line)
            uow.commit()
        return 1

    patch.setattr(Processing, "_process", process)


def anybody_decides(patch: pytest.MonkeyPatch) -> None:
    """Who has the mail decides, whoever was asked."""

    def decided(invoice: Invoice, reference: Reference, answer: Any, *more: Any) -> Outcome:
        return record_answer(invoice, replace(reference, person=answer.sender), answer, *more)

    patch.setattr(processing, "record_answer", decided)


def old_approvals_count(patch: pytest.MonkeyPatch) -> None:
    """An answer to what an invoice was before counts for what it is now."""

    def decided(invoice: Invoice, reference: Reference, *more: Any) -> Outcome:
        return record_answer(invoice, replace(reference, revision=invoice.revision, digest=invoice.digest), *more)

    patch.setattr(processing, "record_answer", decided)


def a_mail_is_another_at_another_place(patch: pytest.MonkeyPatch) -> None:
    """Nobody notices that a mail came before."""
    places = itertools.count()
    patch.setattr(intake, "content_digest", lambda raw: hashlib.sha256(raw + b"%d" % next(places)).hexdigest())


def uids_without_uidvalidity(patch: pytest.MonkeyPatch) -> None:
    """A UID is taken for the mail that once had it."""

    def known(self: Inbox, location: Location) -> bool:
        seen = select(col(LocationRow.id)).where(col(LocationRow.uid) == location.uid)
        return self._connection.execute(seen).first() is not None

    patch.setattr(Inbox, "known", known)


def doubt_counts_as_delivered(patch: pytest.MonkeyPatch) -> None:
    """No answer is a good answer."""

    def believed(self: Dispatch, entry: OutboxEntry, error: str, now: datetime) -> bool:
        with self.store.begin() as uow:
            dispatch.note_delivered(uow, [(entry, error)], now)
            uow.commit()
        return True

    patch.setattr(Dispatch, "_doubt", believed)


def reminded_at_every_look(patch: pytest.MonkeyPatch) -> None:
    """Nobody remembers that somebody was reminded."""

    def reminded(invoice: Invoice, *more: Any) -> Outcome | None:
        outcome = remind_approver(invoice, *more)
        return replace(outcome, invoice=invoice) if outcome else None

    patch.setattr(calendar_day, "remind_approver", reminded)


BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    bug.__name__: bug
    for bug in (
        claimed_without_a_lease,
        moved_before_it_is_recorded,
        a_new_message_id_at_each_try,
        written_anew_at_each_try,
        settled_in_a_transaction_of_its_own,
        history_in_a_transaction_of_its_own,
        anybody_decides,
        old_approvals_count,
        a_mail_is_another_at_another_place,
        uids_without_uidvalidity,
        doubt_counts_as_delivered,
        reminded_at_every_look,
    )
}


def found(name: str, seeds: range) -> Result | None:
    """The first seed that finds this bug."""
    with pytest.MonkeyPatch.context() as patch:
        BUGS[name](patch)
        return next((result for result in map(run, seeds) if result.problems), None)
