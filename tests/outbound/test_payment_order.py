"""What is paid is what was approved, to the account of the invoice's files, where every check digit is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from mailflow.approval.document import NAMES, Facts, Origin, PaymentDetails, Read, merged
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.check_digits import is_account_at, is_correspondent_of, wrong_in
from mailflow.outbound.payment_order import payment_order
from mailflow.outbound.samples import sample_invoice
from tests.outbound.payment_orders import RUSSIAN, RUSSIAN_PAYER, SEPA, SEPA_PAYER

FACTS = Facts(Origin.QR, "1042", date(2026, 12, 1), supplier='ООО "РОМАШКА"', details=RUSSIAN)


def to_pay(facts: Facts | None = FACTS, status: Status = Status.TO_PAY) -> Invoice:
    return replace(sample_invoice("ru", full=False, status=status), document=facts)


def test_sum_and_payee_are_those_approved_and_never_those_of_the_file() -> None:
    facts = replace(FACTS, amount=Money(Decimal("1.00"), "RUB"))
    order = payment_order(to_pay(facts))
    assert order
    assert order.amount == Money(Decimal("125000.00"), "RUB")
    assert order.payee == "ООО «Ромашка»"
    assert order.details == RUSSIAN
    assert order.due == date(2026, 12, 15)
    assert order.identifier == "INV-2026-0001-r1"


@pytest.mark.parametrize(
    "facts",
    [
        None,
        replace(FACTS, details=PaymentDetails()),
        replace(FACTS, doubtful=frozenset({"details"})),
        replace(FACTS, doubtful=frozenset({"supplier"})),
        replace(FACTS, supplier=""),
        replace(FACTS, supplier="Other LLC"),
        replace(FACTS, details=replace(RUSSIAN, account="40702810138250123018")),
        replace(FACTS, details=replace(RUSSIAN, account="4070281013825012301")),
        replace(FACTS, details=replace(RUSSIAN, account="٤٠٧٠٢٨١٠١٣٨٢٥٠١٢٣٠١٧")),
        replace(FACTS, details=replace(RUSSIAN, bank_code="")),
        replace(FACTS, details=replace(RUSSIAN, bank_code="144525225")),
        replace(FACTS, details=replace(RUSSIAN, correspondent="30101810400000000226")),
        replace(FACTS, details=replace(RUSSIAN, tax_id="7707083894")),
        replace(FACTS, details=replace(RUSSIAN, kpp="7736")),
        replace(FACTS, details=replace(SEPA, account="DE89370400440532013001")),
        replace(FACTS, details=replace(SEPA, bank_code="COBADEF")),
        replace(FACTS, details=replace(SEPA, bank_code="044525225")),
    ],
)
def test_details_that_lack_or_do_not_check_are_paid_by_hand(facts: Facts | None) -> None:
    assert payment_order(to_pay(facts)) is None


def test_an_account_that_only_a_scan_names_is_paid_by_hand() -> None:
    scan = replace(FACTS, origin=Origin.OCR, doubtful=frozenset((*NAMES, "details")))
    for sources, there in (((scan,), False), ((scan, FACTS), True)):
        document = merged([Read("scan.pdf", sources)])
        assert document
        assert (payment_order(to_pay(document.facts)) is not None) is there


def test_an_invoice_that_is_not_to_be_paid_has_no_payment() -> None:
    assert payment_order(to_pay(status=Status.IN_APPROVAL)) is None


@pytest.mark.parametrize("details", [RUSSIAN, RUSSIAN_PAYER, SEPA, SEPA_PAYER, replace(SEPA, bank_code="")])
def test_right_details_check(details: PaymentDetails) -> None:
    assert not list(wrong_in(details))


@pytest.mark.parametrize("position", range(20))
def test_no_digit_of_an_account_can_be_mistaken(position: int) -> None:
    """Weights 7, 1 and 3 have no common divisor with 10, so every single wrong digit shows."""
    for digit in "0123456789":
        for right, checks in ((RUSSIAN.account, is_account_at), (RUSSIAN.correspondent, is_correspondent_of)):
            typed = right[:position] + digit + right[position + 1 :]
            assert checks(typed, RUSSIAN.bank_code) is (typed == right)


def test_an_account_at_the_bank_of_russia_is_checked_as_a_correspondent_account() -> None:
    account = next(
        f"4050181{key}400000000001"
        for key in range(10)
        if is_correspondent_of(f"4050181{key}400000000001", "044525000")
    )
    assert is_account_at(account, "044525000")


@pytest.mark.parametrize(
    ("facts", "purpose"),
    [
        (FACTS, "Оплата по счёту № 1042 от 01.12.2026"),
        (replace(FACTS, issued=None), "Оплата по счёту № 1042"),
        (replace(FACTS, doubtful=frozenset({"issued"})), "Оплата по счёту № 1042"),
        (replace(FACTS, number=""), "Оплата: Бумага для офиса на декабрь"),
        (replace(FACTS, doubtful=frozenset({"number"})), "Оплата: Бумага для офиса на декабрь"),
        (replace(FACTS, purpose="По договору 7,\r\nНДС 20 %"), "По договору 7, НДС 20 %"),
        (replace(FACTS, purpose="?", doubtful=frozenset({"purpose"})), "Оплата по счёту № 1042 от 01.12.2026"),
        (replace(FACTS, details=SEPA), "Invoice 1042 of 2026-12-01"),
        (replace(FACTS, details=SEPA, issued=None), "Invoice 1042"),
        (replace(FACTS, details=SEPA, number=""), "Payment: Бумага для офиса на декабрь"),
    ],
)
def test_the_purpose_is_the_files_own_or_says_which_invoice_it_is(facts: Facts, purpose: str) -> None:
    order = payment_order(to_pay(facts))
    assert order
    assert order.purpose == purpose
