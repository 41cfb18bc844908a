"""Money, dates, sizes and counted nouns as people of a language write them.

English and Russian are written as finance departments do, any other language as CLDR has it.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from mailflow.approval.money import Money, currency_digits

_DAY = {"en": "d MMMM y", "ru": "d MMMM y 'г.'"}
_MONEY = {"en": "¤¤ {}", "ru": "{}\u00a0¤"}
_UNITS = {"en": ("bytes", "KB", "MB"), "ru": ("байт", "КБ", "МБ")}
_UNITS_ELSEWHERE = ("B", "KB", "MB")
_KILO = 1000
_KEPT = 1024  # of what was written lately: one mail says the same sum several times


@lru_cache(maxsize=_KEPT)
def money(value: Money | str, language: str) -> str:
    """'RUB 125,000.00' or '125 000,00 ₽'. Text is an amount as facts have it, '125000.00 RUB'; "" stays empty."""
    if isinstance(value, str):
        amount, _, currency = value.partition(" ")
        if not currency:
            return value
        value = Money(Decimal(amount), currency)
    digits = currency_digits(value.currency)
    number = "#,##0" + ("." + "0" * digits if digits else "")
    if pattern := _MONEY.get(language):
        return format_currency(
            value.amount, value.currency, pattern.format(number), locale=language, currency_digits=False
        )
    return format_currency(value.amount, value.currency, locale=language)


@lru_cache(maxsize=_KEPT)
def day(value: date | str, language: str) -> str:
    """'15 December 2026' or '15 декабря 2026 г.'; text is an ISO date."""
    return format_date(_date(value), _DAY.get(language, "long"), locale=language)


@lru_cache(maxsize=_KEPT)
def moment(value: datetime | str, language: str, timezone: tzinfo) -> str:
    """'1 December 2026, 12:00' in the company's time zone; text is ISO 8601 with offset."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    there = at.astimezone(timezone)
    return f"{day(there.date(), language)}, {format_datetime(there, 'HH:mm', locale=language)}"


@lru_cache(maxsize=_KEPT)
def size(count: int, language: str) -> str:
    """'340 KB' or '1,2 МБ', of a number of bytes (SI units)."""
    units, amount, unit = _UNITS.get(language, _UNITS_ELSEWHERE), Decimal(count), 0
    while amount >= _KILO and unit < len(units) - 1:
        amount, unit = amount / _KILO, unit + 1
    pattern = "#,##0.#" if unit == len(units) - 1 else "#,##0"
    return f"{format_decimal(amount, pattern, locale=language)}\u00a0{units[unit]}"


def plural(count: int, language: str, *forms: str) -> str:
    """The form of a noun that goes with a number: English (one, other), Russian (one, few, many)."""
    index = {"one": 0, "few": 1, "many": 2}.get(Locale.parse(language).plural_form(count), len(forms) - 1)
    return forms[index]


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
