"""What the centre knows of the company: the people, the route, the accountant, the calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from mailflow.approval.money import Money
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.structure import HierarchySource, Structure, WhenAway
from mailflow.approval.submission import RouteKind


class EscalateTo(StrEnum):
    """Who is asked instead of somebody who does not answer."""

    DEPUTY = "deputy"
    MANAGER = "manager"


class UnpaidMovesTo(StrEnum):
    """Where an unpaid payment moves at the end of its day."""

    NEXT_DAY = "next_day"
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True)
class Absence:
    """The days, both included, on which somebody is away; `deputy` is named for these alone."""

    first: date
    last: date
    deputy: str | None = None


@dataclass(frozen=True)
class Daily:
    """When a daily mail comes: at a time of day in the company's zone, on these days of the week (0 is Monday).

    `only`: an approver gets it in the place of requests one by one.
    """

    at: time = time(8, 30)
    days: frozenset[int] = frozenset()
    only: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody known by e-mail address (always lower case).

    `department` is the one in the portal that counts for somebody who is in several; `aliases` are further addresses
    that the same person writes from.
    """

    email: str
    name: str = ""
    language: str | None = None
    manager: str | None = None
    deputy: str | None = None
    department: int | None = None
    aliases: tuple[str, ...] = ()
    absences: tuple[Absence, ...] = ()
    daily: Daily | None = None

    def absence(self, day: date) -> Absence | None:
        """The absence that a day belongs to; None where the person is there."""
        return next((away for away in self.absences if away.first <= day <= away.last), None)

    def deputy_on(self, day: date) -> str | None:
        """Who stands in on that day, whether or not the person is known to be away."""
        absence = self.absence(day)
        return (absence.deputy if absence else None) or self.deputy

    @property
    def display(self) -> str:
        """The name, or the address where no name is known."""
        return self.name or self.email


@dataclass(frozen=True)
class SecondApprover:
    """Who approves too where a chain is of one person alone and the sum is above the limit of its currency.

    A currency without a limit is above it: what nobody has thought of wants two.
    """

    address: str
    limits: Mapping[str, Decimal]

    def is_wanted(self, money: Money) -> bool:
        """Whether two have to approve so much."""
        limit = self.limits.get(money.currency)
        return limit is None or money.amount > limit


@dataclass(frozen=True)
class Company:
    """The rules of one company. Addresses are lower case; `submitters` holds addresses and '@domain' entries.

    `hold` is how long an approver can take a decision back before it takes effect; zero: it takes effect at once.
    `escalate_after`: when somebody else is asked in a silent approver's place, None: never; `escalate_to`: who that is.
    `structure` is what was last read of the portal's departments, where `hierarchy` says that the portal knows them.
    """

    mailbox: str
    administrator: str
    accountant: str
    language: str
    timezone: tzinfo
    submitters: tuple[str, ...]
    sequence: tuple[RouteEntry, ...]
    default_route: RouteKind
    remind_after: timedelta
    unpaid_moves_to: UnpaidMovesTo
    is_working_day: Callable[[date], bool]
    people: Mapping[str, Person]
    name: str = ""
    hierarchy: HierarchySource = HierarchySource.SETTINGS
    structure: Structure | None = None
    structure_fresh_for: timedelta = timedelta(minutes=30)
    when_portal_away: WhenAway = WhenAway.LAST_KNOWN
    second_approver: SecondApprover | None = None
    hold: timedelta = timedelta()
    daily: Daily = Daily()
    escalate_after: timedelta | None = None
    escalate_to: EscalateTo | str = EscalateTo.DEPUTY

    def on_record(self, address: str) -> str:
        """The address that somebody is known by, whichever of the settings' aliases is written from."""
        return self._aliases.get(address, address)

    def is_same_person(self, one: str, other: str) -> bool:
        """Whether two addresses may be one person's: an alias, or a sub-address (RFC 5233). Forbids, never permits."""
        return _kernel(self.on_record(one)) == _kernel(self.on_record(other))

    def person(self, address: str) -> Person:
        """The person behind an address; one that is in no directory has no name."""
        known = self.people.get(address)
        if known is None or not known.name:
            member = self.structure.member(address) if self.structure else None
            if member:
                return replace(known or Person(address), name=member.name)
        return known or Person(address)

    def language_of(self, address: str) -> str:
        """A person's own language, else the company's."""
        return self.person(address).language or self.language

    def may_submit(self, address: str) -> bool:
        """Whether an address, or its whole domain, is among the submitters."""
        return address in self.submitters or "@" + address.rpartition("@")[2] in self.submitters

    def knows(self, address: str) -> bool:
        """Whether the address belongs to the company's people; only they are ever answered."""
        return self.can_decide(address) or self.may_submit(address)

    def queue_of(self, address: str) -> str:
        """The queue that a mail waits in: that of a named person, of a domain of submitters, or "", the strangers'."""
        person = self.on_record(address)
        if self.can_decide(person):
            return person
        return "@" + person.rpartition("@")[2] if self.may_submit(person) else ""

    def can_decide(self, address: str) -> bool:
        """Whether a step may be handed on to this address: a person named in the settings."""
        return (
            address in self.people
            or any(address == entry.address for entry in self.sequence)
            or address in (self.accountant, self.administrator, self.escalate_to)
            or (self.second_approver is not None and address == self.second_approver.address)
            or address in self._heads_and_deputies
            or (self.structure is not None and self.structure.member(address) is not None)
        )

    @cached_property
    def _heads_and_deputies(self) -> frozenset[str]:
        people = self.people.values()
        named = [address for person in people for address in (person.manager, person.deputy)]
        return frozenset(filter(None, [*named, *(away.deputy for person in people for away in person.absences)]))

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        return {alias: person.email for person in self.people.values() for alias in person.aliases}

    def today(self, now: datetime) -> date:
        """The date in the company's time zone."""
        return now.astimezone(self.timezone).date()

    def away_on(self, day: date) -> tuple[str, ...]:
        """The people who are away on a day."""
        return tuple(address for address, person in self.people.items() if person.absence(day))

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time between two moments belongs to working days, all 24 hours of each."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        day, passed = self.today(start), timedelta()
        while day <= self.today(end):
            if self.is_working_day(day):
                begins, ends = (self._midnight(d) for d in (day, day + timedelta(days=1)))
                passed += max(timedelta(), min(end, ends) - max(start, begins))
            day += timedelta(days=1)
        return passed

    def is_time_to_remind(self, told_at: datetime, now: datetime) -> bool:
        """Whether somebody who was told at that moment has been silent for so long; never on a day off."""
        return self.is_working_day(self.today(now)) and self.working_time(told_at, now) >= self.remind_after

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.timezone).astimezone(UTC)

    def next_payment_day(self, due: date, today: date) -> date:
        """Where a payment of a past day moves: to today, or to the first working day from today on."""
        day = max(today, due)
        if self.unpaid_moves_to is UnpaidMovesTo.NEXT_WORKING_DAY:
            while not self.is_working_day(day):
                day += timedelta(days=1)
        return day


_IGNORES_DOTS = frozenset({"gmail.com", "googlemail.com"})


def _kernel(address: str) -> tuple[str, str]:
    """What is left of an address without the parts that a mail server may ignore."""
    local, _, domain = address.partition("@")
    local = local.partition("+")[0]
    return local.replace(".", "") if domain in _IGNORES_DOTS else local, domain
