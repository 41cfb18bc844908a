"""The accountant's morning: late, today, the coming week, a calendar; once, at the hour chosen, never empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailflow.approval.company import Daily, Person
from mailflow.approval.daily import daily_of, moment_today
from mailflow.approval.invoice import Caution, Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.paying import to_payment
from mailflow.approval.payment_summary import payment_summary
from tests.approval.company import ANNA, NOON, company, opened

MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = date(2026, 12, 1)
MORNING = datetime(2026, 12, 1, 8, 30, tzinfo=MOSCOW)
RULES = company()


def payable(number: int, due: date, amount: str = "100.00 RUB", shifts: int = 0, **more: Any) -> Invoice:
    value, currency = amount.split()
    invoice = replace(opened(amount=Money(Decimal(value), currency)).invoice, number=f"INV-2026-{number:04d}")
    waits = to_payment(invoice, RULES, NOON - timedelta(days=3)).invoice
    assert waits.payment is not None
    return replace(waits, payment=replace(waits.payment, due=due, shifts=shifts), **more)


def summary(*invoices: Invoice) -> dict[str, Any]:
    mail = payment_summary(ANNA, invoices, RULES, MORNING)
    assert mail is not None
    assert mail.to == ANNA
    return dict(mail.extra)


def numbers(facts: dict[str, Any]) -> dict[str, list[str]]:
    return {group["name"]: [line["number"] for line in group["lines"]] for group in facts["groups"]}


def test_payments_are_late_of_today_or_of_the_coming_week_and_the_rest_is_counted() -> None:
    facts = summary(
        payable(1, TODAY + timedelta(days=7)),
        payable(2, TODAY),
        payable(3, TODAY, shifts=2),
        payable(4, TODAY - timedelta(days=1)),
        payable(5, TODAY + timedelta(days=8), "7.00 EUR"),
    )
    assert numbers(facts) == {
        "overdue": ["INV-2026-0004", "INV-2026-0003"],
        "today": ["INV-2026-0002"],
        "week": ["INV-2026-0001"],
    }
    assert facts["later"] == {"count": 1, "sums": ["7.00 EUR"]}


def test_different_currencies_are_never_added_up() -> None:
    facts = summary(payable(1, TODAY, "100.50 RUB"), payable(2, TODAY, "7 EUR"), payable(3, TODAY, "0.50 RUB"))
    assert facts["groups"][1]["sums"] == ["7.00 EUR", "101.00 RUB"]


def test_a_payment_with_a_warning_is_marked() -> None:
    facts = summary(payable(1, TODAY, warnings=(Caution("amount_differs", "1 ≠ 2"),)), payable(2, TODAY))
    assert [line["is_warned_of"] for line in facts["groups"][1]["lines"]] == [True, False]


def test_the_calendar_has_whole_weeks_from_monday_to_that_of_the_last_payment() -> None:
    facts = summary(payable(1, TODAY), payable(2, TODAY), payable(3, date(2026, 12, 15)))
    assert [week[0]["day"] for week in facts["weeks"]] == ["2026-11-30", "2026-12-07", "2026-12-14"]
    days = {day["day"]: day for week in facts["weeks"] for day in week}
    assert (days["2026-12-01"]["count"], days["2026-12-01"]["sums"]) == (2, ["200.00 RUB"])
    assert days["2026-12-15"]["count"] == 1
    assert [day for day, cell in days.items() if cell["is_today"]] == ["2026-12-01"]
    assert days["2026-12-05"]["is_off"]
    assert not days["2026-12-04"]["is_off"]


@pytest.mark.parametrize(("ahead", "weeks"), [(0, 2), (400, 5)])
def test_the_calendar_is_neither_a_single_week_nor_endless(ahead: int, weeks: int) -> None:
    assert len(summary(payable(1, TODAY + timedelta(days=ahead)))["weeks"]) == weeks


def test_where_nothing_is_to_be_paid_there_is_no_mail() -> None:
    paid = replace(payable(1, TODAY), status=Status.PAID)
    assert payment_summary(ANNA, [paid, opened().invoice], RULES, MORNING) is None
    assert payment_summary(ANNA, [], RULES, MORNING) is None


def test_what_was_asked_for_after_the_hour_belongs_to_the_next_day() -> None:
    invoice = payable(1, TODAY)
    assert invoice.payment is not None
    later = replace(invoice, payment=replace(invoice.payment, asked_at=MORNING + timedelta(minutes=1)))
    assert payment_summary(ANNA, [later], RULES, MORNING) is None


WEEKDAYS = Daily(time(8, 30), frozenset(range(5)))


@pytest.mark.parametrize(
    ("now", "is_due"),
    [
        ("2026-12-01 08:29", False),
        ("2026-12-01 08:30", True),
        ("2026-12-01 23:59", True),
        ("2026-12-02 00:01", False),
        ("2026-12-05 12:00", False),
        ("2026-12-08 12:00", False),
    ],
    ids=["before", "at the hour", "late", "next day", "Saturday", "holiday"],
)
def test_the_mail_of_a_day_comes_from_its_hour_on_and_not_on_days_off(now: str, is_due: bool) -> None:
    holiday = date(2026, 12, 8)
    rules = company(is_working_day=lambda day: day.weekday() < 5 and day != holiday)
    moment = moment_today(WEEKDAYS, rules, datetime.fromisoformat(now).replace(tzinfo=MOSCOW))
    assert (moment is not None) is is_due


def test_whoever_lists_a_saturday_gets_it_on_saturdays() -> None:
    saturday = datetime(2026, 12, 5, 9, 0, tzinfo=MOSCOW)
    assert moment_today(Daily(time(8, 30), frozenset({5})), RULES, saturday) == saturday.replace(hour=8, minute=30)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_the_hour_is_that_of_the_clock_on_the_wall_whatever_the_clocks_do_at_night(day: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rules = company(timezone=berlin, is_working_day=lambda day: True)
    every_day = Daily(time(8, 30), frozenset(range(7)))
    half_past_eight = datetime.fromisoformat(f"{day} 08:30").replace(tzinfo=berlin)
    assert moment_today(every_day, rules, half_past_eight - timedelta(seconds=1)) is None
    assert moment_today(every_day, rules, half_past_eight) == half_past_eight


def test_an_hour_that_the_clocks_skip_or_repeat_comes_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rules = company(timezone=berlin, is_working_day=lambda day: True)
    at_night = Daily(time(2, 30), frozenset(range(7)))
    for day in ("2026-03-29", "2026-10-25"):
        midnight = datetime.fromisoformat(f"{day}T00:00+00:00")
        minutes = (midnight + timedelta(minutes=n) for n in range(1200))
        assert len({moment for now in minutes if (moment := moment_today(at_night, rules, now))}) == 1


def test_a_person_may_want_it_otherwise_than_the_company() -> None:
    own = Daily(time(7), frozenset({0}))
    rules = company(daily=WEEKDAYS, people={ANNA: Person(ANNA, daily=own)})
    assert daily_of(ANNA, rules) == own
    assert daily_of("new@example.com", rules) == WEEKDAYS
