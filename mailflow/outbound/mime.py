"""The parts of a mail as bytes (RFC 2045, 2046, 2183, 2231): built once, encoded once, ASCII throughout.

Own code, since the standard library's takes several milliseconds for a mail, most of them to parse what it writes.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

_LINE = 78
_BASE64_LINE = 76
_BASE64_PIECE = 57 * 1000  # bytes of whole lines
_PIECE = 60  # characters of a parameter's value on one line
_UNRESERVED = frozenset(string.ascii_letters.encode() + string.digits.encode() + b"-._")
_TOKEN = re.compile(r"[!#$&+.^_`{|}~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Part:
    """A part with its header fields, and either its encoded content or the parts that it consists of."""

    fields: tuple[tuple[str, str], ...]
    content: bytes = b""
    parts: tuple[Part, ...] = ()


def text_part(subtype: str, text: str) -> Part:
    """Text as it is where that fits, else in whichever encoding is shorter."""
    lines = text.splitlines()
    content = "".join(f"{line}\r\n" for line in lines).encode()
    encoding = "7bit"
    if not content.isascii() or max(map(len, lines), default=0) > _LINE:
        printable = binascii.b2a_qp(content)
        encoding, content = (
            ("quoted-printable", printable)
            if len(printable) < len(content) * 4 / 3
            else ("base64", b"".join(base64_lines(content)) + b"\r\n")
        )
    return Part(
        (
            ("Content-Type", parameterized(f"text/{subtype}", {"charset": "utf-8"})),
            ("Content-Transfer-Encoding", encoding),
        ),
        content,
    )


def multipart(subtype: str, parts: Sequence[Part], **parameters: str) -> Part:
    """Parts together; where there is only one, it is that."""
    if len(parts) == 1:
        return parts[0]
    return Part((("Content-Type", parameterized(f"multipart/{subtype}", parameters)),), parts=tuple(parts))


def binary_part(
    media_type: str,
    content: bytes,
    parameters: Mapping[str, str],
    disposition: str = "",
    filename: str = "",
    content_id: str = "",
) -> Part:
    """Any content in base64."""
    named = {"filename": filename} if filename else {}
    fields = (
        ("Content-Type", parameterized(media_type, parameters)),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", parameterized(disposition, named) if disposition else ""),
        ("Content-ID", content_id),
    )
    return Part(tuple(field for field in fields if field[1]), b"".join(base64_lines(content)) + b"\r\n")


def base64_lines(content: bytes) -> Iterator[bytes]:
    """As it stands in a mail (RFC 2045 section 6.8), without the last line end; in pieces, for files are large."""
    for start in range(0, len(content), _BASE64_PIECE):
        encoded = binascii.b2a_base64(content[start : start + _BASE64_PIECE], newline=False)
        lines = [encoded[i : i + _BASE64_LINE] for i in range(0, len(encoded), _BASE64_LINE)]
        yield (b"\r\n" if start else b"") + b"\r\n".join(lines)


def parameterized(value: str, parameters: Mapping[str, str]) -> str:
    """A value with parameters, folded; what is not ASCII, or too long for a line, by RFC 2231."""
    return ";\r\n ".join([value, *(written for name in parameters for written in _parameter(name, parameters[name]))])


def _parameter(name: str, value: str) -> list[str]:
    if _TOKEN.fullmatch(value) and len(value) <= _PIECE:
        return [f"{name}={value}"]
    if value.isascii() and value.isprintable() and len(value) <= _PIECE:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return [f'{name}="{escaped}"']
    pieces = _pieces(value)
    if len(pieces) == 1:
        return [f"{name}*=utf-8''{pieces[0]}"]
    return [f"{name}*{index}*={'' if index else 'utf-8' + chr(39) * 2}{piece}" for index, piece in enumerate(pieces)]


def _pieces(value: str) -> list[str]:
    """A value in percent-encoding, for one line each; none cuts a character in two, for some read each by itself."""
    pieces = [""]
    for character in value:
        encoded = "".join(
            chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in character.encode("utf-8", "replace")
        )
        if len(pieces[-1]) + len(encoded) > _PIECE:
            pieces.append("")
        pieces[-1] += encoded
    return pieces


def mime_bytes(part: Part, seed: str) -> bytes:
    """The part with what its header says of it, boundaries following from the seed."""
    digest = hashlib.sha256(seed.encode()).hexdigest()[:32]
    numbers = count()
    return b"".join(_written(part, lambda: f"=_{digest}_{next(numbers)}"))  # no encoded line begins so


def _written(part: Part, next_boundary: Callable[[], str]) -> Iterator[bytes]:
    if not part.parts:
        yield "".join(f"{name}: {value}\r\n" for name, value in part.fields).encode() + b"\r\n"
        yield part.content
        return
    boundary = next_boundary()
    ((name, value),) = part.fields
    yield f'{name}: {value};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    for inner in part.parts:
        yield f"--{boundary}\r\n".encode()
        yield from _written(inner, next_boundary)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()
