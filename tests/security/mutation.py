"""Mails and settings changed at random: their bytes, and what they are built of."""

from __future__ import annotations

import random
import re

EVIL_LINES = (
    b"From: mallory@evil.example",
    b"From: Olga Kim <olga@firm.example>",
    b"From : olga@firm.example",
    b"From: olga@firm.example <mallory@evil.example>",
    b"From: mallory@evil.example (olga@firm.example)",
    b"Sender: mallory@evil.example",
    b"Reply-To: mallory@evil.example",
    b"Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example",
    b"Authentication-Results: mx.firm.example; dmarc=fail header.from=firm.example",
    b"Authentication-Results: mx.evil.example; dmarc=pass header.from=firm.example",
    b"Authentication-Results: (x) mx.firm.example; dmarc=pass header.from=firm.example",
    b"Authentication-Results : mx.firm.example; dmarc=pass header.from=firm.example",
    b"Auto-Submitted: auto-replied",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Type: text/html; charset=koi8-r",
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Type: message/rfc822",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Disposition: attachment",
    b"",
    b"no field",
)
PIECES = (
    b"\r\n", b"\n", b"\r", b"\n\n", b"\0", b";", b'"', b"(", b")", b"\\", b"<", b">", b"@", b",", b":", b"=?", b"?=",
    b"--", b"--b", b"\xff", b"\xd0", b"\xe2\x80\x8b", b"\xc2\xa0", b"\xef\xbb\xbf", b"=", b"=0A", b" ", b"\t", b"> ",
    b"&#65;", b"<!--", b"<div style=display:none>", b"</div>", b"<blockquote>", b"APPROVE", b"REJECT: x", b"not ",
    b"if ", b"?", "СОГЛАСОВАНО".encode(), "не ".encode(), b"mallory@evil.example", b"dmarc=pass",
    b"header.from=firm.example", b"evil.", b"BEGIN:VCALENDAR\r\n", b"METHOD:REPLY\r\n", b"Status: 5.1.1\r\n", b"- ",
    b"${X}", b"{", b"}", b"[", b"]", b"!!", b"&a", b"*a", b"|\n", b"%", b"9" * 40,
)  # fmt: skip
CHARSETS = (
    b"utf-8",
    b"utf-16",
    b"koi8-r",
    b"cp1251",
    b"us-ascii",
    b"utf-7",
    b"cp037",
    b"x-unknown",
    b"idna",
    b"iso-2022-jp",
)


def mutated(raw: bytes, chance: random.Random, others: tuple[bytes, ...] = ()) -> bytes:
    """The bytes after one to five changes; `others` are what a piece may be taken from."""
    for _ in range(chance.randint(1, 5)):
        raw = chance.choice(_CHANGES)(raw, chance, others or (raw,))
    return raw


def _byte(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]


def _bit(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + bytes(b ^ (1 << chance.randrange(8)) for b in raw[at : at + 1]) + raw[at + 1 :]


def _piece_in(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(PIECES) + raw[at:]


def _piece_out(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at + chance.randint(1, 60) :]


def _piece_again(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at : at + chance.randint(1, 200)] + raw[at:]


def _line(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    lines = raw.split(b"\r\n")
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            lines[at], lines[to] = lines[to], lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            del lines[at]
        case 3:
            cut = chance.randrange(len(lines[at]) + 1)
            lines[at : at + 1] = [lines[at][:cut], chance.choice((b" ", b"\t", b"")) + lines[at][cut:]]
        case _:
            lines[at] = lines[at].swapcase()
    return b"\r\n".join(lines)


def _evil_line(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    lines = raw.split(b"\r\n")
    lines.insert(chance.randrange(min(len(lines), 12) + 1), chance.choice(EVIL_LINES))
    return b"\r\n".join(lines)


def _charset(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    return re.sub(rb"(?i)charset=[^;\s]+", b"charset=" + chance.choice(CHARSETS), raw, count=1)


def _boundary(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    return raw.replace(b"boundary=b", b"boundary=" + chance.choice((b"", b'"b"', b"c", b"b ", b'"b', b"-b")), 1)


def _line_ends(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    return raw.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\n\r", b"\r\r\n")), chance.choice((-1, 1, 3)))


def _of_another(raw: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    other = chance.choice(others)
    at, begin = chance.randrange(len(raw) + 1), chance.randrange(len(other) + 1)
    return raw[:at] + other[begin : begin + chance.randint(1, 400)] + raw[at:]


_CHANGES = (
    _byte, _bit, _piece_in, _piece_out, _piece_again, _line, _evil_line, _evil_line, _charset, _boundary, _line_ends,
    _of_another,
)  # fmt: skip
