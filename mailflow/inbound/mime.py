"""The tree of a mail's parts (RFC 2045, 2046), read from raw bytes with bounded work; nothing is ever written back."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
    """One part. Its body, empty for a multipart, stands in `within` from `begin` to `end`, so that it is not copied.

    `raw` is the whole attached mail where the part is one (message/rfc822); its only child is that mail's root.
    """

    header: Header
    media_type: str
    parameters: Mapping[str, str]
    disposition: str
    filename: str
    within: bytes = b""
    begin: int = 0
    end: int = 0
    children: tuple[Part, ...] = ()
    raw: bytes = b""

    @property
    def body(self) -> bytes:
        """As it came, before its transfer encoding is undone."""
        return self.within[self.begin : self.end]

    @property
    def content_id(self) -> str | None:
        """The Content-ID without its brackets."""
        return decode_words(self.header.first("content-id")).strip("<> ") or None

    def content(self) -> tuple[bytes, bool]:
        """The bytes that the body stands for; with them, whether their transfer encoding was sound."""
        words = self.header.first("content-transfer-encoding").lower().replace(b";", b" ").split()
        if words[:1] == [b"base64"]:
            return base64_bytes(self.within, self.begin, self.end)
        if words[:1] == [b"quoted-printable"]:
            body = self.body
            return binascii.a2b_qp(body), not _BROKEN_QUOTED_PRINTABLE.search(body)
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


def described(
    header: Header, within: bytes = b"", begin: int = 0, end: int = 0, default_type: str = "text/plain"
) -> Part:
    """The part as its own header describes it; what is within its body is not read."""
    value = header.first("content-type")[:_LONGEST_FIELD]
    head, parameters = read_parameters(value)
    media_type = head.partition(" ")[0]
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = default_type
    disposition, filename = _disposition(header, parameters)
    if filename.lower().endswith(".eml") and not media_type.startswith("multipart/"):
        media_type = "message/rfc822"
    return Part(header, media_type, parameters, disposition, filename, within, begin, end)


@dataclass
class Reader:
    """Reads one mail into its tree; `defects` says what was wrong with it."""

    parts: int = 0
    defects: list[str] = field(default_factory=list)

    def read(self, raw: bytes, depth: int = 0) -> Part:
        """The part that some bytes are: a header section and a body."""
        return self._read(raw, 0, len(raw), "text/plain", depth)

    def _read(self, raw: bytes, begin: int, end: int, default_type: str, depth: int) -> Part:
        header, body = read_header(raw, begin, end)
        self.parts += 1
        if not header.sound:
            self.defects.append("header")
        part = described(header, raw, body, end, default_type)
        if part.media_type.startswith("multipart/"):
            return self._with_children(part, depth)
        if part.media_type in ("message/rfc822", "message/global"):
            return self._with_mail(part, depth)
        return part

    def _with_children(self, part: Part, depth: int) -> Part:
        boundary = part.parameters.get("boundary", "").rstrip()
        if depth >= MAX_DEPTH:
            self.defects.append("too_deep")
            return replace(part, media_type="application/octet-stream")
        places, closed = _split(part, boundary.encode("utf-8"), MAX_PARTS - self.parts)
        if not closed:
            self.defects.append("boundary" if self.parts + len(places) < MAX_PARTS else "too_many_parts")
        if not places:
            return replace(part, media_type="text/plain")
        default_type = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        children = tuple(
            self._read(part.within, begin, end, default_type, depth + 1)
            for begin, end in places
            if self.parts < MAX_PARTS
        )
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


def _disposition(header: Header, parameters: Mapping[str, str]) -> tuple[str, str]:
    """attachment, inline or whatever stands there (RFC 2183), and the file's name, wherever it is given."""
    filename, disposition = "", ""
    for value in header.values("content-disposition")[:5]:
        word, found = read_parameters(value[:_LONGEST_FIELD])
        disposition = disposition or word
        filename = filename or found.get("filename", "") or found.get("name", "")
    return disposition, filename or parameters.get("name", "")


def _split(part: Part, boundary: bytes, most: int) -> tuple[list[tuple[int, int]], bool]:
    """Where the pieces between the delimiter lines stand (RFC 2046 section 5.1.1), and whether the last line closes."""
    raw, places = part.within, list[tuple[int, int]]()
    if not boundary:
        return places, False
    delimiter = b"--" + boundary
    begin, position = -1, raw.find(delimiter, part.begin, part.end)
    while position >= 0 and len(places) < most:
        if position > part.begin and raw[position - 1] != 0x0A:
            position = raw.find(delimiter, position + 1, part.end)
            continue
        end = raw.find(b"\n", position, part.end) + 1 or part.end
        rest = raw[position + len(delimiter) : end].strip()
        if rest in (b"", b"--"):
            if begin >= 0:
                places.append((begin, _without_line_end(raw, begin, position)))
            begin = end
            if rest:
                return places, True
        position = raw.find(delimiter, end, part.end)
    if begin >= 0 and len(places) < most:
        places.append((begin, part.end))
    return places, False


def _without_line_end(raw: bytes, begin: int, end: int) -> int:
    for sign in (b"\n", b"\r"):
        end -= raw.endswith(sign, begin, end)
    return end
