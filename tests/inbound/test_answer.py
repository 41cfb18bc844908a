"""The keyword stands first on the first line, and nothing about money is guessed (process section 3)."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.approval.decision import (
    Approve,
    AskHelp,
    AskStatus,
    Command,
    Delegate,
    DuplicateOk,
    Paid,
    Postpone,
    Question,
    Reject,
    Unclear,
    Withdraw,
)
from mailflow.approval.wording import KEYWORDS, Verb
from mailflow.inbound.answer import MAX_LINE, read_answer

from .replies import html_replies, message, text_replies

TODAY = date(2026, 11, 24)


def command(text: str, html: str | None = None) -> Command:
    return read_answer(message(text, html), KEYWORDS, TODAY).command


@pytest.mark.parametrize("word", [w for words in KEYWORDS[Verb.APPROVE].values() for w in words])
@pytest.mark.parametrize(
    "form",
    ["{}", "{}.", "{}!", "{}!!!", "**{}**", '"{}"', "«{}»", "_{}_", " {} ", "\ufeff{}", "{}\u00a0", "Hi,\n\n{}",
     "Коллеги,\n{}", "Добрый день!\n\n{}.", "Hi Anna, {}", "Добрый день! {}."],
)  # fmt: skip
def test_every_word_of_approval_approves_as_people_type_it(word: str, form: str) -> None:
    for spelling in (word, word.lower(), word.capitalize()):
        assert command(form.format(spelling)) == Approve("")


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("Approve - thanks", "thanks"),
        ("Approved, please pay", "please pay"),
        ("APPROVE: ok", "ok"),
        ("APPROVE\n\nPlease pay before Friday.", "Please pay before Friday."),
        ("согласовано, оплачивайте", "оплачивайте"),
        ("Согласовано, замечаний нет", "замечаний нет"),
        ("APPROVED, no objections", "no objections"),
        ("Approve\n\nBest regards,\nOlga", ""),
        ("Approve, thanks\n\nOlga Kim\nDirector", "thanks"),
        ("Согласовано. Если будут вопросы - звоните", "Если будут вопросы - звоните"),
        ("Approved. Let me know if you need anything.", "Let me know if you need anything."),
        ("Approve this invoice", "this invoice"),
        ("Approved looks good to me", "looks good to me"),
        ("Согласовано все верно", "все верно"),
        ("Approved for payment", "for payment"),
        ("Approved as discussed, thanks", "as discussed, thanks"),
        ("Approve INV-2026-0114", "INV-2026-0114"),
        ("Согласовано к оплате", "к оплате"),
        ("Согласовано без замечаний", "без замечаний"),
        ("Согласовано. Договор № 15 от 01.02.2026", "Договор № 15 от 01.02.2026"),
        ("Согласовано, всё проверил, сумма верная", "всё проверил, сумма верная"),
        ("Утверждаю. Ким О.", "Ким О."),
        ("Approved 👍", "👍"),
        ("Approved\n\nTalk to you next week", "Talk to you next week"),
        ("Согласовано.\n\nС уважением,\nгенеральный директор ООО «Вектор»\nКим О. П.", ""),
        ("Hi team, approved", ""),
        ("Добрый день, Анна Петровна! Согласовано.", ""),
        ("Анна Петровна,\n\nсогласовано", ""),
    ],
)
def test_text_after_an_approval_is_a_comment(text: str, comment: str) -> None:
    assert command(text) == Approve(comment)


@pytest.mark.parametrize("word", [w for words in KEYWORDS[Verb.REJECT].values() for w in words])
@pytest.mark.parametrize(
    "form",
    ["{}: {}", "{} - {}", "{} — {}", "{}. {}", "{}, {}", "{}\n{}", "{}:\n\n{}", "{}!\n{}\n\nС уважением,\nОльга"],
)
def test_every_word_of_rejection_rejects_with_the_reason_behind_or_below_it(word: str, form: str) -> None:
    assert command(form.format(word.lower(), "нет договора")) == Reject("нет договора")


@pytest.mark.parametrize(
    "text",
    ["REJECT", "REJECT:", "Reject -", "REJECT\n\nThanks,\nAlex", "не согласовано", "REJECT\n\nOlga Kim",
     "REJECT\n-- \nOlga", "Reject this one", "Отклонено бухгалтерией",
     "REJECT\n\nMed venlig hilsen\nAnders", "REJECT\n\nPozdrawiam\nŁukasz", "REJECT\n\nSaludos\nJuan",
     "REJECT\n\nMit freundlichen Grüßen\ni. A. Hans", "Отказ\n\nС уважением,\nглавный бухгалтер Ким О.",
     "REJECT\n\nSent from my iPhone. Please excuse typos", "Отказ\n\nПростите за краткость, создано в K-9 Mail."],
)  # fmt: skip
def test_a_rejection_without_a_reason_has_none(text: str) -> None:
    assert command(text) == Reject("")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("REJECT: do not pay, we will approve a corrected one", "do not pay, we will approve a corrected one"),
        ("Отказ: не согласовано с юристом", "не согласовано с юристом"),
        ("Rejected because the amount is wrong", "because the amount is wrong"),
        ("REJECT: no contract\nno delivery note\n\nRegards,\nOlga", "no contract\nno delivery note"),
        ("REJECT: no contract\nThanks\nthe amount is wrong too", "no contract\nThanks\nthe amount is wrong too"),
        ("Отказ. Причина: нет договора", "Причина: нет договора"),
        ("Не согласовано, сумма не та", "сумма не та"),
        ("Отказ, т.к. нет акта", "т.к. нет акта"),
        ("Отказ (нет договора)", "(нет договора)"),
        ("Declined, we never ordered this", "we never ordered this"),
        ("**REJECT**: no order", "no order"),
        ("REJECT: no contract\nRegards,\nOlga\n\nP.S. wrong date", "no contract\nP.S. wrong date"),
        ("Hi,\nREJECT\n1. no contract\n2. wrong date", "1. no contract\n2. wrong date"),
    ],
)  # fmt: skip
def test_a_reason_is_kept_whole_and_ends_at_the_sign_off(text: str, reason: str) -> None:
    assert command(text) == Reject(reason)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("Hi,", "empty"),
        ("Thanks, I will have a look tomorrow.", "no_keyword"),
        ("ok", "no_keyword"),
        ("да", "no_keyword"),
        ("Please see: APPROVE", "no_keyword"),
        ("I will look.\nAPPROVE", "no_keyword"),
        ("Approving", "no_keyword"),
        ("[ ] APPROVE", "no_keyword"),
        ("~~APPROVE~~", "no_keyword"),
        ("Hi, not yet.\nAPPROVE", "no_keyword"),
        ("I approve", "no_keyword"),
        ("ок, согласовано", "no_keyword"),
        ("APRROVE", "no_keyword"),
        ("[x] Approve [ ] Something else", "no_keyword"),
        ("approve or reject?", "both_keywords"),
        ("REJECT APPROVE", "both_keywords"),
        ("☐ APPROVE ☑ REJECT", "both_keywords"),
        ("APPROVE / REJECT - please decide without me", "both_keywords"),
        ("APPROVE\nREJECT: no", "both_keywords"),
        ("APPROVE\n\nRegards,\nOlga\n\nREJECT: no", "both_keywords"),
        ("REJECT: no, APPROVE", "both_keywords"),
        ("REJECT: no contract\nAPPROVE", "both_keywords"),
        ("Отказать нельзя согласовать", "both_keywords"),
        ("QUESTION: who?\nAPPROVE", "both_keywords"),
        ("APPROVE\nDELEGATE: anna@example.com", "both_keywords"),
        ("approved - rеject", "both_keywords"),
        ("not approved yet", "negation"),
        ("Согласен, отклоняем", "negation"),
        ("Approve 👎", "negation"),
        ("Approve❌", "negation"),
        ("do not approve", "negation"),
        ("I cannot approve this yet, who ordered it?", "negation"),
        ("пока не согласовано", "negation"),
        ("Не согласен", "negation"),
        ("НЕ УТВЕРЖДАЮ", "negation"),
        ("Approve. Not.", "negation"),
        ("Approved\n\nDo not pay.", "negation"),
        ("APPROVE\nStop, that was by mistake", "negation"),
        ("не оплачено", "negation"),
        ("PAID not yet", "negation"),
        ("approve if the sum is right", "condition"),
        ("Approved by John yesterday", "condition"),
        ("Approved in principle", "condition"),
        ("Approved by the CFO", "condition"),
        ("Approved for John", "condition"),
        ("Approved less VAT", "condition"),
        ("Approved for 50% of the amount", "condition"),
        ("Approved, pay 50%", "condition"),
        ("Approved, pay 100 000", "condition"),
        ("Approved - however, check the VAT", "condition"),
        ("Approved, check with legal first", "condition"),
        ("Approved, reduce the amount to 100 000", "condition"),
        ("Approved\n\nPlease correct the amount to 100 000.", "condition"),
        ("Approved\n\nRegards\nonly if signed", "condition"),
        ("Approved subject to legal review", "condition"),
        ("Approved, excluding shipping", "condition"),
        ("Approved, needs the signature of the CFO", "condition"),
        ("Approved, see my comments", "condition"),
        ("Approved, postpone payment to January", "condition"),
        ("Approved - test", "condition"),
        ("Approved, pay in January", "condition"),
        ("Согласовано, оплатить в январе", "condition"),
        ("Approved\n\nSorry, wrong invoice", "condition"),
        ("Согласовано, требуется подпись директора", "condition"),
        ("Согласовано, есть замечания", "condition"),
        ("Согласовано\n\nИзвините, это про другой счёт", "condition"),
        ("Approve the other one", "condition"),
        ("Approve invoice INV-2026-0999", "condition"),
        ("Approve tomorrow", "condition"),
        ("Approved from 1 December", "condition"),
        ("Approved, though I have doubts", "condition"),
        ("Approved... I guess", "condition"),
        ("approve was a mistake", "condition"),
        ('"Approve" she said', "condition"),
        ("«Согласовано» ставить рано", "condition"),
        ("согласовано (кроме п. 2)", "condition"),
        ("Согласовано, но только после правки суммы", "condition"),
        ("Согласовано юристами", "condition"),
        ("Согласовано с юристами", "condition"),
        ("Согласовано будет завтра", "condition"),
        ("Согласовано вчера другим письмом", "condition"),
        ("Согласовано на 100 000", "condition"),
        ("Согласовано за вычетом НДС", "condition"),
        ("Согласовано, сначала уточните у юристов", "condition"),
        ("Согласовано, исправьте сумму", "condition"),
        ("Согласовано\n\nОплату приостановить", "condition"),
        ("Согласен с отказом", "condition"),
        ("Согласен, хотя сумма странная", "condition"),
        ("Утверждаю, что это ошибка", "condition"),
        ("Approve; forward to the CFO for final approval", "condition"),
        ("approve or", "condition"),
        ("Согласовано с юристами, жду бухгалтерию", "condition"),
        ("Согласовано до 100 тысяч", "condition"),
        ("Согласовано в целом", "condition"),
        ("Согласовано\x19", "damaged_text"),
        ("Approve only after the contract is signed", "condition"),
        ("согласовано при условии подписания", "condition"),
        ("Согласовано, если сумма верна", "condition"),
        ("Согласовано после подписания договора", "condition"),
        ("Согласовано, но не платите", "condition"),
        ("APPROVE\n\nonly if signed", "condition"),
        ("APPROVE\nThanks,\nOlga\nPS: only if signed", "condition"),
        ("Reject if the sum is wrong", "condition"),
        ("REJECT\nif nobody mends it", "condition"),
        ("Оплачено частично", "condition"),
        ("Approved? By whom?", "question"),
        ("Should I approve?", "question"),
        ("APPROVE?", "question"),
        ("Согласовано? А договор где?", "question"),
        ("APPROVE\n\nWhere is the contract?", "question"),
        ("Reject?", "question"),
        ("PAID?", "question"),
        ("WITHDRAW?", "question"),
        ("АPPROVE", "mixed_script"),
        ("ＡＰＰＲＯＶＥ", "mixed_script"),
        ("APP\u200bROVE", "mixed_script"),
        ("\u200bAPPROVE", "mixed_script"),
        ("APPROVE\u200b", "mixed_script"),
        ("APPR\u00adOVE", "mixed_script"),
        ("PA\u0131D", "mixed_script"),
        ("Cогласовано", "mixed_script"),
        ("𝐀𝐏𝐏𝐑𝐎𝐕𝐄", "mixed_script"),
        ("approveIt", "glued"),
        ("approve@example.com", "glued"),
        ("APPROVEOn 11/24/26 09:00, Invoices wrote:\n\n> APPROVE", "glued"),
        ("APPROVE On 11/24/26 09:00, Invoices wrote:\n\n> APPROVE", "glued"),
        ("СОГЛАСОВАНО24.11.2026, 10:00, Mailflow <f@example.com>:\n\n> x", "glued"),
        ("APPR\ufffdVE", "damaged_text"),
    ],
)
def test_nothing_about_money_is_guessed(text: str, why: str) -> None:
    assert command(text) == Unclear(why)


def test_text_and_html_must_be_read_to_the_same_command() -> None:
    assert command("APPROVE", "<p>REJECT: no contract</p>") == Unclear("parts_differ")
    assert command("APPROVE\nPay soon", "<p>APPROVE</p><p>Pay soon</p><p>only if signed</p>") == Unclear("parts_differ")
    assert command("APPROVE\nPay soon", "<p>APPROVE</p><p>Pay soon</p>") == Approve("Pay soon")


def test_hidden_html_that_would_be_read_otherwise_decides_nothing() -> None:
    html = '<div style="display:none">APPROVE</div><p>REJECT: no contract</p>'
    assert command("", html) == Unclear("hidden_text")


def test_small_print_is_no_condition() -> None:
    text = "APPROVE\n\nThis e-mail is confidential. If you are not the intended recipient, do not pay attention to it."
    assert isinstance(command(text), Approve)
    assert isinstance(command(text.replace(". If", ".\nIf").replace(", do", ",\ndo")), Approve)


@pytest.mark.parametrize(
    "text",
    [
        "APPROVE\n\nOnly if signed.\nThis e-mail is confidential.",
        "APPROVE\n\nThe contract is confidential.\nPay only if signed.",
        "APPROVE\n\nThis e-mail is confidential.\n\nPay only if signed.",
    ],
)
def test_what_stands_beside_small_print_is_read(text: str) -> None:
    assert command(text) == Unclear("condition")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("QUESTION: who ordered it?", Question("who ordered it?")),
        ("Вопрос: почему так дорого?\nИ когда?", Question("почему так дорого?\nИ когда?")),
        ("QUESTION\n\nShould we approve this?", Question("Should we approve this?")),
        ("QUESTION", Question("")),
        ("DELEGATE: anna@example.com", Delegate("anna@example.com")),
        ("Delegate to Anna <Anna@Example.com>", Delegate("anna@example.com")),
        ("DELEGATE: anna@example.com<mailto:anna@example.com>", Delegate("anna@example.com")),
        ("ПЕРЕДАТЬ\nanna@example.com", Delegate("anna@example.com")),
        ("DELEGATE: anna@example.com or ivan@example.com", Delegate(None)),
        ("DELEGATE: Anna", Delegate(None)),
        ("DELEGATE: anna@example.com?", Unclear("question")),
        ("DELEGATE: anna@example.com if I am away", Unclear("condition")),
        ("WITHDRAW", Withdraw("")),
        ("Withdraw: wrong file", Withdraw("wrong file")),
        ("Отозвать", Withdraw("")),
        ("STATUS", AskStatus(None)),
        ("Status?", AskStatus(None)),
        ("Статус по inv-2026-0001", AskStatus("INV-2026-0001")),
        ("Status report of May", Unclear("no_keyword")),
        ("HELP", AskHelp()),
        ("Помощь!", AskHelp()),
        ("Help desk services, invoice of May", Unclear("no_keyword")),
        ("PAID", Paid("")),
        ("PAID: payment order no. 17", Paid("payment order no. 17")),
        ("Оплатила, п/п 55 от 24.11.2026", Paid("п/п 55 от 24.11.2026")),
        ("Оплачено\n\nп/п 55", Paid("п/п 55")),
        ("POSTPONE: 15.12.2026", Postpone(date(2026, 12, 15), "15.12.2026")),
        ("Postpone to 15.12.2026", Postpone(date(2026, 12, 15), "to 15.12.2026")),
        ("Перенести на 15 декабря", Postpone(date(2026, 12, 15), "на 15 декабря")),
        ("POSTPONE: 15.12.2026 - no money", Postpone(date(2026, 12, 15), "15.12.2026 - no money")),
        ("POSTPONE: 15.12.2026 (if the bank agrees)", Postpone(None, "15.12.2026 (if the bank agrees)")),
        ("POSTPONE", Postpone(None, "")),
        ("POSTPONE: some day", Postpone(None, "some day")),
        ("POSTPONE: 01.01.2020", Postpone(date.min, "01.01.2020")),
        ("DUPLICATE OK: the second half", DuplicateOk("the second half")),
        ("Повтор ок - аванс", DuplicateOk("аванс")),
        ("DUPLICATE OK", DuplicateOk("")),
        ("Duplicate ok?", Unclear("question")),
    ],
)
def test_the_other_commands(text: str, expected: Command) -> None:
    assert command(text) == expected


def test_keywords_of_the_settings_are_read_like_our_own() -> None:
    keywords = {**KEYWORDS, Verb.APPROVE: {"en": ("APPROVE",), "own": ("GO AHEAD", "GENEHMIGT")}}
    for text in ("Go ahead!", "genehmigt"):
        assert read_answer(message(text), keywords, TODAY).command == Approve("")


def test_the_very_line_that_was_read_is_kept_and_bounded() -> None:
    reading = read_answer(message(f"Hi,\n\n REJECT: {'no contract ' * 100}\n\nmore"), KEYWORDS, TODAY)
    assert reading.line.startswith("REJECT: no contract")
    assert len(reading.line) == MAX_LINE
    assert reading.text.endswith("more")


LINES = {
    "APPROVE": Approve(""),
    "Согласовано, оплачивайте": Approve("оплачивайте"),
    "REJECT: no contract": Reject("no contract"),
    "Не согласовано\nнет акта": Reject("нет акта"),
    "ОТКЛОНЕНО": Reject(""),
    "QUESTION: who ordered it?": Question("who ordered it?"),
    "DELEGATE: anna@example.com": Delegate("anna@example.com"),
    "not approved yet": Unclear("negation"),
    "Approve if signed": Unclear("condition"),
}


@given(st.sampled_from(sorted(LINES)), st.sampled_from(sorted(text_replies(""))))
def test_any_decision_in_any_quoting_style_is_read_the_same(line: str, style: str) -> None:
    assert command(text_replies(line)[style]) == LINES[line]


@given(st.sampled_from(sorted(LINES)), st.sampled_from(sorted(html_replies(""))))
def test_any_decision_in_any_html_style_is_read_the_same(line: str, style: str) -> None:
    assert command("", html_replies(line)[style]) == LINES[line]


@given(st.sampled_from(sorted(LINES)), st.sampled_from(["signed", "Thunderbird, below"]))
def test_text_and_html_of_one_answer_agree(line: str, style: str) -> None:
    assert command(text_replies(line)["Thunderbird, below"], html_replies(line)[style]) == LINES[line]


@pytest.mark.parametrize("style", text_replies(""))
def test_a_quotation_alone_decides_nothing(style: str) -> None:
    assert command(text_replies("")[style]) == Unclear("empty")


@pytest.mark.parametrize("style", html_replies(""))
def test_a_quotation_alone_in_html_decides_nothing(style: str) -> None:
    assert command("", html_replies("")[style]) == Unclear("empty")


@given(st.text("абвгде abcdefgh.,:!?-\n", max_size=200), st.sampled_from(sorted(LINES)))
def test_only_a_keyword_that_stands_first_decides(before: str, line: str) -> None:
    first_line = f"x{before} {line}".splitlines()[0]
    assert isinstance(command(f"{first_line}\n\n{line}"), Unclear)


@given(st.text(st.characters(categories=["Cf", "Mn", "Lu", "Ll"]), min_size=1, max_size=3), st.integers(1, 6))
def test_a_letter_put_into_a_keyword_makes_it_none(letters: str, at: int) -> None:
    assert isinstance(command("APPROVE"[:at] + letters + "APPROVE"[at:]), Unclear)


@pytest.mark.parametrize(
    "text",
    ["APPROVE " + "if you " * 30_000, "APPROVE\n" + "no further " * 30_000, "DELEGATE: " + "a@" * 50_000,
     "REJECT: " + "x" * 200_000, "APPROVE" + " " * 100_000 + "x", "а" * 100_000, "APPROVE\n" * 3_000,
     "POSTPONE: " + "1." * 50_000, "no " * 50_000, "APPROVE " + "to pay please " * 20_000,
     "APPROVE " + "оплатить 100 000 " * 20_000, "Анна Петровна " * 20_000, "REJECT\n" + "С уважением Анна " * 20_000],
)  # fmt: skip
def test_no_hostile_answer_takes_long(text: str) -> None:
    began = time.process_time()
    command(text)
    assert time.process_time() - began < 3
