"""The same mail delivered twice is one submission (process section 1); names, charsets and dates as they were meant."""

from __future__ import annotations

import base64
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.inbound import charset
from mailflow.inbound.header import base64_bytes, decode_words, read_parameters
from mailflow.inbound.message import _text_pieces, content_digest, parse
from mailflow.inbound.mime import unflowed
from mailflow.inbound.picture import pixels

MAIL = b"Received: by mx1\r\nMessage-ID: <a@b>\r\nFrom: a@b\r\nDate: now\r\nSubject: x\r\n y\r\n\r\nbody\r\nline\r\n"


@pytest.mark.parametrize(
    "same",
    [
        MAIL.replace(b"\r\n", b"\n"),
        b"Received: by mx2\r\nX-Spam: no\r\n" + MAIL,
        MAIL.replace(b"x\r\n y", b"x y"),
        MAIL + b"\r\n",
        MAIL.replace(b"Subject: x\r\n y\r\n", b"").replace(b"From", b"SUBJECT: x\r\n y\r\nFrom"),
    ],
)
def test_the_same_mail_by_another_way_has_the_same_digest(same: bytes) -> None:
    assert content_digest(same) == content_digest(MAIL)


@pytest.mark.parametrize("part", [b"<a@b>", b"From: a", b"now", b"x\r\n y", b"body", b"line"])
def test_another_mail_has_another_digest(part: bytes) -> None:
    assert content_digest(MAIL.replace(part, part + b"z")) != content_digest(MAIL)


def test_a_line_moved_between_header_and_body_changes_the_digest() -> None:
    assert content_digest(b"Subject: x\n\nFrom: a") != content_digest(b"Subject: x\nFrom: a\n\n")
    assert content_digest(b"") == content_digest(b"\r\n")


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a"])), st.integers(1, 5))
def test_a_body_read_piece_by_piece_is_the_same_body(parts: list[bytes], length: int) -> None:
    body = b"".join(parts)
    assert b"".join(_text_pieces(body, 0, length)) == body.replace(b"\r\n", b"\n").rstrip(b"\n")


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n"])
def test_a_large_file_in_base64_is_read_as_it_was_however_its_lines_end(line_end: bytes) -> None:
    content = bytes(range(256)) * 1000 + b"!"
    encoded = base64.b64encode(content)
    lines = line_end.join(encoded[start : start + 76] for start in range(0, len(encoded), 76))
    assert base64_bytes(lines) == (content, True)
    assert base64_bytes(lines + line_end + lines) == (content + content, True)
    assert base64_bytes(b"before" + lines + b"after", 6, 6 + len(lines)) == (content, True)
    assert base64_bytes(lines.removesuffix(b"=")[:-2]) == (content[:-2], False)


def test_a_large_mail_is_read_without_copies_of_it() -> None:
    content = bytes(5_000_000)
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
    field = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = head + field + base64.encodebytes(content) + b"\r\n--b--\r\n"
    tracemalloc.start()
    content_digest(raw)
    message = parse(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message.files[0].content == content
    assert most < 1.5 * len(content)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (b"=?utf-8?B?0KHRh9GR0YI=?=", "Счёт"),
        (b"=?utf-8?B?0KHRh9E=?= =?utf-8?B?kdGC?=", "Счёт"),
        (b"=?KOI8-R?Q?=F3=DE=C5=D4?= 77", "Счет 77"),
        (b"=?windows-1251?Q?=D1=F7=E5=F2_77?=", "Счет 77"),
        (b"=?utf-8*ru?Q?=D0=A1?=", "С"),
        (b"Re: =?us-ascii?Q?a?= b =?us-ascii?Q?c?= =?us-ascii?Q?d?=", "Re: a b cd"),
        (b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        (b"=?x-no-such?Q?a?=", "a"),
        (b"=?utf-8?B?!!!?= rest", "rest"),
        (b"=?broken", "=?broken"),
        (b"a\x00b\x1b[31m", "a b [31m"),
        ("Счёт".encode(), "Счёт"),
        ("Счёт за бумагу".encode("cp1251"), "Счёт за бумагу"),
        ("Счет за бумагу".encode("koi8-r"), "Счет за бумагу"),
        ("Facture payée à Orléans".encode("latin-1"), "Facture payée à Orléans"),
    ],
)
def test_a_header_is_read_as_people_read_it(value: bytes, meant: str) -> None:
    assert decode_words(value) == meant


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'attachment; filename="a b.pdf"', "a b.pdf"),
        (b"attachment; filename=a.pdf", "a.pdf"),
        (b"attachment;filename=a b.pdf ; size=3", "a b.pdf"),
        (b'attachment; filename="a;b.pdf"', "a;b.pdf"),
        (b'attachment; filename="a \\"b\\".pdf"', 'a "b".pdf'),
        (b'attachment; filename="never closed.pdf', "never closed.pdf"),
        (b"attachment; filename*=utf-8''%D1%81%D1%87.pdf", "сч.pdf"),
        (b"attachment; filename=fallback.pdf; filename*=utf-8''%D1%81%D1%87.pdf", "сч.pdf"),
        (b"attachment; filename*0=one; filename*1=two.pdf", "onetwo.pdf"),
        (b"attachment; filename*1*=%D1%87.pdf; filename*0*=koi8-r''%D3", "ся┤.pdf"),
        (b"attachment; filename*=bad", "bad"),
        (b"attachment; filename*", ""),
        (b'attachment; FILENAME="=?utf-8?B?0YHRhy5wZGY=?="', "сч.pdf"),
    ],
)
def test_a_files_name_is_read_in_every_spelling(value: bytes, name: str) -> None:
    head, parameters = read_parameters(value)
    assert (head, parameters.get("filename", "")) == ("attachment", name)


@pytest.mark.parametrize(
    ("data", "declared", "text", "certain"),
    [
        ("да".encode(), None, "да", True),
        ("да".encode(), "us-ascii", "да", True),
        ("да".encode(), "x-none", "да", True),
        ("да".encode("cp1251"), "windows-1251", "да", True),
        ("да".encode("cp1251"), '"CP1251"', "да", True),
        ("Согласовано".encode("cp1251"), "utf-8", "Согласовано", False),
        ("Согласовано".encode("koi8-r"), "x-none", "Согласовано", False),
        ("Согласовано".encode() + b"\xd0", "utf-8", "Согласовано\ufffd", False),
        (b"a\x96b", "iso-8859-1", "a–b", True),
        (b"", "rot13", "", True),
        (b"APPROVE", "rot13", "APPROVE", True),
        (b"APPROVE", "idna", "APPROVE", True),
    ],
)
def test_text_is_decoded_by_its_charset_else_guessed(
    data: bytes, declared: str | None, text: str, certain: bool
) -> None:
    assert charset.decode(data, declared) == (text, certain)


def test_flowing_lines_are_joined_within_their_depth_of_quotation() -> None:
    assert unflowed("a \nb\n> c \n> d\ne \n> f\n-- \nx", delsp=False) == "a b\n> c d\ne \n> f\n-- \nx"
    assert unflowed("под\u0020\nряд\n From me", delsp=True) == "подряд\nFrom me"


@pytest.mark.parametrize("value", ["Thu, 99 Foo 2050", "", "rubbish", "Mon, 1 Jan 99999 00:00:00 +9999", "=?"])
def test_a_date_that_is_none_is_none(value: str) -> None:
    assert parse(f"Date: {value}\n\n".encode()).date is None


def test_a_date_always_has_a_zone() -> None:
    assert parse(b"Date: Tue, 01 Dec 2026 10:00:00 -0000\n\n").date == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_the_size_of_a_picture_is_read_from_its_first_bytes() -> None:
    frame = b"\xff\xc0\x00\x11\x08\x01\x00\x02\x00"
    assert pixels(b"\xff\xd8\xff\xe0\x00\x04\x00\x00" + frame) == (512, 256)
    assert pixels(b"GIF89a\x10\x00\x20\x00") == (16, 32)
    assert pixels(b"\xff\xd8\xff\xe0") is None
    assert pixels(b"%PDF") is None


def test_recipients_are_lower_case_addresses_of_to_and_cc() -> None:
    message = parse(b'To: Finance <Finance@Firm.example>,\n b@c.example\nCc: b@c.example, "x" <d@e.example>\n\n')
    assert message.recipients == ("finance@firm.example", "b@c.example", "d@e.example")
