"""Scanned pages are read by tesseract where the settings want it; what it says is proposed, never taken."""

from __future__ import annotations

import shutil
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdfium2 import PdfDocument

from mailflow.adapters import tesseract
from mailflow.approval.document import NAMES, Origin
from mailflow.documents.reading import read_file
from mailflow.errors import PermanentFailure
from tests.documents.papers import papers

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
LINES = ("Invoice No. RE-17", "Invoice date: 20 November 2026", "Supplier: Muster GmbH", "Total due: 125.50 EUR")


def scan(kind: str) -> bytes:
    """A page with a few lines of print and no text."""
    page, saved = Image.new("L", (1240, 1754), 255), BytesIO()
    font = ImageFont.load_default(size=36)
    for index, line in enumerate(LINES):
        ImageDraw.Draw(page).text((120, 160 + 90 * index), line, fill=0, font=font)
    page.save(saved, kind, resolution=150)
    return saved.getvalue()


@needs_tesseract
@pytest.mark.parametrize("kind", ["PNG", "PDF", "TIFF"])
def test_a_scan_proposes_what_it_says_and_all_of_it_is_doubtful(kind: str) -> None:
    (facts,) = read_file(scan(kind), tesseract.read_scan).facts
    assert facts.origin is Origin.OCR
    assert str(facts.amount) == "125.50 EUR"
    assert facts.doubtful >= set(NAMES)


@pytest.mark.parametrize("kind", ["PNG", "PDF"])
def test_without_it_a_scan_says_nothing(kind: str) -> None:
    assert read_file(scan(kind)).facts == ()


@needs_tesseract
def test_a_page_with_a_text_of_its_own_is_not_scanned() -> None:
    facts = read_file(papers()[0].content, tesseract.read_scan).facts
    assert Origin.OCR not in {fact.origin for fact in facts}


@needs_tesseract
def test_it_tells_its_version() -> None:
    assert tesseract.version().startswith("tesseract")


def test_where_it_is_missing_that_and_the_mend_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PermanentFailure, match="is not installed"):
        tesseract.version()
    assert read_file(scan("PNG"), tesseract.read_scan).facts == ()


def test_a_page_that_it_cannot_read_says_nothing() -> None:
    pdf, saved = PdfDocument.new(), BytesIO()
    pdf.new_page(10, 10)
    pdf.save(saved)
    assert read_file(saved.getvalue(), tesseract.read_scan).facts == ()
