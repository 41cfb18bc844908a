"""The address of a list -> what is wanted, and back: every filter stands in the address, so a list can be passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from mailflow.approval.lifecycle import Status
from mailflow.store.register import Place, Wanted

FIELDS = ("status", "q", "person", "counterparty", "currency", "month", "day", "from", "to")
_LONGEST = 200


@dataclass(frozen=True)
class Filters:
    """What a reader has asked for, as text; what cannot be read is as if it had not been asked."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """The filters of a query."""
        return cls({name: value for name in FIELDS if (value := query.get(name, "").strip()[:_LONGEST])})

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def are_set(self) -> bool:
        """Whether anything but the stage is asked for."""
        return any(name != "status" for name in self.values)

    def address(self, page: str, **changed: str) -> str:
        """The address of a page with these filters, some of them changed; an empty one is left out."""
        query = {name: value for name, value in {**self.values, **changed}.items() if value}
        return f"{page}?{urlencode(query)}" if query else page

    def wanted(self, seen_by: str, timezone: tzinfo) -> Wanted:
        """The same for the register; days are those of the company's time zone."""
        month = _day(f"{self['month']}-01")
        until = _day(self["to"])
        return Wanted(
            statuses=tuple(Status(part) for part in self["status"].split(",") if part in list(Status)),
            person=self["person"].lower(),
            counterparty=self["counterparty"],
            currency=self["currency"].upper(),
            pay_month=month,
            pay_day=_day(self["day"]),
            received_from=_midnight(_day(self["from"]), timezone),
            received_until=_midnight(until + timedelta(days=1) if until else None, timezone),
            text=self["q"],
            seen_by=seen_by,
        )


def place_of(text: str) -> Place | None:
    """The place that a page goes on from, as `place_text` wrote it."""
    moment, _, number = text.partition("_")
    try:
        return Place(datetime.fromtimestamp(int(moment) / 1_000_000, UTC), number) if number else None
    except (ValueError, OverflowError, OSError):
        return None


def place_text(at: datetime, number: str) -> str:
    """A place for an address: microseconds of POSIX time, and the number."""
    return f"{round(at.timestamp() * 1_000_000)}_{number}"


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def _midnight(day: date | None, timezone: tzinfo) -> datetime | None:
    return datetime.combine(day, time(), timezone) if day else None
