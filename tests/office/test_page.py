"""The page shows every mailbox, the calendar and the board; a mail's HTML stays in its frame."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import lxml.html
import pytest

from mailflow.approval.company import Company, Person, UnpaidMovesTo
from mailflow.approval.invoice import Invoice, Payment, Step, StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.submission import Attachment, Form, RouteKind
from mailflow.office.archive import save_mailbox
from mailflow.office.page import Mailbox, payment_weeks, write_page
from mailflow.office.received import ReceivedMail

ZONE = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=ZONE)
COMPANY = Company(
    mailbox="finance@example.com",
    administrator="admin@example.com",
    accountant="buh@example.com",
    language="en",
    timezone=ZONE,
    submitters=("@example.com",),
    sequence=(RouteEntry("olga@example.com"),),
    default_route=RouteKind.SEQUENTIAL,
    remind_after=timedelta(hours=24),
    unpaid_moves_to=UnpaidMovesTo.NEXT_DAY,
    is_working_day=lambda day: True,
    people={"olga@example.com": Person("olga@example.com", "Ольга Смирнова")},
)
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:pay-1@example.com\r\n"
    "DTSTAMP:20261124T070000Z\r\nSEQUENCE:1\r\nDTSTART;TZID=Europe/Moscow:20261125T100000\r\nSUMMARY:Pay & smile\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:buh@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def invoice(number: int, status: Status, due: date, shifts: int = 0) -> Invoice:
    form = Form("Paper", "Ромашка <b>", Money(Decimal("125000.00"), "RUB"), due)
    payment = Payment(due, NOW, NOW, shifts, paid_at=NOW if status is Status.PAID else None)
    return Invoice(
        number=f"INV-2026-{number:04}",
        submitter="ivan@example.com",
        accountant="buh@example.com",
        created_at=NOW,
        form=form,
        attachments=(Attachment("a.pdf", "application/pdf", 1, "0" * 64),),
        status=status,
        steps=(Step("olga@example.com", StepStatus.APPROVED),),
        payment=payment if status in (Status.TO_PAY, Status.PAID) else None,
    )


def mail(subject: str, *, html: str = "", event: str = "", filename: str = "") -> ReceivedMail:
    letter = EmailMessage(policy=SMTP)
    letter["From"] = "mailflow <finance@example.com>"
    letter["To"] = "olga@example.com"
    letter["Subject"] = subject
    letter["Date"] = NOW
    letter.set_content("plain <text>")
    if html:
        letter.add_alternative(html, subtype="html")
    if event:
        letter.add_alternative(event.encode(), maintype="text", subtype="calendar", params={"method": "REQUEST"})
    if filename:
        letter.add_attachment(b"content", maintype="application", subtype="pdf", filename=filename)
    return ReceivedMail(letter.as_bytes())


@pytest.fixture
def page(tmp_path: Path) -> lxml.html.HtmlElement:
    mails = [
        mail("[INV-2026-0001 #k7f3q9xw] Please decide", html='<p class="x">"Hi"</p><script>bad()</script>'),
        mail("[INV-2026-0001 #k7f3q9xy] Payment", event=EVENT, filename="../счёт 1.pdf"),
        mail("hello"),
    ]
    saved = save_mailbox(tmp_path, "olga@example.com", mails)
    boxes = [Mailbox("Ольга", "olga@example.com", "approver", saved), Mailbox("Admin", "admin@example.com", "", ())]
    invoices = [invoice(1, Status.TO_PAY, date(2026, 11, 25), shifts=2), invoice(2, Status.PAID, date(2026, 11, 24))]
    return lxml.html.parse(str(write_page(tmp_path, boxes, invoices, COMPANY, NOW))).getroot()


def test_every_mailbox_is_a_column_with_its_mails_in_order(page: lxml.html.HtmlElement) -> None:
    assert page.xpath("//article/@id") == ["olga@example.com", "admin@example.com"]
    subjects = [s.text_content() for s in page.xpath("//article[1]//*[@class='subject']")]
    assert subjects == ["Please decide", "Payment", "hello"]
    assert page.xpath("string(//article[2])").strip().endswith("No mail.")


def test_a_mail_is_shown_whole_in_a_frame_that_runs_no_scripts(page: lxml.html.HtmlElement) -> None:
    (frame,) = page.xpath("//iframe")
    assert frame.get("sandbox") == "allow-same-origin"
    assert frame.get("srcdoc").strip() == '<p class="x">"Hi"</p><script>bad()</script>'
    assert [p.text for p in page.xpath("//pre")] == ["plain <text>\n", "plain <text>\n"]


def test_the_page_asks_nothing_of_the_network(page: lxml.html.HtmlElement) -> None:
    assert page.xpath("//*[@src] | //link | //img") == []
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")


def test_an_invite_is_a_calendar_card_with_its_day_and_who_answered_what(page: lxml.html.HtmlElement) -> None:
    (card,) = page.find_class("invite")
    words = " ".join(card.text_content().split())
    assert words == "Nov25 calendar: update Pay & smile buh@example.com: accepted the calendar file"


def test_every_link_leads_to_a_file_inside_the_output_folder(page: lxml.html.HtmlElement, tmp_path: Path) -> None:
    from urllib.parse import unquote

    links = [unquote(href) for href in page.xpath("//*[@class='opened']//a/@href")]
    assert len(links) == 5
    for link in links:
        assert (tmp_path / link).resolve().is_relative_to(tmp_path)
        assert (tmp_path / link).is_file()
    (attachment,) = [link for link in links if link.endswith(".pdf")]
    assert (tmp_path / attachment).read_bytes() == b"content"


def test_the_board_shows_each_invoice_under_its_status(page: lxml.html.HtmlElement) -> None:
    lanes = {lane.xpath("string(h3)").split()[0]: lane for lane in page.find_class("lane")}
    assert list(lanes) == ["Incomplete", "In", "To", "Paid"]
    assert lanes["To"].xpath("button/@data-choose") == ["INV-2026-0001"]
    words = " ".join(lanes["To"].xpath("string(button)").split())
    assert words.startswith("125 000.00 RUB Ромашка <b>")
    assert "Ольга Смирнова" in words


def test_the_calendar_shows_moved_and_paid_payments_on_their_days(page: lxml.html.HtmlElement) -> None:
    payments = page.find_class("payment")
    assert [(p.get("class").split(), p.get("data-choose")) for p in payments] == [
        (["payment", "paid"], "INV-2026-0002"),
        (["payment"], "INV-2026-0001"),
    ]
    assert "moved 2×" in payments[1].text_content()


def test_the_calendar_has_whole_weeks_from_the_first_payment_to_the_last() -> None:
    far = [invoice(1, Status.PAID, date(2026, 11, 5)), invoice(2, Status.TO_PAY, date(2026, 12, 31))]
    weeks = payment_weeks(far, date(2026, 11, 24))
    assert weeks[0][0].date == date(2026, 11, 2)
    assert weeks[-1][-1].date == date(2027, 1, 3)
    assert {len(week) for week in weeks} == {7}
    assert len(payment_weeks([replace(far[0], status=Status.INCOMPLETE)], date(2026, 11, 24))) == 3
