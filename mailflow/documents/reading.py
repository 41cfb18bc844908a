"""One file of an invoice, read: every source in it that says something, the surest first."""

from __future__ import annotations

from collections.abc import Iterable

from mailflow.approval.document import Facts, ReadFile
from mailflow.documents import codes
from mailflow.documents.codes import Grey
from mailflow.documents.e_invoice import read_cii, read_ubl
from mailflow.documents.payment_qr import read_code
from mailflow.documents.pdf import read_pdf
from mailflow.documents.russian_upd import read_upd
from mailflow.documents.text import read_text
from mailflow.documents.unreadable import Unreadable
from mailflow.documents.xml import root_of

LARGEST = 30_000_000
"""Bytes. A larger file is attached, and not read."""

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF")


def read_file(content: bytes) -> ReadFile:
    """Reads any bytes, known by how they begin: names and types in mails are often wrong."""
    if len(content) > LARGEST:
        return ReadFile(trouble="too_large")
    try:
        return ReadFile(tuple(facts for facts in _read(content) if facts is not None))
    except Unreadable as failure:
        return ReadFile(trouble=failure.code)


def _read(content: bytes) -> list[Facts | None]:
    if b"%PDF-" in content[:1024]:
        pdf = read_pdf(content)
        attached = [_xml(xml) for xml in pdf.attached]
        return [*attached, *_codes(pdf.pictures), read_text(pdf.text)]
    if content.startswith(_PICTURES):
        return _codes(codes.read_pictures(content))
    if content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<"):
        return [_xml(content)]
    return []


def _xml(content: bytes) -> Facts | None:
    root = root_of(content)
    if root is None:
        return None
    return next((facts for read in (read_ubl, read_cii, read_upd) if (facts := read(root))), None)


def _codes(pictures: Iterable[Grey]) -> list[Facts | None]:
    return [read_code(code) for picture in pictures for code in codes.contents(picture)]
