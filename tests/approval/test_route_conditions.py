"""An entry of the route may have conditions on sum, currency and counterparty (process section 2)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company
from mailflow.approval.decision import Unclear
from mailflow.approval.document import Facts, Origin
from mailflow.approval.effects import Message
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.opening import open_invoice
from mailflow.approval.reference import Asks
from mailflow.approval.route_entry import RouteEntry, Why
from tests.approval.company import (
    ADMIN,
    DMITRY,
    IVAN,
    NOON,
    OLGA,
    answer,
    attachment,
    company,
    form,
    mail,
    opened,
    reference,
)

LARGE = RouteEntry(DMITRY, limits={"RUB": Decimal(100_000), "EUR": Decimal("1000.50")})


def chain(rules: Company, amount: str, currency: str = "RUB", counterparty: str = "ООО «Ромашка»") -> list[str]:
    invoice = opened(rules, amount=Money(Decimal(amount), currency), counterparty=counterparty).invoice
    return [step.approver for step in invoice.steps]


@pytest.mark.parametrize(
    ("amount", "currency", "is_asked"),
    [
        ("99999.99", "RUB", False),
        ("100000.00", "RUB", True),
        ("1000.49", "EUR", False),
        ("1000.50", "EUR", True),
        ("0.01", "USD", True),
    ],
)
def test_an_approver_is_asked_from_a_sum_on_and_always_in_a_currency_without_one(
    amount: str, currency: str, is_asked: bool
) -> None:
    expected = [OLGA, DMITRY] if is_asked else [OLGA]
    assert chain(company(sequence=(OLGA, LARGE)), amount, currency) == expected


def test_an_approver_of_some_currencies_is_asked_about_them_alone() -> None:
    rules = company(sequence=(OLGA, RouteEntry(DMITRY, currencies=("EUR", "USD"))))
    assert chain(rules, "5", "EUR") == [OLGA, DMITRY]
    assert chain(rules, "5000000", "RUB") == [OLGA]


def test_a_currency_with_a_limit_is_among_the_currencies_of_its_entry() -> None:
    rules = company(sequence=(OLGA, RouteEntry(DMITRY, {"RUB": Decimal(100_000)}, currencies=("EUR",))))
    assert chain(rules, "100000") == [OLGA, DMITRY]
    assert chain(rules, "99999") == [OLGA]
    assert chain(rules, "1", "EUR") == [OLGA, DMITRY]
    assert chain(rules, "1", "USD") == [OLGA]


@pytest.mark.parametrize("written", ["Ромашка", "ромашка, ООО", "OOO Romashka", "Рoмaшкa", "Ромашка Плюс"])
def test_a_counterparty_asks_however_it_is_written_also_by_letters_that_look_alike(written: str) -> None:
    rules = company(sequence=(OLGA, RouteEntry(DMITRY, counterparties=("ООО «Ромашка»",))))
    assert chain(rules, "1", counterparty=written) == [OLGA, DMITRY]
    assert chain(rules, "1", counterparty="Лютик") == [OLGA]


def test_a_counterparty_asks_also_where_only_the_file_names_it() -> None:
    rules = company(sequence=(OLGA, RouteEntry(DMITRY, counterparties=("Ромашка",))))
    said = replace(attachment(), facts=(Facts(Origin.TEXT, supplier="ООО «Ромашка»"),))
    invoice = open_invoice("INV-2026-0001", IVAN, "x", form(counterparty="Лютик"), (said,), None, rules, NOON).invoice
    assert invoice.counterparty == "Лютик"
    assert [step.approver for step in invoice.steps] == [OLGA, DMITRY]


def test_all_conditions_of_an_entry_have_to_hold() -> None:
    rules = company(sequence=(OLGA, replace(LARGE, counterparties=("Ромашка",))))
    assert chain(rules, "100000") == [OLGA, DMITRY]
    assert chain(rules, "100000", counterparty="Лютик") == [OLGA]
    assert chain(rules, "99999") == [OLGA]


def test_who_stands_in_the_route_twice_is_asked_once_where_one_of_the_entries_holds() -> None:
    rules = company(sequence=(RouteEntry(DMITRY, currencies=("EUR",)), OLGA, LARGE))
    assert chain(rules, "100000") == [OLGA, DMITRY]
    assert chain(rules, "5000", "EUR") == [DMITRY, OLGA]


def test_history_and_acknowledgement_say_what_was_decided_about_the_conditions() -> None:
    outcome = opened(company(sequence=(OLGA, LARGE)), amount=Money(Decimal(99_999), "RUB"))
    decided = [{"approver": DMITRY, "is_asked": False, "why": Why.BELOW.value, "limit": "100000 RUB"}]
    assert mail(outcome, Message.ACKNOWLEDGEMENT).extra["conditions"] == decided
    (started,) = (entry for entry in outcome.history if entry.event == "approval_started")
    assert started.details["conditions"] == decided


def test_a_route_whose_conditions_leave_out_everybody_starts_nothing_and_both_are_told() -> None:
    outcome = opened(company(sequence=(LARGE,)), amount=Money(Decimal(99_999), "RUB"))
    assert outcome.invoice.status is Status.INCOMPLETE
    for person in (IVAN, ADMIN):
        assert mail(outcome, Message.NO_APPROVER, person).extra["problem"] == "conditions"


def test_a_corrected_sum_is_measured_anew() -> None:
    rules = company(sequence=(OLGA, LARGE))
    invoice = opened(rules, amount=Money(Decimal(99_999), "RUB")).invoice
    dearer = answer(IVAN, Unclear("no_keyword"), form=replace(form(), amount=Money(Decimal(100_000), "RUB")))
    corrected = record_answer(invoice, reference(invoice, IVAN, Asks.NOTHING), dearer, None, rules, NOON).invoice
    assert corrected.revision == 2
    assert [step.approver for step in corrected.steps] == [OLGA, DMITRY]
