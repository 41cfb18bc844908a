"""One file of an invoice, read: every source in it that says something, the surest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mailflow.approval.document import NAMES, Facts, Origin, ReadFile
from mailflow.documents import codes
from mailflow.documents.codes import Grey
from mailflow.documents.e_invoice import read_cii, read_ubl
from mailflow.documents.payment_qr import read_code
from mailflow.documents.pdf import read_pdf, scan_of
from mailflow.documents.russian_upd import read_upd
from mailflow.documents.text import read_text
from mailflow.documents.unreadable import Unreadable
from mailflow.documents.xml import root_of

LARGEST = 30_000_000
"""Bytes. A larger file is attached, and not read."""

ReadScan = Callable[[Grey], str]

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF")


def read_file(content: bytes, read_scan: ReadScan | None = None) -> ReadFile:
    """Reads any bytes, known by how they begin: names and types in mails are often wrong.

    `read_scan` reads the text of a page or picture that says nothing itself; whatever it says is doubtful.
    """
    if len(content) > LARGEST:
        return ReadFile(trouble="too_large")
    try:
        return ReadFile(tuple(facts for facts in _read(content, read_scan) if facts is not None))
    except Unreadable as failure:
        return ReadFile(trouble=failure.code)


def _read(content: bytes, read_scan: ReadScan | None) -> list[Facts | None]:
    if b"%PDF-" in content[:1024]:
        pdf = read_pdf(content)
        said = [*(_xml(xml) for xml in pdf.attached), *_codes(pdf.pictures), read_text(pdf.text)]
        scans = () if pdf.text.strip() or not read_scan else (scan_of(content),)
        return [*said, *_scanned(scans, read_scan)]
    if content.startswith(_PICTURES):
        pictures = list(codes.read_pictures(content))
        return [*_codes(pictures), *_scanned(pictures[:1], read_scan)]
    if content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<"):
        return [_xml(content)]
    return []


def _xml(content: bytes) -> Facts | None:
    root = root_of(content)
    if root is None:
        return None
    return next((facts for read in (read_ubl, read_cii, read_upd) if (facts := read(root))), None)


def _scanned(pages: Iterable[Grey | None], read_scan: ReadScan | None) -> list[Facts | None]:
    read = [read_text(read_scan(page)) for page in pages if page is not None] if read_scan else []
    return [replace(facts, origin=Origin.OCR, doubtful=frozenset((*NAMES, "details"))) for facts in read if facts]


def _codes(pictures: Iterable[Grey]) -> list[Facts | None]:
    return [read_code(code) for picture in pictures for code in codes.contents(picture)]
