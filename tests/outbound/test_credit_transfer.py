"""The file for a bank in Europe: valid by its schema, read back, and the same payment always the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sepaxml.validation import try_valid_xml

from mailflow.approval.money import Money
from mailflow.outbound.credit_transfer import credit_transfer, credit_transfer_filename
from mailflow.outbound.payment_order import Payer, PaymentOrder
from tests.outbound.payment_orders import RUSSIAN_PAYER, SEPA, SEPA_PAYER, TO_RUSSIA, TO_SEPA

PAYER = Payer("ООО «Вектор»", SEPA_PAYER)
SEPA_LETTERS = re.compile(r"[A-Za-z0-9/?:().,'+ -]+")


def written(order: PaymentOrder, payer: Payer = PAYER) -> bytes:
    content = credit_transfer(order, payer)
    assert content
    return content


def said(content: bytes) -> list[tuple[str, str]]:
    """Every text of the document with the name of its element, in order."""
    document = etree.fromstring(content)
    assert etree.QName(document).namespace == "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
    return [(etree.QName(e).localname, e.text) for e in document.iter() if e.text]


def fact(content: bytes, name: str) -> str:
    return [text for key, text in said(content) if key == name][-1]


def test_the_file_holds_one_transfer_of_the_payers_account() -> None:
    content = written(TO_SEPA)
    try_valid_xml(content, "pain.001.001.09")
    assert said(content) == [
        ("MsgId", "INV-2026-0001-r1"),
        ("CreDtTm", "2026-12-01T09:00:00"),
        ("NbOfTxs", "1"),
        ("CtrlSum", "1234.50"),
        ("Nm", "OOO Vektor"),
        ("PmtInfId", "INV-2026-0001-r1"),
        ("PmtMtd", "TRF"),
        ("BtchBookg", "false"),
        ("NbOfTxs", "1"),
        ("CtrlSum", "1234.50"),
        ("Cd", "SEPA"),
        ("Dt", "2026-12-15"),
        ("Nm", "OOO Vektor"),
        ("IBAN", "NL91ABNA0417164300"),
        ("BICFI", "ABNANL2A"),
        ("ChrgBr", "SLEV"),
        ("EndToEndId", "INV-2026-0001-r1"),
        ("InstdAmt", "1234.50"),
        ("BICFI", "COBADEFFXXX"),
        ("Nm", "Muller + Sohne GmbH"),
        ("IBAN", "DE89370400440532013000"),
        ("Ustrd", "Invoice RE-2026/77 of 2026-12-01"),
    ]
    assert etree.fromstring(content).xpath("//@Ccy") == ["EUR"]


def test_the_same_payment_gives_the_same_bytes_at_any_time() -> None:
    first = written(TO_SEPA)
    with time_machine.travel("2031-05-05 05:05"):
        assert written(TO_SEPA) == first


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Money(Decimal("1.00"), "USD")},
        {"amount": Money(Decimal("1000000000.00"), "EUR")},
        {"details": replace(SEPA, account="TR330006100519786457841326", bank_code="ISBKTRIS")},
        {"details": replace(SEPA, account="GB29NWBK60161331926819", bank_code="")},
        {"payee": "\u200b"},
    ],
)
def test_a_payment_that_no_sepa_transfer_makes_has_no_file(change: dict[str, object]) -> None:
    assert credit_transfer(replace(TO_SEPA, **change), PAYER) is None  # type: ignore[arg-type]


def test_both_accounts_are_ibans() -> None:
    assert credit_transfer(TO_RUSSIA, PAYER) is None
    assert credit_transfer(TO_SEPA, Payer("x", RUSSIAN_PAYER)) is None
    assert credit_transfer(TO_SEPA, Payer("x", replace(SEPA_PAYER, bank_code=""))) is None


def test_within_the_eea_the_payees_bank_need_not_be_named() -> None:
    content = written(replace(TO_SEPA, details=replace(SEPA, bank_code="")))
    assert [text for name, text in said(content) if name == "BICFI"] == ["ABNANL2A"]


@pytest.mark.parametrize(
    ("payee", "name"),
    [
        ("ООО «Ромашка»", "OOO Romashka"),
        ("Łódź & Søn _ A/S", "Lodz + Son - A/S"),
        ("<Nm>Evil</Nm>", "Nm Evil /Nm"),
        ("]]><IBAN>DE0</IBAN>", "IBAN DE0 /IBAN"),
        ("&amp;&#x0;", "+amp + x0"),
        ("A\x00B\r\nC", "AB C"),
        ("№ 7", "No 7"),
        ("x" * 90, "x" * 70),
    ],
)
def test_names_are_written_in_the_letters_that_every_bank_takes(payee: str, name: str) -> None:
    assert fact(written(replace(TO_SEPA, payee=payee)), "Nm") == name


@given(st.text(max_size=200), st.text(max_size=200), st.integers(1, 10**11 - 1))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_the_file_is_valid_and_says_the_same(payee: str, purpose: str, cents: int) -> None:
    order = replace(TO_SEPA, payee=f"A{payee}", purpose=f"A{purpose}", amount=Money(Decimal(cents).scaleb(-2), "EUR"))
    content = written(order)
    assert fact(content, "InstdAmt") == fact(content, "CtrlSum") == f"{order.amount.amount}"
    assert fact(content, "IBAN") == SEPA.account
    assert len([name for name, _ in said(content)]) == 22
    for name, most in (("Nm", 70), ("Ustrd", 140)):
        assert SEPA_LETTERS.fullmatch(fact(content, name))
        assert len(fact(content, name)) <= most


def test_it_is_made_on_the_day_on_which_it_is_due() -> None:
    assert fact(written(replace(TO_SEPA, due=date(2027, 1, 5))), "Dt") == "2027-01-05"


def test_the_file_is_called_after_the_invoice() -> None:
    assert credit_transfer_filename(TO_SEPA) == "pain.001_INV-2026-0001.xml"
