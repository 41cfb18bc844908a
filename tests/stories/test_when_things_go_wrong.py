"""Bad input, bad luck, bad timing: nothing is lost, nobody is asked twice, the next mail goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailflow.adapters.reading_process import ReadingProcess
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import KEYWORDS
from mailflow.errors import DatabaseAway, TransientFailure
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.jobs.outgoing import Outgoing
from mailflow.store.inbox import InboxState
from mailflow.store.invoices import Invoices
from mailflow.store.outbox import OutboxState
from tests.stories.conftest import Office, paper

COMPLETE = "Контрагент: ООО «Ромашка»\nСумма: 125 000,00 руб.\nДата оплаты: 15.12.2026"


def test_the_same_mail_delivered_twice_is_one_submission(office: Office) -> None:
    office.ivan.submit("Бумага", COMPLETE, [paper()])
    office.drop_in(b"Received: by another way\r\n" + office.server.journal[-1].raw)
    office.work()
    assert len(office.invoices()) == 1
    assert len(office.mails("olga")) == 1
    assert office.folder_count("INBOX") == 0


def test_a_processed_mail_moved_back_into_the_inbox_does_nothing_twice(office: Office) -> None:
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    before = {name: len(office.mails(name)) for name in ("ivan", "olga", "director")}
    with office.shared_mailbox() as box:
        box.folder.set("Processed")
        box.move(box.uids(), "INBOX")
    office.work()
    assert {name: len(office.mails(name)) for name in before} == before
    assert office.folder_count("Processed") == 2


def test_the_same_file_again_waits_for_the_submitters_reason(office: Office) -> None:
    office.ivan.submit("Бумага", COMPLETE, [paper("same")])
    office.ivan.submit("Ещё бумага", COMPLETE.replace("125", "130"), [paper("same")])
    office.work()
    assert [i.status for i in office.invoices()] == [Status.IN_APPROVAL, Status.INCOMPLETE]
    held = next(m for m in office.mails("ivan") if "INV-2026-0002" in m.subject)
    assert "INV-2026-0001" in held.text
    office.ivan.reply(held, "ДУБЛИКАТ ОК: две поставки")
    office.work()
    assert office.invoices()[1].status is Status.IN_APPROVAL
    assert "две поставки" in office.mails("olga")[-1].text


def test_a_stranger_gets_nothing_back_and_the_administrator_sees_the_mail(office: Office) -> None:
    office.stranger.submit("Invoice", COMPLETE, [paper()])
    office.work()
    assert office.mails("stranger") == []
    assert [m.sender for m in office.quarantine()] == ["stranger@elsewhere.example"]
    assert office.folder_count("Quarantine") == 1
    assert len(office.mails("admin")) == 1


BROKEN = {
    "empty": b"",
    "no From": b"Subject: hello\r\n\r\ntext\r\n",
    "two Froms": b"From: ivan@example.com\r\nFrom: olga@example.com\r\nSubject: x\r\n\r\nAPPROVE\r\n",
    "a boundary that never comes": b"From: ivan@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nhi",
    "an unknown charset": b'From: ivan@example.com\r\nContent-Type: text/plain; charset="x-none"\r\n\r\n\xff\xfe\x00',
    "broken base64": (
        b"From: ivan@example.com\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!===\r\n"
    ),
    "a header that breaks parsers": b"From: ivan@example.com\r\nMessage-ID: <[x@y.z]>\r\nTo: b@\r\n\r\nhi\r\n",
    "an empty mail": b"From: ivan@example.com\r\nSubject: \r\n\r\n",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_mail_gets_its_clear_end_and_the_next_is_processed_in_the_same_pass(
    office: Office, raw: bytes
) -> None:
    office.drop_in(raw)
    office.ivan.submit("Бумага", COMPLETE, [paper()])
    result = office.work()
    assert result.troubles == []
    assert office.invoices()[-1].status is Status.IN_APPROVAL
    assert office.folder_count("INBOX") == 0
    assert office.folder_count("Processed") + office.folder_count("Quarantine") == 2


def test_an_oversized_mail_is_not_read_and_its_sender_is_told(office: Office) -> None:
    office.ivan.submit("Бумага", COMPLETE, [paper("x" * 3_000_000)])
    office.ivan.submit("Бумага", COMPLETE, [paper()])
    office.work()
    assert [m.kind for m in office.quarantine()] == ["too_large"]
    assert len(office.invoices()) == 1
    assert any("больш" in m.text for m in office.mails("ivan"))


def test_unknown_labels_are_named_and_do_not_stop_the_rest(office: Office) -> None:
    office.submit(**{"Номер проекта": "А-17"})
    assert office.invoice().status is Status.IN_APPROVAL
    assert "Номер проекта" in office.mails("ivan")[0].text


def test_a_reply_to_something_long_ended_gets_one_polite_explanation(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence="olga@example.com")
    office.submit()
    request = office.gets("olga")
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work()
    office.buh.reply(office.gets("buh", "Оплатить"), "ОПЛАЧЕНО")
    office.work()
    before = len(office.mails("olga"))
    office.olga.reply(request, "ОТКАЗ: передумала")
    office.work(days=30)
    assert office.invoice().status is Status.PAID
    assert len(office.mails("olga")) == before + 1


def test_an_absence_decides_nothing_is_not_answered_and_stands_in_the_history(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    away = EmailMessage()
    away["From"], away["To"] = "olga@example.com", "finance@example.com"
    away["Subject"], away["Auto-Submitted"] = f"Автоответ: {request.subject}", "auto-replied"
    away["In-Reply-To"] = request.message_id
    away.set_content("СОГЛАСОВАНО\nЯ в отпуске")
    office.send_raw(away, "olga@example.com")
    office.work()
    assert office.invoice().asked_step == 0
    assert len(office.mails("olga")) == 1
    assert "automatic_answer" in [line.event for line in office.history()]


def test_a_newsletter_is_never_answered_and_an_invoice_that_a_list_hands_on_still_is_one(office: Office) -> None:
    for text, with_file in (("Our news of the week", False), (COMPLETE, True)):
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = "ivan@example.com", "finance@example.com", "News"
        letter["List-Id"], letter["Precedence"] = "<all.example.com>", "bulk"
        letter.set_content(text)
        if with_file:
            letter.add_attachment(b"%PDF-1.4 a", maintype="application", subtype="pdf", filename="a.pdf")
        office.send_raw(letter, "ivan@example.com")
        office.work()
        assert len(office.invoices()) == int(with_file)
        assert len(office.mails("ivan")) == int(with_file)
    (mail,) = office.quarantine()
    assert "mailing list" in mail.reason


def test_an_absent_approver_is_stood_in_for_by_the_deputy_at_once(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence="vera@example.com, director@example.com")
    office.submit()
    away = EmailMessage()
    away["From"], away["To"] = "vera@example.com", "finance@example.com"
    away["Subject"], away["Auto-Submitted"] = "Automatic reply: x", "auto-replied"
    away["In-Reply-To"] = office.gets("vera").message_id
    away.set_content("I am out of the office until Monday.")
    office.send_raw(away, "vera@example.com")
    office.work()
    assert "your deputy has been asked instead" in office.mails("vera")[-1].text
    office.petr.reply(office.gets("petr", "INV-2026-0001"), "СОГЛАСОВАНО")
    office.work()
    assert office.gets("director", "INV-2026-0001")
    steps = [(step.approver, step.status.value) for step in office.invoice().steps]
    assert steps[:2] == [("vera@example.com", "delegated"), ("petr@example.com", "approved")]


def test_the_history_says_by_what_an_answer_was_found_to_belong_to_a_request(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work()
    (approved,) = [line for line in office.history() if line.event == "approved"]
    assert approved.details["found_by"] == f"In-Reply-To ({request.message_id})"


def test_a_mail_that_no_server_takes_marks_the_invoice_and_offers_the_deputy(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(sequence="gone@example.com")
    office.submit()
    office.work()
    assert [w.code for w in office.invoice().warnings] == ["not_delivered"]
    told = office.mails("ivan")[-1]
    assert "gone@example.com" in told.text
    assert "petr@example.com" in told.text
    assert "gone@example.com" in office.mails("admin")[-1].text


REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example.com
To: finance@example.com
Subject: Undelivered Mail Returned to Sender
{header}Content-Type: text/plain; charset=utf-8

This is the mail system at host mail.example.com.

<{recipient}>: host mx.example.com said: 550 5.1.1 User unknown

{returned}
"""


def bounce(office: Office, recipient: str, header: str = "", returned: str = "") -> None:
    office.drop_in(REPORT.format(recipient=recipient, header=header, returned=returned).encode())
    office.work()


@pytest.mark.parametrize("known_by", ["Message-ID", "reference", "address"])
def test_a_bounce_is_found_back_to_exactly_the_mail_that_bounced(office: Office, known_by: str) -> None:
    office.submit()
    request = office.gets("olga")
    returned = {
        "Message-ID": f"Message-ID: {request.message_id}",
        "reference": f"Subject: {request.subject}",
        "address": "",
    }
    bounce(office, "olga@example.com", returned=returned[known_by])
    (warning,) = office.invoice().warnings
    assert warning.code == "not_delivered"
    assert "olga@example.com" in warning.detail
    (line,) = [line for line in office.history() if line.event == "not_delivered"]
    assert line.details["message"] == "approval_request"


def test_a_bounce_that_may_be_of_two_mails_is_looked_at_by_the_administrator(office: Office) -> None:
    office.submit()
    office.submit()
    bounce(office, "olga@example.com")
    assert [invoice.warnings for invoice in office.invoices()] == [(), ()]
    (mail,) = office.quarantine()
    assert mail.reason == "a mail to olga@example.com did not arrive, and the report does not say which"


def test_a_bounce_of_somebody_we_never_wrote_to_is_ignored(office: Office) -> None:
    office.submit()
    bounce(office, "nobody@elsewhere.example")
    assert office.quarantine() == []
    assert office.invoice().warnings == ()


def test_what_was_attached_or_forwarded_never_answers_for_a_person(office: Office) -> None:
    """Petr has Olga's approval as a file, and forwards it; then Olga attaches a mail that says it."""
    office.submit()
    request = office.gets("olga")
    said = EmailMessage()
    said["From"], said["To"], said["Subject"] = "olga@example.com", "finance@example.com", f"Re: {request.subject}"
    said["In-Reply-To"] = request.message_id
    said.set_content("СОГЛАСОВАНО")
    for sender, text in (("petr@example.com", ""), ("olga@example.com", "")):
        outer = EmailMessage()
        outer["From"], outer["To"], outer["Subject"] = sender, "finance@example.com", f"Fwd: {request.subject}"
        outer["In-Reply-To"] = request.message_id
        outer.set_content(text)
        outer.add_attachment(said)
        office.send_raw(outer, sender)
    inline = EmailMessage()
    inline["From"], inline["To"] = "petr@example.com", "finance@example.com"
    inline["Subject"] = f"Fwd: {request.subject}"
    inline.set_content(
        "---------- Forwarded message ---------\nFrom: Olga <olga@example.com>\nSubject: Re: x\n\nСОГЛАСОВАНО\n"
    )
    office.send_raw(inline, "petr@example.com")
    office.work()
    assert office.invoice().asked_step == 0
    assert office.invoice().approvers_so_far == ()


def test_a_silent_approver_is_reminded_once_a_day(office: Office) -> None:
    office.submit()
    office.work(hours=23)
    assert len(office.mails("olga")) == 1
    office.work(hours=3)
    office.work(hours=3)
    assert len(office.mails("olga")) == 2
    office.olga.reply(office.mails("olga")[-1], "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().asked_step == 1


def test_a_request_in_doubt_that_was_answered_has_arrived_and_is_not_sent_again(office: Office) -> None:
    takes = office.server.handle_DATA

    async def takes_and_says_nothing(server: Any, session: object, envelope: Any) -> str:
        answer = await takes(server, session, envelope)
        if envelope.rcpt_tos == ["olga@example.com"]:
            server.transport.abort()
        return answer

    office.server.handle_DATA = takes_and_says_nothing  # type: ignore[method-assign, assignment]
    office.submit()
    request = office.gets("olga")
    with office.mailflow.store.begin() as uow:
        (waiting,) = uow.outbox.undelivered()
    assert waiting.state == OutboxState.UNKNOWN
    office.server.handle_DATA = takes  # type: ignore[method-assign]
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work(hours=1)
    assert [m.message_id for m in office.mails("olga")].count(request.message_id) == 1
    assert office.invoice().approvers_so_far == ("olga@example.com",)
    assert office.undelivered() == 0
    sent = [line.message_id for line in office.history() if line.event == "mail_sent"]
    assert sent.count(request.message_id) == 1


def test_our_own_next_mail_is_no_evidence_that_the_one_before_has_arrived(open_office: Callable[..., Office]) -> None:
    office = open_office(mailbox="  keep_copies: true\n")
    takes, unknown = office.server.handle_RCPT, ["olga@example.com"]

    async def knows_no_olga(server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in unknown:
            return "550 5.1.1 no such user"
        return await takes(server, session, envelope, address, options)

    office.server.handle_RCPT = knows_no_olga  # type: ignore[method-assign]
    office.submit()
    unknown.clear()
    with office.mailflow.store.begin() as uow:
        (refused,) = uow.outbox.undelivered()
        uow.outbox.redo(refused.id, office.now)
        uow.commit()
    copy = EmailMessage()
    copy["From"], copy["To"], copy["Message-ID"] = "finance@example.com", "olga@example.com", "<next@example.com>"
    copy["In-Reply-To"] = copy["References"] = refused.message_id
    office.send_raw(copy, "finance@example.com")
    office.work()
    assert [mail.message_id for mail in office.mails("olga")] == [refused.message_id]


def test_a_mail_that_cannot_be_processed_is_tried_five_times_and_then_lies_in_quarantine(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises_for_poison(self: ReadingProcess, raw: bytes, today: date) -> ReadMail:
        if b"Subject: poison" in raw:
            raise RuntimeError("this reader is broken")
        return read_mail(raw, KEYWORDS, today)

    monkeypatch.setattr(ReadingProcess, "read", raises_for_poison)
    office.restart()
    office.ivan.submit("poison", "", [paper()])
    office.ivan.submit("Бумага", COMPLETE, [paper()])
    office.work()
    assert len(office.invoices()) == 1
    assert office.folder_count("INBOX") == 1
    for _ in range(6):
        office.work(hours=2)
    assert [m.state for m in office.quarantine()] == [InboxState.QUARANTINED]
    assert len(office.mails("admin")) == 1
    assert office.folder_count("Quarantine") == 1
    monkeypatch.undo()
    office.restart()
    with office.shared_mailbox() as box:
        box.folder.set("Quarantine")
        box.move(box.uids(), "INBOX")
    office.work()
    assert office.quarantine() == []
    assert len(office.invoices()) == 2


def test_a_database_that_cannot_be_used_for_a_day_costs_no_mail_its_try_and_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_is_full(self: Invoices, invoice: Invoice) -> None:
        raise DatabaseAway("The database cannot be used just now: database or disk is full")

    monkeypatch.setattr(Invoices, "add", disk_is_full)
    office.ivan.submit("Бумага", COMPLETE, [paper()])
    office.olga.submit("Toner", COMPLETE, [paper()])
    for _ in range(12):
        assert office.work(hours=2).troubles == ["The database cannot be used just now: database or disk is full"]
    assert office.quarantine() == []
    monkeypatch.undo()
    assert office.work().troubles == []
    assert len(office.invoices()) == 2


def test_a_broken_template_keeps_its_mail_in_the_outbox_until_it_is_mended(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    import shutil

    from mailflow.settings import packaged_templates

    shutil.copytree(packaged_templates(), tmp_path / "templates")
    office = open_office(more=f"templates: {tmp_path}/templates")
    broken = tmp_path / "templates" / "ru" / "approval_request" / "body.txt.j2"
    words = broken.read_text(encoding="utf-8")
    broken.write_text("{{ invoice.nonsense.deeper }}", encoding="utf-8")
    office.restart()
    office.submit()
    assert office.mails("olga") == []
    assert len(office.mails("ivan")) == 1
    with office.mailflow.store.begin() as uow:
        (waiting,) = uow.outbox.undelivered()
        assert "approval_request" in waiting.last_error
    broken.write_text(words, encoding="utf-8")
    office.restart()
    office.work(hours=1)
    assert len(office.mails("olga")) == 1


@pytest.mark.parametrize(
    ("name", "subject", "body", "files"),
    [
        ("buh", "INV-2026-0001", "ОПЛАЧЕНО 123", 1),
        ("olga", "Re: INV-2026-0001", "СОГЛАСОВАНО", 1),
        ("ivan", "Re: INV-2026-0001", "Сумма: 500 руб.", 0),
        ("ivan", "Re: [INV-2026-0001 #abcdefghjk] x", "Сумма: 500 руб.", 1),
    ],
)
def test_an_answer_that_names_no_mail_of_ours_is_explained_and_never_a_second_invoice(
    office: Office, name: str, subject: str, body: str, files: int
) -> None:
    office.submit()
    before = len(office.mails(name))
    office.people[name].submit(subject, body, [paper()] * files)
    office.work()
    assert len(office.invoices()) == 1
    assert len(office.mails(name)) == before + 1


def test_an_invoice_that_a_scanner_sends_for_somebody_is_not_lost(office: Office) -> None:
    scan = EmailMessage()
    scan["From"], scan["To"], scan["Subject"] = "ivan@example.com", "finance@example.com", "Scan 0042"
    scan["Auto-Submitted"] = "auto-generated"
    scan.set_content(COMPLETE)
    scan.add_attachment(paper().content, maintype="application", subtype="pdf", filename="scan.pdf")
    office.send_raw(scan, "ivan@example.com")
    office.work()
    assert office.invoices() == []
    assert "machine" in office.quarantine()[0].reason


def test_one_address_that_takes_nothing_for_now_holds_up_nobody_else(office: Office) -> None:
    takes, greylisted = office.server.handle_RCPT, ["olga@example.com"]

    async def greylists_olga(
        server: object, session: object, envelope: object, address: str, options: list[str]
    ) -> str:
        return "450 4.2.0 later" if address in greylisted else await takes(server, session, envelope, address, options)

    office.server.handle_RCPT = greylists_olga  # type: ignore[method-assign]
    for number in range(5):
        office.ivan.submit(f"Бумага {number}", COMPLETE.replace("125", f"{100 + number}"), [paper()])
    office.petr.submit("HELP", "ПОМОЩЬ")
    office.work()
    assert len(office.mails("ivan")) == 5
    assert len(office.mails("petr")) == 1
    assert office.mails("olga") == []
    greylisted.clear()
    office.work(hours=1)
    assert len(office.mails("olga")) == 5


def test_whom_we_asked_is_heard_even_when_the_settings_no_longer_name_them(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence="boss@elsewhere.example, olga@example.com")
    office.submit()
    with office.mailflow.store.begin() as uow:
        (request,) = [e for e in uow.outbox.undelivered() if e.recipient == "boss@elsewhere.example"]
    assert request.state == "dead"
    office.sequence = "olga@example.com"
    office.restart()
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "boss@elsewhere.example", "finance@example.com", "Re: x"
    answer["In-Reply-To"] = request.message_id
    answer.set_content("APPROVE")
    office.drop_in(answer.as_bytes())
    office.work()
    assert office.invoice().approvers_so_far == ("boss@elsewhere.example",)


def test_a_payment_that_could_not_be_moved_is_told_of_and_asked_for_by_no_reminder(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = office.submit().number
    office.olga.reply(office.gets("olga", number), "СОГЛАСОВАНО")
    office.work()
    office.director.reply(office.gets("director", number), "APPROVE")
    office.work()
    asked = len(office.mails("buh"))
    record, failures = Outgoing.record, iter([TransientFailure("the disk is full")])

    def fails_once(outgoing: Outgoing, *values: Any) -> Invoice:
        if failure := next(failures, None):
            raise failure
        return record(outgoing, *values)

    monkeypatch.setattr(Outgoing, "record", fails_once)
    assert office.work(days=20).troubles == ["the disk is full"]
    assert len(office.mails("buh")) == asked
    assert office.work().troubles == []
    assert len(office.mails("buh")) == asked + 1
    events = [line.event for line in office.history()]
    assert ("payment_moved" in events, "reminded" in events) == (True, False)
