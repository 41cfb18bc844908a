"""The payment calendar's month: weeks of days, each with its payments and what they come to."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money, totals
from mailflow.payment_calendar import DuePayment
from mailflow.store.register import PaymentSum

SHOWN_A_DAY = 3
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 1)


@dataclass(frozen=True)
class Day:
    """One day: its first payments, how many more there are, and its sums by currency, each with its state."""

    day: date
    payments: tuple[DuePayment, ...] = ()
    more: int = 0
    sums: tuple[tuple[str, Money], ...] = ()


@dataclass(frozen=True)
class Month:
    """A month as a grid; None where a week reaches beyond it. `totals`: state -> what it comes to, by currency."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]
    totals: Mapping[str, tuple[Money, ...]]

    @property
    def last(self) -> date:
        """Its last day."""
        return last_day(self.first)

    @property
    def before(self) -> date | None:
        """The first day of the month before."""
        return _within((self.first - timedelta(days=1)).replace(day=1))

    @property
    def after(self) -> date | None:
        """The first day of the month after."""
        return _within(self.last + timedelta(days=1))


def month_of(text: str, today: date) -> date:
    """The first day of a month such as 2026-12; of today's where it is none."""
    try:
        return _within(date.fromisoformat(f"{text}-01")) or today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def last_day(first: date) -> date:
    """The last day of the month that begins so."""
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def month(first: date, sums: Iterable[PaymentSum], payments: Mapping[date, Iterable[DuePayment]]) -> Month:
    """The grid of a month, Monday first."""
    of_day: defaultdict[date, list[PaymentSum]] = defaultdict(list)
    for part in sums:
        of_day[part.day].append(part)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return Month(
        first,
        tuple(
            tuple(
                _day(day, of_day.get(day, []), tuple(payments.get(day, ()))) if day.month == first.month else None
                for day in week
            )
            for week in weeks
        ),
        {
            state: _together(part for parts in of_day.values() for part in parts if state_of(part) == state)
            for state in ("late", "to_pay", "paid")
        },
    )


def state_of(part: PaymentSum) -> str:
    """`late`, `to_pay` or `paid`."""
    return "late" if part.is_late else "paid" if part.status is Status.PAID else "to_pay"


def _day(day: date, parts: list[PaymentSum], payments: tuple[DuePayment, ...]) -> Day:
    states = [(state, [p for p in parts if state_of(p) == state]) for state in ("late", "to_pay", "paid")]
    sums = tuple((state, money) for state, those in states for money in _together(those))
    return Day(day, payments, sum(p.count for p in parts) - len(payments), sums)


def _together(parts: Iterable[PaymentSum]) -> tuple[Money, ...]:
    return totals(Money(part.amount, part.currency) for part in parts)


def _within(first: date) -> date | None:
    return first if _FIRST <= first <= _LAST else None
