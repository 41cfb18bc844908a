"""What the centre knows of the company: the people, the route, the accountant, the calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from mailflow.approval.submission import RouteKind


class UnpaidMovesTo(StrEnum):
    """Where an unpaid payment moves at the end of its day."""

    NEXT_DAY = "next_day"
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True)
class Person:
    """Somebody known by e-mail address (always lower case)."""

    email: str
    name: str = ""
    language: str | None = None
    manager: str | None = None
    deputy: str | None = None

    @property
    def display(self) -> str:
        """The name, or the address where no name is known."""
        return self.name or self.email


@dataclass(frozen=True)
class Company:
    """The rules of one company. Addresses are lower case; `submitters` holds addresses and '@domain' entries."""

    mailbox: str
    administrator: str
    accountant: str
    language: str
    timezone: tzinfo
    submitters: tuple[str, ...]
    sequence: tuple[str, ...]
    default_route: RouteKind
    remind_after: timedelta
    unpaid_moves_to: UnpaidMovesTo
    is_working_day: Callable[[date], bool]
    people: Mapping[str, Person]
    name: str = ""

    def person(self, address: str) -> Person:
        """The person behind an address; one that is in no directory has no name."""
        return self.people.get(address) or Person(address)

    def language_of(self, address: str) -> str:
        """A person's own language, else the company's."""
        return self.person(address).language or self.language

    def may_submit(self, address: str) -> bool:
        """Whether an address, or its whole domain, is among the submitters."""
        return address in self.submitters or "@" + address.rpartition("@")[2] in self.submitters

    def knows(self, address: str) -> bool:
        """Whether the address belongs to the company's people; only they are ever answered."""
        return self.can_decide(address) or self.may_submit(address)

    def can_decide(self, address: str) -> bool:
        """Whether a step may be handed on to this address: a person named in the settings."""
        return (
            address in self.people
            or address in self.sequence
            or address in (self.accountant, self.administrator)
            or any(address in (person.manager, person.deputy) for person in self.people.values())
        )

    def today(self, now: datetime) -> date:
        """The date in the company's time zone."""
        return now.astimezone(self.timezone).date()

    def next_payment_day(self, due: date, today: date) -> date:
        """Where a payment of a past day moves: to today, or to the first working day from today on."""
        day = max(today, due)
        if self.unpaid_moves_to is UnpaidMovesTo.NEXT_WORKING_DAY:
            while not self.is_working_day(day):
                day += timedelta(days=1)
        return day
