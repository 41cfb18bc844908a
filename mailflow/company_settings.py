"""The settings as the centre knows them: the company, its people, its keywords."""

from __future__ import annotations

from datetime import time, timedelta

from mailflow.approval.company import Absence, Company, Daily, EscalateTo, Person, SecondApprover
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.structure import WhenAway
from mailflow.approval.wording import KEYWORDS, Keywords
from mailflow.settings import DailySettings, Settings
from mailflow.working_days import working_day_test

EVERY_WORKING_DAY = Daily(time(8, 30), frozenset(range(5)))
"""When the mails of a day come where the settings say nothing else."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _daily(wish: DailySettings, otherwise: Daily) -> Daily:
    """What somebody wants; what is left open is as in `otherwise`."""
    return Daily(
        otherwise.at if wish.at is None else wish.at,
        otherwise.days if wish.days is None else frozenset(map(_WEEKDAYS.index, wish.days)),
        otherwise.only if wish.only is None else wish.only,
    )


def company_of(settings: Settings) -> Company:
    """The company that the settings describe."""
    days, second = settings.holidays, settings.approval.second_approver
    escalate_after, to = settings.approval.escalate_after_hours, settings.approval.escalate_to
    daily = _daily(settings.digest, EVERY_WORKING_DAY)
    names = {alias: person.email for person in settings.people for alias in person.aliases}

    def on_record(address: str | None) -> str:
        return names.get(address or "", address or "")

    return Company(
        mailbox=settings.mailbox.address,
        administrator=on_record(settings.administrator),
        accountant=on_record(settings.payment.accountant),
        language=settings.language,
        timezone=settings.zone,
        submitters=tuple(dict.fromkeys(map(on_record, settings.submitters))),
        sequence=tuple(
            RouteEntry(on_record(e.address), e.limits, e.currency, e.counterparty) for e in settings.approval.sequence
        ),
        default_route=settings.approval.route,
        remind_after=timedelta(hours=settings.approval.remind_after_hours),
        daily=daily,
        escalate_after=timedelta(hours=escalate_after) if escalate_after else None,
        escalate_to=to if isinstance(to, EscalateTo) else on_record(to),
        unpaid_moves_to=settings.payment.unpaid_moves_to,
        is_working_day=working_day_test(
            days.country, frozenset(days.extra_holidays), frozenset(days.extra_working_days)
        ),
        name=settings.company_name,
        people={
            p.email: Person(
                p.email,
                p.name,
                p.language,
                on_record(p.manager) or None,
                on_record(p.deputy) or None,
                p.department,
                p.aliases,
                absences=tuple(Absence(a.first, a.until, on_record(a.deputy) or None) for a in p.away),
                daily=_daily(p.digest, daily) if p.digest else None,
            )
            for p in settings.people
        },
        hierarchy=settings.approval.hierarchy,
        hold=timedelta(minutes=settings.approval.hold_minutes),
        second_approver=SecondApprover(on_record(second.address), second.above) if second else None,
        when_portal_away=settings.bitrix24.when_away if settings.bitrix24 else WhenAway.LAST_KNOWN,
    )


def keywords_of(settings: Settings) -> Keywords:
    """The words of every language, and those that the settings add."""
    return {verb: {**languages, "settings": settings.keywords.get(verb, ())} for verb, languages in KEYWORDS.items()}
