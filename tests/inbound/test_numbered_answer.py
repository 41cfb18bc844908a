"""An answer to a digest is read line by line, each by the rules of a single answer (process section 3)."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mailflow.approval.decision import Approve, Command, Delegate, Question, Reject, Unclear, Undo
from mailflow.approval.wording import KEYWORDS, REPLY_MARKERS
from mailflow.inbound.message import parse
from mailflow.inbound.numbered_answer import read_numbered

Read = list[tuple[tuple[int, ...], Command]]
TODAY = date(2026, 12, 1)


def read(text: str, html: str = "") -> Read:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Olga <olga@example.com>", "finance@example.com", "Re: x"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return [(line.numbers, line.reading.command) for line in read_numbered(parse(mail.as_bytes()), KEYWORDS, TODAY)]


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("1 APPROVE", (1,)),
        ("1 3 APPROVE", (1, 3)),
        ("1, 3 APPROVE", (1, 3)),
        ("1,3,5 approve", (1, 3, 5)),
        ("1 and 3 APPROVE", (1, 3)),
        ("1 и 3 согласовано", (1, 3)),
        ("1-3 APPROVE", (1, 2, 3)),
        ("1 – 3, 7 СОГЛАСОВАНО", (1, 2, 3, 7)),
        ("№1 СОГЛАСОВАНО", (1,)),
        ("№ 1, № 2: СОГЛАСОВАНО", (1, 2)),
        ("#2 APPROVED", (2,)),
        ("2. APPROVE", (2,)),
        ("2) APPROVE", (2,)),
        ("2: APPROVE", (2,)),
        ("2 - APPROVE", (2,)),
        ("   12 APPROVE", (12,)),
        ("1 1 APPROVE", (1,)),
    ],
)
def test_numbers_stand_before_the_keyword_singly_listed_or_as_a_range(line: str, numbers: tuple[int, ...]) -> None:
    assert read(line) == [(numbers, Approve())]


def test_each_line_is_a_command_of_its_own_in_both_languages() -> None:
    assert read(
        "1 3 APPROVE\n2 REJECT: no contract\n4 ОТКАЗ: нет акта\n5 QUESTION: what for?\n"
        "6 DELEGATE: petr@example.com\n7 UNDO"
    ) == [
        ((1, 3), Approve()),
        ((2,), Reject("no contract")),
        ((4,), Reject("нет акта")),
        ((5,), Question("what for?")),
        ((6,), Delegate("petr@example.com")),
        ((7,), Undo()),
    ]


def test_what_stands_below_a_line_belongs_to_it_down_to_the_next_number() -> None:
    assert read("1 REJECT:\nno contract\nno VAT\n\n2 APPROVE\n\nBest regards,\nOlga") == [
        ((1,), Reject("no contract\nno VAT")),
        ((2,), Approve()),
    ]


def test_a_line_that_cannot_be_read_holds_up_none_of_the_others() -> None:
    assert read("1 APPROVE\n2 APPROVE if Ivan agrees\n3 not approved yet\n4 maybe\n5 СОГЛАСОВАНО") == [
        ((1,), Approve()),
        ((2,), Unclear("condition")),
        ((3,), Unclear("negation")),
        ((4,), Unclear("no_keyword")),
        ((5,), Approve()),
    ]


def test_a_number_that_stands_in_two_lines_decides_in_neither() -> None:
    assert read("1-3 APPROVE\n2 REJECT: no contract\n4 APPROVE") == [
        ((1, 2, 3), Unclear("number_twice")),
        ((2,), Unclear("number_twice")),
        ((4,), Approve()),
    ]


def test_a_decision_above_the_first_number_is_about_nobody_knows_what() -> None:
    assert read("Hello,\n\nAPPROVE\n2 REJECT: no contract") == [
        ((), Unclear("no_number")),
        ((2,), Reject("no contract")),
    ]


def test_a_greeting_above_is_no_line_and_a_number_left_empty_is_left_out() -> None:
    assert read("Добрый день!\n\n1\n2 СОГЛАСОВАНО\n3.") == [((2,), Approve())]


@pytest.mark.parametrize(
    "line", ["10% discount", "1.5 million is too much", "1APPROVE", "2026 APPROVE", "INV-2026-0001 APPROVE"]
)
def test_what_only_looks_like_a_number_is_none(line: str) -> None:
    assert all(numbers == () for numbers, _ in read(line))


def test_answers_stand_under_the_lines_that_they_quote() -> None:
    text = (
        "On 1 December finance@example.com wrote:\n> 1. Romashka, RUB 125,000.00\n>    INV-2026-0001\n1 APPROVE\n"
        "> 2. Lily, EUR 10.00\n2 REJECT: no contract\n> Reply to this mail\n> 4-6 APPROVE\n"
    )
    assert read(text) == [((1,), Approve()), ((2,), Reject("no contract"))]


def test_our_own_examples_in_the_quotation_decide_nothing() -> None:
    examples = "1 3 APPROVE\n2 REJECT: reason\n4-6 APPROVE\n"
    assert read(f"1 APPROVE\n\n{REPLY_MARKERS['en']}\n\n{examples}") == [((1,), Approve())]


def test_where_text_and_html_decide_differently_nothing_is_decided() -> None:
    assert read("1 APPROVE\n2 APPROVE", "<p>1 APPROVE<br>2 REJECT: no contract</p>") == [
        ((1,), Unclear("parts_differ")),
        ((2,), Unclear("parts_differ")),
    ]


@pytest.mark.parametrize("line", ["3-1 APPROVE", "2 5-3 APPROVE", "1 - 3 - 5 APPROVE", "5 000 APPROVE", "0 APPROVE"])
def test_where_a_range_runs_backwards_or_a_number_is_none_the_line_is_about_nothing(line: str) -> None:
    assert read(line) == [((), Approve())]


@pytest.mark.parametrize(
    ("html", "answers"),
    [
        ("<p>2 REJECT: no</p><ol start=3><li>APPROVE</li></ol>", [((2,), Reject("no")), ((3,), Approve())]),
        ("<ol start=3 type=1><li>APPROVE<li>REJECT: no</ol>", [((3,), Approve()), ((4,), Reject("no"))]),
        ("<ol><li value=5>APPROVE</li><li>APPROVE</li></ol>", [((5,), Approve()), ((6,), Approve())]),
        ("<ol reversed><li>APPROVE</li><li>REJECT: no</li></ol>", [((2,), Approve()), ((1,), Reject("no"))]),
        ("<ol><li>APPROVE</li><li hidden></li><li>REJECT: no</li></ol>", [((1,), Approve()), ((2,), Reject("no"))]),
        ("<ol type=a><li>APPROVE</li></ol>", [((), Approve())]),
        ("<ol style='list-style-type: upper-roman'><li>APPROVE</li></ol>", [((), Approve())]),
    ],
)
def test_the_numbers_that_a_mail_program_draws_are_those_that_its_user_sees(html: str, answers: Read) -> None:
    assert read("", html) == answers


def test_a_telephone_number_below_names_no_request() -> None:
    assert read("1-9 APPROVE\n\nОльга\n8 (495) 123-45-67") == [
        (tuple(range(1, 10)), Approve("Ольга\n8 (495) 123-45-67"))
    ]
    assert read("9 APPROVE\n\nОльга\n8-800-555-35-35 доб. 9") == [((9,), Approve("Ольга")), ((), Unclear("no_keyword"))]


def test_a_range_may_be_of_all_that_a_digest_of_any_length_has() -> None:
    ((numbers, command),) = read("1-999 APPROVE")
    assert (numbers, command) == (tuple(range(1, 1000)), Approve())


def test_a_mail_that_names_the_same_requests_over_and_over_is_told_of_once() -> None:
    assert read("1-50 APPROVE\n" * 1000) == [((), Unclear("number_twice"))]


@pytest.mark.parametrize("text", ["1 " * 9000, "1-" * 9000, "1," * 9000 + "APPROVE", "1 APPROVE\n" * 1999, "№ " * 9000])
def test_no_text_takes_long(text: str) -> None:
    assert len(read(text)) < 2000
