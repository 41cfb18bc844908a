"""Calendar invites: iTIP (RFC 5546) with iCalendar events (RFC 5545). The packaging (RFC 6047) is mail's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from icalendar import Alarm, Calendar, Event, Timezone, vCalAddress

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, InviteMethod
from mailflow.approval.invoice import Invite
from mailflow.approval.lifecycle import Status
from mailflow.outbound.addresses import ascii_address
from mailflow.outbound.cleaning import one_line, paragraph

PRODUCT = "-//mailflow//mailflow//EN"
_DURATION = timedelta(minutes=30)
_ALARM_BEFORE = timedelta(minutes=-15)


def event_calendar(
    invitation: Invitation, summary: str, description: str, stamp: datetime, invite_at: time, company: Company
) -> bytes:
    """The calendar of one invitation, CRLF and UTF-8: an event of 30 minutes on the payment's day.

    `stamp` is DTSTAMP; `invite_at` is local time of the company. Raises ValueError where the invoice has no payment or
    no invite for this person.
    """
    invoice = invitation.invoice
    if invoice.payment is None:
        raise ValueError(f"{invoice.number} has no payment to invite to")
    due, summary = invoice.payment.due, one_line(summary)
    invite = _invite_of(invitation)
    cancelled = invitation.method is InviteMethod.CANCEL
    open_payment = invoice.status is Status.TO_PAY and not cancelled
    start = _start(due, invite_at, company)
    event = Event()
    event.add("uid", one_line(invite.uid))
    event.add("sequence", invite.sequence)
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("dtstart", start)
    event.add("dtend", start + _DURATION)
    event.add("summary", summary)
    event.add("description", paragraph(description))
    event.add("organizer", _organizer(company))
    event.add("attendee", _attendee(invite, company, answer_wanted=open_payment))
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if open_payment:
        event.add_component(_alarm(summary))
    calendar = new_calendar(invitation.method.value)
    calendar.subcomponents.extend([*_timezones(company.timezone, due.year), event])
    return bytes(calendar.to_ical())


def new_calendar(method: str) -> Calendar:
    """An empty calendar with what RFC 5545 section 3.6 asks for."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


@lru_cache(maxsize=100)
def _timezones(zone: tzinfo, year: int) -> tuple[Timezone, ...]:
    """VTIMEZONE for the times of a year, if there is one for this zone; working it out takes longer than a mail."""
    calendar, event = Calendar(), Event()
    event.add("dtstart", datetime(year, 1, 1, tzinfo=zone))
    calendar.add_component(event)
    calendar.add_missing_timezones(first_date=date(year, 1, 1), last_date=date(year + 1, 1, 2))
    return tuple(calendar.timezones)


def _start(due: date, invite_at: time, company: Company) -> datetime:
    """The local time on that day; one that the clocks leap over is the same moment after the leap."""
    local = datetime.combine(due, invite_at, company.timezone)
    return local.astimezone(UTC).astimezone(company.timezone)


def _invite_of(invitation: Invitation) -> Invite:
    for invite in invitation.invoice.invites:
        if invite.attendee == invitation.to:
            return invite
    raise ValueError(f"{invitation.invoice.number} has no invite for {invitation.to}")


def _organizer(company: Company) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{ascii_address(company.mailbox)}")
    if name := one_line(company.name):
        organizer.params["CN"] = name
    return organizer


def _attendee(invite: Invite, company: Company, answer_wanted: bool) -> vCalAddress:
    attendee = vCalAddress(f"mailto:{ascii_address(invite.attendee)}")
    if name := one_line(company.person(invite.attendee).name):
        attendee.params["CN"] = name
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = one_line(invite.partstat)
    attendee.params["RSVP"] = "TRUE" if answer_wanted else "FALSE"
    return attendee


def _alarm(summary: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", _ALARM_BEFORE)
    return alarm
