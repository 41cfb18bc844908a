"""A line of the history in words of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from mailflow.approval.company import Company
from mailflow.outbound import formats
from mailflow.outbound.cleaning import one_line, paragraph, shortened

_PEOPLE = ("to", "from", "approver", "person", "accountant", "recipient", "who", "delegated_to", "by")
_DAYS = ("due", "from", "to", "until", "proposed")
_SAYINGS = ("reason", "comment", "text", "reference")
_LONGEST_SAYING = 600
_DAY = "d MMM y"


class _Facts(dict[str, str]):
    """What a sentence is filled with; what is not known is left empty."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass(frozen=True)
class Chronicle:
    """Tells lines of histories. `events` are sentences by the line's event, `mails` the words of mails."""

    company: Company
    language: str
    events: Mapping[str, str]
    mails: Mapping[str, Any]

    def sentence(self, event: str, actor: str, details: Mapping[str, object]) -> str:
        """What happened, in one sentence; an event without words of its own is named."""
        facts = _Facts({name: self._told(name, value) for name, value in details.items()})
        facts |= {"event": event.replace("_", " "), "actor": self._person(actor)}
        if "message" in details:
            kinds = self.mails["kind"]
            facts["message"] = kinds.get(str(details["message"]), kinds["other"])
        if "partstat" in details:
            facts["partstat"] = self.mails["partstat"].get(str(details["partstat"]), str(details["partstat"]))
        sentence = self.events.get(event, self.events["other"]) % facts
        return shortened(one_line(sentence), _LONGEST_SAYING)

    def saying(self, details: Mapping[str, object]) -> str:
        """What somebody wrote with it, "" where nobody did."""
        said = (str(details[name]) for name in _SAYINGS if details.get(name))
        return shortened(paragraph(next(said, "")), _LONGEST_SAYING)

    def _told(self, name: str, value: object) -> str:
        if isinstance(value, list):
            return ", ".join(self._told(name, item) for item in value)
        text = "" if value is None else str(value)
        if name == "until" and "T" in text:
            return formats.moment(text, self.language, self.company.timezone)
        if name in _DAYS and (day := _day(text)):
            return format_date(day, _DAY, locale=self.language)
        return self._person(text) if name in (*_PEOPLE, "chain") else text

    def _person(self, address: str) -> str:
        return one_line(self.company.person(address).display)


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None
