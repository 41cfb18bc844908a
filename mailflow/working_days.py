"""Which days are working days in a country."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import cache
from typing import Any


def working_day_test(
    country: str, extra_holidays: Collection[date] = (), extra_working_days: Collection[date] = ()
) -> Callable[[date], bool]:
    """A test for working days by a country's official calendar (ISO 3166-1 code), with the company's own exceptions.

    Transferred days off and working Saturdays count as the calendar has them.
    """

    def is_working_day(day: date) -> bool:
        if day in extra_working_days:
            return True
        return day not in extra_holidays and bool(_calendar(country).is_working_day(day))

    return is_working_day


def has_calendar(country: str) -> bool:
    """Whether the official calendar of the country is known; finding that out reads no calendar."""
    import holidays.registry

    return isinstance(getattr(holidays, country, None), holidays.registry.EntityLoader)


@cache
def _calendar(country: str) -> Any:
    import holidays

    return holidays.country_holidays(country)
