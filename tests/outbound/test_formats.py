"""Money, dates, sizes and plurals as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mailflow.approval.money import Money
from mailflow.outbound import formats


@pytest.mark.parametrize(
    ("amount", "currency", "english", "russian"),
    [
        ("125000.00", "RUB", "RUB 125,000.00", "125 000,00 ₽"),
        ("0.05", "EUR", "EUR 0.05", "0,05 €"),
        ("1500", "JPY", "JPY 1,500", "1 500 ¥"),
        ("1.234", "KWD", "KWD 1.234", "1,234 KWD"),
        ("12345678901.10", "USD", "USD 12,345,678,901.10", "12 345 678 901,10 $"),
        ("7.500", "IQD", "IQD 7.500", "7,500 IQD"),
    ],
)
def test_money(amount: str, currency: str, english: str, russian: str) -> None:
    money = Money(Decimal(amount), currency)
    assert formats.money(money, "en") == formats.money(str(money), "en") == english
    assert formats.money(money, "ru") == russian.replace(" ", "\u00a0")


def test_no_amount_is_no_text() -> None:
    assert formats.money("", "en") == ""


def test_dates_and_moments() -> None:
    assert formats.day(date(2026, 12, 15), "en") == formats.day("2026-12-15", "en") == "15 December 2026"
    assert formats.day(date(2026, 12, 15), "ru") == "15 декабря 2026 г."
    at = datetime(2026, 12, 1, 22, 5, tzinfo=UTC)
    assert formats.moment(at, "en", ZoneInfo("Europe/Moscow")) == "2 December 2026, 01:05"
    assert formats.moment(at.isoformat(), "ru", ZoneInfo("Europe/Moscow")) == "2 декабря 2026 г., 01:05"


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (0, "0 bytes", "0 байт"),
        (999, "999 bytes", "999 байт"),
        (184_320, "184 KB", "184 КБ"),
        (2_411_724, "2.4 MB", "2,4 МБ"),
    ],
)
def test_sizes(count: int, english: str, russian: str) -> None:
    assert formats.size(count, "en").replace("\u00a0", " ") == english
    assert formats.size(count, "ru").replace("\u00a0", " ") == russian


def test_plurals() -> None:
    russian = [formats.plural(n, "ru", "счёт", "счёта", "счетов") for n in (1, 2, 5, 11, 21, 22, 111, 0)]
    assert russian == ["счёт", "счёта", "счетов", "счетов", "счёт", "счёта", "счетов", "счетов"]
    assert [formats.plural(n, "en", "day", "days") for n in (0, 1, 2)] == ["days", "day", "days"]


def test_a_third_language_is_written_as_its_people_write() -> None:
    assert formats.money("125000.00 EUR", "de") == "125.000,00\u00a0€"
    assert formats.day(date(2026, 12, 15), "de") == "15. Dezember 2026"
    at = datetime(2026, 12, 1, 22, 5, tzinfo=UTC)
    assert formats.moment(at, "de", ZoneInfo("Europe/Moscow")) == "2. Dezember 2026, 01:05"
    assert formats.size(1_250_000, "de") == "1,2\u00a0MB"
    assert formats.plural(2, "pl", "plik", "pliki", "plików") == "pliki"
