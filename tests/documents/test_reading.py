"""A file is read as what it is; whatever its sources say together, no wrong sum is taken without a question."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from mailflow.approval.document import Document, Origin, Read, merged
from mailflow.documents.reading import read_file
from tests.documents.papers import PaperCase, papers
from tests.documents.samples import cii, ubl

PAPERS = [pytest.param(paper, id=paper.name) for paper in papers()]


def document_of(content: bytes) -> Document:
    document = merged([Read("invoice.pdf", read_file(content).facts)])
    assert document is not None
    return document


@pytest.mark.parametrize("paper", PAPERS)
def test_no_paper_gives_a_wrong_sum_number_or_account(paper: PaperCase) -> None:
    document, truth = document_of(paper.content), paper.truth
    facts = document.facts
    assert "amount" in facts.doubtful or facts.amount == truth.amount
    assert "number" in facts.doubtful or facts.number in ("", truth.number)
    assert facts.details.account in ("", truth.details.account) or "account" in document.differing


@pytest.mark.parametrize(
    "paper", [p for p in papers() if p.truth.code_amount and p.truth.code_amount != p.truth.amount]
)
def test_a_code_of_another_sum_than_the_paper_is_asked_about(paper: PaperCase) -> None:
    document = document_of(paper.content)
    assert "amount" in document.facts.doubtful
    assert str(paper.truth.code_amount) in document.differing["amount"]


def hybrid(*attached: tuple[str, bytes]) -> bytes:
    pdf, saved = PdfDocument.new(), BytesIO()
    pdf.new_page(595, 842)
    for name, content in attached:
        pdf.new_attachment(name).set_data(content)
    pdf.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize("name", ["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "ZUGFeRD-invoice.XML"])
def test_the_e_invoice_within_a_pdf_is_read(name: str) -> None:
    (facts,) = read_file(hybrid((name, cii()), ("terms.txt", b"<Invoice/>"))).facts
    assert (facts.origin, facts.number, facts.due) == (Origin.XML, "RE-17", date(2026, 12, 15))


def protected() -> bytes:
    """A PDF whose encryption nobody has the key to."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>endobj\n"
        b"4 0 obj<</Filter/Standard/V 1/R 2/O(" + b"o" * 32 + b")/U(" + b"u" * 32 + b")/P -4>>endobj\n"
        b"trailer<</Root 1 0 R/Encrypt 4 0 R/ID[(1)(1)]/Size 5>>\n%%EOF"
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7 and nothing more", "damaged"),
        (hybrid()[:300], "damaged"),
        (protected(), "password"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "damaged"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "damaged"),
        (b"%PDF-" + b"x" * 30_000_001, "too_large"),
    ],
    ids=["no PDF", "cut off", "password", "no PNG", "no JPEG", "too large"],
)
def test_a_file_that_cannot_be_read_says_why_and_nothing_else(content: bytes, why: str) -> None:
    assert (read_file(content).facts, read_file(content).trouble) == ((), why)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"Counterparty: x", bytes(range(256)), b"{\\rtf1}"])
def test_other_files_say_nothing_and_are_no_trouble(content: bytes) -> None:
    assert read_file(content).facts == ()
    assert read_file(content).trouble == ""


def test_a_picture_of_very_many_pixels_is_not_unpacked() -> None:
    saved = BytesIO()
    Image.new("1", (20_000, 20_000)).save(saved, "PNG")
    assert read_file(saved.getvalue()).trouble in ("too_large", "damaged")


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16"])
def test_xml_is_read_in_other_codings(coding: str) -> None:
    text = ubl().decode().replace('encoding="UTF-8"', f'encoding="{coding.removesuffix("-sig")}"')
    (facts,) = read_file(text.encode(coding)).facts
    assert facts.number == "RE-17"
