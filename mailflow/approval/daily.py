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
    is_day_off = today.weekday() < SATURDAY and not company.is_working_day(today)
    return None if is_day_off else hour_today(daily, company, now)


def hour_today(daily: Daily, company: Company, now: datetime) -> datetime | None:
    """The same by the hour and the day of the week alone, without the calendar of holidays."""
    today = company.today(now)
    moment = datetime.combine(today, daily.at, company.timezone)
    return moment if moment <= now and today.weekday() in daily.days else None
