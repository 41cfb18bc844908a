"""When somebody's daily mail comes (process sections 3 and 6)."""

from __future__ import annotations

from datetime import datetime

from mailflow.approval.company import Company, Daily

SATURDAY = 5


def daily_of(address: str, company: Company) -> Daily:
    """A person's own wish, else the company's."""
    return company.person(address).daily or company.daily


def moment_today(daily: Daily, company: Company, now: datetime) -> datetime | None:
    """The moment of today's mail, once it has come; None before it and on days without one.

    What has happened since belongs to the next day's, so that a mail that is late tells the same.
    """
    today = company.today(now)
    moment = datetime.combine(today, daily.at, company.timezone)
    if moment > now or today.weekday() not in daily.days:
        return None
    is_day_off = today.weekday() < SATURDAY and not company.is_working_day(today)
    return None if is_day_off else moment
