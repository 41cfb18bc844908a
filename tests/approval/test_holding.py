"""A decision can be taken back for the minutes of the settings, and nobody is asked or told before they are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company
from mailflow.approval.deciding import reassign, take_effect
from mailflow.approval.decision import Answer, Approve, Command, Question, Reject, Unclear, Undo, Withdraw
from mailflow.approval.effects import Message, Outcome
from mailflow.approval.invoice import Invoice, StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.noticing import remind_approver
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Form
from mailflow.errors import Refusal
from tests.approval.company import (
    ANNA,
    DMITRY,
    IVAN,
    NOON,
    OLGA,
    PAY_DAY,
    PETR,
    answer,
    company,
    mail,
    messages,
    opened,
    reference,
)

RULES = company(hold=timedelta(minutes=15))
BEFORE, AFTER = NOON + timedelta(minutes=14), NOON + timedelta(minutes=15)


def says(invoice: Invoice, command: Command, person: str = OLGA, rules: Company = RULES) -> Outcome:
    given = reference(invoice, person, Asks.APPROVAL, 0)
    return record_answer(invoice, given, answer(person, command), None, rules, NOON)


def on_hold(command: Command | None = None) -> Invoice:
    return says(opened(RULES).invoice, command or Approve("fine")).invoice


def test_a_decision_on_hold_is_confirmed_and_nobody_else_hears_of_it() -> None:
    outcome = says(opened(RULES).invoice, Approve("fine"))
    assert messages(outcome) == [("decision_taken", OLGA)]
    assert mail(outcome, Message.DECISION_TAKEN).extra["until"] == AFTER.isoformat()
    assert outcome.invoice.steps[0].status is StepStatus.ASKED
    assert take_effect(outcome.invoice, RULES, BEFORE) is None


def test_when_its_time_is_over_the_next_approver_is_asked_and_it_is_confirmed_no_second_time() -> None:
    outcome = take_effect(on_hold(), RULES, AFTER)
    assert outcome is not None
    assert messages(outcome) == [("approval_request", DMITRY)]
    assert outcome.invoice.steps[0].comment == "fine"
    assert [e.event for e in outcome.history] == ["approved", "asked"]
    assert outcome.history[0].actor == OLGA
    assert take_effect(outcome.invoice, RULES, AFTER) is None


def test_a_rejection_on_hold_reaches_the_submitter_when_its_time_is_over() -> None:
    waiting = on_hold(Reject("no contract"))
    assert waiting.status is Status.IN_APPROVAL
    outcome = take_effect(waiting, RULES, AFTER)
    assert outcome is not None
    assert outcome.invoice.status is Status.REJECTED
    assert mail(outcome, Message.WORK_ON_ERRORS, IVAN).extra["points"] == ["no contract"]


def test_undo_takes_it_back_and_asks_anew() -> None:
    outcome = says(on_hold(), Undo())
    assert outcome.invoice.on_hold is None
    assert messages(outcome) == [("decision_taken", OLGA), ("approval_request", OLGA)]
    again = reference(outcome.invoice, OLGA, Asks.APPROVAL, 1)
    decided = record_answer(outcome.invoice, again, answer(OLGA, Reject("a second thought")), None, RULES, NOON)
    assert decided.invoice.on_hold is not None
    assert not decided.invoice.on_hold.approves


def test_what_was_taken_back_does_not_count_again_when_that_answer_comes_a_second_time() -> None:
    undone = says(on_hold(), Undo()).invoice
    with pytest.raises(Refusal, match="undone"):
        says(undone, Approve("fine"))
    assert undone.steps[0].was_undone


def test_an_undo_of_an_older_revision_takes_nothing_back() -> None:
    waiting = on_hold()
    older = replace(reference(waiting, OLGA, Asks.NOTHING), revision=0)
    with pytest.raises(Refusal, match="changed_since"):
        record_answer(waiting, older, answer(OLGA, Undo()), None, RULES, NOON)


def test_undo_works_in_reply_to_whatever_mail_about_the_invoice_the_approver_has() -> None:
    waiting = on_hold()
    given = reference(waiting, OLGA, Asks.NOTHING)
    assert record_answer(waiting, given, answer(OLGA, Undo()), None, RULES, NOON).invoice.on_hold is None


@pytest.mark.parametrize("command", [Approve(), Reject("no"), Question("why?")])
def test_a_second_decision_does_not_replace_the_one_on_hold(command: Command) -> None:
    with pytest.raises(Refusal, match="on_hold") as refusal:
        says(on_hold(), command)
    assert refusal.value.facts["at"] == AFTER.isoformat()


@pytest.mark.parametrize("person", [IVAN, DMITRY, ANNA])
def test_nobody_else_takes_it_back(person: str) -> None:
    waiting = on_hold()
    with pytest.raises(Refusal, match="nothing_to_undo"):
        record_answer(waiting, reference(waiting, person, Asks.NOTHING), answer(person, Undo()), None, RULES, NOON)


def test_once_it_has_taken_effect_there_is_nothing_to_take_back() -> None:
    outcome = take_effect(on_hold(), RULES, AFTER)
    assert outcome is not None
    with pytest.raises(Refusal, match="nothing_to_undo"):
        says(outcome.invoice, Undo())


def test_a_change_or_a_withdrawal_meanwhile_voids_it_and_the_approver_is_told() -> None:
    waiting = on_hold()
    given = reference(waiting, IVAN, Asks.NOTHING)
    withdrawn = record_answer(waiting, given, answer(IVAN, Withdraw()), None, RULES, NOON)
    assert (withdrawn.invoice.on_hold, withdrawn.invoice.status) == (None, Status.WITHDRAWN)
    assert mail(withdrawn, Message.WITHDRAWN, OLGA)
    later = Answer(IVAN, answer(IVAN, Unclear("no_keyword")).reading, Form(pay_date=PAY_DAY + timedelta(days=1)))
    changed = record_answer(waiting, given, later, None, RULES, NOON)
    assert (changed.invoice.on_hold, changed.invoice.revision) == (None, 2)
    assert take_effect(changed.invoice, RULES, AFTER) is None
    assert mail(changed, Message.APPROVAL_REQUEST, OLGA)


def test_an_approver_who_is_replaced_meanwhile_has_decided_nothing() -> None:
    outcome = reassign(on_hold(), OLGA, PETR, RULES, NOON)
    assert outcome.invoice.on_hold is None
    assert outcome.invoice.steps[1].approver == PETR


def test_a_decision_on_hold_stays_when_a_later_approver_is_replaced() -> None:
    outcome = reassign(on_hold(), DMITRY, PETR, RULES, NOON)
    assert outcome.invoice.on_hold is not None
    assert take_effect(outcome.invoice, RULES, AFTER)


def test_whoever_has_decided_is_not_reminded() -> None:
    late = NOON + timedelta(days=3)
    assert remind_approver(on_hold(), company(hold=timedelta(days=9)), late) is None
    assert remind_approver(opened(RULES).invoice, RULES, late) is not None


def test_without_the_setting_a_decision_takes_effect_at_once() -> None:
    outcome = says(opened().invoice, Approve(), rules=company())
    assert outcome.invoice.on_hold is None
    assert outcome.invoice.steps[0].status is StepStatus.APPROVED
