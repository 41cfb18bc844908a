"""The payment code of an invoice names sum, payee and account, in any of its three charsets."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
import segno
from PIL import Image
from pypdfium2 import PdfDocument, PdfImage, PdfMatrix

from mailflow.approval.document import Facts, Origin
from mailflow.approval.money import Money
from mailflow.documents.payment_qr import read_code
from mailflow.documents.reading import read_file
from tests.documents.samples import IBAN, RUSSIAN_ACCOUNT

FIELDS = {
    "Name": "ООО Ромашка",
    "PersonalAcc": RUSSIAN_ACCOUNT,
    "BankName": "ПАО СБЕРБАНК",
    "BIC": "044525225",
    "CorrespAcc": "30101810400000000225",
    "Sum": "12500050",
    "Purpose": "Оплата по счету № 17 от 20.11.2026",
    "PayeeINN": "7707083893",
    "KPP": "770701001",
}
EPC = f"BCD\n002\n1\nSCT\nBYLADEM1001\nMuster GmbH\n{IBAN}\nEUR125.5\n\n\nInvoice No. RE-17\n"


def russian(kind: str = "2", separator: str = "|", **changes: str) -> bytes:
    charset = {"1": "cp1251", "2": "utf-8", "3": "koi8-r"}[kind]
    pairs = [f"{key}={value}" for key, value in (FIELDS | changes).items()]
    return separator.join([f"ST0001{kind}", *pairs]).encode(charset, "replace")


def read(content: bytes) -> Facts:
    facts = read_code(content)
    assert facts is not None
    return facts


def picture(content: bytes, kind: str = "png", scale: int = 4) -> bytes:
    buffer = BytesIO()
    segno.make(content, micro=False, mode="byte").save(buffer, kind=kind, scale=scale, border=4)
    return buffer.getvalue()


def in_pdf(content: bytes) -> bytes:
    """A page with the code as a picture of a few centimetres."""
    jpeg, pdf, saved = BytesIO(), PdfDocument.new(), BytesIO()
    Image.open(BytesIO(picture(content, scale=8))).convert("L").save(jpeg, "JPEG", quality=80)
    page, image = pdf.new_page(595, 842), PdfImage.new(pdf)
    image.load_jpeg(jpeg)
    image.set_matrix(PdfMatrix().scale(130, 130).translate(400, 650))
    page.insert_obj(image)
    page.gen_content()
    pdf.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize("kind", ["1", "2", "3"])
@pytest.mark.parametrize("separator", ["|", "~", "^"])
def test_a_russian_code_is_read_in_every_charset_and_with_every_separator(kind: str, separator: str) -> None:
    facts = read(russian(kind, separator, Purpose="Оплата по счету N 17"))
    assert (facts.origin, facts.supplier, facts.number) == (Origin.QR, "ООО Ромашка", "17")
    assert facts.amount == Money(Decimal("125000.50"), "RUB")
    assert (facts.details.account, facts.details.bank_code) == (RUSSIAN_ACCOUNT, "044525225")
    assert (facts.details.tax_id, facts.details.kpp) == ("7707083893", "770701001")
    assert facts.doubtful == frozenset()


@pytest.mark.parametrize("written", ["125000.50", "125000,50", "125000.5"])
def test_a_sum_in_roubles_is_against_the_standard_and_asked_about(written: str) -> None:
    facts = read(russian(Sum=written))
    assert facts.amount == Money(Decimal("125000.50"), "RUB")
    assert facts.doubtful == {"amount"}


@pytest.mark.parametrize("written", ["", "0", "-5", "abc", "1.234", "12 500"])
def test_a_sum_that_is_none_is_none(written: str) -> None:
    assert read(russian(Sum=written)).amount is None


@pytest.mark.parametrize(
    "changes",
    [{"PersonalAcc": "40702810938000000002"}, {"PersonalAcc": "1"}, {"BIC": "044525226"}, {"PersonalAcc": ""}],
)
def test_an_account_that_does_not_check_at_its_bank_is_left_out(changes: dict[str, str]) -> None:
    assert read(russian(**changes)).details.account == ""


def test_keys_are_read_in_any_case_and_order() -> None:
    content = f"ST00012|sum=100|bic=044525225|PERSONALACC={RUSSIAN_ACCOUNT}|name=ООО Ромашка".encode()
    facts = read(content)
    assert (facts.amount, facts.details.account) == (Money(Decimal(1), "RUB"), RUSSIAN_ACCOUNT)


def test_a_sepa_code_is_read() -> None:
    facts = read(EPC.encode())
    assert (facts.supplier, facts.amount) == ("Muster GmbH", Money(Decimal("125.50"), "EUR"))
    assert (facts.details.account, facts.details.bank_code, facts.number) == (IBAN, "BYLADEM1001", "RE-17")


@pytest.mark.parametrize("lines", range(12))
def test_a_code_that_is_cut_short_raises_nothing(lines: int) -> None:
    read_code("\n".join(EPC.split("\n")[:lines]).encode())
    read_code(b"|".join(russian().split(b"|")[:lines]))
    read_code(russian()[: lines * 3])


@pytest.mark.parametrize("content", [b"https://example.com", b"ST00019|Sum=1", b"", b"BCD\n002\n1\nXXX", b"\xff" * 50])
def test_other_codes_say_nothing(content: bytes) -> None:
    assert read_code(content) is None


@pytest.mark.parametrize("kind", ["1", "2", "3"])
@pytest.mark.parametrize("place", [picture, in_pdf], ids=["picture", "PDF"])
def test_a_code_in_a_picture_or_on_a_page_is_found(kind: str, place: object) -> None:
    content = russian(kind, Purpose="Оплата по счету N 17")
    (facts,) = [f for f in read_file(place(content)).facts if f.origin is Origin.QR]  # type: ignore[operator]
    assert facts == read_code(content)
    assert facts.amount == Money(Decimal("125000.50"), "RUB")


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "BMP", "GIF", "WEBP"])
def test_every_usual_kind_of_picture_is_looked_at(kind: str) -> None:
    saved = BytesIO()
    Image.open(BytesIO(picture(EPC.encode()))).convert("L").save(saved, kind)
    (facts,) = read_file(saved.getvalue()).facts
    assert facts.amount == Money(Decimal("125.50"), "EUR")
