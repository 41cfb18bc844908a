"""Whole conversations: an invoice from the shared mailbox to paid."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

from click.testing import CliRunner

from mailflow.approval.invoice import StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.cli import cli
from tests.stories.conftest import Office, day, paper


def test_an_invoice_goes_through_every_approver_to_the_accountant_and_is_paid(office: Office) -> None:
    office.submit()
    number = "INV-2026-0001"
    acknowledged = office.gets("ivan", number)
    assert "ООО «Ромашка»" in acknowledged.text
    request = office.gets("olga", number)
    assert request.files[0].filename == "счёт.pdf"
    assert request.message["Auto-Submitted"] in ("auto-generated", "auto-replied")
    assert request.recipients == ("olga@example.com",)
    office.olga.press(request, "Согласовать")
    office.work()
    assert "СОГЛАСОВАНО" in office.gets("olga", number).text
    office.director.reply(office.gets("director", number), "approved, thank you")
    office.work()
    invite = next(mail for mail in office.mails("buh") if mail.method == "REQUEST")
    assert (invite.event_day, invite.event["SEQUENCE"]) == (day(12, 15), 0)
    to_pay = office.gets("buh", "Оплатить счёт")
    assert to_pay.files
    assert "Ольга Смирнова" in to_pay.text
    office.buh.reply(to_pay, "ОПЛАЧЕНО п/п 77", [paper("payment order")])
    office.work()
    told = [mail for mail in office.mails("ivan") if "77" in mail.text and mail.files and not mail.method]
    assert len(told) == 1
    invoice = office.invoice()
    assert (invoice.status, invoice.payment.reference) == (Status.PAID, "п/п 77")
    assert {i.sequence for i in invoice.invites} == {1}
    assert [line.event for line in office.history()][:3] == ["submitted", "approval_started", "asked"]
    assert office.folder_count("INBOX") == 0
    assert office.folder_count("Processed") == 4


def test_an_incomplete_mail_is_completed_by_a_reply_with_the_missing_line_alone(office: Office) -> None:
    office.submit(**{"Сумма": "1.234", "Дата оплаты": None})
    assert office.invoice().status is Status.INCOMPLETE
    asked = office.gets("ivan", "INV-2026-0001")
    assert "1.234" in asked.text
    assert office.mails("olga") == []
    office.ivan.reply(asked, "Сумма: 1 234,00 руб.\nДата оплаты: 15.12.2026")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL
    assert str(office.invoice().amount) == "1234.00 RUB"
    assert office.gets("olga", "INV-2026-0001")


def test_a_rejected_invoice_is_corrected_under_its_number_and_everybody_sees_what_changed(office: Office) -> None:
    office.submit()
    office.olga.reply(office.gets("olga"), "Согласовано")
    office.work()
    office.director.press(office.gets("director"), "Reject", "no contract; wrong sum")
    office.work()
    work = office.gets("ivan", "Работа над ошибками")
    todo = next(file for file in work.files if file.filename == "todo.ics")
    assert todo.content.count(b"BEGIN:VTODO") >= 2
    assert "no contract" in work.text
    assert any("Ольга" in m.text and "no contract" in m.text for m in office.mails("olga"))
    assert office.invoice().status is Status.REJECTED
    office.ivan.reply(work, "Сумма: 99 000,00 руб.", [paper("corrected")])
    office.work()
    invoice = office.invoice()
    assert (invoice.number, invoice.revision, invoice.status) == ("INV-2026-0001", 2, Status.IN_APPROVAL)
    again = office.mails("olga")[-1]
    assert "99" in again.text
    assert "125" in again.text
    office.olga.reply(again, "Согласна")
    office.work()
    office.director.reply(office.mails("director")[-1], "APPROVE")
    office.work()
    assert office.invoice().status is Status.TO_PAY
    assert "no contract" in office.gets("buh", "Оплатить").text, "the whole history goes with it"


def test_not_paid_in_time_the_date_moves_each_day_and_in_one_step_after_three_days_of_silence(office: Office) -> None:
    office.submit()
    office.olga.reply(office.gets("olga"), "Согласовано")
    office.work()
    office.director.reply(office.gets("director"), "APPROVE")
    office.work()
    office.work(days=15)
    assert office.invoice().payment.due == day(12, 16)
    office.work(hours=1)
    before = len(office.mails("ivan"))
    office.work(days=3)
    assert (office.invoice().payment.due, office.invoice().payment.shifts) == (day(12, 19), 2)
    moved = office.mails("ivan")[before:]
    assert [m.event_day for m in moved] == [day(12, 19)]
    assert moved[0].event["SEQUENCE"] == 2
    events = [m.event for m in office.mails("buh") if m.event]
    assert len({str(e["UID"]) for e in events}) == 1
    assert [e["SEQUENCE"] for e in events] == [0, 1, 2]


def test_a_question_is_answered_by_the_submitter_and_the_decision_follows(office: Office) -> None:
    office.submit()
    office.olga.press(office.gets("olga"), "вопрос", "По какому договору?")
    office.work()
    question = office.gets("ivan", "опрос")
    assert "По какому договору?" in question.text
    office.ivan.reply(question, "По договору 12 от 1 ноября", [paper("contract")])
    office.work()
    answered = next(m for m in office.mails("olga") if "договору 12" in m.text)
    assert len(answered.files) == 2
    office.olga.reply(answered, "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().approvers_so_far == ("olga@example.com",)


def test_delegating_hands_the_step_on_and_the_first_approver_can_decide_nothing(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    office.olga.reply(request, "ПЕРЕДАТЬ: petr@example.com")
    office.work()
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work()
    assert [s.status for s in office.invoice().steps][:2] == [StepStatus.DELEGATED, StepStatus.ASKED]
    assert "Пётр Власов" in office.mails("olga")[-1].text
    office.petr.reply(office.gets("petr"), "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().approvers_so_far == ("petr@example.com",)


def test_an_unclear_answer_decides_nothing_and_shows_the_line_that_was_read(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    for line in ("согласовано, если дешевле", "пока не согласовано", "APPROVE REJECT", "согласовано?", "ок"):
        office.olga.reply(request, line)
        office.work()
        assert office.invoice().asked_step == 0
        assert line in office.mails("olga")[-1].text
    office.olga.reply(office.mails("olga")[-1], "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().asked_step == 1


def test_only_the_person_who_was_asked_decides(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    office.petr.reply(request, "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().asked_step == 0
    assert "Ольга" in office.gets("petr").text


def test_the_accountants_declined_invite_is_asked_about_and_decides_nothing(office: Office) -> None:
    office.submit()
    office.olga.reply(office.gets("olga"), "Согласовано")
    office.work()
    office.director.reply(office.gets("director"), "APPROVE")
    office.work()
    office.buh.rsvp(next(m for m in office.mails("buh") if m.method), "DECLINED")
    office.ivan.rsvp(next(m for m in office.mails("ivan") if m.method), "ACCEPTED")
    office.work()
    assert {i.attendee: i.partstat for i in office.invoice().invites} == {
        "buh@example.com": "DECLINED",
        "ivan@example.com": "ACCEPTED",
    }
    assert office.invoice().status is Status.TO_PAY
    office.buh.reply(office.mails("buh")[-1], "ПЕРЕНЕСТИ: 22.12.2026")
    office.work()
    assert office.invoice().payment.due == day(12, 22)


COUNTER = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//A calendar//EN
METHOD:COUNTER
BEGIN:VEVENT
UID:{uid}
SEQUENCE:{sequence}
DTSTAMP:20261202T090000Z
DTSTART:20261222T070000Z
DTEND:20261222T073000Z
ATTENDEE;PARTSTAT=TENTATIVE:MAILTO:buh@example.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:ivan@example.com
END:VEVENT
END:VCALENDAR
"""


def test_another_day_that_the_accountant_proposes_in_the_calendar_moves_nothing_until_the_button_is_pressed(
    office: Office,
) -> None:
    office.submit()
    office.olga.reply(office.gets("olga"), "Согласовано")
    office.work()
    office.director.reply(office.gets("director"), "APPROVE")
    office.work()
    (invite,) = [i for i in office.invoice().invites if i.attendee == "buh@example.com"]
    proposal = EmailMessage()
    proposal["From"], proposal["To"] = "buh@example.com", "finance@example.com"
    proposal["Subject"] = "Предложено новое время: ОПЛАЧЕНО"
    proposal.set_content("ОПЛАЧЕНО")
    calendar = COUNTER.format(uid=invite.uid, sequence=invite.sequence)
    proposal.add_alternative(calendar, subtype="calendar", params={"method": "COUNTER"})
    office.send_raw(proposal, "buh@example.com")
    office.work()
    assert office.invoice().payment.due == day(12, 15)
    assert office.invoice().status is Status.TO_PAY
    asked = office.mails("buh")[-1]
    assert "Вы предлагаете другой день оплаты" in asked.text
    office.buh.press(asked, "перенести")
    office.work()
    assert office.invoice().payment.due == day(12, 22)


def test_withdrawn_before_the_payment_everybody_is_told_and_the_event_is_cancelled(office: Office) -> None:
    office.submit()
    office.olga.reply(office.gets("olga"), "Согласовано")
    office.work()
    office.director.reply(office.gets("director"), "APPROVE")
    office.work()
    office.ivan.reply(office.mails("ivan")[0], "ОТОЗВАТЬ")
    office.work()
    assert office.invoice().status is Status.WITHDRAWN
    assert office.mails("buh")[-1].method == "CANCEL" or any(m.method == "CANCEL" for m in office.mails("buh"))


def test_status_and_help_are_for_everybody_known(office: Office) -> None:
    office.submit()
    office.olga.submit("СТАТУС", "СТАТУС")
    office.director.submit("help", "HELP")
    office.work()
    assert "INV-2026-0001" in office.mails("olga")[-1].text
    assert "APPROVE" in office.mails("director")[-1].text


def test_by_hierarchy_the_chain_is_that_of_the_heads(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence="petr@example.com")
    office.submit(**{"Тип согласования": "по иерархии"})
    assert [s.approver for s in office.invoice().steps] == ["olga@example.com", "director@example.com"]


def test_the_same_conversation_runs_on_postgresql(open_office: Callable[..., Office], postgres_url: str) -> None:
    office = open_office(sequence="olga@example.com", database=postgres_url)
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    office.buh.reply(office.gets("buh", "Оплатить"), "ОПЛАЧЕНО")
    office.work()
    assert office.invoice().status is Status.PAID
    assert office.undelivered() == 0


def test_the_form_may_be_filled_in_within_the_quotation(office: Office) -> None:
    office.submit(**{"Дата оплаты": None, "Контрагент": None})
    asked = office.gets("ivan", "INV-2026-0001")
    filled = asked.text.replace("\nДата оплаты:", "\nДата оплаты: 15.12.2026").replace(
        "\nКонтрагент:", "\nКонтрагент: ООО «Лютик»"
    )
    letter = EmailMessage()
    letter["From"], letter["Subject"], letter["In-Reply-To"] = (
        "ivan@example.com",
        "Re: " + asked.subject,
        asked.message_id,
    )
    letter.set_content("".join(f"> {line}\n" for line in filled.splitlines()), cte="base64")
    office.send_raw(letter, "ivan@example.com")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL
    assert (office.invoice().counterparty, office.invoice().pay_date) == ("ООО «Лютик»", day(12, 15))


def test_the_administrators_command_replaces_the_approver_who_is_told(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    settings = str(office.folder / "settings.yaml")
    done = CliRunner().invoke(
        cli, ["--settings", settings, "reassign", "INV-2026-0001", "OLGA@example.com", "petr@example.com"]
    )
    assert done.exit_code == 0, done.output
    office.work()
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.petr.reply(office.gets("petr"), "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().approvers_so_far == ("petr@example.com",)
    assert len(office.mails("olga")) == 3
    again = CliRunner().invoke(
        cli, ["--settings", settings, "reassign", "INV-2026-0001", "olga@example.com", "buh@example.com"]
    )
    assert again.exit_code == 1
    assert "nothing to decide" in again.output
