"""A small writer of PDF 1.4 (ISO 32000-1): text in one font that is named and not embedded, and filled rectangles.

The font is Type0 with Identity-H: each character's code is its Unicode number, and a ToUnicode CMap says so, by which
any reader finds Cyrillic letters (sections 9.7.5.2, 9.10.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field

WIDTH, HEIGHT = 595, 842
"""A4, in points."""

CHARACTER = 0.5
"""Each character is as wide as this part of the font's size."""

_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
1 beginbfrange
<0000> <FFFF> <0000>
endbfrange
endcmap
end
end"""


@dataclass
class Page:
    """A page under the pen; x and y in points from the upper left corner."""

    _content: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, size: float = 9) -> None:
        codes = text.encode("utf-16-be").hex().upper()
        self._content.append(f"BT /F1 {size} Tf {x:g} {HEIGHT - y:g} Td <{codes}> Tj ET")

    def box(self, x: float, y: float, width: float, height: float) -> None:
        self._content.append(f"{x:g} {HEIGHT - y - height:g} {width:g} {height:g} re f")

    def content(self) -> bytes:
        return "\n".join(self._content).encode("ascii")


def write_pdf(pages: list[Page]) -> bytes:
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /ArialMT /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>"
    )
    descendant = (
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ArialMT /FontDescriptor 5 0 R"
        f" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW {CHARACTER * 1000:g} >>"
    )
    descriptor = (
        "<< /Type /FontDescriptor /FontName /ArialMT /Flags 32 /FontBBox [0 -200 1000 900] /ItalicAngle 0"
        " /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>"
    )
    first = 7
    kids = " ".join(f"{first + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *(part.encode() for part in (font, descendant, descriptor)),
        _stream(_TO_UNICODE),
    ]
    for index, page in enumerate(pages):
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {first + 2 * index + 1} 0 R >>".encode(),
            _stream(page.content()),
        ]
    return _file(objects)


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _file(objects: list[bytes]) -> bytes:
    written, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    cross_reference = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(written))
    return written + cross_reference + trailer
