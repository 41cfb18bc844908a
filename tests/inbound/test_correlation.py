"""An answer is matched by Message-ID, else by the reference in the subject, else in the quotation (section 3)."""

from __future__ import annotations

import pytest

from mailflow.approval.reference import Asks, Reference
from mailflow.inbound.correlation import By, Clues, clues, find_match
from mailflow.inbound.message import parse


def found(subject: str = "x", text: str = "", *lines: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    header = [
        "From: olga@firm.example",
        f"Subject: {subject}",
        *lines,
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    ]
    clue = clues(parse("\r\n".join(header).encode()))
    return clue.subject, clue.quoted, clue.numbers


@pytest.mark.parametrize(
    "subject",
    [
        "[INV-2026-0001 #k7f3q9xw] Approve",
        "Re: [INV-2026-0001 #k7f3q9xw] Approve",
        "Re[2]: [INV-2026-0001 #k7f3q9xw] Approve",
        "HA: Отв: RE: FW: [INV-2026-0001 #k7f3q9xw]",
        "Re: INV-2026-0001 #k7f3q9xw Approve",
        "Re: (INV-2026-0001 # k7f3q9xw)",
        "Re: INV-2026-0001 #k7f3q9xw] Approve",
        "Re: [INV-2026-0001] [#k7f3q9xw]",
        "re: [inv-2026-0001 #K7F3Q9XW]",
        "=?utf-8?q?Re=3A_[INV-2026-0001_=23k7f3?= =?utf-8?q?q9xw]?=",
        "Re: [INV-2026-0001\r\n #k7f3q9xw] Approve",
    ],
)
def test_the_reference_in_the_subject_is_found_in_any_shape(subject: str) -> None:
    assert found(subject) == (("k7f3q9xw",), (), ("INV-2026-0001",))


def test_a_reference_without_an_invoice_stands_in_brackets() -> None:
    assert found("Re: [#k7f3q9xw] Help")[0] == ("k7f3q9xw",)


@pytest.mark.parametrize(
    "subject", ["Invoice #123456 from Romashka", "#1234567", "C# library licence", "[INV-2026-0001 #abc]"]
)
def test_a_number_sign_alone_is_no_reference(subject: str) -> None:
    assert found(subject)[0] == ()


@pytest.mark.parametrize(
    "text",
    [
        "APPROVE\n\n> [INV-2026-0001 #k7f3q9xw] please",
        "APPROVE\n\n> [INV-2026-0001\n> #k7f3q9xw] please",
        "APPROVE\n| Reference: INV-2026-0001 #k7f3q9xw",
    ],
)
def test_the_reference_in_the_quotation_is_found_across_its_lines(text: str) -> None:
    assert found(text=text)[1] == ("k7f3q9xw",)


def test_the_nearest_message_id_comes_first() -> None:
    message = parse(b"In-Reply-To: <c@x>\nReferences: <a@x>\n <b@x> <c@x>\n\n")
    assert clues(message).message_ids == ("<c@x>", "<b@x>", "<a@x>")


def test_a_message_id_without_brackets_is_found() -> None:
    assert clues(parse(b"In-Reply-To: c@x.example\n\n")).message_ids == ("<c@x.example>",)


def test_a_quoted_mail_with_very_many_references_yields_a_few() -> None:
    text = "\n".join(f"INV-2026-0001 #token{n:05}" for n in range(500))
    assert len(found(text=text)[1]) == 20


def reference(token: str, number: str) -> Reference:
    return Reference(token, number, 1, Asks.APPROVAL, "olga@firm.example", "digest", 0)


SENT = {
    "<first@us>": reference("first000", "INV-2026-0001"),
    "<again@us>": reference("again000", "INV-2026-0001"),
    "<other@us>": reference("other000", "INV-2026-0002"),
    "<monday@us>": reference("monday00", ""),
    "<friday@us>": reference("friday00", ""),
}


@pytest.mark.parametrize(
    ("in_reply_to", "references", "subject", "quoted", "answered"),
    [
        ("<first@us>", "", "first000", "", (By.IN_REPLY_TO, "first000")),
        ("<first@us>", "<other@us>", "", "", (By.IN_REPLY_TO, "first000")),
        ("<theirs@x>", "<first@us>", "", "", (By.REFERENCES, "first000")),
        ("", "", "first000", "other000", (By.SUBJECT, "first000")),
        ("", "", "", "other000", (By.QUOTATION, "other000")),
        ("<again@us>", "", "first000", "", (By.IN_REPLY_TO, "again000")),
        ("<first@us>", "", "unknown0", "", (By.IN_REPLY_TO, "first000")),
        ("<other@us>", "", "first000", "", None),
        ("", "<other@us>", "first000", "", None),
        ("", "", "first000 other000", "", None),
        ("<monday@us>", "", "monday00", "", (By.IN_REPLY_TO, "monday00")),
        ("<friday@us>", "", "monday00", "", None),
        ("", "", "", "", None),
    ],
)
def test_the_strongest_clue_leads_to_the_mail_unless_the_subject_is_of_another_invoice_or_digest(
    in_reply_to: str, references: str, subject: str, quoted: str, answered: tuple[By, str] | None
) -> None:
    clue = Clues(*(tuple(c.split()) for c in (in_reply_to, references, subject, quoted)), numbers=())
    by_token = {r.fingerprint: r for r in SENT.values()}
    match = find_match(clue, SENT.get, by_token.get)
    assert (match and (match.by, match.reference.fingerprint)) == answered
