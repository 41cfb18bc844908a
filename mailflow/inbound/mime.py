"""Reading the bytes of a mail without trusting them: headers, parts, texts (RFC 5322, 2045, 2047, 2231).

The standard library's tolerant parser is used with its older policy: the newer one raises, or never returns, on
headers that real servers write. Every access is guarded, every amount of work bounded, and nothing is written back.
"""

from __future__ import annotations

import binascii
import email.policy
import quopri
import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import collapse_rfc2231_value

MAX_PARTS = 200
MAX_DEPTH = 20
MAX_TEXT = 1_000_000
MAX_HEADER = 20_000

_CHARSETS = {
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "1252": "cp1252",
    "x-cp1251": "cp1251",
    "win-1251": "cp1251",
}
_NOT_TEXT = {"idna", "punycode", "rot13", "rot_13", "zip", "zlib", "bz2", "hex", "base64", "uu", "quopri", "undefined"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


def parse_tree(raw: bytes) -> Message:
    """The tree of parts; a mail that even the tolerant parser cannot read is one part of plain text."""
    try:
        return BytesParser(policy=email.policy.compat32).parsebytes(raw)
    except Exception:  # noqa: BLE001 - known to raise ValueError, LookupError, IndexError; a stranger's bytes may find more
        plain = Message()
        plain.set_payload(raw.partition(b"\r\n\r\n")[2].decode("latin-1"))
        return plain


def leaves(part: Message, depth: int = 0, forwarded: bool = False) -> Iterator[tuple[Message, bool]]:
    """The parts that hold something, in order, at most MAX_PARTS; with them, whether they came in an attached mail.

    An attached mail itself comes before what it holds.
    """
    for count, found in enumerate(_walk(part, depth, forwarded)):
        if count == MAX_PARTS:
            return
        yield found


def _walk(part: Message, depth: int, forwarded: bool) -> Iterator[tuple[Message, bool]]:
    payload = part.get_payload()
    kind = content_type(part)
    if not isinstance(payload, list) or (kind.startswith("message/") and kind != "message/rfc822"):
        yield part, forwarded
        return
    if depth >= MAX_DEPTH:
        return
    attached = kind == "message/rfc822"
    if attached:
        yield part, forwarded
    for child in payload:
        if isinstance(child, Message):
            yield from _walk(child, depth + 1, forwarded or attached)


def header_values(part: Message) -> dict[str, tuple[str, ...]]:
    """Every header, lower-case name -> decoded values on one line, in order."""
    found: dict[str, list[str]] = {}
    for name, value in part._headers:  # type: ignore[attr-defined]  # raw pairs; .items() may raise
        found.setdefault(str(name).strip().lower(), []).append(one_line(decoded(value)))
    return {name: tuple(values) for name, values in found.items()}


def decoded(value: object) -> str:
    """A header value as people read it: encoded words decoded, raw bytes guessed (RFC 2047)."""
    text = str(value)[:MAX_HEADER]
    if any("\udc80" <= c <= "\udcff" for c in text):
        text = guessed(text.encode("utf-8", "surrogateescape"))
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(text.replace("\r", "").replace("\n", ""))
    except Exception:  # noqa: BLE001 - broken base64 or nesting: shown as it stands
        return text
    return "".join(_piece(piece, charset) for piece, charset in pieces)


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    return decoded_text(piece, charset)[0]


def content_type(part: Message) -> str:
    """The media type, lower case; text/plain where it cannot be read (RFC 2045 section 5.2)."""
    value = str(_raw(part, "content-type") or "").partition(";")[0].strip().lower()
    return value if re.fullmatch(r"[\w.+-]+/[\w.+-]+", value) else "text/plain"


def disposition(part: Message) -> str:
    """attachment, inline or nothing (RFC 2183)."""
    return str(_raw(part, "content-disposition") or "").partition(";")[0].strip().lower()


def parameter(part: Message, header: str, name: str) -> str | None:
    """A parameter of a structured header, decoded (RFC 2231, and RFC 2047 as many programs write it)."""
    try:
        value = part.get_param(name, header=header)
        if value is None:
            return None
        return one_line(decoded(collapse_rfc2231_value(value)))
    except Exception:  # noqa: BLE001 - 'name*' without a value and its like
        return None


def content(part: Message) -> tuple[bytes, bool]:
    """The bytes of a leaf; with them, whether their encoding was sound."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"", False
    raw = str(payload or "").encode("ascii", "surrogateescape") if _is_bytes(payload) else str(payload or "").encode()
    encoding = str(_raw(part, "content-transfer-encoding") or "").strip().lower()
    if encoding == "base64":
        return _base64(raw)
    if encoding == "quoted-printable":
        return quopri.decodestring(raw), True
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        try:
            return bytes(part.get_payload(decode=True) or b""), True
        except Exception:  # noqa: BLE001
            return raw, False
    return raw, True


def text(part: Message) -> tuple[str, bool]:
    """The text of a leaf and whether every character of it is certain."""
    data, sound = content(part)
    value, clean = decoded_text(data[:MAX_TEXT], parameter(part, "content-type", "charset"))
    return value, clean and sound


def decoded_text(data: bytes, charset: str | None) -> tuple[str, bool]:
    """Bytes as text: by the charset named, else guessed; with it, whether the reading is certain."""
    name = (charset or "").strip().strip("'\"").lower()
    name = _CHARSETS.get(name, name)
    if name and name not in _NOT_TEXT and name not in ("us-ascii", "ascii"):
        try:
            return data.decode(name), True
        except (LookupError, UnicodeError, ValueError):
            pass
        try:
            return data.decode(name, "replace"), False
        except (LookupError, UnicodeError, ValueError):
            pass
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return guessed(data), False


def guessed(data: bytes) -> str:
    """Bytes of no known charset: UTF-8, else Windows-1251 where most of the letters would be Russian, else Latin-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        cyrillic = data.decode("cp1251", "replace")
        letters = sum("\u0400" <= c <= "\u04ff" for c in cyrillic)
        high = sum(byte >= 0x80 for byte in data)
        return cyrillic if letters * 10 >= high * 8 else data.decode("cp1252", "replace")


def one_line(value: str) -> str:
    """Without line breaks and control characters; white space folded."""
    return " ".join(_CONTROLS.sub("", value.replace("\u2028", " ").replace("\u2029", " ")).split())


def _raw(part: Message, name: str) -> object | None:
    return next((value for n, value in part._headers if str(n).strip().lower() == name), None)  # type: ignore[attr-defined]


def _is_bytes(payload: object) -> bool:
    return isinstance(payload, str) and (payload.isascii() or any("\udc80" <= c <= "\udcff" for c in payload))


def _base64(raw: bytes) -> tuple[bytes, bool]:
    compact = re.sub(rb"[^A-Za-z0-9+/=]", b"", raw)
    sound = len(compact) == len(b"".join(raw.split()))
    body = compact.rstrip(b"=")
    if len(body) % 4 == 1:
        body, sound = body[:-1], False
    try:
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4)), sound
    except (binascii.Error, ValueError):
        return b"", False
