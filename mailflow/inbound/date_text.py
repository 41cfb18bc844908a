"""A day, as people write it (process section 1).

Own patterns come first; dateparser reads only what is left: a whole date with a month's name. What may mean two days is
ambiguous. A day without a year is the next such day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from mailflow.notation.date_words import DAYS_FROM_TODAY, DEADLINES, ENGLISH_MONTHS, MONTHS, WEEKDAYS
from mailflow.notation.plain_text import folded, has_foreign_digits, one_spaced

_LONGEST_TEXT = 100
_YEARS_AHEAD = 3


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_DEADLINE = re.compile(rf"(?:{_any_of(DEADLINES)})\s+")
_TAIL = re.compile(r"[\s,]*(?:включительно|inclusive)?[\s.,;!]*$")
_YEAR_WORD = re.compile(r"(?<=\d)\s?(?:года|год|г)$")
_CLOCK = re.compile(r"[\s,]+(?:в |до |at |by )?\d{1,2}:\d{2}(?::\d{2})?$")
_WEEKDAY_BEFORE = re.compile(rf"(?:во?\s)?({_any_of(WEEKDAYS)})\b\.?,?\s+(?=.*\d)")
_WEEKDAY_AFTER = re.compile(rf"(?<=[\w.])[\s,]+\(?({_any_of(WEEKDAYS)})\.?\)?$")
_WEEKDAY_ALONE = re.compile(rf"(?:во?\s)?({_any_of(WEEKDAYS)})")
_WEEKDAY_OF_WHICH_WEEK = re.compile(
    rf"(?:во?\s)?(?:next|this|coming|эт\w+|следующ\w+|ближайш\w+|будущ\w+)\s({_any_of(WEEKDAYS)})"
)
_DAYS_AHEAD = re.compile(r"(?:через|in)\s(\d{1,4})\s(день|дня|дней|дн\.?|days?|недел[юиь]|weeks?)")
_YEAR_FIRST = re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})|(20\d\d)(\d\d)(\d\d)")
_POINTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})(?:\.\s?(\d{4}|\d{2}))?")
_SLASHED = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})|(\d{1,2})/(\d{1,2})")
_DAY_MONTH = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th|-?го|-?е|-?ое)?[\s./-]?\s?(?:of\s)?({_any_of(MONTHS)})"
    r"(?:(?:\.?,?\s|[./-])(\d{4}|\d{2}))?"
)
_MONTH_DAY = re.compile(rf"({_any_of(ENGLISH_MONTHS)})\.?\s(?:the\s)?(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(\d{{4}}))?")
_LIKE_A_DATE = re.compile(r"(?<!\d)\d{1,4}([-./])\d{1,2}(?:\1\d{1,4})?(?!\d)")
_NUMBER = re.compile(r"\d+")


def read_date(text: str, today: date) -> date | str:
    """The day, or why there is none: unreadable, ambiguous, past. Today is not past; three years ahead is the end."""
    line = folded(one_spaced(text))
    if len(line) > _LONGEST_TEXT or has_foreign_digits(line):
        return "unreadable"
    line = _bare(line)
    weekdays = []
    if _NUMBER.search(line):
        weekdays = [found for found in (_WEEKDAY_BEFORE.match(line), _WEEKDAY_AFTER.search(line)) if found]
        line = _bare(_WEEKDAY_AFTER.sub("", _WEEKDAY_BEFORE.sub("", line, count=1)))
    found = _read(line, today)
    if isinstance(found, str):
        return found
    if any(found.weekday() != WEEKDAYS[weekday[1]] for weekday in weekdays):
        return "ambiguous"
    if found < today:
        return "past"
    return found if found <= _years_after(today, _YEARS_AHEAD) else "unreadable"


def _bare(line: str) -> str:
    """The line without the words around a date that leave it as it is."""
    line = _TAIL.sub("", line).lstrip(" ,:")
    while deadline := _DEADLINE.match(line):
        line = line[deadline.end() :]
    return _YEAR_WORD.sub("", _CLOCK.sub("", line))


def _read(line: str, today: date) -> date | str:
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | str]], ...] = (
        (_YEAR_FIRST, _year_first),
        (_POINTED, _pointed),
        (_SLASHED, _slashed),
        (_DAY_MONTH, _day_month),
        (_MONTH_DAY, _month_day),
        (_DAYS_AHEAD, _days_ahead),
        (_WEEKDAY_ALONE, _next_weekday),
    )
    if line in DAYS_FROM_TODAY:
        return today + timedelta(days=DAYS_FROM_TODAY[line])
    for pattern, reader in readers:
        if found := pattern.fullmatch(line):
            return reader(found, today)
    if _WEEKDAY_OF_WHICH_WEEK.fullmatch(line) or len(_LIKE_A_DATE.findall(line)) > 1:
        return "ambiguous"
    return _by_dateparser(line, today)


def _year_first(found: re.Match[str], today: date) -> date | str:
    year, month, day = (found[1], found[3], found[4]) if found[1] else (found[5], found[6], found[7])
    return _day(int(year), int(month), int(day))


def _pointed(found: re.Match[str], today: date) -> date | str:
    return _with_or_without_year(found[3], int(found[2]), int(found[1]), today)


def _slashed(found: re.Match[str], today: date) -> date | str:
    """Day and month, or month and day: read where only one of the two is a day."""
    first, second, year = (found[1], found[3], found[4]) if found[1] else (found[5], found[6], None)
    a, b = int(first), int(second)
    readings = {_with_or_without_year(year, month, day, today) for month, day in ((b, a), (a, b))}
    days = [reading for reading in readings if isinstance(reading, date)]
    if len(days) > 1:
        return "ambiguous"
    return days[0] if days else "unreadable"


def _day_month(found: re.Match[str], today: date) -> date | str:
    return _with_or_without_year(found[3], MONTHS[found[2]], int(found[1]), today)


def _month_day(found: re.Match[str], today: date) -> date | str:
    return _with_or_without_year(found[3], MONTHS[found[1]], int(found[2]), today)


def _days_ahead(found: re.Match[str], today: date) -> date | str:
    days = int(found[1]) * (7 if found[2].startswith(("нед", "week")) else 1)
    return today + timedelta(days=days)


def _next_weekday(found: re.Match[str], today: date) -> date | str:
    """The next such day; never today."""
    return today + timedelta(days=(WEEKDAYS[found[1]] - today.weekday() - 1) % 7 + 1)


def _with_or_without_year(year: str | None, month: int, day: int, today: date) -> date | str:
    if year:
        return _day(int(year) + (2000 if len(year) == 2 else 0), month, day)
    coming = (_day(today.year + years, month, day) for years in range(_YEARS_AHEAD + 1))
    return next((found for found in coming if isinstance(found, date) and found >= today), "unreadable")


def _day(year: int, month: int, day: int) -> date | str:
    try:
        return date(year, month, day)
    except ValueError:
        return "unreadable"


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; 1 March for 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _by_dateparser(line: str, today: date) -> date | str:
    """A date with its own year, day and month's name; the two numbers must come out as they were written."""
    numbers = _NUMBER.findall(line)
    if sorted(map(len, numbers)) not in ([1, 4], [2, 4]) or not any(month in line for month in MONTHS):
        return "unreadable"
    import dateparser  # takes a tenth of a second; hardly a date gets here

    found = dateparser.parse(
        line,
        languages=["ru", "en"],
        settings={
            "DATE_ORDER": "DMY",
            "PREFER_DATES_FROM": "future",
            "STRICT_PARSING": True,
            "PARSERS": ["absolute-time"],
            "RELATIVE_BASE": datetime.combine(today, time()),
        },
    )
    if found is None or sorted((found.day, found.year)) != sorted(map(int, numbers)):
        return "unreadable"
    return found.date()
