"""Settings -> the company, as the centre knows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mailflow.approval.company import Company, Person
from mailflow.approval.wording import KEYWORDS, Keywords
from mailflow.errors import ConfigurationError, SettingsProblem
from mailflow.settings import HolidaySettings, Settings


def company_of(settings: Settings) -> Company:
    """The company of the settings. Raises ConfigurationError for a country whose working days nobody knows."""
    return Company(
        mailbox=settings.mailbox.address,
        administrator=settings.administrator,
        accountant=settings.payment.accountant,
        language=settings.language,
        timezone=ZoneInfo(settings.timezone),
        submitters=settings.submitters,
        sequence=settings.approval.sequence,
        default_route=settings.approval.route,
        remind_after=timedelta(hours=settings.approval.remind_after_hours),
        unpaid_moves_to=settings.payment.unpaid_moves_to,
        is_working_day=working_day_test(settings.holidays),
        people={
            p.email: Person(p.email, p.name, p.language, p.manager, p.deputy) for p in settings.people
        },
        name=settings.company_name,
    )


def keywords_of(settings: Settings) -> Keywords:
    """The keywords that are read: those of mailflow and those that the settings add."""
    return {
        verb: {**words, "settings": tuple(w.strip().upper() for w in settings.keywords.get(verb, ()))}
        for verb, words in KEYWORDS.items()
    }


def working_day_test(settings: HolidaySettings) -> Callable[[date], bool]:
    """Whether a day is a working day in the country, transferred days included; the settings' own days win."""
    import holidays

    try:
        country = holidays.country_holidays(settings.country)
    except NotImplementedError:
        problem = SettingsProblem(
            "holidays.country", f"the working days of {settings.country} are not known.", "Write a code such as RU or DE."
        )
        raise ConfigurationError("settings", [problem]) from None

    def is_working_day(day: date) -> bool:
        if day in settings.extra_working_days:
            return True
        return day not in settings.extra_holidays and bool(country.is_working_day(day))

    return is_working_day
