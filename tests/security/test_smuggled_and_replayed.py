"""What was no answer of the person who was asked decides nothing, though it holds all that an answer holds.

Rows A7, A8, A10, A13 and A14 of the attack matrix: a second mail smuggled in the body of the first (A7), the reference
in other hands (A8), an old approval sent again (A10), a calendar's answer (A13), machines that quote APPROVE (A14).
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.inbound.replies import prefixed
from tests.security.attempt import (
    ADMIN,
    ANNA,
    CHECKS,
    EVIL,
    IVAN,
    OLGA,
    PASS,
    PETR,
    Request,
    Target,
    mail,
    reply,
    submission,
)

OWN_PASS = "mx.firm.example; dmarc=pass header.from=evil.example"


@pytest.fixture(scope="module")
def payable(tmp_path_factory: pytest.TempPathFactory) -> Target:
    """An invoice that everybody has approved; the accountant was asked to pay it."""
    target = Target(tmp_path_factory.mktemp("payable"))
    target.receive(reply(target.request))
    return target


ENDS_OF_DATA = ("\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r\n\0.\r\n", "\r\n.\r\n", "\n\n.\n")
OUTER = {
    "a stranger": (f"From: {EVIL}", (OWN_PASS,), "Hello\r\n"),
    "a colleague": (f"From: {PETR}", (PASS,), "Hello\r\n"),
    "the approver": (f"From: {OLGA}", (PASS,), "I will look at it tomorrow.\r\n"),
}


def smuggled(request: Request, line_end: str = "\r\n") -> str:
    """Olga's approval as it would be smuggled, with the commands before it."""
    commands = ["MAIL FROM:<olga@firm.example>", "RCPT TO:<finance@firm.example>", "DATA"]
    return line_end.join([*commands, reply(request).decode()])


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("end", ENDS_OF_DATA)
def test_a_mail_within_the_body_of_a_mail_is_no_mail(target: Target, end: str, outer: str, check: str) -> None:
    sender, results, text = OUTER[outer]
    for line_end in ("\r\n", "\n", "\r"):
        body = text + end + smuggled(target.request, line_end)
        assert not target.attempt(mail(sender=sender, results=results, body=body), check).done


SEPARATORS = (
    "\r\nFrom olga@firm.example Tue Dec  1 09:00:00 2026\r\n",
    "\n\nFrom - Tue Dec  1 09:00:00 2026\n",
    "\r\n>From olga@firm.example\r\n",
    "\r\n\r\n--b\r\n\r\n",
    "\r\n\r\nContent-Type: message/rfc822\r\n\r\n",
    "\x1a",
    "\x0c",
    "\r\n\r\n-----Original Message-----\r\n",
    "\r\n\r\n---------- Forwarded message ---------\r\n",
    "\r\nbegin 644 mail.eml\r\n",
    "\r\n\x04\r\n",
    "\x85",
    "\u2028\u2028",
)


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_separator_begins_another_mail(target: Target, separator: str, outer: str) -> None:
    sender, results, text = OUTER[outer]
    for check in CHECKS:
        body = text + separator + reply(target.request).decode()
        assert not target.attempt(mail(sender=sender, results=results, body=body), check).done


ATTACHED = {
    "a mail": "Content-Type: message/rfc822",
    "a global mail": "Content-Type: message/global",
    "a part of a mail": 'Content-Type: message/partial; number=1; total=1; id="x"',
    "a text that is attached": "Content-Type: text/plain\r\nContent-Disposition: attachment",
    "a text with a name": 'Content-Type: text/plain; name="mail.eml"',
    "headers": "Content-Type: text/rfc822-headers",
    "a file": "Content-Type: application/octet-stream; name=approve.eml",
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("kind", ATTACHED)
def test_a_mail_that_is_attached_decides_nothing(target: Target, kind: str, outer: str, check: str) -> None:
    sender, results, text = OUTER[outer]
    inner = reply(target.request).decode()
    for container in ("mixed", "digest", "related", "parallel"):
        body = f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\n{ATTACHED[kind]}\r\n\r\n{inner}\r\n--b--\r\n"
        head = f"Content-Type: multipart/{container}; boundary=b"
        assert not target.attempt(mail(head, sender=sender, results=results, body=body), check).done


INJECTED = (
    "Subject: x\rFrom: {0}",
    "Subject: x\r\rFrom: {0}\r",
    "Subject: x\x0bFrom: {0}",
    "Subject: x\x85From: {0}",
    "Subject: x\u2028From: {0}",
    "Subject: =?utf-8?q?x=0D=0AFrom=3A_olga=40firm=2Eexample?=",
    "X-A: b\r\n From: {0}",
    "X-A: b\r\n\tFrom: {0}",
    "X-A: b\0\r\n From: {0}",
    "X-A(\r\nFrom: {0}",
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("line", INJECTED)
def test_a_field_within_a_field_is_none(target: Target, line: str, check: str) -> None:
    injected = line.format(OLGA)
    for sender in (f"From: {EVIL}\r\n{injected}", f"{injected}\r\nFrom: {EVIL}", injected):
        tried = target.attempt(reply(target.request, sender=sender, results=(OWN_PASS, PASS)), check)
        assert not tried.done


OTHERS = (PETR, IVAN, ANNA, ADMIN, "finance@firm.example", "new@firm.example", EVIL)
COMMANDS = (
    "APPROVE",
    "REJECT: no contract",
    f"DELEGATE: {PETR}",
    "QUESTION: what is it?",
    "PAID",
    "POSTPONE: 20.12.2026",
    "WITHDRAW",
    "DUPLICATE OK: yes",
    "СОГЛАСОВАНО",
    "ОТКАЗ: нет договора",
)


def by_every_clue(request: Request) -> list[tuple[tuple[str, ...], str, str]]:
    """Head, subject and quotation of answers that lead to a request by one clue alone, and by all."""
    token = f"[INV-2026-0001 #{request.token}]"
    quotation = f"\r\n\r\nOn 1 Dec 2026, mailflow wrote:\r\n> Reference: INV-2026-0001 #{request.token}\r\n"
    return [
        ((f"In-Reply-To: {request.message_id}",), "Re: paper", ""),
        ((f"References: {request.message_id}",), "Re: paper", ""),
        ((), f"Re: {token} Please decide", ""),
        ((), "Re: paper", quotation),
        ((f"In-Reply-To: {request.message_id}",), f"Fwd: {token} Please decide", quotation),
    ]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("address", OTHERS)
def test_a_reference_in_other_hands_decides_nothing(target: Target, address: str, command: str) -> None:
    results = (PASS,) if address.endswith("@firm.example") else (OWN_PASS,)
    for (head, subject, quotation), check in itertools.product(by_every_clue(target.request), CHECKS):
        raw = mail(*head, sender=f"From: {address}", results=results, subject=subject, body=f"{command}{quotation}")
        tried = target.attempt(raw, check)
        assert not tried.done
        assert EVIL not in tried.recipients


@pytest.mark.parametrize("clue", range(5))
def test_the_same_answers_of_the_person_who_was_asked_do_decide(target: Target, clue: int) -> None:
    head, subject, quotation = by_every_clue(target.request)[clue]
    assert "approved" in target.attempt(mail(*head, subject=subject, body=f"APPROVE{quotation}")).done


def test_a_colleague_who_answers_a_forwarded_request_is_told_whom_it_waits_for_and_so_is_olga(
    target: Target,
) -> None:
    tried = target.attempt(reply(target.request, sender=f"From: {PETR}"))
    assert (tried.state, tried.kind, tried.reason) == ("refused", "answer", "wrong_person")
    assert tried.recipients == (PETR, OLGA)


@pytest.fixture
def fresh(tmp_path: Path) -> Target:
    return Target(tmp_path)


AGAIN = {
    "the very same": lambda raw: raw,
    "with one more Received": lambda raw: b"Received: by mx2; Tue, 1 Dec 2026 10:00:00 +0000\r\n" + raw,
    "with other line ends": lambda raw: raw.replace(b"\r\n", b"\n"),
    "verified again": lambda raw: raw.replace(b"; dmarc", b"; spf=none; dmarc"),
    "to another recipient": lambda raw: raw.replace(b"To: finance@", b"To: invoices@"),
    "with another Message-ID": lambda raw: raw.replace(b"<one@", b"<two@"),
    "with another subject": lambda raw: raw.replace(b"Re: ", b"Re: Re: "),
    "by the reference alone": lambda raw: raw.replace(b"In-Reply-To:", b"X-Was:"),
    "with another body": lambda raw: raw + b"Thanks!\r\n",
    "as a rejection": lambda raw: raw.replace(b"APPROVE\r\n", b"REJECT: second thoughts\r\n"),
}


@pytest.mark.parametrize("way", AGAIN)
def test_a_decision_that_comes_again_is_one_decision(fresh: Target, way: str) -> None:
    answer = reply(fresh.request, "Message-ID: <one@firm.example>", "Date: Tue, 1 Dec 2026 09:00:00 +0000")
    fresh.receive(answer)
    before = fresh.invoice()
    fresh.receive(AGAIN[way](answer))
    assert replace(fresh.invoice(), version=before.version) == before
    assert fresh.events().count("approved") == 1
    assert "rejected" not in fresh.events()


CHANGES = ("Amount: 999 000.00 RUB", "Counterparty: Other LLC", "Pay date: 20.12.2026", "Amount: 125 000.00 EUR")


@pytest.mark.parametrize("change", CHANGES)
def test_an_approval_of_what_was_changed_since_decides_nothing(fresh: Target, change: str) -> None:
    before = fresh.request
    ivans = mail(
        sender=f"From: {IVAN}", subject=f"Re: [INV-2026-0001 #{fresh.acknowledgement.token}]", body=f"{change}\r\n"
    )
    fresh.receive(ivans)
    assert "corrected" in fresh.events()
    for command, check in itertools.product(COMMANDS, CHECKS):
        tried = fresh.attempt(reply(before, body=f"{command}\r\n"), check)
        assert not tried.done
    assert "approved" in fresh.attempt(reply(fresh.request)).done


def test_an_approval_of_one_invoice_is_none_of_another(fresh: Target) -> None:
    """A signature seldom covers In-Reply-To: whoever holds a signed approval can point it elsewhere."""
    head = ("Message-ID: <one@firm.example>", "Date: Tue, 1 Dec 2026 09:00:00 +0000")
    signed = reply(fresh.request, *head)
    fresh.receive(signed)
    fresh.receive(submission().replace(b"one", b"two").replace(b"Romashka", b"Vasilek").replace(b"125", b"999"))
    other = fresh.request_of("INV-2026-0002")
    pointed = signed.replace(fresh.request.message_id.encode(), other.message_id.encode())
    assert pointed != signed
    fresh.receive(pointed)
    fresh.receive(pointed.replace(b"<one@", b"<two@"))
    assert "approved" not in fresh.events("INV-2026-0002")
    fresh.receive(reply(other).replace(b"INV-2026-0001", b"INV-2026-0002"))
    assert "approved" in fresh.events("INV-2026-0002")


def calendar(method: str, attendee: str, partstat: str, uid: str, comment: str = "") -> str:
    """A calendar's answer (RFC 5546 section 3.2.3)."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//x//x//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261201T090000Z",
        "DTSTART:20261215T070000Z",
        "ORGANIZER:mailto:finance@firm.example",
        f"ATTENDEE;PARTSTAT={partstat}:mailto:{attendee}",
        f"SUMMARY:{partstat}: APPROVE",
        *([f"COMMENT:{comment}"] if comment else []),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines)


UIDS = ("inv-2026-0001-r1@firm.example", "unknown@firm.example")


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "COMPLETED"])
@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER"])
@pytest.mark.parametrize(
    ("person", "said"),
    [(OLGA, "APPROVE"), (OLGA, "REJECT: no contract"), (ANNA, "PAID"), (ANNA, "POSTPONE: 20.12.2026")],
)
def test_a_calendars_answer_decides_nothing(
    target: Target, payable: Target, person: str, said: str, method: str, partstat: str
) -> None:
    asked = target if person == OLGA else payable
    request = target.request if person == OLGA else payable.pay_request
    for uid, check in itertools.product(UIDS, CHECKS):
        ics = calendar(method, person, partstat, uid, said)
        alone = f"Content-Type: text/calendar; method={method}; charset=utf-8"
        both = (
            f"--b\r\nContent-Type: text/plain\r\n\r\n{said}\r\n--b\r\n"
            f"Content-Type: text/calendar; method={method}\r\n\r\n{ics}\r\n--b--\r\n"
        )
        sender = f"From: {person}"
        assert not asked.attempt(reply(request, alone, sender=sender, body=ics), check).done
        for container in ("alternative", "mixed"):
            head = f"Content-Type: multipart/{container}; boundary=b"
            assert not asked.attempt(reply(request, head, sender=sender, body=both), check).done


ABSENT = {
    "English": (
        "Automatic reply",
        "I am out of the office until 8 December. In urgent cases write to petr@firm.example.",
    ),
    "Russian": ("Автоматический ответ", "Я в отпуске до 8 декабря. Одобрено заместителем не будет."),
    "German": ("Automatische Antwort", "Ich bin bis zum 8. Dezember nicht im Büro."),
    "French": ("Réponse automatique", "Je suis absente jusqu'au 8 décembre."),
    "Spanish": ("Respuesta automática", "Estoy fuera de la oficina hasta el 8 de diciembre."),
    "Italian": ("Risposta automatica", "Sono fuori ufficio fino all'8 dicembre."),
    "Polish": ("Automatyczna odpowiedź", "Jestem nieobecna do 8 grudnia."),
    "Dutch": ("Automatisch antwoord", "Ik ben tot 8 december afwezig."),
    "Portuguese": ("Resposta automática", "Estou ausente até 8 de dezembro."),
    "Turkish": ("Otomatik yanıt", "8 Aralık'a kadar ofis dışındayım."),
    "Ukrainian": ("Автоматична відповідь", "Я у відпустці до 8 грудня."),
    "Chinese": ("自动回复", "我外出至12月8日。"),
}
SIGNS = (
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated (vacation)",
    "X-Autoreply: yes",
    "X-Autorespond: vacation",
    "Precedence: auto_reply",
    "X-Apple-Action: VACATION",
    "Return-Path: <>",
    "X-Vacation: yes",
)


@pytest.mark.parametrize("language", ABSENT)
def test_an_absence_that_quotes_approve_decides_nothing(target: Target, language: str) -> None:
    prefix, text = ABSENT[language]
    request = target.request
    quotation = prefixed(f"{request.raw.decode()}\nAPPROVE\nСОГЛАСОВАНО")
    subject = f"{prefix}: [INV-2026-0001 #{request.token}] Please decide"
    for body in (f"{text}\r\n\r\n{quotation}", f"{text}\r\n\r\nAPPROVE\r\n", f"{quotation}\r\n\r\n{text}\r\n"):
        assert not target.attempt(reply(request, subject=subject, body=body)).done
        for sign, check in itertools.product(SIGNS, CHECKS):
            assert not target.attempt(reply(request, sign, subject=subject, body=body), check).done


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_machine_decides_nothing_though_its_text_begins_with_the_word(
    target: Target, command: str, sign: str
) -> None:
    for check in CHECKS:
        assert not target.attempt(reply(target.request, sign, body=f"{command}\r\n"), check).done


REPORTS = {
    "delivery-status": "message/delivery-status",
    "disposition-notification": "message/disposition-notification",
    "feedback-report": "message/feedback-report",
}
FIELDS = {
    "delivery-status": "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; olga@firm.example\r\nAction: failed\r\n"
    "Status: 5.1.1\r\n",
    "disposition-notification": "Final-Recipient: rfc822; olga@firm.example\r\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\r\n",
    "feedback-report": "Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n",
}


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("language", ABSENT)
def test_a_report_of_a_program_decides_nothing(target: Target, language: str, kind: str) -> None:
    request = target.request
    for text in (ABSENT[language][1], "APPROVE", "REJECT: no contract"):
        body = (
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\r\nAPPROVE\r\n--b\r\n"
            f"Content-Type: {REPORTS[kind]}\r\n\r\n{FIELDS[kind]}Original-Message-ID: {request.message_id}\r\n--b\r\n"
            f"Content-Type: message/rfc822\r\n\r\n{reply(request).decode()}\r\n--b--\r\n"
        )
        head = f"Content-Type: multipart/report; report-type={kind}; boundary=b"
        for sender, check in itertools.product((f"From: {OLGA}", "From: MAILER-DAEMON@firm.example"), CHECKS):
            assert not target.attempt(reply(request, head, sender=sender, body=body), check).done


READ = ("Read: ", "Прочитано: ", "Gelesen: ", "Lu : ", "Leído: ", "Letto: ", "Przeczytano: ", "Gelezen: ", "Lida: ",
        "Okundu: ", "Прочитано повідомлення: ", "已读: ")  # fmt: skip


@pytest.mark.parametrize("prefix", READ)
def test_a_receipt_that_quotes_approve_decides_nothing(target: Target, prefix: str) -> None:
    subject = f"{prefix}[INV-2026-0001 #{target.request.token}] Please decide"
    bodies = (
        "Your message\r\n\r\nTo: Olga Kim\r\nSubject: APPROVE\r\n\r\nwas read on 1 December 2026.\r\n",
        "",
        "\r\n\r\n> APPROVE\r\n",
        "Ваше сообщение\r\n\r\nКому: Olga\r\nТема: СОГЛАСОВАНО\r\n\r\nпрочитано 1 декабря 2026.\r\n",
    )
    for body, check in itertools.product(bodies, CHECKS):
        assert not target.attempt(reply(target.request, subject=subject, body=body), check).done
