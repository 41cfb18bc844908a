"""The header section of a mail: its fields, and what stands in them (RFC 5322 section 2.2, RFC 2045, 2047, 2231).

Read by hand, not by the standard library: its readers raise on headers that real servers write, and take quadratic
time on crafted ones. Every pattern here is linear.
"""

from __future__ import annotations

import binascii
import re
import string
from dataclasses import dataclass
from io import BytesIO

from mailflow.inbound import charset

MAX_HEADER = 1_000_000

_PIECE_BYTES = 1 << 16
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_PIECE = re.compile(rb'(?:[^;"]|"(?:[^"\\]|\\.)*(?:"|$))+', re.DOTALL)
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NOT_BASE64 = bytes(set(range(256)) - set(string.ascii_letters.encode() + string.digits.encode() + b"+/="))
_ESCAPED = re.compile(rb'\\(["\\])')
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True)
class Header:
    """The fields in order: lower-case names, blanks before the colon kept; unfolded values as they came, in bytes.

    `sound` is False where the section ended with a line that is no field, or is longer than MAX_HEADER.
    """

    fields: tuple[tuple[str, bytes], ...] = ()
    sound: bool = True

    def values(self, name: str) -> tuple[bytes, ...]:
        """All values of a field."""
        return tuple(value for n, value in self.fields if n.rstrip() == name)

    def first(self, name: str) -> bytes:
        """The first value of a field, empty where there is none."""
        return next(iter(self.values(name)), b"")


def read_header(raw: bytes, begin: int = 0, end: int | None = None) -> tuple[Header, int]:
    """The header section at the start of some bytes, or of those between two places; with it, where the body begins."""
    fields: list[tuple[str, list[bytes]]] = []
    position, sound = begin, True
    last = len(raw) if end is None else end
    limit = min(last, begin + MAX_HEADER)
    while position < last:
        following = raw.find(b"\n", position, limit) + 1 or limit
        line = raw[position:following].rstrip(b"\r\n")
        if not line and following > position:
            position = following
            break
        field = _FIELD.match(line)
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1].append(line)
        elif field:
            fields.append((line[: field.end() - 1].decode("ascii").lower(), [line[field.end() :]]))
        elif position > begin or not line.startswith((b"From ", b">From ")):
            sound = False
            break
        position = following
    return Header(tuple((name, b"".join(value).strip(b" \t\r\n")) for name, value in fields), sound), position


def decode_words(value: bytes, declared: str | None = None) -> str:
    """A value as people read it, on one line: encoded words decoded (RFC 2047), raw bytes by the charset given."""
    text = charset.decode(value, declared)[0]
    if "=?" not in text:
        return one_line(text)
    parts: list[str] = []
    run, run_charset, end = b"", "", 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[end : word.start()]
        name = word[1].partition("*")[0].lower()
        if between.strip() or name != run_charset:
            parts.append(charset.decode(run, run_charset)[0])
            run, run_charset = b"", name
            parts.append(between if between.strip() or not end else "")
        run += _word_bytes(word[2], word[3])
        end = word.end()
    parts.append(charset.decode(run, run_charset)[0])
    return one_line("".join(parts) + text[end:])


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    return base64_bytes(data)[0]


def base64_bytes(data: bytes, begin: int = 0, end: int | None = None) -> tuple[bytes, bool]:
    """What base64 stands for; with it, whether it was sound. Several padded runs in a row are all read.

    Of all the data, or of what stands between two places; piece by piece, for files are large.
    """
    decoded, sound, run = BytesIO(), True, b""
    last = len(data) if end is None else end
    for start in range(begin, last, _PIECE_BYTES):
        piece = data[start : min(start + _PIECE_BYTES, last)]
        compact = piece.translate(None, _NOT_BASE64)
        sound = sound and len(compact) == len(piece.translate(None, b" \t\r\n"))
        *ended, run = (run + compact).split(b"=")
        for one in filter(None, ended):
            sound = _decode_run(one, decoded) and sound
        whole = len(run) // 4 * 4
        decoded.write(binascii.a2b_base64(run[:whole]))
        run = run[whole:]
    sound = _decode_run(run, decoded) and sound
    return decoded.getvalue(), sound


def _decode_run(run: bytes, decoded: BytesIO) -> bool:
    """The end of a run, which has no padding; whether it can be one."""
    possible = len(run) % 4 != 1
    run = run if possible else run[:-1]
    decoded.write(binascii.a2b_base64(run + b"=" * (-len(run) % 4)))
    return possible


def one_line(text: str) -> str:
    """Without line breaks, control characters and changes of direction; white space folded."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def read_parameters(value: bytes, declared: str | None = None) -> tuple[str, dict[str, str]]:
    """A structured value: its first word, lower case, and its parameters with lower-case names (RFC 2045, 2231)."""
    pieces = [piece.strip() for piece in _PIECE.findall(value)]
    head = pieces[0].decode("ascii", "replace").lower() if pieces and not value.lstrip().startswith(b";") else ""
    plain: dict[str, str] = {}
    segments: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for piece in pieces:
        name, equals, content = piece.partition(b"=")
        found = _SEGMENT.fullmatch(name.decode("ascii", "replace").strip().lower())
        if not equals or not found:
            continue
        if found[2] is None and found[3] is None:
            plain.setdefault(found[1], decode_words(_unquoted(content), declared))
        else:
            segments.setdefault(found[1], {})[int(found[2] or 0)] = (_unquoted(content), bool(found[3]))
    return head, plain | {name: _joined(found) for name, found in segments.items()}


def _unquoted(content: bytes) -> bytes:
    content = content.strip()
    if content.startswith(b'"'):
        content = content[1:-1] if len(content) > 1 and content.endswith(b'"') else content[1:]
        return _ESCAPED.sub(rb"\1", content)
    return content


def _joined(segments: dict[int, tuple[bytes, bool]]) -> str:
    """The segments of one parameter in order (RFC 2231 section 3); the first names the charset (section 4)."""
    declared, whole = None, b""
    for index in sorted(segments):
        content, extended = segments[index]
        if extended and index == min(segments):
            name, quote, rest = content.partition(b"'")
            if quote:
                declared, content = name.decode("ascii", "replace"), rest.partition(b"'")[2]
        whole += _PERCENT.sub(lambda m: bytes([int(m[1], 16)]), content) if extended else content
    return one_line(charset.decode(whole, declared)[0])
