"""Whatever comes is read, and read soon: one mail must never hold up the ones behind it."""

from __future__ import annotations

import email
import email.policy
import random
import re
import time
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.calendar_reply import read_reply
from mailflow.inbound.correlation import clues
from mailflow.inbound.delivery_report import read_report
from mailflow.inbound.message import content_digest, invoice_files, parse, parse_header
from mailflow.inbound.mime import MAX_DEPTH, MAX_PARTS
from tests.inbound.corpus import CORPUS, needs_corpus, raw, rows
from tests.inbound.mail_set import MAILS, names

ALL = [(MAILS / f"{name}.eml").read_bytes() for name in names()]
POISON = [
    b"From::;;",
    b"To:b@\nMessage-ID:<",
    b"In-Reply-To: <[x=@microsoft.com]>",
    b"Content-Type:text/plain;name*",
    b"From:=??q?=0A",
    b"Content-Type:;n*=\\0''i",
    b"Subject:=??B?0?=",
    b"Content-Type:multipart/\xdb",
    b"Content-Type: text/plain; " + b"A" * 130 + b"=us-ascii\n\nx",
    b"From: a@b\xff\nContent-Type: multipart/mixed; boundary=\n\n--\n--\n",
    *(b"Content-Type: text/plain; charset=" + c + b"\n\n\xd0\xcf" for c in (b"idna", b"rot13", b"zip", b"\0")),
]
SLOW = {
    "parts within parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(2000)
    )
    + b"x\n" * 200_000,
    "the same boundary all the way": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 300_000,
    "a boundary on one endless line": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + b"--b" * 500_000,
    "attached mails within each other": b"Content-Type: message/rfc822\n\n" * 5000 + b"x" * 500_000,
    "one endless header": b"Subject: " + b"=?" * 400_000,
    "encoded words that never end": b"Subject: " + b"=?utf-8?q?a" * 50_000,
    "very many headers": b"X-A: b\n" * 100_000,
    "quotes that never close": b"Content-Type: text/plain; " + b'a="' * 200_000,
    "parameters without end": b"Content-Type: text/plain" + b"; a*0*=b" * 100_000,
    "flowed for ever": b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 300_000,
    "addresses of one kind of letter": b"From: " + b"a." * 400_000 + b"\nTo: " + b"a@" * 400_000,
    "brackets": b"From: MAILER-DAEMON\nSubject: Undelivered\nReferences: " + b"<" * 300_000 + b"\n\n" + b"<" * 500_000,
    "one address after the other": b"From: MAILER-DAEMON\nSubject: Undelivered\n\n" + b"to a@b.c " * 100_000,
    "letters and dots": b"From: MAILER-DAEMON\nSubject: Undelivered\n\n" + b"aaa." * 200_000,
    "blanks": b"From: MAILER-DAEMON\nSubject: Undelivered\n\n"
    + b" " * 500_000
    + b"recipient" * 50_000
    + b"\n" * 200_000,
    "numbers": b"Subject: x\n\n" + b"INV-2026-0001 " * 60_000 + b"# " * 100_000,
    "tags": b"Content-Type: text/html\n\n" + b"<a " * 300_000 + b"cid:" * 100_000,
    "base64 of signs": b"Content-Transfer-Encoding: base64\n\n" + b"A=" * 500_000,
    "quoted-printable of signs": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * 500_000,
}


def read_everything(content: bytes) -> None:
    message = parse(content)
    assert "unreadable" not in message.defects
    assert len(message.files) <= MAX_PARTS
    header = parse_header(content)
    assert header.headers == message.headers
    assert (header.message_id, header.sender, header.subject) == (message.message_id, message.sender, message.subject)
    invoice_files(message)
    content_digest(content)
    automatic_reason(message)
    read_report(message)
    read_reply(message)
    clues(message)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content: bytes) -> None:
    read_everything(content)


@settings(max_examples=300)
@given(st.sampled_from(ALL), st.randoms(use_true_random=False))
def test_a_damaged_mail_is_read(content: bytes, chance: random.Random) -> None:
    damaged = bytearray(content[:20_000])
    for _ in range(chance.randint(1, 8)):
        if not damaged:
            break
        at = chance.randrange(len(damaged))
        match chance.randrange(5):
            case 0:
                damaged[at] = chance.randrange(256)
            case 1:
                del damaged[at : at + chance.randint(1, 60)]
            case 2:
                damaged[at:at] = chance.choice(POISON)
            case 3:
                damaged[at:at] = damaged[at : at + chance.randint(1, 200)]
            case 4:
                damaged[at:at] = chance.choice(
                    [b"\r\n", b"\r", b"\n\n", b"\0", b";", b'"', b"=?", b"--", b"<", b"\xff"]
                )
    read_everything(bytes(damaged))


@pytest.mark.parametrize("content", POISON, ids=range(len(POISON)))
def test_headers_that_crash_other_readers_are_read(content: bytes) -> None:
    read_everything(content)


@pytest.mark.parametrize("kind", SLOW)
def test_a_mail_made_to_take_for_ever_is_read_soon(kind: str) -> None:
    started = time.process_time()
    read_everything(SLOW[kind])
    assert time.process_time() - started < 2


def test_work_is_bounded_and_the_mail_says_so() -> None:
    assert "too_many_parts" in parse(SLOW["the same boundary all the way"]).defects
    assert "too_deep" in parse(SLOW["parts within parts"]).defects
    assert "too_deep" in parse(b"Content-Type: message/rfc822\n\n" * (MAX_DEPTH + 2)).defects
    assert "too_long" in parse(b"Subject: x\n\n" + b"x" * 1_000_001).defects


@needs_corpus
@pytest.mark.parametrize("row", rows("malformed"), ids=lambda row: row["file"])
def test_broken_odd_and_hostile_mail_loses_nothing(row: dict[str, str]) -> None:
    content = raw("malformed", row)
    read_everything(content)
    message = parse(content)
    texts = [message.text, message.html or "", *(f.content.decode("latin-1") for f in message.files)]
    texts += [part.decode("latin-1") for part in message.report.values()]
    everything = " ".join(texts).lower()
    assert [word for word in row["needles_stdlib"].split() if word.lower() not in everything] == []


@needs_corpus
@pytest.mark.parametrize("folder", ["decisions", "malformed", "bounces", "autoreplies", "rsvp/derived"])
def test_texts_are_what_the_standard_library_reads_where_that_can_read_them(folder: str) -> None:
    compared = 0
    for row in rows(folder):
        content = (CORPUS / folder / row["file"]).read_bytes()
        tree = email.message_from_bytes(content, policy=email.policy.compat32)
        message = parse(content)
        if message.defects or tree.defects or b"flowed" in content:
            continue
        for text in filter(None, map(_plain_text, _own_leaves(tree))):
            compared += 1
            assert _bare(text) in _bare(
                "\n".join([message.text, *(f.content.decode("latin-1") for f in message.files)])
            )
    assert compared > 5


def _own_leaves(part: Message) -> list[Message]:
    if part.get_content_maintype() == "message":
        return []
    payload = part.get_payload()
    if not isinstance(payload, list):
        return [part]
    return [leaf for child in payload if isinstance(child, Message) for leaf in _own_leaves(child)]


def _plain_text(part: Message) -> str:
    if part.get_content_type() != "text/plain" or part.get_filename():
        return ""
    data = part.get_payload(decode=True)
    try:
        return data.decode(part.get_content_charset() or "utf-8") if isinstance(data, bytes) else ""
    except (LookupError, UnicodeError):
        return ""


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip()
