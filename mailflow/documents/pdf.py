"""PDF files: their text, the e-invoice within them, and their pages as pictures for a code reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from pypdfium2 import PdfDocument, PdfiumError

from mailflow.documents.codes import Grey
from mailflow.documents.unreadable import Unreadable

MOST_PAGES = 300
MOST_TEXT = 1_000_000
MOST_XML = 5_000_000
PAGES_WITH_CODES = 3
"""So many first pages, and the last, are looked at for payment codes: a bill has its code on one of them."""

_PIXELS_A_POINT = 2.0
_PIXELS_A_POINT_OF_A_SCAN = 300 / 72
_MOST_PIXELS = 12_000_000


@dataclass(frozen=True)
class Pdf:
    """What a PDF holds. `attached`: the XML files within it. `text`: that of all pages, a form feed between them."""

    text: str
    attached: tuple[bytes, ...]
    pictures: tuple[Grey, ...]


def read_pdf(content: bytes) -> Pdf:
    """Raises Unreadable where it is damaged or needs a password."""
    try:
        document = PdfDocument(content)
    except PdfiumError as failure:
        why = "password" if "password" in str(failure).lower() else "damaged"
        raise Unreadable(why) from failure
    with closing(document):
        count = min(len(document), MOST_PAGES)
        with_codes = dict.fromkeys([*range(min(count, PAGES_WITH_CODES)), count - 1]) if count else {}
        return Pdf(
            "\n\f\n".join(_texts(document, count)),
            tuple(_attached(document)),
            tuple(picture for index in with_codes if (picture := _picture(document, index))),
        )


def scan_of(content: bytes) -> Grey | None:
    """The first page as a picture that is sharp enough for reading its letters."""
    with closing(PdfDocument(content)) as document:
        return _picture(document, 0, _PIXELS_A_POINT_OF_A_SCAN)


def _texts(document: PdfDocument, count: int) -> Iterator[str]:
    left = MOST_TEXT
    for index in range(count):
        if left <= 0:
            return
        try:
            with closing(document[index]) as page, closing(page.get_textpage()) as text:
                found = text.get_text_range(0, min(text.count_chars(), left)) if text.count_chars() else ""
        except PdfiumError:
            continue
        left -= len(found)
        yield found.replace("\r\n", "\n")


def _attached(document: PdfDocument) -> Iterator[bytes]:
    for index in range(min(document.count_attachments(), 20)):
        try:
            file = document.get_attachment(index)
            content = bytes(file.get_data()) if file.get_name().lower().endswith(".xml") else b""
        except PdfiumError:
            continue
        if 0 < len(content) <= MOST_XML:
            yield content


def _picture(document: PdfDocument, index: int, pixels_a_point: float = _PIXELS_A_POINT) -> Grey | None:
    try:
        with closing(document[index]) as page:
            width, height = page.get_size()
            scale = min(pixels_a_point, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
            with closing(page.render(scale=scale, grayscale=True, draw_annots=False)) as bitmap:
                return Grey(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride)
    except PdfiumError:
        return None
