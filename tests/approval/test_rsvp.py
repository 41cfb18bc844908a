"""Answers from calendars are recorded and shown; they decide nothing (process section 4; RFC 5546)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mailflow.approval.decision import Paid, Postpone
from mailflow.approval.effects import Message, Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.rsvp import CalendarReply, record_rsvp
from tests.approval.company import ANNA, IVAN, NOON, mail, messages
from tests.approval.test_process import pay, to_pay


def reply(invoice: Invoice, attendee: str, partstat: str, sequence: int = 0, **more: object) -> CalendarReply:
    return CalendarReply(invoice.invites[0].uid, attendee, attendee, partstat, sequence, **more)  # type: ignore[arg-type]


def partstats(invoice: Invoice) -> dict[str, str]:
    return {invite.attendee: invite.partstat for invite in invoice.invites}


def not_counted(outcome: Outcome) -> object:
    (entry,) = outcome.history
    assert entry.event == "rsvp"
    return entry.details.get("not_counted")


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"])
def test_a_calendar_answer_is_recorded_and_decides_nothing(partstat: str) -> None:
    payable = to_pay()
    outcome = record_rsvp(payable, reply(payable, IVAN, partstat))
    assert outcome.invoice.status is Status.TO_PAY
    assert partstats(outcome.invoice) == {ANNA: "NEEDS-ACTION", IVAN: partstat}
    assert outcome.effects == ()


def test_the_accountants_declined_is_asked_about_once() -> None:
    payable = to_pay()
    declined = record_rsvp(payable, reply(payable, ANNA, "DECLINED"))
    assert messages(declined) == [("invite_declined", ANNA)]
    assert mail(declined, Message.INVITE_DECLINED).extra == {"why": "declined", "proposed": None}
    again = record_rsvp(declined.invoice, reply(payable, ANNA, "DECLINED"))
    assert again.effects == ()
    assert not_counted(again) == "repeated"


def test_another_day_that_the_accountant_proposes_moves_nothing_and_is_asked_about() -> None:
    payable = to_pay()
    counter = reply(payable, ANNA, "TENTATIVE", is_counter=True, proposed=date(2026, 12, 18))
    outcome = record_rsvp(payable, counter)
    assert outcome.invoice.payment == payable.payment
    assert partstats(outcome.invoice) == partstats(payable)
    assert mail(outcome, Message.INVITE_DECLINED).extra == {"why": "counter", "proposed": "2026-12-18"}
    assert outcome.history[0].details["proposed"] == "2026-12-18"


def test_the_submitters_proposal_is_noted() -> None:
    payable = to_pay()
    outcome = record_rsvp(payable, reply(payable, IVAN, "TENTATIVE", is_counter=True))
    assert outcome.effects == ()
    assert not_counted(outcome) is None


def test_an_accountant_who_delegates_the_event_hears_that_the_payment_stays_theirs() -> None:
    payable = to_pay()
    outcome = record_rsvp(payable, reply(payable, ANNA, "DELEGATED", delegated_to="petr@example.com"))
    assert mail(outcome, Message.INVITE_DECLINED).extra["why"] == "delegated"
    assert outcome.invoice.accountant == ANNA
    assert outcome.history[0].details["delegated_to"] == "petr@example.com"


def test_an_answer_to_an_older_date_is_only_noted() -> None:
    moved = pay(to_pay(), Postpone(date(2026, 12, 22))).invoice
    outcome = record_rsvp(moved, reply(moved, ANNA, "DECLINED", 0))
    assert outcome.invoice == moved
    assert not_counted(outcome) == "outdated"


def test_answers_that_arrive_in_another_order_than_they_were_given_leave_the_last_one_given() -> None:
    payable = to_pay()
    later = record_rsvp(payable, reply(payable, IVAN, "ACCEPTED", dtstamp=NOON + timedelta(hours=1))).invoice
    outcome = record_rsvp(later, reply(payable, IVAN, "DECLINED", dtstamp=NOON))
    assert partstats(outcome.invoice)[IVAN] == "ACCEPTED"
    assert not_counted(outcome) == "outdated"
    last = record_rsvp(later, reply(payable, IVAN, "DECLINED", dtstamp=NOON + timedelta(hours=2)))
    assert partstats(last.invoice)[IVAN] == "DECLINED"


def test_after_a_move_the_calendar_answers_are_open_again_and_only_this_payments_event_counts() -> None:
    payable = to_pay()
    declined = record_rsvp(payable, reply(payable, ANNA, "DECLINED")).invoice
    moved = pay(declined, Postpone(date(2026, 12, 22))).invoice
    assert {i.partstat for i in moved.invites} == {"NEEDS-ACTION"}
    assert messages(record_rsvp(moved, reply(moved, ANNA, "DECLINED", 1))) == [("invite_declined", ANNA)]
    of_another = CalendarReply("inv-2026-0001-r7@example.com", ANNA, ANNA, "DECLINED", 9)
    assert record_rsvp(moved, of_another).invoice == moved


def test_somebody_who_was_not_invited_changes_nothing() -> None:
    payable = to_pay()
    outcome = record_rsvp(payable, reply(payable, "crasher@example.com", "ACCEPTED"))
    assert outcome.invoice == payable
    assert not_counted(outcome) == "not_invited"


def test_an_answer_that_comes_after_the_payment_asks_nobody_anything() -> None:
    paid = pay(to_pay(), Paid()).invoice
    assert record_rsvp(paid, reply(paid, ANNA, "DECLINED", paid.invites[0].sequence)).effects == ()
