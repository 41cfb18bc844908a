"""The papers that the demo's people send: small real files, made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

A4_WIDTH, A4_HEIGHT = 595, 842  # points, 1/72 inch
_INK, _FAINT, _BLUE = (0.13, 0.15, 0.2), (0.42, 0.45, 0.5), (0.12, 0.31, 0.61)
_LEFT, _RIGHT = 56, 539

_LETTERS = (
    "а-a б-b в-v г-g д-d е-e ё-e ж-zh з-z и-i й-i к-k л-l м-m н-n о-o п-p р-r с-s т-t у-u ф-f х-kh ц-ts ч-ch ш-sh "
    "щ-shch ъ-ie ы-y ь- э-e ю-iu я-ia"
)
_LATIN = {pair[0]: pair[2:] for pair in _LETTERS.split()} | {"«": '"', "»": '"', "№": "No.", "—": "-", "\u00a0": " "}


@dataclass(frozen=True)
class Paper:
    """A file as a mail carries it."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Line:
    """One line of an invoice: what, how many, the price of one."""

    what: str
    count: int
    price: Decimal


def invoice_pdf(
    number: str, supplier: str, buyer: str, issued: date, lines: Sequence[Line], currency: str, account: str = ""
) -> Paper:
    """An invoice of one A4 page as a PDF 1.4 file; the filename names the number, the total is the sum of the lines.

    Cyrillic is written in Latin letters: the fonts that every viewer has know no others.
    """
    total = sum((line.count * line.price for line in lines), Decimal())
    page = _Page()
    page.box(0, A4_HEIGHT - 12, A4_WIDTH, 12, _BLUE)
    page.text(_LEFT, 770, supplier, 18, bold=True)
    page.text(_LEFT, 712, f"INVOICE No. {number}", 22, bold=True, colour=_BLUE)
    page.text(_LEFT, 690, f"of {issued:%d.%m.%Y}", 11, colour=_FAINT)
    page.text(_LEFT, 652, "Supplier", 9, colour=_FAINT)
    page.text(_LEFT, 637, supplier, 11)
    page.text(310, 652, "Buyer", 9, colour=_FAINT)
    page.text(310, 637, buyer, 11)
    if account:
        page.text(_LEFT, 610, "Account", 9, colour=_FAINT)
        page.text(_LEFT, 595, account, 11)
    y = 550
    page.box(_LEFT - 8, y - 8, _RIGHT - _LEFT + 16, 24, (0.93, 0.95, 0.98))
    for x, head in ((_LEFT, "Description"), (360, "Quantity"), (420, "Price"), (490, "Sum")):
        page.text(x, y, head, 10, bold=True)
    for line in lines:
        y -= 26
        page.text(_LEFT, y, line.what, 11)
        page.text(360, y, str(line.count), 11)
        page.text(420, y, _grouped(line.price), 11)
        page.text(490, y, _grouped(line.count * line.price), 11)
        page.box(_LEFT - 8, y - 9, _RIGHT - _LEFT + 16, 0.6, (0.85, 0.87, 0.9))
    y -= 44
    page.text(310, y, "Total to pay", 12, bold=True)
    page.text(420, y, f"{_grouped(total)} {currency}", 14, bold=True, colour=_BLUE)
    page.text(_LEFT, 80, "A made-up invoice of a made-up company, from the demo of mailflow.", 9, colour=_FAINT)
    title = f"Invoice {number}, {supplier}, {_grouped(total)} {currency}"
    return Paper(f"invoice-{number}.pdf", "application/pdf", _pdf(page.operators, title))


def in_latin(text: str) -> str:
    """Cyrillic in Latin letters, as in a Russian passport (ICAO Doc 9303)."""
    written = []
    for letter in text:
        plain = _LATIN.get(letter.lower(), letter)
        written.append(plain.capitalize() if letter.isupper() and letter.lower() in _LATIN else plain)
    return "".join(written)


def _grouped(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", " ")


class _Page:
    """The drawing operators of one page (ISO 32000-1 section 8 and 9)."""

    def __init__(self) -> None:
        self.operators = b""

    def box(self, x: float, y: float, width: float, height: float, colour: tuple[float, float, float]) -> None:
        self.operators += f"{_rgb(colour)} rg {x} {y} {width} {height} re f\n".encode()

    def text(
        self, x: float, y: float, text: str, size: int, bold: bool = False, colour: tuple[float, float, float] = _INK
    ) -> None:
        font = "F2" if bold else "F1"
        self.operators += f"BT {_rgb(colour)} rg /{font} {size} Tf {x} {y} Td ".encode() + _string(text) + b" Tj ET\n"


def _rgb(colour: tuple[float, float, float]) -> str:
    return " ".join(f"{part:g}" for part in colour)


def _string(text: str) -> bytes:
    raw = in_latin(text).encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        raw = raw.replace(special, b"\\" + special)
    return b"(" + raw + b")"


def _pdf(operators: bytes, title: str) -> bytes:
    """A whole file: header, numbered objects, the table of where each begins, trailer (ISO 32000-1 section 7.5)."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>" % (A4_WIDTH, A4_HEIGHT),
        b"<< /Length %d >>\nstream\n%sendstream" % (len(operators), operators),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
        b"<< /Title %s /Producer (mailflow demo) >>" % _string(title),
    ]
    file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    begins = []
    for number, content in enumerate(objects, start=1):
        begins.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % begin for begin in begins)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        len(file),
    )
    return file + table + trailer
