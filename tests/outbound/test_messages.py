"""Every message in both languages: what a reader sees, and what an answer can be made of."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from inscriptis import get_text

from mailflow.approval.effects import Mail, Message
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Field, Form, Problem
from mailflow.approval.wording import FORM_LABELS, KEYWORDS, REPLY_MARKERS, Verb
from mailflow.outbound import samples
from mailflow.outbound.samples import ACCOUNTANT, FIRST, NUMBER, SECOND, SUBMITTER, TOKEN, sample_invoice
from mailflow.outbound.templating import is_bare_keyword
from tests.outbound.samples import LANGUAGES, TEMPLATES, body, every_sample, links, parsed, ready_answer, tags, written


def test_the_samples_show_every_message_in_every_language() -> None:
    shown = {(sample.language, sample.kind) for sample in every_sample()}
    assert shown == {(language, message) for language in LANGUAGES for message in Message}


def test_text_and_html_begin_with_the_line_above_which_one_replies() -> None:
    for sample in every_sample():
        marker = REPLY_MARKERS[sample.language]
        assert sample.text.splitlines()[0] == marker
        assert next(line.strip() for line in sample.seen if line.strip()) == marker


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_field_is_called_in_tables_as_in_the_form_that_is_filled_in(language: str) -> None:
    assert TEMPLATES.words(language, "label") == {field.value: text for field, text in FORM_LABELS[language].items()}


def test_the_reference_stands_in_subject_text_and_html() -> None:
    for sample in every_sample():
        reference = f"{NUMBER} #{TOKEN}" if sample.effect.invoice else f"#{TOKEN}"
        assert re.match(rf"\[{reference}\] \w|\[{reference}\] ✓ \w", sample.message["Subject"])
        assert reference in sample.text
        assert reference in sample.html


def test_no_line_of_a_text_is_a_keyword_alone() -> None:
    for sample in every_sample():
        assert not [line for line in sample.text.splitlines() if is_bare_keyword(line)], sample.kind


def test_no_line_that_a_mail_program_makes_of_the_html_is_a_keyword_alone() -> None:
    for sample in every_sample():
        assert not [line for line in sample.seen if is_bare_keyword(line)], sample.kind


@pytest.mark.parametrize("line", ["APPROVE", " - “Approved”.", "согласовано!", "«ОТКАЗ: »", "не согласовано"])
def test_a_keyword_alone_is_known_by_any_dress(line: str) -> None:
    assert is_bare_keyword(line)
    assert not is_bare_keyword(f"the word {line}")


def test_texts_have_no_long_gaps_and_no_blanks_at_line_ends() -> None:
    for sample in every_sample():
        assert "\n\n\n" not in sample.text, sample.kind
        assert not re.search(r"[ \t]\n", sample.text), sample.kind
        assert not re.search(r"\{[{%#]|[%#}]\}", sample.text), sample.kind


def test_html_loads_nothing_runs_nothing_and_links_only_to_the_mailbox_but_for_signing_in() -> None:
    for sample in every_sample():
        for tag, attributes in tags(sample.html):
            assert tag not in {"script", "style", "link", "iframe", "form", "input", "object", "video"}
            assert not {"background", "onclick", "class"} & set(attributes), sample.kind
            if "src" in attributes:
                (picture,) = (part for part in sample.message.walk() if part["Content-ID"])
                assert (tag, attributes["src"]) == ("img", f"cid:{picture['Content-ID'].strip('<>')}")
            assert "url(" not in attributes.get("style", "")
            if tag == "a" and sample.kind is Message.SIGN_IN:
                assert attributes["href"] == "https://invoices.example.com/sign-in/token"
            elif tag == "a":
                assert attributes["href"].startswith("mailto:finance@example.com?")


def test_html_is_no_wider_than_a_phone() -> None:
    for html in (sample.html for sample in every_sample()):
        assert "max-width:600px" in html
        assert 'name="viewport" content="width=device-width' in html
        rigid = re.sub(r"<img [^>]*max-width:100%[^>]*>", "", html.replace('width="600"', ""))
        assert not re.search(r'width="?[2-9]\d\d\d?"', rigid)


def test_every_button_opens_a_complete_ready_answer_with_the_reference_in_its_subject() -> None:
    words = {word for verb in KEYWORDS for words in KEYWORDS[verb].values() for word in words}
    opened = set()
    for sample in every_sample():
        language, effect = sample.language, sample.effect
        if sample.kind is Message.SIGN_IN:
            continue
        labels = tuple(FORM_LABELS[language].values())
        for link in links(sample.html):
            address, subject, text = ready_answer(link)
            assert address == "finance@example.com"
            if sample.kind is Message.HELP:
                assert text.startswith(FORM_LABELS[language][Field.TITLE] + ": ")
                continue
            assert subject.startswith(f"Re: [{NUMBER} #{TOKEN}] " if effect.invoice else f"Re: [#{TOKEN}] ")
            if isinstance(effect, Mail) and effect.asks is Asks.ANSWER:
                assert text == ""  # whatever the submitter writes is the answer
            elif isinstance(effect, Mail) and effect.asks is Asks.DIGEST:
                numbers, _, word = text.partition(" ")
                assert (re.fullmatch(r"1(-\d)?", numbers) is not None, word in words) == (True, True)
            elif text.splitlines()[0].startswith(labels):
                assert all(line.startswith(labels) and ": " in line for line in text.split("\r\n"))
            else:
                word, _, proposed = text.partition(": ")
                assert word in words
                assert bool(proposed) == bool(isinstance(effect, Mail) and effect.extra.get("proposed") and proposed)
                opened.add(word)
            assert len(link) < 2000
    offered = {KEYWORDS[verb][language][0] for verb in Verb for language in LANGUAGES}
    assert opened == offered


def test_an_answer_that_needs_more_words_ends_with_a_colon_and_a_blank() -> None:
    mail = Mail(
        SECOND, Message.APPROVAL_REQUEST, sample_invoice("en"), Asks.APPROVAL, 3, {"recent": [], "delegated_by": None}
    )
    opened = [ready_answer(link)[2] for link in links(body(parsed(written(mail)), "html"))]
    assert opened == ["APPROVE", "REJECT: ", "QUESTION: ", "DELEGATE: "]


def test_the_accountant_is_offered_paid_postpone_reject_and_question_in_her_language() -> None:
    mail = Mail(ACCOUNTANT, Message.PAY_REQUEST, sample_invoice("ru", status=Status.TO_PAY), Asks.PAYMENT)
    opened = [ready_answer(link)[2] for link in links(body(parsed(written(mail, "ru")), "html"))]
    assert opened == ["ОПЛАЧЕНО", "ПЕРЕНЕСТИ: ", "ОТКАЗ: ", "ВОПРОС: "]


@pytest.mark.parametrize(
    ("language", "message", "title"),
    [
        ("ru", Message.PAY_REQUEST, "Оплатить счёт"),
        ("en", Message.PAY_REQUEST, "Pay the invoice"),
        ("ru", Message.WORK_ON_ERRORS, "Работа над ошибками"),
        ("en", Message.WORK_ON_ERRORS, "Work on errors"),
    ],
)
def test_the_two_mails_that_ask_for_work_have_their_fixed_titles(language: str, message: Message, title: str) -> None:
    for sample in every_sample():
        if sample.language == language and sample.kind is message:
            assert title in sample.message["Subject"]
            assert title in sample.text.splitlines()
            assert re.search(rf"<h1[^>]*>{title}</h1>", sample.html)


def test_an_incomplete_mail_shows_what_was_understood_what_lacks_and_a_form_of_the_lacking_lines() -> None:
    problems = (Problem(Field.AMOUNT, "no_currency", "125 000"), Problem(Field.FILES, "empty_file", "a.pdf"))
    invoice = replace(
        sample_invoice("en", status=Status.INCOMPLETE),
        form=Form(title="Paper", counterparty="Romashka LLC", pay_date=date(2026, 12, 15), problems=problems),
    )
    message = parsed(written(Mail(SUBMITTER, Message.INCOMPLETE, invoice, Asks.COMPLETION)))
    text = body(message, "plain")
    assert "Amount:           has no currency (you wrote “125 000”)." in text
    assert "Attach the invoice to your reply" in text
    assert "Counterparty:     Romashka LLC" in text
    assert "\nAmount:\n" in text
    assert "\nInvoice file:\n" not in text
    form, withdraw = links(body(message, "html"))
    assert ready_answer(form)[2] == "Amount: "
    assert ready_answer(withdraw)[2] == "WITHDRAW"


def test_a_correction_form_holds_what_stands_there_now() -> None:
    rejected = sample_invoice("ru", status=Status.REJECTED)
    mail = Mail(SUBMITTER, Message.WORK_ON_ERRORS, rejected, Asks.CORRECTION, extra={"points": ["Нет договора"]})
    form = ready_answer(links(body(parsed(written(mail, "ru")), "html"))[0])[2]
    assert form.split("\r\n")[:3] == ["Контрагент: ООО «Ромашка»", "Сумма: 125000.00 RUB", "Дата оплаты: 15.12.2026"]


@pytest.mark.parametrize("why", samples.UNCLEAR_CODES)
def test_an_unclear_answer_is_shown_line_by_line_and_explained(why: str) -> None:
    extra = {"line": "Approve, if the\nlawyer agrees", "why": why}
    texts = set()
    for language in LANGUAGES:
        mail = Mail(SECOND, Message.UNCLEAR, sample_invoice(language), Asks.APPROVAL, 3, extra)
        message = parsed(written(mail, language))
        assert "> Approve, if the\n> lawyer agrees\n" in body(message, "plain")
        assert re.search(r"> Approve, if the\s+> lawyer agrees", get_text(body(message, "html")))
        assert len(links(body(message, "html"))) == 4
        texts.add(body(message, "plain"))
    other = Mail(SECOND, Message.UNCLEAR, sample_invoice("en"), Asks.APPROVAL, 3, {**extra, "why": "unheard_of"})
    assert body(parsed(written(other)), "plain") not in texts


@pytest.mark.parametrize("code", samples.REFUSAL_CODES)
def test_a_refusal_says_why_in_words_of_its_own(code: str) -> None:
    for language in LANGUAGES:
        facts = {"line": "APPROVE", "by": SECOND, "at": "2026-12-01T09:00:00+00:00", "status": "in_approval"}
        refused = Mail(FIRST, Message.REFUSED, sample_invoice(language), extra={"code": code, **facts})
        other = replace(refused, extra={"code": "unheard_of", **facts})
        assert body(parsed(written(refused, language)), "plain") != body(parsed(written(other, language)), "plain")


def test_who_is_not_concerned_sees_nothing_of_the_invoice_but_its_number() -> None:
    facts = {"code": "wrong_person", "line": "ok", "by": SECOND, "at": None, "status": "in_approval"}
    mail = Mail("stranger@example.com", Message.REFUSED, sample_invoice("en"), extra=facts)
    message = parsed(written(mail))
    for seen in (message["Subject"], body(message, "plain"), body(message, "html")):
        assert "Romashka LLC," not in seen
        assert "125,000" not in seen
        assert "Office paper" not in seen


def test_a_decision_is_already_taken_by_you_where_it_was_yours() -> None:
    facts = {"code": "already_decided", "line": "ok", "by": FIRST, "at": "2026-12-01T09:00:00+00:00", "status": "paid"}
    mail = Mail(FIRST, Message.REFUSED, sample_invoice("en"), extra=facts)
    assert "decided already by you on 1 December 2026, 12:00." in body(parsed(written(mail)), "plain")


def test_a_request_shows_warnings_first_then_the_amount_the_buttons_the_change_and_the_decisions_so_far() -> None:
    requests = (sample for sample in every_sample() if sample.kind is Message.APPROVAL_REQUEST)
    sample = next(sample for sample in requests if sample.language == "en" and sample.full)
    for text in (sample.text, "\n".join(sample.seen)):
        places = [text.index(words) for words in ("Please look twice", "In approval", "REJECT", "→", "Approvers", "✓")]
        assert places == sorted(places)
        assert re.search(r"RUB.130,000.00 → RUB.125,000.00", text)
        assert "INV-2025-0417" in text
    assert [part.get_filename() for part in sample.message.iter_attachments()] == ["invoice-1042.pdf", "scan.jpg"]


def test_russian_texts_are_written_with_yo_and_quotation_marks_of_their_own() -> None:
    careless = re.compile(r"\b(еще|все еще|счет|счета?м|ее|идет|ждет|отклонен|придет|найдет|свое)\b", re.IGNORECASE)
    for sample in every_sample():
        if sample.language == "ru":
            assert not careless.search(sample.text), (sample.kind, careless.search(sample.text))
            assert '"' not in sample.text, sample.kind


def test_the_number_of_open_invoices_takes_its_right_plural() -> None:
    line = {
        "number": NUMBER,
        "status": "to_pay",
        "title": "t",
        "counterparty": "c",
        "amount": "1.00 RUB",
        "waits_for": None,
    }
    for count, words in ((1, "1 счёт."), (2, "2 счёта."), (5, "5 счетов."), (11, "11 счетов."), (21, "21 счёт.")):
        mail = Mail(SUBMITTER, Message.STATUS, extra={"open": [line] * count})
        assert words in body(parsed(written(mail, "ru")), "plain")
