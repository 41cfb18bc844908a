"""What is read is the visible answer only (process section 3)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.approval.wording import KEYWORDS, REPLY_MARKERS
from mailflow.inbound.quoting import MAX_TEXT, visible_text

from .replies import FORWARDS, HEADER_BLOCKS, REQUEST, html_replies, message, prefixed, text_replies

ANSWER = "Fine by me.\nThe boxes came yesterday."


@pytest.mark.parametrize("style", text_replies(""))
def test_in_a_text_only_what_the_writer_typed_is_visible(style: str) -> None:
    seen = visible_text(message(text_replies(ANSWER)[style]))
    assert (seen.text, seen.doubts) == (ANSWER, ())


@pytest.mark.parametrize("style", html_replies(""))
def test_in_html_only_what_the_writer_typed_is_visible(style: str) -> None:
    seen = visible_text(message("", html_replies(ANSWER)[style]))
    assert (seen.text, seen.doubts) == (ANSWER, ())


@pytest.mark.parametrize("style", text_replies(""))
def test_a_quotation_alone_leaves_nothing(style: str) -> None:
    assert visible_text(message(text_replies("")[style])).text == ""


@pytest.mark.parametrize("style", html_replies(""))
def test_a_quotation_alone_in_html_leaves_nothing(style: str) -> None:
    assert visible_text(message("", html_replies("")[style])).text == ""


@pytest.mark.parametrize("style", FORWARDS)
def test_a_forwarded_mail_is_not_read(style: str) -> None:
    assert visible_text(message(f"See below.\n\n{FORWARDS[style]}\n{REQUEST}")).text == "See below."
    assert visible_text(message(f"See below.\n\n{FORWARDS[style]}\n{prefixed(REQUEST)}")).text == "See below."


@pytest.mark.parametrize("marker", REPLY_MARKERS.values())
def test_our_own_words_are_cut_from_our_marker_on(marker: str) -> None:
    assert visible_text(message(f"Fine.\n\n{marker}\nAPPROVE\n")).text == "Fine."


def test_answers_between_the_quoted_lines_are_all_seen() -> None:
    text = f"{prefixed('One?')}\n\nYes.\n\n{prefixed('Two?')}\n\nNo.\n"
    assert visible_text(message(text)).text == "Yes.\n\nNo."


def test_the_rest_of_a_quoted_line_that_was_wrapped_is_quotation() -> None:
    long = "> Reply to this message; the first line of your answer must be one of these:"
    assert visible_text(message(f"{long}\nREJECT: reason\n> or another\n\nFine.")).text == "Fine."
    assert visible_text(message(f"{long}\nAPPROVE\n")).text == ""
    assert visible_text(message("> Hi\nHello\n")).text == "Hello"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnna\nReject fraud",
        "-----BEGIN PGP SIGNATURE-----\n\nReject/fraud==\n-----END PGP SIGNATURE-----",
        "--\nAnna",
        "Sent from my iPhone",
        "Отправлено с iPhone",
        "Отправлено из Почты Mail.ru",
        "Отправлено из мобильной Яндекс.Почты",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Sent from my mobile device. Please excuse my brevity.",
        "Отправлено с устройства Android через K-9 Mail. Извините за краткость.",
        "Простите за краткость, создано в K-9 Mail.",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Скачайте Outlook для iOS<https://aka.ms/o0ukef>",
        "Pobierz program Outlook dla systemu Android",
        "Verzonden vanuit Outlook voor iOS",
        "Outlook für iOS beziehen <https://www.example.com/path#download>",
        "أُرسلت من الـ iPhone",
        "iPhone'umdan gönderildi",
        "从我的iPhone发送",
        "Написано с телефона",
        "Сообщение отправлено с мобильного устройства",
    ],
)
def test_a_signature_is_cut(signature: str) -> None:
    assert visible_text(message(f"{ANSWER}\n\n{signature}\n")).text == ANSWER
    assert visible_text(message(f"{prefixed('Hi')}\n\n{ANSWER}\n\n{signature}\n")).text == ANSWER
    assert visible_text(message(f"{signature}\n\n{prefixed('Hi')}\n\n{ANSWER}")).text == ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "On Thursday we pay.",
        "On the other hand, it is dear.",
        "Data comes from: our database",
        "Here is a fix -- no signature.",
        "2026-11-24 14:30:25",
        "Sent from my desk, it is much easier.",
        "See https://example.com/on-date-someone-wrote-about",
        "Bob wrote: pay it.",
        "On 24.11.2026 Bob wrote: pay it.",
        "Please excuse the delay, the contract came today.",
        "Написано с ошибкой.",
        "Телефон Samsung оплачен.",
        "From: Berlin\nDate: tomorrow",
        "Quoting Bob: pay it",
        "We got it from outside.",
    ],
)
def test_what_only_resembles_a_quotation_stays(line: str) -> None:
    assert visible_text(message(f"{line}\nAnd more.\n")).text == f"{line}\nAnd more."


@pytest.mark.parametrize("begun", ["Invoice needs your decision", "> Invoice needs your decision"])
def test_an_attribution_that_runs_into_the_quotation_is_quotation_with_all_below(begun: str) -> None:
    line = f'On 11/24/2026 at 10:00 AM, "Mailflow" wrote:{begun}'
    assert visible_text(message(f"{ANSWER}\n\n{line}\nAPPROVE\n")).text == ANSWER


@pytest.mark.parametrize(
    "introduction",
    [
        "> Mailflow <finance@example.com> hat am 24. November 2026 um 10:00 geschrieben:",
        ">Вторник, 24 ноября 2026, 10:00 +03:00 от Mailflow <finance@example.com>:\n>",
        "----- Исходное сообщение -----\n> От: Mailflow <finance@example.com>\n> Кому: olga@example.com",
        "> Message du 24/11/26 10:00\n> De : Mailflow <finance@example.com>\n> A : olga@example.com\n> Objet : x",
    ],
)
def test_what_follows_an_introduction_that_alone_is_prefixed_is_quotation(introduction: str) -> None:
    assert visible_text(message(f"{introduction}\n\nAPPROVE\n")).text == ""
    assert visible_text(message(f"{introduction}\n> APPROVE\n\n{ANSWER}\n")).text == ANSWER


@pytest.mark.parametrize(
    "warning",
    [
        "CAUTION: This email originated from outside of the organization. Do not click links or open\nattachments.",
        "You don't often get email from olga@example.com. Learn why this is important<https://aka.ms/x>",
        "[EXTERNAL EMAIL: be careful]",
        "Вы нечасто получаете письма от olga@example.com. Узнайте, почему это важно",
        "ВНИМАНИЕ! Это письмо от внешнего отправителя. Не открывайте вложения.",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256",
    ],
)
def test_the_warning_that_a_server_puts_on_top_is_not_the_answer(warning: str) -> None:
    assert visible_text(message(f"{warning}\n\n{ANSWER}\n")).text == ANSWER
    assert visible_text(message(f"{warning}\nAPPROVE\n")).text == "APPROVE"


@pytest.mark.parametrize(
    "line",
    ["It came from outside, do not pay.", "Внешнее письмо, не платить.", "CAUTION: external sender: do not approve"],
)
def test_what_the_writer_says_of_a_warning_is_seen(line: str) -> None:
    assert visible_text(message(f"{line}\n\nAPPROVE\n")).text == f"{line}\n\nAPPROVE"


@pytest.mark.parametrize("line", ["APPROVEOn 11/24/26 09:00, Invoices wrote:", "APPROVE-----Original Message-----"])
def test_an_answer_glued_to_the_quotation_is_doubtful(line: str) -> None:
    assert visible_text(message(f"{line}\n\n{prefixed(REQUEST)}")).doubts == ("glued",)
    assert visible_text(message(f"Fine.\n\n{line}\n\n{prefixed(REQUEST)}")).doubts == ()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("APPROVE", "<p>REJECT: no contract</p>"),
        ("APPROVE", "<p>APPROVE only if signed</p>"),
        ("APPROVE if signed", "<p>APPROVE</p>"),
        ("APPROVE", "<blockquote>APPROVE</blockquote>"),
        ("REJECT: no contract", "<p>REJECT: wrong sum</p>"),
        ("APPROVE", '<p style="display:none">APPROVE</p>'),
        ("APPROVE", "<s>APPROVE</s>"),
    ],
)
def test_text_and_html_that_say_different_things_are_doubtful(text: str, html: str) -> None:
    assert visible_text(message(text, html)).doubts[:1] == ("parts_differ",)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("APPROVE\n\nThanks", "<div>APPROVE</div><div><br></div><div>Thanks</div>"),
        ("*APPROVE*", "<b>APPROVE</b>"),
        ("REJECT: the contract is missing,\nthe sum is wrong", "REJECT: the contract is missing, the sum is wrong"),
        ("Hi\u00a0Anna,\nAPPROVE", "<p>Hi Anna,</p><p>APPROVE</p>"),
        ("QUESTION: see https://x.example/a", '<p>QUESTION: see <a href="https://x.example/a">https://x.example/a</a></p>'),
        ("", "<p>APPROVE</p>"),
    ],
)  # fmt: skip
def test_text_and_html_that_say_the_same_are_not(text: str, html: str) -> None:
    assert visible_text(message(text, html)).doubts == ()


@pytest.mark.parametrize(
    "hiding",
    [
        '<div style="display:none">{}</div>',
        '<div style="DISPLAY : none !important">{}</div>',
        '<span style="font-size:0px">{}</span>',
        '<span style="color:#FFFFFF">{}</span>',
        '<font color="white">{}</font>',
        '<div style="visibility:hidden">{}</div>',
        '<div style="opacity:0">{}</div>',
        '<div style="mso-hide:all">{}</div>',
        '<div style="max-height:0;overflow:hidden">{}</div>',
        '<div style="position:absolute;left:-9999px">{}</div>',
        "<div hidden>{}</div>",
        "<style>.x{{display:none}}</style><div class=x>{}</div>",
    ],
)
def test_hidden_html_is_not_read_and_doubtful_where_it_would_matter(hiding: str) -> None:
    seen = visible_text(message("", f"{hiding.format('APPROVE')}<p>REJECT: no contract</p>"))
    assert (seen.text, seen.doubts) == ("REJECT: no contract", ("hidden_text",))
    seen = visible_text(message("", f"<p>Fine by me.</p>{hiding.format('id 77')}"))
    assert (seen.text, seen.doubts) == ("Fine by me.", ())


def test_white_letters_on_a_coloured_ground_are_seen() -> None:
    html = '<table><tr><td bgcolor="#1a7f37"><font color="white">APPROVE</font></td></tr></table>'
    assert visible_text(message("", html)).text == "APPROVE"


def test_comments_and_scripts_are_no_text() -> None:
    html = "<!-- APPROVE --><script>APPROVE</script><title>APPROVE</title><!--[if mso]>APPROVE<![endif]--><p>Fine.</p>"
    assert visible_text(message("", html)).text == "Fine."


def test_a_damaged_letter_in_the_first_line_is_doubtful() -> None:
    assert visible_text(message("Hi,\n\nAPPR\ufffdVE")).doubts == ("damaged_text",)
    assert visible_text(message("APPROVE\n\nNa\ufffdve")).doubts == ()


def test_the_visible_text_is_bounded() -> None:
    assert len(visible_text(message("word " * 50_000)).text) == MAX_TEXT


HOSTILE = {
    "spaces": " " * 100_000 + "x",
    "On x": "On x\n" * 20_000,
    "From: a": "From: a\n" * 5_000,
    "half attributions": "On 1.1.2026 10:00 x <a@b.c>\n" * 5_000,
    "one long attribution": "On " + "1 " * 100_000 + "wrote:",
    "addresses": "On 1.1.2026 " + "<a@" * 50_000,
    "prefixes": ">" * 100_000,
    "quotation marks": '"' * 100_000,
    "rules": "-" * 100_000 + "\n" + "_" * 100_000,
    "blank lines": "\n" * 100_000,
    "headers far apart": "Date: x\n\n" * 3_000,
    "salutations": "hi " * 50_000,
    "telephones": f"{'iphone ' * 50}gesendet x\n" * 2_000,
    "warnings": f"{'external ' * 30}\n" * 2_000,
    "wrapped attributions": "x 2026 a@b:\n10:00 :\n" * 1_000,
}
HOSTILE_HTML = {
    "deep": "<div>" * 50_000,
    "deep quotations": "<blockquote>" * 20_000 + "x",
    "wide": "<p>a</p>" * 100_000,
    "breaks": "<br>" * 200_000,
    "a long style": f'<p style="{"color:red;" * 50_000}">a</p>',
    "attributes": "<div " * 100_000,
    "angles": "<" * 500_000,
    "style sheets": f"<style>{'a{' * 20_000}</style>x",
    "hidden": '<div style="display:none">' * 20_000,
    "white in the depth": "<div>" * 90 + '<p style="color:#fff">x</p>' * 15_000,
    "breaks of quotations": "<b id=divRplyFwdMsg>x</b>" * 20_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_hostile_text_takes_long(kind: str) -> None:
    began = time.process_time()
    visible_text(message(HOSTILE[kind]))
    assert time.process_time() - began < 3


@pytest.mark.parametrize("kind", HOSTILE_HTML)
def test_no_hostile_html_takes_long(kind: str) -> None:
    began = time.process_time()
    visible_text(message("", HOSTILE_HTML[kind]))
    assert time.process_time() - began < 5


@given(st.text(max_size=400), st.none() | st.text(alphabet="<>/divbrpa=\" stylehnoe:;&'", max_size=300))
def test_whatever_stands_in_a_mail_reading_it_fails_never(text: str, html: str | None) -> None:
    seen = visible_text(message(text, html), KEYWORDS)
    assert len(seen.text) <= MAX_TEXT


WORDS = st.lists(st.sampled_from(["please", "pay", "boxes", "спасибо", "счёт", "верный"]), min_size=1, max_size=6)


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=3).map("\n".join), st.sampled_from(sorted(text_replies(""))))
def test_whatever_is_typed_in_any_style_is_what_is_visible(answer: str, style: str) -> None:
    assert visible_text(message(text_replies(answer)[style])).text == answer


def test_every_header_block_is_tried() -> None:
    assert {f"{name}, above" for name in HEADER_BLOCKS} <= set(text_replies(""))
