"""Answers to calendar invites: iTIP REPLY (RFC 5546 section 3.2.3) in whatever packaging (RFC 6047)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from icalendar import Calendar

from mailflow.inbound.message import InboundMessage

_PARTSTATS = {"ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION"}
_LONGEST = 200_000


@dataclass(frozen=True)
class CalendarReply:
    """One attendee's answer to one event. `attendee` is a lower-case address, `sequence` that of the event answered."""

    uid: str
    attendee: str
    partstat: str
    sequence: int
    dtstamp: datetime | None


def read_reply(message: InboundMessage) -> CalendarReply | None:
    """The answer that a mail carries.

    None where it carries none, several different ones, one for somebody else than its sender (unless that is SENT-BY),
    or one that needs a person: a counter-proposal, a delegation.
    """
    replies = {reply for raw in message.calendars if (reply := _read(raw, message.sender))}
    return replies.pop() if len(replies) == 1 else None


def _read(raw: bytes, sender: str | None) -> CalendarReply | None:
    try:
        calendar: Any = Calendar.from_ical(raw[:_LONGEST])
        return _reply(calendar, sender)
    except Exception:  # noqa: BLE001 - a stranger's calendar raises whatever it likes; then it is no answer
        return None


def _reply(calendar: Any, sender: str | None) -> CalendarReply | None:
    events = calendar.walk("VEVENT")
    if str(calendar.get("METHOD", "")).strip().upper() != "REPLY" or len(events) != 1:
        return None
    (event,) = events
    attendees = event.attendees
    uid = str(event.get("UID", "")).strip()
    if not uid or len(attendees) != 1:
        return None
    (attendee,) = attendees
    address = _address(attendee)
    partstat = str(attendee.params.get("PARTSTAT", "")).strip().upper()
    speaks = sender and sender in (address, _address(attendee.params.get("SENT-BY", "")))
    if not speaks or partstat not in _PARTSTATS:
        return None
    return CalendarReply(uid, address, partstat, max(0, int(event.get("SEQUENCE", 0))), _moment(event))


def _address(value: str) -> str:
    """The address of a CAL-ADDRESS, `mailto:` in any letter case or left out (RFC 5545 section 3.3.3)."""
    scheme, colon, address = str(value).strip().strip('"').lower().rpartition(":")
    return address.strip() if not colon or scheme.strip() == "mailto" else ""


def _moment(event: Any) -> datetime | None:
    stamp = getattr(event.get("DTSTAMP"), "dt", None)
    return stamp if isinstance(stamp, datetime) else None
