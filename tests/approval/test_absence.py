"""An automatic answer is never a decision; an absence brings in the deputy who is named (process section 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailflow.approval.company import Company
from mailflow.approval.effects import Message, Outcome
from mailflow.approval.invoice import Invoice, StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.noticing import record_automatic
from mailflow.approval.reference import Asks
from tests.approval.company import ANNA, DMITRY, IVAN, NOON, OLGA, company, mail, messages, opened, reference

PETR = "petr@example.com"


def with_deputy(deputy: str | None) -> Company:
    rules = company()
    return company(people={**rules.people, OLGA: replace(rules.person(OLGA), deputy=deputy)})


def automatic(
    invoice: Invoice, rules: Company, person: str = OLGA, is_absence: bool = True, asks: Asks = Asks.APPROVAL
) -> Outcome:
    given = reference(invoice, person, asks, invoice.asked_step)
    return record_automatic(invoice, given, person, "Auto-Submitted: auto-replied", is_absence, rules, NOON)


def test_the_deputy_of_an_absent_approver_is_asked_at_once_and_the_absent_one_is_told() -> None:
    outcome = automatic(opened().invoice, with_deputy(PETR))
    assert outcome.invoice.status is Status.IN_APPROVAL
    assert [(s.approver, s.status) for s in outcome.invoice.steps[:2]] == [
        (OLGA, StepStatus.DELEGATED),
        (PETR, StepStatus.ASKED),
    ]
    assert messages(outcome) == [("replaced", OLGA), ("approval_request", PETR)]
    assert mail(outcome, Message.REPLACED).extra == {"why": "absent"}
    assert [entry.event for entry in outcome.history] == ["automatic_answer", "substituted"]
    assert outcome.history[1].details == {"from": OLGA, "to": PETR}


@pytest.mark.parametrize("deputy", [None, IVAN, DMITRY, OLGA])
def test_without_a_deputy_who_may_decide_an_absence_is_only_noted(deputy: str | None) -> None:
    """The submitter does not approve, and nobody who is in the chain is asked twice."""
    invoice = opened().invoice
    outcome = automatic(invoice, with_deputy(deputy))
    assert (outcome.invoice, outcome.effects) == (invoice, ())
    assert [entry.event for entry in outcome.history] == ["automatic_answer"]


def test_an_automatic_answer_that_tells_of_no_absence_is_only_noted() -> None:
    invoice = opened().invoice
    assert automatic(invoice, with_deputy(PETR), is_absence=False).effects == ()


def test_an_absence_about_a_step_that_is_over_hands_nothing_on() -> None:
    invoice = opened().invoice
    handed_on = automatic(invoice, with_deputy(PETR)).invoice
    again = automatic(handed_on, with_deputy(PETR))
    assert (again.invoice, again.effects) == (handed_on, ())


def test_an_absence_of_somebody_who_is_asked_nothing_hands_nothing_on() -> None:
    invoice = opened().invoice
    assert automatic(invoice, with_deputy(PETR), person=ANNA).effects == ()
    assert automatic(invoice, with_deputy(PETR), asks=Asks.NOTHING).effects == ()
