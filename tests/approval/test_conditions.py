"""Every decision needs six things; each refusal says which of them failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company
from mailflow.approval.conditions import REFUSED_FOR, Condition
from mailflow.approval.decision import Approve, Delegate, Unclear
from mailflow.approval.effects import Message
from mailflow.approval.reference import Asks
from mailflow.errors import Refusal
from mailflow.outbound.samples import REFUSAL_CODES
from tests.approval.company import IVAN, NOON, OLGA, PETR, answer, company, mail, opened, reference

ABOUT_NO_DECISION = {"not_for_you", "too_large"}


def test_every_refusal_of_a_decision_has_its_condition() -> None:
    assert set(REFUSAL_CODES) - ABOUT_NO_DECISION == set(REFUSED_FOR)


def test_each_condition_can_fail_by_itself() -> None:
    assert {Condition.KEYWORD, *REFUSED_FOR.values()} == set(Condition)


def with_addresses(person: str, *aliases: str) -> Company:
    known = company()
    return replace(known, people={**known.people, person: replace(known.people[person], aliases=aliases)})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OLGA, OLGA, True),
        (OLGA, "olga@home.example", True),
        (OLGA, "olga+bills@example.com", True),
        ("olga+a@example.com", "olga+b@example.com", True),
        ("o.lga@gmail.com", "olga+x@gmail.com", True),
        ("o.lga@example.com", OLGA, False),
        (OLGA, "olga@example.net", False),
        (OLGA, PETR, False),
    ],
)
def test_two_addresses_may_be_one_persons(one: str, other: str, same: bool) -> None:
    assert with_addresses(OLGA, "olga@home.example").is_same_person(one, other) is same


def test_an_approver_who_turns_out_to_be_the_submitter_decides_nothing() -> None:
    """The alias became known after the request had gone out."""
    invoice = opened(sender="ivan@home.example").invoice
    rules = with_addresses(OLGA, "ivan@home.example")
    with pytest.raises(Refusal, match="own_invoice"):
        record_answer(invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), answer(OLGA, Approve()), None, rules, NOON)


def test_nobody_hands_a_step_on_to_an_alias_of_the_submitter() -> None:
    invoice = opened().invoice
    rules = with_addresses(IVAN, "ivan@home.example")
    said = answer(OLGA, Delegate("ivan@home.example"))
    outcome = record_answer(invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), said, None, rules, NOON)
    assert mail(outcome, Message.UNCLEAR).extra["why"] == "address_submitter"


def test_a_step_that_is_handed_on_to_an_alias_waits_for_the_address_on_record() -> None:
    invoice = opened().invoice
    rules = with_addresses(PETR, "petr@home.example")
    said = answer(OLGA, Delegate("petr@home.example"))
    outcome = record_answer(invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), said, None, rules, NOON)
    assert outcome.invoice.steps[1].approver == PETR


def test_an_unclear_answer_fails_by_its_keyword() -> None:
    invoice = opened().invoice
    given = reference(invoice, OLGA, Asks.APPROVAL, 0)
    outcome = record_answer(invoice, given, answer(OLGA, Unclear("condition")), None, company(), NOON)
    assert outcome.history[0].details["condition"] == Condition.KEYWORD
