"""calendar: what is to be paid when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import icalendar
import pytest
import time_machine

from mailflow.approval.money import Money
from tests.cli.conftest import Company, in_approval, paid, to_pay


@pytest.fixture
def payments(office: Company) -> Company:
    office.keep(*in_approval())
    office.keep(*to_pay("INV-2026-0002", due=date(2026, 12, 14)))
    office.keep(*paid("INV-2026-0003"))
    office.keep(*to_pay("INV-2026-0006", amount=Money(Decimal("0.50"), "RUB")))
    office.keep(*to_pay("INV-2026-0007", amount=Money(Decimal("70"), "JPY"), pay_date=date(2027, 1, 11)))
    return office


def test_the_calendar_holds_what_is_asked_for_or_paid(payments: Company) -> None:
    assert payments.json("calendar")[:2] == [
        {"number": "INV-2026-0002", "due": "2026-12-14", "amount": "125000.00", "currency": "RUB",
         "counterparty": "ООО «Ромашка»", "status": "to_pay", "shifts": 0},
        {"number": "INV-2026-0003", "due": "2026-12-15", "amount": "125000.00", "currency": "RUB",
         "counterparty": "ООО «Ромашка»", "status": "paid", "shifts": 0},
    ]  # fmt: skip
    assert [p["number"][-1] for p in payments.json("calendar")] == ["2", "3", "6", "7"]


@time_machine.travel(datetime(2026, 12, 14, 22, 0, tzinfo=UTC), tick=False)  # the 15th in Moscow
def test_people_see_month_grids_with_sums_per_day_and_currency(payments: Company) -> None:
    shown = payments.run("calendar").stdout
    assert "December 2026: 250000.50 RUB" in shown
    assert "January 2027: 70 JPY" in shown
    assert "│ 125000.50 RUB │" in shown  # the 15th: one paid, one not
    [late] = [line for line in shown.splitlines() if "INV-2026-0002" in line]
    assert late.rstrip().endswith("1")


def test_nothing_to_pay_is_said(office: Company) -> None:
    assert office.run("calendar").stdout == "No payments.\n"
    assert office.json("calendar") == []


def test_any_calendar_client_can_read_the_published_calendar(payments: Company) -> None:
    file = payments.folder / "payments.ics"
    assert payments.run("calendar", "--ics", str(file)).exit_code == 0
    calendar = icalendar.Calendar.from_ical(file.read_bytes())
    assert calendar["METHOD"] == "PUBLISH"
    first, *_ = events = calendar.walk("VEVENT")
    assert len(events) == 4
    assert first["DTSTART"].dt == date(2026, 12, 14)
    assert first["DTEND"].dt - first["DTSTART"].dt == timedelta(days=1)
    assert first["SUMMARY"] == "Pay RUB 125,000.00 to ООО «Ромашка» (INV-2026-0002)"
    assert first["ORGANIZER"] == "mailto:finance@example.com"
    assert len({event["UID"] for event in events}) == 4
    assert all(isinstance(event["DTSTAMP"].dt, datetime) for event in events)
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert calendar["X-PUBLISHED-TTL"] == "PT1H"


def test_the_published_calendar_marks_what_is_paid_and_says_how_often_it_moved(office: Company) -> None:
    office.keep(*paid(title="Paper"))
    file = office.folder / "payments.ics"
    office.run("calendar", "--ics", str(file))
    [event] = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert (event["SUMMARY"].startswith("✓ Paid: "), event["STATUS"], event["TRANSP"]) == (
        True,
        "CONFIRMED",
        "TRANSPARENT",
    )
    assert event["DESCRIPTION"] == "Paper"


def test_the_same_payments_are_the_same_calendar_byte_for_byte(payments: Company) -> None:
    files = [payments.folder / "one.ics", payments.folder / "two.ics"]
    for hours, file in enumerate(files):
        with time_machine.travel(datetime(2026, 12, 1, 9 + hours, tzinfo=UTC)):
            payments.run("calendar", "--ics", str(file))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_moved_payment_updates_the_event_that_was_imported_before(office: Company) -> None:
    office.keep(*paid())
    file = office.folder / "payments.ics"
    office.run("calendar", "--ics", str(file))
    [event] = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert event["SEQUENCE"] == 1  # paying has updated the invites once
    assert event["UID"] != office.json("show", "INV-2026-0003")["invites"][0]["uid"]


def test_a_counterparty_cannot_add_lines_to_the_calendar(office: Company) -> None:
    office.keep(*to_pay(counterparty="A\r\nATTENDEE:mailto:x@example.com\x85\u2028B"))
    file = office.folder / "payments.ics"
    office.run("calendar", "--ics", str(file))
    [event] = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert "ATTENDEE" not in event
    assert "\u2028" not in event["SUMMARY"]


def test_a_file_that_cannot_be_written_is_told(office: Company) -> None:
    result = office.run("calendar", "--ics", str(office.folder / "none" / "a.ics"))
    assert result.exit_code != 0
    assert "none" in result.stderr
