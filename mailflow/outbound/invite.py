"""The payment in people's calendars: iTIP REQUEST and CANCEL (RFC 5545, 5546)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, InviteMethod
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.outbound import formats

LENGTH = timedelta(minutes=30)
_BREAKS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
_SUMMARIES = {
    "en": {"to_pay": "Pay", "paid": "✔ Paid", "cancelled": "Cancelled"},
    "ru": {"to_pay": "Оплата счёта", "paid": "✔ Оплачено", "cancelled": "Отменено"},
}


def calendar_of(
    invitation: Invitation, description: str, company: Company, stamp: datetime, invite_at: time, language: str
) -> bytes:
    """One attendee's calendar object; `stamp` is its DTSTAMP, `invite_at` a time of day in the company's zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//mailflow//invoice approval//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", invitation.method.value)
    calendar.add_component(_event(invitation, description, company, stamp, invite_at, language))
    due = _due(invitation.invoice)
    calendar.add_missing_timezones(first_date=date(due.year, 1, 1), last_date=date(due.year + 1, 1, 1))
    return bytes(calendar.to_ical())


def _event(
    invitation: Invitation, description: str, company: Company, stamp: datetime, invite_at: time, language: str
) -> Event:
    invoice = invitation.invoice
    invite = next(i for i in invoice.invites if i.attendee == invitation.to)
    cancelled = invitation.method is InviteMethod.CANCEL
    begin = datetime.combine(_due(invoice), invite_at, company.timezone)
    event = Event()
    event.add("uid", invite.uid)
    event.add("sequence", invite.sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", begin)
    event.add("dtend", begin + LENGTH)
    event.add("summary", clean(summary(invoice, language, cancelled)))
    event.add("description", clean(description))
    event.add("organizer", _organizer(company))
    event.add("attendee", _attendee(invitation.to, invite.partstat, company))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    if invoice.status is Status.TO_PAY and not cancelled:
        event.add_component(_alarm(summary(invoice, language, cancelled)))
    return event


def summary(invoice: Invoice, language: str, cancelled: bool = False) -> str:
    """The event's title: what is to be done, to whom, how much, which invoice."""
    words = _SUMMARIES.get(language, _SUMMARIES["en"])
    head = words["cancelled" if cancelled else "paid" if invoice.status is Status.PAID else "to_pay"]
    return f"{head}: {invoice.counterparty}, {formats.money(invoice.amount, language)} ({invoice.number})"


def clean(text: str) -> str:
    """Text that no reader of calendars breaks at: line feeds stay, every other control character goes."""
    return _BREAKS.sub(" ", text)


def _due(invoice: Invoice) -> date:
    if invoice.payment is None:
        raise ValueError(f"{invoice.number} has no payment")
    return invoice.payment.due


def _organizer(company: Company) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{company.mailbox}")
    organizer.params["CN"] = vText(clean(company.name or "mailflow"))
    return organizer


def _attendee(address: str, partstat: str, company: Company) -> vCalAddress:
    attendee = vCalAddress(f"mailto:{address}")
    params: dict[str, Any] = {
        "CN": vText(clean(company.person(address).display)),
        "ROLE": vText("REQ-PARTICIPANT"),
        "PARTSTAT": vText(partstat),
        "RSVP": vText("TRUE"),
    }
    attendee.params.update(params)
    return attendee


def _alarm(text: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", clean(text))
    alarm.add("trigger", timedelta(minutes=-15))
    return alarm
