"""Above the limit of its currency an invoice is approved by two people, never by one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mailflow.approval.company import SecondApprover
from mailflow.approval.effects import Message
from mailflow.approval.invoice import StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from tests.approval.company import ADMIN, DMITRY, IVAN, OLGA, PETR, company, mail, opened

LIMITS = {"RUB": Decimal(100_000), "EUR": Decimal(1_000)}


def chain(amount: str, currency: str = "RUB", sequence: tuple[str, ...] = (OLGA,), second: str = PETR) -> list[str]:
    rules = company(sequence=sequence, second_approver=SecondApprover(second, LIMITS))
    invoice = opened(rules, amount=Money(Decimal(amount), currency)).invoice
    return [s.approver for s in invoice.steps if s.status is not StepStatus.SKIPPED]


@pytest.mark.parametrize(
    ("amount", "currency", "approvers"),
    [
        ("100000.00", "RUB", [OLGA]),
        ("100000.01", "RUB", [OLGA, PETR]),
        ("999.99", "EUR", [OLGA]),
        ("5000000", "RUB", [OLGA, PETR]),
        ("1", "USD", [OLGA, PETR]),
    ],
)
def test_a_sum_above_the_limit_or_in_a_currency_without_one_gets_a_second_approver(
    amount: str, currency: str, approvers: list[str]
) -> None:
    assert chain(amount, currency) == approvers


def test_a_chain_of_two_has_four_eyes_already() -> None:
    assert chain("5000000", sequence=(OLGA, DMITRY)) == [OLGA, DMITRY]


def test_the_submitter_in_the_chain_does_not_count_as_one_of_the_two() -> None:
    assert chain("5000000", sequence=(IVAN, OLGA)) == [OLGA, PETR]


@pytest.mark.parametrize("second", [OLGA, IVAN, "olga+2@example.com"])
def test_where_the_second_is_the_first_or_the_submitter_nothing_starts_and_both_are_told(second: str) -> None:
    rules = company(sequence=(OLGA,), second_approver=SecondApprover(second, LIMITS))
    outcome = opened(rules)
    assert outcome.invoice.status is Status.INCOMPLETE
    assert mail(outcome, Message.NO_APPROVER, IVAN).extra["problem"] == "second_approver"
    assert mail(outcome, Message.NO_APPROVER, ADMIN)


def test_two_addresses_of_one_person_are_not_two() -> None:
    assert chain("5000000", sequence=(OLGA, "olga+2@example.com")) == [OLGA, "olga+2@example.com", PETR]


def test_the_second_approver_is_one_of_the_companys_people() -> None:
    rules = company(second_approver=SecondApprover("board@elsewhere.example", LIMITS))
    assert rules.knows("board@elsewhere.example")


def test_without_the_setting_one_is_enough() -> None:
    assert [s.approver for s in opened(company(sequence=(OLGA,))).invoice.steps] == [OLGA]
