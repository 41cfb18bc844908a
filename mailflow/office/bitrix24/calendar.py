"""Calendars (Bitrix24 REST: calendar). None of its errors has a code."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, whole
from mailflow.office.bitrix24.people import People
from mailflow.office.bitrix24.refusal import Refusal, required

_KINDS = ("user", "group", "company_calendar")
_WINDOW = (timedelta(days=31), timedelta(days=92))
_FIELDS = (
    *("name", "description", "from", "to", "skip_time", "section"),
    *("accessibility", "importance", "color", "remind"),
)


class Calendar:
    """The calendars of people."""

    def __init__(self, desk: Desk, people: People) -> None:
        self._desk = desk
        self._people = people
        self.events: list[dict[str, Any]] = []
        self.sections: list[dict[str, Any]] = []

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "calendar.section.get": ("calendar", self._section_list),
            "calendar.section.add": ("calendar", self._section_add),
            "calendar.event.add": ("calendar", self._add),
            "calendar.event.update": ("calendar", self._update),
            "calendar.event.get": ("calendar", self._get),
            "calendar.event.getbyid": ("calendar", lambda params, owner: self._row(self._found(params))),
            "calendar.event.delete": ("calendar", self._delete),
            "calendar.settings.get": ("calendar", lambda params, owner: {"week_holidays": ["SA", "SU"]}),
        }

    def _section_list(self, params: dict[str, Any], owner: int) -> list[Any]:
        place = self._place(params, owner)
        rows = [s for s in self.sections if s["place"] == place]
        return [{"ID": str(s["id"]), "NAME": s["name"], "PERM": {"add": True, "edit": True}} for s in rows]

    def _section_add(self, params: dict[str, Any], owner: int) -> int:
        place = self._place(params, owner)
        required(params, "name", error="")
        if place[0] == "company_calendar":
            raise Refusal("", "Access denied")
        self.sections.append({"id": self._desk.new_id(), "name": params["name"], "place": place})
        return int(self.sections[-1]["id"])

    def _add(self, params: dict[str, Any], owner: int) -> int:
        place = self._place(params, owner)
        required(params, "name", "from", "to", error="")
        event: dict[str, Any] = {
            "id": self._desk.new_id(),
            "place": place,
            "owner": owner,
            "is_meeting": False,
            "attendees": [],
        }
        event |= self._values(params, place)
        if params.get("is_meeting") in ("Y", True):
            event |= {"is_meeting": True, "attendees": self._attendees(params)}
        self.events.append(event)
        self._desk.note("event", event["name"], event.get("description", ""))
        return int(event["id"])

    def _update(self, params: dict[str, Any], owner: int) -> int:
        """`is_meeting` without `attendees` empties the list; without `is_meeting` they stay."""
        place = self._place(params, owner)
        event = self._found(params)
        event |= self._values(params, place)
        if params.get("is_meeting") in ("Y", True):
            event["attendees"] = self._attendees(params)
        return int(event["id"])

    def _values(self, params: dict[str, Any], place: tuple[str, int]) -> dict[str, Any]:
        values = {name: params[name] for name in _FIELDS if name in params}
        for name in ("from", "to"):
            if name in values:
                values[name] = self._day(str(values[name]), values.get("skip_time", "Y") == "Y")
        section = values.get("section")
        if section is not None and not any((s["id"], s["place"]) == (whole(section), place) for s in self.sections):
            raise Refusal("", "The section is not found")
        return values

    def _day(self, text: str, whole_day: bool) -> str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal("", f"{text} is no date") from None
        return moment.date().isoformat() if whole_day else moment.isoformat()

    def _attendees(self, params: dict[str, Any]) -> list[int]:
        people = params.get("attendees") or []
        if not isinstance(people, list) or not all(self._people.is_there(user) for user in people):
            raise Refusal("", "An attendee is not found")
        return [whole(user) for user in people]

    def _get(self, params: dict[str, Any], owner: int) -> list[Any]:
        place = self._place(params, owner)
        today = self._desk.clock().date()
        first = date.fromisoformat(str(params["from"])[:10]) if params.get("from") else today - _WINDOW[0]
        last = date.fromisoformat(str(params["to"])[:10]) if params.get("to") else today + _WINDOW[1]
        sections = [whole(s) for s in params.get("section") or []]
        return [
            self._row(event)
            for event in self.events
            if event["place"] == place
            and first <= date.fromisoformat(event["from"][:10]) <= last
            and (not sections or whole(event.get("section")) in sections)
        ]

    def _row(self, event: dict[str, Any]) -> dict[str, Any]:
        """Dates as text of the portal's locale, and as Unix seconds."""
        begin, end = (datetime.fromisoformat(event[name][:10]).replace(tzinfo=UTC) for name in ("from", "to"))
        form = "%d.%m.%Y" if self._desk.language == "ru" else "%m/%d/%Y"
        return {
            "ID": str(event["id"]),
            "PARENT_ID": str(event["id"]),
            "DELETED": "N",
            "CAL_TYPE": event["place"][0],
            "OWNER_ID": str(event["place"][1]),
            "NAME": event["name"],
            "DESCRIPTION": event.get("description", ""),
            "DATE_FROM": begin.strftime(form),
            "DATE_TO": end.strftime(form),
            "DATE_FROM_TS_UTC": str(int(begin.timestamp())),
            "DATE_TO_TS_UTC": str(int(end.timestamp())),
            "DT_SKIP_TIME": event.get("skip_time", "N"),
            "IS_MEETING": event["is_meeting"],
            "ATTENDEE_LIST": [
                {"id": user, "entryId": str(event["id"] * 1000 + place), "status": "Q"}
                for place, user in enumerate(event["attendees"])
            ],
            "ATTENDEES_CODES": [f"U{user}" for user in event["attendees"]],
            "SECTION_ID": str(event.get("section", "")),
            "IMPORTANCE": event.get("importance", "normal"),
        }

    def _delete(self, params: dict[str, Any], owner: int) -> bool:
        self.events.remove(self._found(params))
        return True

    def _found(self, params: dict[str, Any]) -> dict[str, Any]:
        found = next((e for e in self.events if e["id"] == whole(params.get("id"))), None)
        if found is None:
            raise Refusal("", "The event is not found")
        return found

    def _place(self, params: dict[str, Any], owner: int) -> tuple[str, int]:
        if params.get("type") not in _KINDS:
            raise Refusal("", 'The parameter "type" is required')
        if "ownerId" not in params:
            raise Refusal("", 'The parameter "ownerId" is required')
        place = (str(params["type"]), whole(params["ownerId"]))
        if place[0] == "user" and place[1] != owner:
            raise Refusal("", "Access denied")
        return place
