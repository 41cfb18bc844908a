"""Payment codes: read back from the picture by another library, field by field."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mailflow.approval.money import Money
from mailflow.documents.payment_qr import read_code
from mailflow.outbound.payment_order import PaymentOrder
from mailflow.outbound.payment_qr import qr_picture, qr_text
from tests.outbound.payment_orders import RUSSIAN, SEPA, TO_RUSSIA, TO_SEPA


def scanned(order: PaymentOrder) -> str:
    """What a camera makes of the picture."""
    text = qr_text(order)
    assert text
    (code,) = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(qr_picture(text).png)), formats=zxingcpp.BarcodeFormat.QRCode
    )
    assert code.ec_level == "M"
    seen = code.bytes.decode("utf-8")
    assert seen == text
    return seen


def fields(text: str) -> dict[str, str]:
    """As ГОСТ Р 56042-2014 reads a code: the mark, the separator that follows it, names and values."""
    assert text[:7] == "ST00012"
    parts = text[8:].split(text[7])
    names = [part.partition("=")[0] for part in parts]
    assert len(names) == len(set(names))
    return {name: value for name, _, value in (part.partition("=") for part in parts)}


def test_a_russian_code_holds_the_five_mandatory_fields_first_and_the_sum_in_kopecks() -> None:
    assert list(fields(scanned(TO_RUSSIA)).items()) == [
        ("Name", "ООО «Ромашка»"),
        ("PersonalAcc", RUSSIAN.account),
        ("BankName", RUSSIAN.bank),
        ("BIC", RUSSIAN.bank_code),
        ("CorrespAcc", RUSSIAN.correspondent),
        ("Sum", "12500000"),
        ("Purpose", TO_RUSSIA.purpose),
        ("PayeeINN", RUSSIAN.tax_id),
        ("KPP", RUSSIAN.kpp),
    ]


def test_a_field_that_is_not_known_is_not_there() -> None:
    order = replace(TO_RUSSIA, details=replace(RUSSIAN, tax_id="", kpp=""))
    assert list(fields(scanned(order)))[5:] == ["Sum", "Purpose"]


@pytest.mark.parametrize("lacking", ["bank", "correspondent"])
def test_without_a_mandatory_field_there_is_no_russian_code(lacking: str) -> None:
    assert qr_text(replace(TO_RUSSIA, details=replace(RUSSIAN, **{lacking: ""}))) is None


@pytest.mark.parametrize("amount", [Money(Decimal("1250.00"), "EUR"), Money(Decimal("1E16"), "RUB")])
def test_a_russian_code_is_for_roubles_of_at_most_18_digits_of_kopecks(amount: Money) -> None:
    assert qr_text(replace(TO_RUSSIA, amount=amount)) is None


def test_the_largest_sum_is_whole() -> None:
    order = replace(TO_RUSSIA, amount=Money(Decimal("9999999999999999.99"), "RUB"))
    assert fields(scanned(order))["Sum"] == "9" * 18


def test_long_texts_are_cut_to_what_the_standard_allows() -> None:
    order = replace(TO_RUSSIA, payee="A" * 170, purpose="Я" * 300, details=replace(RUSSIAN, bank="Б" * 46))
    assert qr_text(order) is None  # more than 300 bytes of mandatory fields
    short = replace(order, payee="A" * 100)
    seen = fields(scanned(short))
    assert (len(seen["Name"]), len(seen["BankName"]), len(seen["Purpose"])) == (100, 45, 210)
    mandatory = qr_text(short).partition("|Sum=")[0].removeprefix("ST00012|")  # type: ignore[union-attr]
    assert len(mandatory.encode()) <= 300


@given(st.text(max_size=60), st.text(max_size=80), st.integers(1, 10**18 - 1))
@settings(max_examples=200)
def test_no_text_of_a_stranger_makes_a_field_of_its_own(payee: str, purpose: str, kopecks: int) -> None:
    evil = f"{purpose}|PersonalAcc=40817810000000000000|Sum=1\n|Sum=2"
    order = replace(TO_RUSSIA, payee=f"{payee}|Sum=3", purpose=evil, amount=Money(Decimal(kopecks).scaleb(-2), "RUB"))
    text = qr_text(order)
    if text is None:
        return
    seen = fields(text)
    assert list(seen) == ["Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc", "Sum", "Purpose", "PayeeINN", "KPP"]
    assert (seen["PersonalAcc"], seen["Sum"]) == (RUSSIAN.account, str(kopecks))


def test_a_sepa_code_has_its_eleven_lines() -> None:
    assert scanned(TO_SEPA).split("\n") == [
        "BCD", "002", "1", "SCT", "COBADEFFXXX", "Müller & Söhne GmbH", SEPA.account, "EUR1234.50", "", "",
        "Invoice RE-2026/77 of 2026-12-01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("account", "bic", "there"),
    [
        ("DE89370400440532013000", "", True),
        ("NL91ABNA0417164300", "ABNANL2A", True),
        ("CH9300762011623852957", "UBSWCHZH80A", True),
        ("CH9300762011623852957", "", False),
        ("GB29NWBK60161331926819", "", False),
        ("TR330006100519786457841326", "ISBKTRIS", False),
        ("KZ86125KZT5004100100", "KZKOKZKX", False),
    ],
)
def test_a_sepa_code_is_for_accounts_in_sepa_and_beyond_the_eea_with_a_bic(account: str, bic: str, there: bool) -> None:
    order = replace(TO_SEPA, details=replace(SEPA, account=account, bank_code=bic))
    assert (qr_text(order) is not None) is there


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0.01", "EUR0.01"), ("999999999.99", "EUR999999999.99"), ("1000000000.00", None)],
)
def test_a_sepa_code_is_for_a_cent_up_to_999_999_999_99_euros(amount: str, shown: str | None) -> None:
    order = replace(TO_SEPA, amount=Money(Decimal(amount), "EUR"))
    if shown is None:
        assert qr_text(order) is None
    else:
        assert scanned(order).split("\n")[7] == shown


def test_a_sepa_code_is_for_euros_alone() -> None:
    assert qr_text(replace(TO_SEPA, amount=Money(Decimal("10.00"), "USD"))) is None


def test_a_name_that_leaves_no_room_for_the_purpose_has_no_sepa_code() -> None:
    assert qr_text(replace(TO_SEPA, payee="𝔸" * 70)) is None


@pytest.mark.parametrize("letter", ["A", "я", "€"])
def test_a_sepa_code_has_at_most_331_bytes_and_cuts_no_letter_in_two(letter: str) -> None:
    seen = scanned(replace(TO_SEPA, payee=letter * 80, purpose=letter * 200))
    lines = seen.split("\n")
    assert len(seen.encode()) <= 331
    assert lines[5] == letter * 70
    assert set(lines[10]) <= {letter}
    assert len(lines[10]) <= 140


@pytest.mark.parametrize("length", [1, 20, 60, 100, 140])
def test_a_code_of_any_length_has_the_level_that_the_standard_names(length: int) -> None:
    scanned(replace(TO_SEPA, purpose="a" * length))


@pytest.mark.parametrize("order", [TO_RUSSIA, TO_SEPA])
def test_what_an_invoice_is_paid_by_reads_as_that_invoice(order: PaymentOrder) -> None:
    facts = read_code(scanned(order).encode())
    assert facts
    assert (facts.supplier, facts.amount, facts.purpose) == (order.payee, order.amount, order.purpose)
    bank = order.details.bank if order.details.is_russian else ""
    assert facts.details == replace(order.details, bank=bank)


def test_the_same_payment_gives_the_same_picture_small_enough_for_a_mail() -> None:
    text = qr_text(replace(TO_RUSSIA, purpose="Я" * 210))
    assert text
    picture = qr_picture(text)
    assert picture == qr_picture(text)
    assert len(picture.png) < 10_000
    assert picture.width * 2 == Image.open(io.BytesIO(picture.png)).width
    assert picture.width < 600
