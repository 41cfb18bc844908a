"""Answers to calendar invites: iTIP REPLY and COUNTER (RFC 5546 section 3.2) in whatever packaging (RFC 6047)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from icalendar import Calendar

from mailflow.approval.rsvp import CalendarReply
from mailflow.inbound.message import InboundMessage

_METHODS = {"REPLY", "COUNTER"}
_PARTSTATS = {"ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION", "DELEGATED"}
_OBJECT = re.compile(rb"^BEGIN:VCALENDAR\b.*?^END:VCALENDAR", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_LONGEST = 200_000
_MOST = 5


def read_reply(message: InboundMessage) -> CalendarReply | None:
    """The answer that a mail carries; None where it carries none, or several different ones.

    Whether its sender may speak for the attendee is another question: `CalendarReply.sender` is the From address, or
    the attendee where that is named as SENT-BY.
    """
    objects = (found for raw in message.calendars for found in _OBJECT.findall(raw[:_LONGEST])[:_MOST])
    replies = {reply for raw in objects if (reply := _read(raw, message.sender or ""))}
    return replies.pop() if len(replies) == 1 else None


def _read(raw: bytes, sender: str) -> CalendarReply | None:
    try:
        return _reply(Calendar.from_ical(raw), sender)
    except Exception:  # noqa: BLE001 - a stranger's calendar raises whatever it likes; then it is no answer
        return None


def _reply(calendar: Any, sender: str) -> CalendarReply | None:
    method, events = str(calendar.get("METHOD", "")).strip().upper(), calendar.walk("VEVENT")
    if method not in _METHODS or len(events) != 1:
        return None
    (event,) = events
    uid = str(event.get("UID", "")).strip()
    attendee = _attendee(event, sender, is_counter=method == "COUNTER")
    if not uid or attendee is None:
        return None
    partstat = str(attendee.params.get("PARTSTAT", "NEEDS-ACTION")).strip().upper()
    if partstat not in _PARTSTATS:
        return None
    address = _address_of(attendee)
    return CalendarReply(
        uid=uid,
        attendee=address,
        sender=address if sender and sender == _address(attendee.params.get("SENT-BY", "")) else sender,
        partstat=partstat,
        sequence=_sequence(event),
        dtstamp=_moment(event),
        is_counter=method == "COUNTER",
        proposed=_day(event) if method == "COUNTER" else None,
        delegated_to=_address(_first(attendee.params.get("DELEGATED-TO", ""))) or None,
    )


def _attendee(event: Any, sender: str, is_counter: bool) -> Any | None:
    """Who answers: the one attendee; of a counter-proposal, which repeats them all, the one who sent it."""
    attendees = [attendee for attendee in event.attendees if _address_of(attendee)]
    if is_counter and len(attendees) > 1:
        attendees = [attendee for attendee in attendees if _address_of(attendee) == sender]
    return attendees[0] if len(attendees) == 1 and (is_counter or len(event.attendees) == 1) else None


def _address_of(attendee: Any) -> str:
    """The attendee's address, or where the value is none the EMAIL parameter (RFC 7986 section 6.2)."""
    return _address(attendee) or _address(attendee.params.get("EMAIL", ""))


def _address(value: str) -> str:
    """The address of a CAL-ADDRESS, `mailto:` in any letter case or left out (RFC 5545 section 3.3.3)."""
    scheme, colon, address = str(value).strip().strip('"').lower().rpartition(":")
    return address.strip() if not colon or scheme.strip() == "mailto" else ""


def _first(value: Any) -> str:
    return str(next(iter(value), "")) if isinstance(value, list | tuple) else str(value)


def _sequence(event: Any) -> int:
    """0 where it is missing or no number: then the answer counts for the first invite alone."""
    with suppress(TypeError, ValueError):
        return max(0, int(event.get("SEQUENCE", 0)))
    return 0


def _moment(event: Any) -> datetime | None:
    stamp = _value(event, "DTSTAMP")
    if not isinstance(stamp, datetime):
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _value(event: Any, name: str) -> Any:
    """A date or moment; None where it is missing or cannot be read."""
    with suppress(Exception):
        return event.get(name).dt
    return None


def _day(event: Any) -> date | None:
    start = _value(event, "DTSTART")
    if isinstance(start, datetime):
        return start.date()
    return start if isinstance(start, date) else None
