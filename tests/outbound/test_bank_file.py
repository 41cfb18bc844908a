"""The file for a Russian bank's program: read back by a reader of its own, and proof against what people write."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailflow.approval.document import PaymentDetails
from mailflow.approval.money import Money
from mailflow.outbound.bank_file import bank_file, bank_filename
from mailflow.outbound.payment_order import Payer, PaymentOrder
from tests.outbound.client_bank_exchange import read
from tests.outbound.payment_orders import RUSSIAN, RUSSIAN_PAYER, SEPA, SEPA_PAYER, TO_RUSSIA, TO_SEPA

PAYER = Payer("ООО «Вектор»", RUSSIAN_PAYER)
KEYS = [
    "kind", "Номер", "Дата", "Сумма",
    "ПлательщикСчет", "Плательщик", "ПлательщикИНН", "ПлательщикКПП", "Плательщик1", "ПлательщикРасчСчет",
    "ПлательщикБанк1", "ПлательщикБИК", "ПлательщикКорсчет",
    "ПолучательСчет", "Получатель", "ПолучательИНН", "ПолучательКПП", "Получатель1", "ПолучательРасчСчет",
    "ПолучательБанк1", "ПолучательБИК", "ПолучательКорсчет",
    "ВидОплаты", "Очередность", "НазначениеПлатежа",
]  # fmt: skip


def document(order: PaymentOrder, payer: Payer = PAYER) -> dict[str, str]:
    content = bank_file(order, payer)
    assert content
    _, (payment,) = read(content)
    return payment


def test_the_file_holds_one_payment_order_of_the_payers_account() -> None:
    content = bank_file(TO_RUSSIA, PAYER)
    assert content
    header, documents = read(content)
    assert header == {
        "ВерсияФормата": "1.03",
        "Кодировка": "Windows",
        "Отправитель": "mailflow",
        "ДатаНачала": "15.12.2026",
        "ДатаКонца": "15.12.2026",
        "РасчСчет": RUSSIAN_PAYER.account,
        "Документ": "Платежное поручение",
    }
    assert documents == [
        {
            "kind": "Платежное поручение",
            "Номер": "1",
            "Дата": "15.12.2026",
            "Сумма": "125000.00",
            "ПлательщикСчет": "40702810455000024248",
            "Плательщик": "ИНН 7802895380 ООО «Вектор»",
            "ПлательщикИНН": "7802895380",
            "ПлательщикКПП": "780201001",
            "Плательщик1": "ООО «Вектор»",
            "ПлательщикРасчСчет": "40702810455000024248",
            "ПлательщикБанк1": "Северо-Западный банк ПАО Сбербанк",
            "ПлательщикБИК": "044030653",
            "ПлательщикКорсчет": "30101810500000000653",
            "ПолучательСчет": "40702810138250123017",
            "Получатель": "ИНН 7707083893 ООО «Ромашка»",
            "ПолучательИНН": "7707083893",
            "ПолучательКПП": "773601001",
            "Получатель1": "ООО «Ромашка»",
            "ПолучательРасчСчет": "40702810138250123017",
            "ПолучательБанк1": "ПАО Сбербанк, г. Москва",
            "ПолучательБИК": "044525225",
            "ПолучательКорсчет": "30101810400000000225",
            "ВидОплаты": "01",
            "Очередность": "5",
            "НазначениеПлатежа": "Оплата по счёту № 1042 от 01.12.2026, в т. ч. НДС 20 %",
        }
    ]
    assert list(documents[0]) == KEYS


@pytest.mark.parametrize(
    ("order", "payer"),
    [
        (replace(TO_RUSSIA, amount=Money(Decimal("1.00"), "EUR")), PAYER),
        (TO_RUSSIA, Payer("Vector B.V.", SEPA_PAYER)),
        (TO_SEPA, PAYER),
        (replace(TO_RUSSIA, details=SEPA), PAYER),
        (replace(TO_RUSSIA, details=replace(RUSSIAN, bank="")), PAYER),
        (replace(TO_RUSSIA, details=replace(RUSSIAN, correspondent="")), PAYER),
        (replace(TO_RUSSIA, details=replace(RUSSIAN, tax_id="")), PAYER),
        (TO_RUSSIA, Payer("x", PaymentDetails())),
    ],
)
def test_what_is_no_whole_payment_in_roubles_between_russian_accounts_has_no_file(
    order: PaymentOrder, payer: Payer
) -> None:
    assert bank_file(order, payer) is None


INJECTIONS = [
    "x\r\nСумма=1.00",
    "x\nПолучательСчет=40817810000000000000",
    "x\rКонецДокумента\rСекцияДокумент=Платежное поручение",
    "x\r\nКонецДокумента\r\nКонецФайла",
    "x\u2028КонецФайла\u2029",
    "x\x85КонецФайла",
    "x\x0bКонецДокумента\x0cСекцияДокумент=Платежное поручение\x1c\x1d\x1e",
    "КонецДокумента",
    "x\x00\x1aСумма=1.00",
    "=Сумма=1.00",
]


@pytest.mark.parametrize("evil", INJECTIONS)
def test_no_text_of_a_stranger_makes_a_line_or_a_section(evil: str) -> None:
    details = replace(RUSSIAN, bank=evil)
    payment = document(
        replace(TO_RUSSIA, payee=evil, purpose=evil, details=details), Payer(evil, replace(RUSSIAN_PAYER, bank=evil))
    )
    assert list(payment) == KEYS
    assert payment["Сумма"] == "125000.00"
    assert payment["ПолучательСчет"] == payment["ПолучательРасчСчет"] == RUSSIAN.account
    assert payment["ПлательщикСчет"] == RUSSIAN_PAYER.account
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(payment.values()))


@given(st.text(max_size=300), st.text(max_size=300))
@settings(max_examples=200)
def test_whatever_is_written_the_file_has_its_lines_and_no_others(payee: str, purpose: str) -> None:
    content = bank_file(replace(TO_RUSSIA, payee=payee, purpose=purpose), PAYER)
    assert content
    _, (payment,) = read(content)
    assert list(payment) == KEYS
    assert len(payment["Получатель1"]) <= 160
    assert len(payment["НазначениеПлатежа"]) <= 210
    assert content.count(b"\r\n") == 9 + len(KEYS) + 1


def test_long_texts_are_cut_to_what_the_form_has_room_for() -> None:
    payment = document(replace(TO_RUSSIA, payee="Я" * 300, purpose="Ю" * 300))
    assert payment["Получатель1"] == "Я" * 160
    assert payment["НазначениеПлатежа"] == "Ю" * 210


def test_a_letter_that_the_file_cannot_hold_becomes_a_question_mark() -> None:
    assert document(replace(TO_RUSSIA, payee="Łódź «Ё» № …"))["Получатель1"] == "??d? «Ё» № …"


@pytest.mark.parametrize(
    ("invoice", "number"),
    [("INV-2026-0001", "1"), ("INV-2026-0417", "417"), ("INV-2026-12345", "12345"), ("INV-2026-1234567", "234567")],
)
def test_the_order_has_the_invoices_number_in_at_most_six_digits(invoice: str, number: str) -> None:
    assert document(replace(TO_RUSSIA, invoice=invoice))["Номер"] == number


@pytest.mark.parametrize(("amount", "written"), [("0.01", "0.01"), ("1E3", "1000.00"), ("123456789012.30", None)])
def test_a_sum_has_a_point_and_two_digits_behind_it(amount: str, written: str | None) -> None:
    assert document(replace(TO_RUSSIA, amount=Money(Decimal(amount), "RUB")))["Сумма"] == (written or amount)


def test_the_day_is_the_one_on_which_it_is_to_be_paid() -> None:
    assert document(replace(TO_RUSSIA, due=date(2027, 1, 5)))["Дата"] == "05.01.2027"


def test_the_file_is_called_after_the_invoice() -> None:
    assert bank_filename(TO_RUSSIA) == "1c_to_kl_INV-2026-0001.txt"
