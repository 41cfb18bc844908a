"""Answers to calendar invites: iTIP REPLY (RFC 5546 section 3.2.3) in whatever packaging (RFC 6047)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailflow.inbound.message import InboundMessage

_PARTSTATS = ("ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION", "DELEGATED")


@dataclass(frozen=True)
class CalendarReply:
    """One attendee's answer to one event. `attendee` is a lower-case address, `sequence` the event's that is answered."""

    uid: str
    attendee: str
    partstat: str
    sequence: int
    dtstamp: datetime | None


def read_reply(message: InboundMessage) -> CalendarReply | None:
    """The answer that a mail carries; None where it carries none that is sound and single."""
    for raw in message.calendars:
        reply = _read(raw)
        if reply:
            return reply
    return None


def _read(raw: bytes) -> CalendarReply | None:
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(raw[:1_000_000])
        if str(calendar.get("METHOD", "")).strip().upper() != "REPLY":
            return None
        events: list[Any] = [c for c in calendar.subcomponents if c.name == "VEVENT"]
        if len({str(e.get("UID", "")) for e in events}) != 1:
            return None
        event = events[0]
        attendees = event.get("ATTENDEE")
        attendees = attendees if isinstance(attendees, list) else [attendees]
        if len(attendees) != 1 or attendees[0] is None:
            return None
        partstat = str(attendees[0].params.get("PARTSTAT", "")).upper()
        attendee = _address(str(attendees[0]))
        uid = str(event.get("UID", "")).strip()
        if partstat not in _PARTSTATS or not attendee or not uid:
            return None
        return CalendarReply(uid, attendee, partstat, _sequence(event), _dtstamp(event))
    except Exception:  # noqa: BLE001 - a stranger's calendar raises whatever it likes; then it is no answer
        return None


def _address(value: str) -> str:
    address = value.strip()
    if address.lower().startswith("mailto:"):
        address = address[7:]
    return address.strip().lower() if "@" in address else ""


def _sequence(event: Any) -> int:
    try:
        return max(0, int(event.get("SEQUENCE", 0)))
    except (TypeError, ValueError):
        return 0


def _dtstamp(event: Any) -> datetime | None:
    try:
        moment = event.get("DTSTAMP").dt
    except Exception:  # noqa: BLE001
        return None
    return moment if isinstance(moment, datetime) else None
