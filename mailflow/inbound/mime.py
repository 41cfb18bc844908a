"""The tree of a mail's parts (RFC 2045, 2046), read from raw bytes with bounded work; nothing is ever written back."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailflow.inbound import charset
from mailflow.inbound.header import Header, base64_bytes, decode_words, read_header, read_parameters

MAX_PARTS = 200
MAX_DEPTH = 20
MAX_TEXT = 1_000_000  # bytes of one text part

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s{0,3}=\s{0,3}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_BROKEN_QUOTED_PRINTABLE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]{0,80}\r?\n|$)")
_LONGEST_FIELD = 8000


@dataclass(frozen=True)
class Part:
    """One part. `body` is as it came, before its transfer encoding is undone; empty for a multipart.

    `raw` is the whole attached mail where the part is one (message/rfc822); its only child is that mail's root.
    """

    header: Header
    media_type: str
    parameters: Mapping[str, str]
    disposition: str
    filename: str
    body: bytes = b""
    children: tuple[Part, ...] = ()
    raw: bytes = b""

    @property
    def content_id(self) -> str | None:
        """The Content-ID without its brackets."""
        return decode_words(self.header.first("content-id")).strip("<> ") or None

    def content(self) -> tuple[bytes, bool]:
        """The bytes that the body stands for; with them, whether their transfer encoding was sound."""
        words = self.header.first("content-transfer-encoding").lower().replace(b";", b" ").split()
        if words[:1] == [b"base64"]:
            return base64_bytes(self.body)
        if words[:1] == [b"quoted-printable"]:
            return binascii.a2b_qp(self.body), not _BROKEN_QUOTED_PRINTABLE.search(self.body)
        return self.body, True

    def text(self) -> tuple[str, tuple[str, ...]]:
        """The text, with LF line ends; with it, what is wrong with it: encoding, charset, too_long."""
        data, sound = self.content()
        declared = self.parameters.get("charset")
        if not declared and self.media_type == "text/html" and (meta := _META_CHARSET.search(data[:2000])):
            declared = meta[1].decode("ascii")
        text, certain = charset.decode(data[:MAX_TEXT], declared)
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
        if self.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, self.parameters.get("delsp", "").lower() == "yes")
        wrong = {"encoding": not sound, "charset": not certain, "too_long": len(data) > MAX_TEXT}
        return text, tuple(defect for defect, present in wrong.items() if present)


def described(header: Header, body: bytes = b"", default_type: str = "text/plain") -> Part:
    """The part as its own header describes it; what is within its body is not read."""
    value = header.first("content-type")[:_LONGEST_FIELD]
    head, parameters = read_parameters(value)
    media_type = head.partition(" ")[0]
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = default_type
    disposition, filename = _disposition(header, parameters)
    if filename.lower().endswith(".eml") and not media_type.startswith("multipart/"):
        media_type = "message/rfc822"
    return Part(header, media_type, parameters, disposition, filename, body)


@dataclass
class Reader:
    """Reads one mail into its tree; `defects` says what was wrong with it."""

    parts: int = 0
    defects: list[str] = field(default_factory=list)

    def read(self, raw: bytes, default_type: str = "text/plain", depth: int = 0) -> Part:
        """The part that some bytes are: a header section and a body."""
        header, body = read_header(raw)
        self.parts += 1
        if not header.sound:
            self.defects.append("header")
        part = described(header, body, default_type)
        if part.media_type.startswith("multipart/"):
            return self._with_children(part, depth)
        if part.media_type in ("message/rfc822", "message/global"):
            return self._with_mail(part, depth)
        return part

    def _with_children(self, part: Part, depth: int) -> Part:
        boundary = part.parameters.get("boundary", "").rstrip()
        if depth >= MAX_DEPTH:
            self.defects.append("too_deep")
            return _leaf(part, "application/octet-stream")
        pieces, closed = _split(part.body, boundary.encode("utf-8"), MAX_PARTS - self.parts)
        if not closed:
            self.defects.append("boundary" if self.parts + len(pieces) < MAX_PARTS else "too_many_parts")
        if not pieces:
            return _leaf(part, "text/plain")
        default_type = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        children = tuple(self.read(piece, default_type, depth + 1) for piece in pieces if self.parts < MAX_PARTS)
        return Part(part.header, part.media_type, part.parameters, part.disposition, part.filename, children=children)

    def _with_mail(self, part: Part, depth: int) -> Part:
        raw = part.content()[0].lstrip(b"\r\n")
        mail: tuple[Part, ...] = ()
        if depth < MAX_DEPTH and self.parts < MAX_PARTS:
            mail = (self.read(raw, depth=depth + 1),)
        else:
            self.defects.append("too_deep")
        head = (part.header, "message/rfc822", part.parameters, part.disposition, part.filename)
        return Part(*head, children=mail, raw=raw)


def unflowed(text: str, delsp: bool) -> str:
    """Lines that end in a space go on in the next of the same quotation depth (RFC 3676 section 4)."""
    paragraphs: list[list[str]] = []
    flowing_at = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_signature_mark = content == "-- "
        if depth == flowing_at and not is_signature_mark:
            paragraphs[-1].append(content)
        else:
            paragraphs.append([">" * depth + (" " if depth and content else "") + content])
        flows = content.endswith(" ") and not is_signature_mark
        flowing_at = depth if flows else -1
        if flows and delsp:
            paragraphs[-1][-1] = paragraphs[-1][-1][:-1]
    return "\n".join(map("".join, paragraphs))


def _leaf(part: Part, media_type: str) -> Part:
    return Part(part.header, media_type, part.parameters, part.disposition, part.filename, part.body)


def _disposition(header: Header, parameters: Mapping[str, str]) -> tuple[str, str]:
    """attachment, inline or whatever stands there (RFC 2183), and the file's name, wherever it is given."""
    filename, disposition = "", ""
    for value in header.values("content-disposition")[:5]:
        word, found = read_parameters(value[:_LONGEST_FIELD])
        disposition = disposition or word
        filename = filename or found.get("filename", "") or found.get("name", "")
    return disposition, filename or parameters.get("name", "")


def _split(body: bytes, boundary: bytes, most: int) -> tuple[list[bytes], bool]:
    """What stands between the delimiter lines (RFC 2046 section 5.1.1); with it, whether the last one closes."""
    pieces: list[bytes] = []
    if not boundary:
        return pieces, False
    delimiter = b"--" + boundary
    begin, position = -1, body.find(delimiter)
    while position >= 0 and len(pieces) < most:
        if position and body[position - 1] != 0x0A:
            position = body.find(delimiter, position + 1)
            continue
        end = body.find(b"\n", position) + 1 or len(body)
        rest = body[position + len(delimiter) : end].strip()
        if rest in (b"", b"--"):
            if begin >= 0:
                pieces.append(body[begin:position].removesuffix(b"\n").removesuffix(b"\r"))
            begin = end
            if rest:
                return pieces, True
        position = body.find(delimiter, end)
    if begin >= 0 and len(pieces) < most:
        pieces.append(body[begin:])
    return pieces, False
