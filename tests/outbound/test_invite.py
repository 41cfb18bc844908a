"""Calendar invites and tasks, read back with a calendar's eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, InviteMethod, Mail, Message
from mailflow.approval.invoice import Invite, Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks
from mailflow.outbound.invite import event_calendar
from mailflow.outbound.mail import draft_invitation
from mailflow.outbound.samples import ACCOUNTANT, NOW, NUMBER, SUBMITTER, TOKEN, sample_invoice
from tests.outbound.samples import IDENTITY, TEMPLATES, parsed, readers, written

BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\t\n ")


def invitation(
    to: str = ACCOUNTANT, status: Status = Status.TO_PAY, method: InviteMethod = InviteMethod.REQUEST, **changes: object
) -> Invitation:
    return Invitation(to, replace(sample_invoice("en", status=status), **changes), method)  # type: ignore[arg-type]


def event_of(message: EmailMessage) -> Event:
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    (event,) = Calendar.from_ical(part.get_content()).events
    return event


def due_on(day: date) -> Invoice:
    invoice = sample_invoice("en", status=Status.TO_PAY)
    assert invoice.payment
    return replace(invoice, payment=replace(invoice.payment, due=day))


def test_an_invite_is_a_mail_of_its_own_with_three_alternatives_and_the_same_calendar_attached() -> None:
    message = parsed(written(invitation()))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    shown = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    (attached,) = message.iter_attachments()
    assert shown["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert shown["Content-Transfer-Encoding"] == "base64"
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content() == shown.get_content().encode()
    assert b"\n" not in attached.get_content().replace(b"\r\n", b"")


def test_the_event_says_who_when_and_how_to_answer() -> None:
    message = parsed(written(invitation()))
    event = event_of(message)
    assert event["UID"] == "inv-2026-0001-r1@example.com"
    assert event["SEQUENCE"] == 1
    assert event["DTSTAMP"].dt == NOW
    assert event["DTSTART"].dt == datetime(2026, 12, 16, 10, 0, tzinfo=ZoneInfo("Europe/Moscow"))
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=30)
    assert event["ORGANIZER"] == "mailto:finance@example.com"
    assert event["ATTENDEE"] == "mailto:anna@example.com"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["STATUS"] == "CONFIRMED"
    assert event["TRANSP"] == "TRANSPARENT"
    assert "LOCATION" not in event
    assert event["SUMMARY"] == "Pay the invoice: Romashka LLC, RUB 125,000.00 (INV-2026-0001)"
    for words in (
        NUMBER,
        "RUB 125,000.00",
        "Romashka LLC",
        f"[{NUMBER} #{TOKEN}]",
        "PAID",
        "POSTPONE: date",
        "REJECT: reason",
    ):
        assert words in event["DESCRIPTION"]
    (alarm,) = event.alarms.times
    assert alarm.trigger < event["DTSTART"].dt


def test_the_submitter_sees_the_day_and_is_asked_nothing() -> None:
    event = event_of(parsed(written(invitation(SUBMITTER))))
    assert event["ATTENDEE"] == "mailto:ivan@example.com"
    assert "PAID" not in event["DESCRIPTION"]


def test_a_moved_payment_keeps_its_uid_and_counts_up() -> None:
    first = event_of(parsed(written(invitation(invites=(Invite("u@x", ACCOUNTANT),)))))
    moved = event_of(parsed(written(invitation(invites=(Invite("u@x", ACCOUNTANT, 1),)))))
    assert (first["UID"], first["SEQUENCE"], moved["UID"], moved["SEQUENCE"]) == ("u@x", 0, "u@x", 1)


@pytest.mark.parametrize("status", [Status.REJECTED, Status.WITHDRAWN])
def test_a_rejected_or_withdrawn_payment_is_cancelled(status: Status) -> None:
    message = parsed(written(invitation(status=status, method=InviteMethod.CANCEL)))
    event = event_of(message)
    assert b"METHOD:CANCEL\r\n" in next(message.iter_attachments()).get_content()
    assert event["STATUS"] == "CANCELLED"
    assert not event.subcomponents
    assert "Cancelled" in message["Subject"]


def test_a_paid_one_is_marked_done_without_an_alarm() -> None:
    event = event_of(parsed(written(invitation(status=Status.PAID))))
    assert event["SUMMARY"].startswith("✓ paid: ")
    assert event["STATUS"] == "CONFIRMED"
    assert not event.subcomponents


ZONES = [
    "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Casablanca", "Asia/Vladivostok", "UTC",
]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_the_event_is_on_the_right_day_in_every_time_zone_through_the_whole_year(zone: str) -> None:
    company = replace(readers("en"), timezone=ZoneInfo(zone))
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(0, 365, 61)]
    days += [date(2027, 3, 14), date(2027, 3, 28), date(2027, 10, 31), date(2027, 11, 7), date(2027, 12, 31)]
    for day in days:
        for at in (time(0, 0), time(23, 30)):
            event = read_back(company, day, at)
            assert event["DTSTART"].dt.date() == day
            assert event["DTSTART"].dt.time() == at
            assert event["DTSTART"].dt.astimezone(UTC) == datetime.combine(day, at, company.timezone).astimezone(UTC)


def test_a_time_that_the_clocks_leap_over_is_still_that_day_and_half_an_hour() -> None:
    event = read_back(replace(readers("en"), timezone=ZoneInfo("Europe/Berlin")), date(2027, 3, 28), time(2, 30))
    assert event["DTSTART"].dt.replace(tzinfo=None) == datetime(2027, 3, 28, 3, 30)  # noqa: DTZ001 - local time
    assert event["DTEND"].dt.replace(tzinfo=None) == datetime(2027, 3, 28, 4, 0)  # noqa: DTZ001 - local time


def read_back(company: Company, day: date, at: time) -> Event:
    raw = event_calendar(Invitation(ACCOUNTANT, due_on(day), InviteMethod.REQUEST), "s", "d", NOW, at, company)
    calendar = Calendar.from_ical(raw)
    assert len(raw) < 2000
    assert not calendar.get_missing_tzids()
    (event,) = calendar.events
    return event


@pytest.mark.parametrize("mark", BREAKS)
def test_no_text_of_a_stranger_adds_a_line_to_the_calendar(mark: str) -> None:
    evil = f"x{mark}ATTACH:http://evil.example.net{mark}END:VEVENT"
    payable = sample_invoice("en", status=Status.TO_PAY)
    assert payable.payment
    invoice = replace(
        payable,
        form=replace(payable.form, title=evil, counterparty=evil, comment=evil),
        payment=replace(payable.payment, reference=evil),
        invites=(Invite(evil, ACCOUNTANT, 0, evil),),
    )
    rules = readers("en")
    people = {ACCOUNTANT: replace(rules.people[ACCOUNTANT], name=evil)}
    message = parsed(
        written(Invitation(ACCOUNTANT, invoice, InviteMethod.REQUEST), rules=replace(rules, people=people))
    )
    plain = parsed(written(invitation()))
    assert property_names(message) == property_names(plain)


def property_names(message: EmailMessage) -> list[str]:
    """As a parser sees them that breaks lines wherever Unicode does."""
    raw = next(message.iter_attachments()).get_content().decode().replace("\r\n ", "")
    return [line.partition(":")[0].partition(";")[0] for line in raw.splitlines()]


def test_addresses_of_other_scripts_are_written_as_dns_has_them() -> None:
    rules = replace(readers("en"), mailbox="finance@пример.рф", people={})
    invoice = replace(sample_invoice("en", status=Status.TO_PAY), invites=(Invite("u@x", "anna@пример.рф"),))
    raw = draft_invitation(
        Invitation("anna@пример.рф", invoice, InviteMethod.REQUEST), IDENTITY, rules, TEMPLATES, time(10)
    )
    event = event_of(parsed(raw))
    assert event["ORGANIZER"] == "mailto:finance@xn--e1afmkfd.xn--p1ai"
    assert event["ATTENDEE"] == "mailto:anna@xn--e1afmkfd.xn--p1ai"


def test_an_invitation_without_a_payment_or_an_invite_is_a_mistake() -> None:
    never_to_pay = Invitation(ACCOUNTANT, sample_invoice("en"), InviteMethod.REQUEST)
    with pytest.raises(ValueError, match="has no payment"):
        event_calendar(never_to_pay, "s", "d", NOW, time(10), readers("en"))
    with pytest.raises(ValueError, match="has no invite for"):
        event_calendar(invitation("nobody@example.com"), "s", "d", NOW, time(10), readers("en"))


def test_work_on_errors_brings_a_list_of_tasks_one_for_each_point() -> None:
    rejected = sample_invoice("en", status=Status.REJECTED)
    extra = {"points": ["No contract.", "VAT\u2028missing"]}
    message = parsed(written(Mail(SUBMITTER, Message.WORK_ON_ERRORS, rejected, Asks.CORRECTION, extra=extra)))
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part.get_filename() == "todo.ics"
    content = part.get_content()
    parent, first, second = Calendar.from_ical(content).todos
    assert parent["UID"] == "inv-2026-0001-r2-errors@example.com"
    assert parent["SUMMARY"] == "Work on errors: Office paper for December"
    assert [str(todo["SUMMARY"]) for todo in (first, second)] == ["No contract.", "VAT missing"]
    assert [str(todo["RELATED-TO"]) for todo in (first, second)] == [parent["UID"]] * 2
    assert len({todo["UID"] for todo in (parent, first, second)}) == 3
    assert {todo["DTSTAMP"].dt for todo in (parent, first, second)} == {NOW}
