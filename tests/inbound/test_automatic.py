"""An out-of-office answer is never a decision (process section 2); a person's answer is never taken for one."""

from __future__ import annotations

import pytest

from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.message import parse
from tests.inbound.corpus import needs_corpus, raw, rows


def reason(*lines: str, subject: str = "Re: [INV-2026-0001 #k7f3q9xw] Approve invoice") -> str | None:
    header = ["From: olga@firm.example", f"Subject: {subject}", *lines, "", "APPROVE"]
    return automatic_reason(parse("\r\n".join(header).encode()))


@pytest.mark.parametrize(
    "line",
    [
        "X-Nothing: special",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Precedence: bulk",
        "Precedence: list",
        "Precedence: junk",
        "List-Id: <finance.firm.example>",
        "List-Unsubscribe: <mailto:x@firm.example>",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-MS-Exchange-Inbox-Rules-Loop: finance@firm.example",
        "Return-Path: <olga@firm.example>",
        "X-Autoreply: no",
    ],
)
def test_what_persons_mail_carries_too_makes_no_mail_automatic(line: str) -> None:
    assert reason(line, "In-Reply-To: <a@b>") is None


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Auto-Submitted: Auto-Replied(vacation)",
        "Auto-Submitted: auto-notified",
        "X-Autoreply: yes",
        "X-Autorespond: [INV-2026-0001]",
        "X-Apple-Action: VACATION",
        "Precedence: auto_reply",
        "Precedence: auto-reply",
        "Return-Path: <>",
        "X-Precedence: auto_reply",
        "X-FC-MachineGenerated: true",
    ],
)
def test_a_sign_made_for_the_purpose_is_enough(line: str) -> None:
    assert reason(line)


SUBJECTS = [
    "Automatic reply: Approve",
    "Автоответ: счёт",
    "Автоматический ответ: счёт",
    "Out of Office: Approve",
    "Automatische Antwort: Rechnung",
    "Réponse automatique : facture",
    "Respuesta automática: factura",
    "Risposta automatica: fattura",
    "[Automatyczna odpowiedź] test",
    "Automatisch antwoord: factuur",
    "Out-of-Office: Approve",
    "Нет на рабочем месте: счёт",
    "Réponse d'absence : facture",
    "AUTO: Olga Kim is out of the office (returning 12/01/2026)",
    "Ārpus biroja: rēķins",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_subject_of_an_absence_counts_beside_another_sign(subject: str) -> None:
    assert reason(subject=subject) is None
    assert reason("Precedence: junk", subject=subject)
    assert reason("X-Auto-Response-Suppress: OOF", subject=subject)
    assert reason("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", subject=subject)
    assert reason("In-Reply-To: <a@b>", subject=subject)
    assert reason("In-Reply-To: <a@b>", subject=f"Re: {subject}") is None


@needs_corpus
@pytest.mark.parametrize("row", rows("autoreplies"), ids=lambda row: row["file"])
def test_robots_are_told_from_persons(row: dict[str, str]) -> None:
    assert bool(automatic_reason(parse(raw("autoreplies", row)))) == (row["expected"] == "ignored")


@needs_corpus
@pytest.mark.parametrize("row", rows("autoreplies/derived"), ids=lambda row: row["file"])
def test_a_robots_answer_to_our_request_decides_nothing(row: dict[str, str]) -> None:
    assert automatic_reason(parse(raw("autoreplies/derived", row)))


@needs_corpus
@pytest.mark.parametrize("row", rows("decisions"), ids=lambda row: row["file"])
def test_no_persons_decision_is_taken_for_automatic(row: dict[str, str]) -> None:
    message = parse(raw("decisions", row))
    assert automatic_reason(message) is None
    assert message.sender == row["from_addr"]


REQUEST = "[INV-2026-0001 #k7f3q9xw] Approve invoice"


def without_signs(subject: str, text: str, sender: str = "Olga <olga@firm.example>") -> str | None:
    """The reason that is found in a mail whose header gives no sign."""
    header = f"From: {sender}\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    return automatic_reason(parse(f"{header}{text}\n".encode()))


ROBOTS = {
    "a receipt of Outlook": (
        f"Read: {REQUEST}",
        "Your message\n\n  To: Olga\n  Subject: Approve\n\nwas read on 01.12.2026 10:00.",
    ),
    "a receipt in Russian": (
        f"Прочтено: {REQUEST}",
        "Ваше сообщение\n\n  Кому: Ольга\n\nбыло прочтено 1 декабря 2026 г. 10:00:00.",
    ),
    "another receipt in Russian": (f"Прочитано: {REQUEST}", "Сообщение\nбыло прочитано в 01.12.2026 10:00."),
    "a receipt of a mail that nobody read": (
        f"Not read: {REQUEST}",
        "Your message\n\nwas deleted without being read on 1 December 2026.",
    ),
    "the same in Russian": (f"Не прочтено: {REQUEST}", "Сообщение\n\nудалено без прочтения 01.12.2026."),
    "a receipt in German": (f"Gelesen: {REQUEST}", "Ihre Nachricht\n\nwurde am 01.12.2026 um 10:00 gelesen."),
    "a receipt in French": (f"Lu : {REQUEST}", "Votre message\n\na été lu le mardi 1 décembre 2026 10:00."),
    "a recall": (f"Recall: {REQUEST}", f'Kim, Olga would like to recall the message, "{REQUEST}".'),
    "a recall in Russian": (f"Отзыв: {REQUEST}", f'Ольга Ким хочет отозвать сообщение "{REQUEST}".'),
    "a recall in German": (f"Rückruf: {REQUEST}", f'Olga Kim möchte die Nachricht "{REQUEST}" zurückrufen.'),
    "a filter that asks to click": (
        f"Re: {REQUEST}",
        "This account is protected by a mail filter. Please click on the following link to have your address "
        "added to the list of allowed senders:\n\nhttps://filter.example/verification/1",
    ),
    "a filter that asks for an answer": (
        "Please confirm your message",
        "Your message is being held until you confirm it. To deliver your message, just reply to this mail.",
    ),
    "a filter in Russian": (
        f"Re: {REQUEST}",
        "Чтобы ваше письмо было доставлено, подтвердите, что вы не робот: нажмите на ссылку https://filter.example/1",
    ),
    "a ticket": (
        f"[Ticket#2026120110000012] {REQUEST}",
        "Your request has been received and a ticket has been created. This is an automated response.",
    ),
    "a ticket in Russian": (
        f"Обращение № 4711: {REQUEST}",
        "Здравствуйте! Ваше обращение № 4711 зарегистрировано.\n\nПисьмо сформировано автоматически.",
    ),
    "a ticket in German": (
        f"[#4711] {REQUEST}",
        "Ihre Anfrage ist bei uns eingegangen. Dies ist eine automatische Antwort.",
    ),
    "an absence as Domino words it": (
        "Olga Kim is out of the office.",
        "I will return on Monday.\n\nNote: This is an automated response to your message sent on 01.12.2026.",
    ),
    "an absence in Russian": (
        "Ольга Ким в отпуске",
        "Я в отпуске до 12 января. Это автоматический ответ, не отвечайте на это письмо.",
    ),
}


@pytest.mark.parametrize("name", ROBOTS)
def test_what_only_programs_write_is_told_without_any_header(name: str) -> None:
    assert without_signs(*ROBOTS[name])


def test_what_a_mail_server_writes_is_no_persons_mail() -> None:
    assert without_signs("errors", "See the log.", "Mail Delivery System <MAILER-DAEMON@firm.example>")


PERSONS = {
    "a decision about a receipt": (f"Re: Прочтено: {REQUEST}", "APPROVE\n\nБыло прочитано 1 декабря."),
    "a decision under the subject of a receipt": (f"Read: {REQUEST}", "APPROVE"),
    "somebody withdraws his own words": (f"Отзыв: {REQUEST}", "REJECT хочу отозвать согласование, нет договора"),
    "somebody received a ticket": (
        f"Re: {REQUEST}",
        "APPROVE\n\nОбращение № 4711 зарегистрировано, договор у юристов.",
    ),
    "somebody speaks of an automatic mail": (
        f"Re: {REQUEST}",
        "REJECT получили автоматическое уведомление, что счёт уже оплачен",
    ),
    "somebody explains a link": (
        f"Re: {REQUEST}",
        "REJECT please click on the link in the portal, the amount is wrong: https://portal.example/1",
    ),
    "somebody is on leave and decides": (f"Re: {REQUEST}", "APPROVE\n\nI am out of the office until Monday."),
    "somebody tells of a colleague": ("Ольга в отпуске", "Ольга в отпуске до 12 января, спросите Ивана."),
    "somebody speaks of a spam filter": (
        f"Re: {REQUEST}",
        "APPROVE\n\nВаше письмо попало в спам, подтвердите, что вы его получили.",
    ),
    "somebody answers above an automatic mail": (
        f"Re: {REQUEST}",
        "APPROVE\n\n> Your request has been received.\n> This is an automated response, do not reply to this mail.",
    ),
}


@pytest.mark.parametrize("name", PERSONS)
def test_a_person_who_uses_the_words_of_programs_stays_a_person(name: str) -> None:
    assert without_signs(*PERSONS[name]) is None
