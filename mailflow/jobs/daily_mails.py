"""The mails of a morning, each once a day, whatever restarts and however many mailflows there are."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from mailflow.approval.company import Company, Daily
from mailflow.approval.daily import daily_of, hour_today, moment_today
from mailflow.approval.digest import digest_mail, open_requests, portions
from mailflow.approval.effects import Message
from mailflow.approval.invoice import Invoice
from mailflow.approval.on_record import on_record
from mailflow.approval.payment_summary import payment_summary
from mailflow.approval.reference import Asks, Reference
from mailflow.jobs.outgoing import Given, Outgoing, summary_of
from mailflow.store.engine import Store
from mailflow.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DailyMails:
    """Writes them once their hour has come. What the database knows as written is not written again.

    `_done` and `_asked_at` spare the database the question: what there was to tell at an hour becomes no more. The
    calendar of holidays is asked last: to read it takes longer than all else in a pass that finds nothing.
    """

    store: Store
    company: Company
    outgoing: Outgoing
    _done: set[tuple[str, datetime]] = field(default_factory=set, repr=False)
    _asked_at: set[datetime] = field(default_factory=set, repr=False)

    def run_once(self, now: datetime) -> int:
        """Writes what is due; how many mails."""
        return self._summarise(self.company.accountant, now) + self._write_digests(now)

    def _write_digests(self, now: datetime) -> int:
        """The digests of everybody who has something to decide, where an hour has come that somebody wants them at."""
        wishes = {self.company.daily, *(p.daily for p in self.company.people.values() if p.daily)}
        hours = {hour for wish in wishes if (hour := hour_today(wish, self.company, now))}
        if hours <= self._asked_at:
            return 0
        with self.store.begin() as uow:
            people = uow.invoices.askers()
        written = sum(self._digest(person, now) for person in dict.fromkeys(map(self.company.on_record, people)))
        self._asked_at.update(hours)
        return written

    def _digest(self, person: str, now: datetime) -> int:
        daily = daily_of(person, self.company)
        hour = hour_today(daily, self.company, now)
        if hour is None:
            return 0
        with self.store.begin() as uow:
            if _is_written(uow, Message.APPROVAL_DIGEST, person, hour):
                return 0
            waiting = [on_record(invoice, self.company) for invoice in uow.invoices.asked_of(person)]
            invoices = open_requests(person, waiting, self.company, hour)
            if not invoices or moment_today(daily, self.company, now) is None:
                return 0
            given = [
                self._write_digest(uow, person, portion, part, hour, now)
                for part, portion in enumerate(portions(person, invoices, self.company))
            ]
            uow.commit()
        return sum(given)

    def _write_digest(
        self, uow: UnitOfWork, person: str, invoices: list[Invoice], part: int, moment: datetime, now: datetime
    ) -> bool:
        alike = {i.number: uow.invoices.look_alike(i.counterparty, i.number) for i in invoices}
        known = {number: summary_of(other) for number, other in alike.items() if other}
        mail = digest_mail(person, invoices, known, self.company, moment)
        given = self.outgoing.enqueue_daily(uow, mail, moment, now, part)
        if given:
            items = {n: _question(given, person, invoice) for n, invoice in enumerate(invoices, 1)}
            uow.references.add_items(items, given.message_id)
        return given is not None

    def _summarise(self, accountant: str, now: datetime) -> int:
        daily = daily_of(accountant, self.company)
        hour = hour_today(daily, self.company, now)
        if hour is None or (accountant, hour) in self._done:
            return 0
        written = self._write_summary(accountant, daily, hour, now)
        self._done.add((accountant, hour))
        return int(written)

    def _write_summary(self, accountant: str, daily: Daily, hour: datetime, now: datetime) -> bool:
        with self.store.begin() as uow:
            if _is_written(uow, Message.PAYMENT_SUMMARY, accountant, hour):
                return False
            invoices = [on_record(invoice, self.company) for invoice in uow.invoices.asked_of(accountant)]
            mail = payment_summary(accountant, invoices, self.company, hour)
            if mail is None or moment_today(daily, self.company, now) is None:
                return False
            given = self.outgoing.enqueue_daily(uow, mail, hour, now)
            uow.commit()
        return given is not None


def _is_written(uow: UnitOfWork, message: Message, person: str, hour: datetime) -> bool:
    written_at = uow.outbox.last_of(message, person)
    return written_at is not None and written_at >= hour


def _question(given: Given, person: str, invoice: Invoice) -> Reference:
    """What one line asks: the very question of the request itself."""
    return Reference(
        given.fingerprint, invoice.number, invoice.revision, Asks.APPROVAL, person, invoice.digest, invoice.asked_step
    )
