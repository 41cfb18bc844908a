"""What the clock asks for: payments whose day has ended move, the silent are reminded, the absent replaced."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.deciding import take_effect
from mailflow.approval.effects import Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.noticing import escalate, remind_approver, replace_absent
from mailflow.approval.on_record import on_record
from mailflow.approval.opening import start_waiting
from mailflow.approval.paying import move_unpaid, remind_accountant
from mailflow.errors import TransientFailure
from mailflow.jobs.company_now import company_now
from mailflow.jobs.outgoing import Outgoing
from mailflow.observation import noted
from mailflow.store.engine import Store
from mailflow.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

Rule = Callable[[Invoice, Company, datetime], Outcome | None]

_AWAITING_MAIL = (take_effect, escalate)
"""What is not done before the mail of the one who is asked has been understood."""


@dataclass(frozen=True)
class CalendarDay:
    """Each rule decides by the invoice alone whether it is time, so a late or repeated run does nothing twice."""

    store: Store
    company: Company
    outgoing: Outgoing
    _told: set[str] = field(default_factory=set, repr=False)

    def run_once(self, now: datetime, looked: bool) -> int:
        """Does what is due; returns how many invoices that were. `looked`: the mailbox was read just before.

        Where it was not, no decision on hold takes effect and nobody is replaced for being silent: an UNDO, or the
        answer, may lie there, written in time.

        Raises TransientFailure, after all others had their turn, where the database was away for one: no later rule
        takes that one up before the earlier has had its way, so that nobody is reminded of what is about to move.
        """
        today, patience = self.company.today(now), self.company.escalate_after
        with self.store.begin() as uow:
            unpaid = uow.invoices.unpaid_before(today)
            silent = uow.invoices.waiting_since(now - self.company.remind_after)
            unanswered = uow.invoices.asked_since(now - patience) if patience and looked else []
            absent = [i.number for person in self.company.away_on(today) for i in uow.invoices.asked_of(person)]
            waiting = uow.invoices.awaiting_structure()
            decided = uow.invoices.on_hold_until(now) if looked else []
        rules = (
            (take_effect, decided),
            (move_unpaid, unpaid),
            (start_waiting, waiting),
            (replace_absent, absent),
            (escalate, unanswered),
            (remind_approver, silent),
            (remind_accountant, silent),
        )
        done, put_off = 0, dict[str, TransientFailure]()
        for rule, numbers in rules:
            for number in numbers:
                if number not in put_off:
                    try:
                        done += self._tried(rule, number, now)
                    except TransientFailure as failure:
                        put_off[number] = failure
        if put_off:
            raise next(iter(put_off.values()))
        return done

    def _tried(self, rule: Rule, number: str, now: datetime) -> bool:
        try:
            return self._apply_to(rule, number, now)
        except TransientFailure:
            raise
        except Exception as failure:  # one invoice must not hold up the others
            trouble = f"{number}: what was due could not be done, and is tried again at each pass: {failure}"
            if trouble not in self._told:
                self._told.add(trouble)
                log.exception("%s", trouble)
            return False

    def _has_written(self, uow: UnitOfWork, invoice: Invoice) -> bool:
        """Whether a mail of the one who is asked waits to be understood: it may decide, or take a decision back."""
        index = invoice.asked_step
        return index is not None and uow.inbox.waits_of(self.company.queue_of(invoice.steps[index].approver))

    def _apply_to(self, rule: Rule, number: str, now: datetime) -> bool:
        with self.store.begin() as uow:
            invoice = uow.invoices.get(number)
            if invoice is None or (rule in _AWAITING_MAIL and self._has_written(uow, invoice)):
                return False
            outcome = rule(on_record(invoice, self.company), company_now(self.company, uow), now)
            if outcome is None:
                return False
            self.outgoing.record(uow, outcome, None, now)
            uow.commit()
        events = [entry.event for entry in outcome.history]
        log.info("%s: %s", number, ", ".join(events), extra=noted("invoice_moved_on", invoice=number, events=events))
        return True
