"""The meeting in the payment calendar (Bitrix24 REST: calendar, whose errors have no code)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast

from mailflow.approval.effects import PortalChange
from mailflow.errors import PortalRefused
from mailflow.jobs.portal.bench import Bench
from mailflow.jobs.portal.creation import Creation
from mailflow.jobs.portal.request import Request
from mailflow.store.portal import PortalObject

_AROUND = timedelta(days=45)
_REMINDERS = [{"type": "day", "count": 1}, {"type": "min", "count": 0}]


class Meeting(Creation):
    """An all-day meeting of accountant and submitter; its mark is the last line of its description."""

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """calendar.event.add; nobody is notified by the portal, the mails do that."""
        people = bench.users(cast(Iterable[str], change.facts["attendees"]))
        params = {
            **_of_owner(bench),
            "section": bench.setup.section,
            "name": bench.texts.title("event_title", change),
            "description": f"{bench.texts.text('event', change)}\n{_mark(change)}",
            **_on(str(change.facts["day"])),
            "accessibility": "free",
            "is_meeting": "Y",
            "attendees": people or [bench.setup.owner],
            "meeting": {"notify": False, "reinvite": False, "allow_invite": False, "hide_guests": False},
            "remind": _REMINDERS,
        }
        return Request("calendar.event.add", params)

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By the mark, in the weeks around the day."""
        params = sent.request["params"]
        day = date.fromisoformat(params["from"])
        asked = {
            **_of_owner(bench),
            "from": (day - _AROUND).isoformat(),
            "to": (day + _AROUND).isoformat(),
            "section": [bench.setup.section],
        }
        events = bench.portal.call("calendar.event.get", asked).result
        mark = _mark(change)
        return [int(event["ID"]) for event in events if mark in str(event.get("DESCRIPTION", "")).split()]


def move_meeting(bench: Bench, change: PortalChange) -> None:
    """To another day. `is_meeting` is left out: with it, and without attendees, the portal would empty the list."""
    _update(bench, change, _on(str(change.facts["day"])))


def mark_paid(bench: Bench, change: PortalChange) -> None:
    """The meeting says that it is paid."""
    _update(bench, change, {"name": bench.texts.title("event_paid_title", change), "importance": "low"})


def remove_meeting(bench: Bench, change: PortalChange) -> None:
    """The meeting is gone; so it is where somebody has deleted it before."""
    event = bench.parent(change)
    try:
        bench.portal.call("calendar.event.delete", {"id": event})
    except PortalRefused:
        if _is_there(bench, event):
            raise
    with bench.store.begin() as uow:
        uow.portal.gone(change.about)
        uow.commit()


def _update(bench: Bench, change: PortalChange, values: dict[str, Any]) -> None:
    event = bench.parent(change)
    try:
        bench.portal.call("calendar.event.update", {"id": event, **_of_owner(bench), **values})
    except PortalRefused:
        if _is_there(bench, event):
            raise
        raise bench.vanished(change.about) from None


def _is_there(bench: Bench, event: int) -> bool:
    try:
        found = bench.portal.call("calendar.event.getbyid", {"id": event}).result
    except PortalRefused:
        return False
    return bool(found) and str(found.get("DELETED", "N")) != "Y"


def _of_owner(bench: Bench) -> dict[str, Any]:
    return {"type": "user", "ownerId": bench.setup.owner}


def _on(day: str) -> dict[str, Any]:
    return {"from": day, "to": day, "skip_time": "Y"}


def _mark(change: PortalChange) -> str:
    return f"mailflow:{change.key}"
