"""Money, dates, times and sizes as people of a language read them."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import format_currency, format_decimal

from mailflow.approval.money import Money

_CURRENCY_PATTERN = {"en": "¤¤ #,##0.00", "ru": None}


def money(value: Money | None, language: str) -> str:
    """RUB 125,000.00 or 125 000,00 ₽; a dash for none."""
    if value is None:
        return "—"
    return format_currency(
        value.amount, value.currency, locale=language, format=_CURRENCY_PATTERN.get(language), currency_digits=True
    )


def money_text(value: str, language: str) -> str:
    """An amount kept as text ('125000.00 RUB'), as people read it."""
    amount, _, currency = value.partition(" ")
    return money(Money(Decimal(amount), currency), language) if amount and currency else "—"


def day(value: date | str | None, language: str) -> str:
    """15 December 2026 or 15 декабря 2026 г.; a dash for none."""
    if not value:
        return "—"
    parsed = date.fromisoformat(value) if isinstance(value, str) else value
    return format_date(parsed, "d MMMM y" if language == "en" else "long", locale=language)


def moment(value: datetime | str | None, language: str, zone: tzinfo) -> str:
    """The date and the time of day in the company's time zone; a dash for none."""
    if not value:
        return "—"
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_datetime(parsed.astimezone(zone), "d MMMM y, HH:mm", locale=language)


def size(value: int, language: str) -> str:
    """Bytes as KB or MB."""
    units = {"en": ("KB", "MB"), "ru": ("КБ", "МБ")}.get(language, ("KB", "MB"))
    if value < 1_000_000:
        return f"{max(1, round(value / 1000))} {units[0]}"
    return f"{format_decimal(round(value / 1_000_000, 1), locale=language)} {units[1]}"


def plural(count: int, *forms: str) -> str:
    """The form of a word that goes with a number: two in English, three in Russian (1 счёт, 2 счёта, 5 счетов)."""
    if len(forms) == 2:
        return forms[0] if count == 1 else forms[1]
    if count % 10 == 1 and count % 100 != 11:
        return forms[0]
    return forms[1] if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else forms[2]


def zone_name(zone: tzinfo, language: str) -> str:
    """The time zone's name for people."""
    return get_timezone_name(zone, locale=language)
