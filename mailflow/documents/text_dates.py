"""A day as invoices print it. Day and month that may change places are read day first, and doubted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from mailflow.notation.date_words import MONTHS as ENGLISH_AND_RUSSIAN

_OTHERS = (
    ("januar", "jan", "januari", "janvier", "janv", "stycznia", "styczeń"),
    ("februar", "februari", "février", "fevrier", "févr", "lutego", "luty"),
    ("märz", "mrz", "maart", "mrt", "mars", "marca", "marzec"),
    ("avril", "avr", "kwietnia", "kwiecień"),
    ("mai", "mei", "maja", "maj"),
    ("juni", "juin", "czerwca", "czerwiec"),
    ("juli", "juillet", "juil", "lipca", "lipiec"),
    ("augustus", "août", "aout", "sierpnia", "sierpień"),
    ("septembre", "września", "wrzesień"),
    ("oktober", "okt", "octobre", "października", "październik"),
    ("novembre", "listopada", "listopad"),
    ("dezember", "dez", "décembre", "decembre", "déc", "grudnia", "grudzień"),
)
_MONTHS: Mapping[str, int] = {
    **ENGLISH_AND_RUSSIAN,
    **{name: number for number, names in enumerate(_OTHERS, start=1) for name in names},
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

_YEAR_FIRST = r"\d{4}[-./]\d{1,2}[-./]\d{1,2}"
_FIGURES = r"\d{1,2}(?:\. ?\d{1,2}\. ?|[-/]\d{1,2}[-/])(?:\d{4}|\d{2})"
_DAY_MONTH = rf"[\"«“]?\d{{1,2}}(?:st|nd|rd|th|er|\.)?[\"»”]?[ -]{{0,2}}(?:of |de )?(?:{_MONTH})\.?,?[ -]{{1,2}}\d{{4}}"
_MONTH_DAY = rf"(?:{_MONTH})\.? {{1,2}}\d{{1,2}}(?:st|nd|rd|th)? ?,? {{1,2}}\d{{4}}"
DAY = rf"(?:{_YEAR_FIRST}|{_FIGURES}|{_DAY_MONTH}|{_MONTH_DAY})(?!\d)"
"""The pattern of a whole day, in lower case."""

_LEAD = re.compile(
    r"(?:(?:от|до|не позднее|не позже|по|le|du|am|vom|bis|zum|den|dem|op|van|vóór|voor|d\.d\.|dnia|z dnia|z|on|of"
    r"|by|the|dated|date|datum|is|[a-zа-яéûü]{2,11},(?= ))[ :]{1,2}){0,3}",
)
_DAY = re.compile(DAY)
_SLASHED = re.compile(r"(?<![\d/-])(\d{1,2})([-/])(\d{1,2})\2\d{4}(?![\d/-])")
_ANYWHERE = re.compile(rf"(?<![\w./-]){DAY}")
_WORDED = re.compile(r"\W*(\d{1,2})?\W*(?:st|nd|rd|th|er)?\W*(?:of |de )?([^\W\d_]+)\W*(?:(\d{1,2})\D+)?(\d{4})")
_YEARS = range(2000, 2100)


@dataclass(frozen=True)
class PrintedDay:
    """A day, whether it may be another one, and where it ends in the text."""

    day: date
    doubtful: bool
    end: int


def day_orders(text: str) -> Mapping[str, bool]:
    """Of `-` and `/` those between which this paper puts day and month in one order only: whether the day is first."""
    seen: dict[str, set[bool]] = {}
    for one, separator, other in _SLASHED.findall(text):
        if int(one) > 12 or int(other) > 12:
            seen.setdefault(separator, set()).add(int(one) > 12)
    return {separator: orders.pop() for separator, orders in seen.items() if len(orders) == 1}


def read_day(text: str, orders: Mapping[str, bool]) -> PrintedDay | None:
    """The day that the text (lower case, ё as е) begins with, after words such as `от`; None for none."""
    lead = _LEAD.match(text)
    found = _DAY.match(text, lead.end() if lead else 0)
    if found is None:
        return None
    day, doubtful = _read(found[0], orders)
    if day is None or day.year not in _YEARS:
        return None
    return PrintedDay(day, doubtful, found.end())


def every_day(text: str, orders: Mapping[str, bool]) -> Iterator[date]:
    """The days in the text (lower case, ё as е), labelled or not, in its order."""
    for found in _ANYWHERE.finditer(text):
        day, _ = _read(found[0], orders)
        if day and day.year in _YEARS:
            yield day


def _read(text: str, orders: Mapping[str, bool]) -> tuple[date | None, bool]:
    """The day, and whether the figures may mean another one."""
    worded = _WORDED.fullmatch(text)
    if worded:
        return _day(worded[4], _MONTHS[worded[2]], worded[1] or worded[3]), False
    first, second, third = re.findall(r"\d+", text)
    if len(first) == 4:
        return _day(first, second, third), False
    separator = text[len(first)]
    year = third if len(third) == 4 else f"20{third}"
    day_first, month_first = _day(year, second, first), _day(year, first, second)
    if separator == ".":
        return day_first, False
    if len(third) == 2:
        return day_first or month_first, True
    if day_first is None or month_first is None or day_first == month_first:
        return day_first or month_first, False
    if separator in orders:
        return (day_first if orders[separator] else month_first), False
    return day_first, True


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
