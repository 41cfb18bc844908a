"""It counts only from the person who was asked (process section 3): so who wrote must be beyond doubt."""

from __future__ import annotations

import email
import email.policy
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailflow.inbound.message import parse


def sender(*lines: bytes) -> tuple[str | None, str | None]:
    message = parse(b"\r\n".join(lines) + b"\r\nSubject: x\r\n\r\nAPPROVE\r\n")
    return message.sender, message.sender_problem


@pytest.mark.parametrize(
    "value",
    [
        b"boss@firm.example",
        b"<boss@firm.example>",
        b"Boss <boss@firm.example>",
        b"Boss<boss@firm.example>",
        b"BOSS <Boss@Firm.Example>",
        b'"Boss, The (CEO)" <boss@firm.example>',
        b'"The \\"Boss\\"" <boss@firm.example>',
        b"J. R. Boss <boss@firm.example>",
        b"O'Boss <boss@firm.example>",
        b"=?utf-8?B?0JHQvtGB0YE=?= <boss@firm.example>",
        b"=?utf-8?Q?Boss=2C_The?=\r\n =?utf-8?Q?_Big?= <boss@firm.example>",
        "Босс <boss@firm.example>".encode(),
        "Босс <boss@firm.example>".encode("cp1251"),
        b'"boss@firm.example" <boss@firm.example>',
        b"Boss\r\n <boss@firm.example>",
        b"   boss@firm.example   ",
    ],
)
def test_one_plain_mailbox_is_the_sender(value: bytes) -> None:
    assert sender(b"From: " + value) == ("boss@firm.example", None)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "missing"),
        (b"  ", "missing"),
        (b"boss@firm.example <a@evil.example>", "several"),
        (b"boss@firm.example (<a@evil.example>)", "several"),
        (b'"x" <boss@firm.example> <a@evil.example>', "several"),
        (b"boss@firm.example, a@evil.example", "several"),
        (b"<boss@firm.example>, <a@evil.example>", "several"),
        (b"Team: boss@firm.example, a@evil.example;", "several"),
        (b"Team: boss@firm.example;", "ambiguous"),
        (b"Team:;", "ambiguous"),
        (b"<@evil.example:boss@firm.example>", "several"),
        (b"<@evil.example,@b.example:boss@firm.example>", "several"),
        (b"boss@firm.example (comment)", "ambiguous"),
        (b"Boss (the) <boss@firm.example>", "ambiguous"),
        (b"boss(x)@firm.example", "ambiguous"),
        (b"<boss@firm.example> Boss", "ambiguous"),
        (b"Boss, The <boss@firm.example>", "ambiguous"),
        (b'"boss"@firm.example', "ambiguous"),
        (b'"boss@firm.example\\" <a@evil.example>" <boss@firm.example>', "ambiguous"),
        (b'"boss@firm.example" <a@evil.example>', "ambiguous"),
        (b"=?utf-8?q?boss=40firm.example?= <a@evil.example>", "ambiguous"),
        (b"=?utf-8?q?=3Cboss=40firm.example=3E?=", "ambiguous"),
        (b"=?utf-8?q?boss=40firm.example=00?=@evil.example", "ambiguous"),
        (b"=?utf-8?q?Boss=3E?= <a@evil.example>", "ambiguous"),
        (b"boss@firm.example\x00@evil.example", "several"),
        (b"boss\x00@firm.example", "ambiguous"),
        (b"boss@firm.example\rTo: x", "ambiguous"),
        (b"boss@firm.example\x7f", "ambiguous"),
        (b"boss @firm.example", "ambiguous"),
        (b"boss@ firm.example", "ambiguous"),
        (b"<boss@firm.example", "ambiguous"),
        (b"boss@firm.example>", "ambiguous"),
        (b"<<boss@firm.example>>", "ambiguous"),
        (b"boss@@firm.example", "several"),
        (b"boss@[192.0.2.1]", "ambiguous"),
        (b"boss@firm..example", "ambiguous"),
        (b".boss@firm.example", "ambiguous"),
        (b"boss@firm.example.", "ambiguous"),
        (b"boss@-firm.example", "ambiguous"),
        (b"boss@", "ambiguous"),
        (b"@firm.example", "ambiguous"),
        (b"Boss", "ambiguous"),
        ("боss@firm.example".encode(), "ambiguous"),
        ("boss@firm.example\u2028x".encode(), "ambiguous"),
        ("boss@firm.exam\u200bple".encode(), "ambiguous"),
        ("boss@ﬁrm.example".encode(), "ambiguous"),
        ("boss@ｆｉｒｍ.example".encode(), "ambiguous"),
        ("boss@firm。example".encode(), "ambiguous"),
        (b"a" * 3000 + b"@firm.example", "ambiguous"),
    ],
)
def test_a_from_that_programs_read_in_different_ways_is_nobody(value: bytes, problem: str) -> None:
    assert sender(b"From: " + value) == (None, problem)


def test_two_from_fields_are_nobody_in_any_spelling() -> None:
    for second in (
        b"From: a@evil.example",
        b"FROM: boss@firm.example",
        b"From : a@evil.example",
        b"from\t: a@evil.example",
    ):
        assert sender(b"From: boss@firm.example", second) == (None, "several")
        assert sender(second, b"From: boss@firm.example") == (None, "several")


def test_a_from_with_a_blank_before_its_colon_is_nobody() -> None:
    assert sender(b"Subject: x", b"From : boss@firm.example") == (None, "ambiguous")


def test_a_header_that_breaks_off_says_nobody() -> None:
    assert sender(b"From: boss@firm.example", b"this is no field", b"From: a@evil.example") == (None, "ambiguous")


def test_sender_reply_to_and_return_path_never_count() -> None:
    others = (b"Sender: boss@firm.example", b"Reply-To: boss@firm.example", b"Return-Path: <boss@firm.example>")
    assert sender(*others) == (None, "missing")
    assert sender(b"From: a@evil.example", *others) == ("a@evil.example", None)


def test_a_domain_of_other_letters_is_compared_in_its_ascii_form() -> None:
    assert sender("From: boss@пример.рф".encode()) == sender(b"From: boss@xn--e1afmkfd.xn--p1ai")
    assert sender("From: boss@fіrm.example".encode())[0] != "boss@firm.example"  # a Ukrainian i


PIECES = ["boss@firm.example", "a@evil.example", "Boss", "é", "x", "=?utf-8?q?", "?=", "=40", "\x00", "\x0b"]
TOKENS = st.sampled_from([*PIECES, *'<>"\\(),:; \t@.[]'])


@settings(max_examples=1000)
@given(st.lists(TOKENS, max_size=8).map("".join))
def test_whoever_is_taken_for_the_sender_is_so_for_the_standard_readers_too(value: str) -> None:
    raw = b"From: " + value.encode() + b"\r\nSubject: x\r\n\r\n"
    found = parse(raw).sender
    if found is None:
        return
    assert [in_ascii(address) for _, address in getaddresses([value])] == [found]
    header = email.message_from_bytes(raw, policy=email.policy.default)["From"]
    assert [in_ascii(a.addr_spec) for a in header.addresses] == [found]


def in_ascii(address: str) -> str:
    text = address.encode("utf-8", "surrogateescape").decode("utf-8")
    local, _, domain = text.lower().rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
