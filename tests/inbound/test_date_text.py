"""Days as people write them: read exactly, or asked about (process section 1)."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from babel.dates import format_date
from hypothesis import assume, given
from hypothesis import strategies as st

from mailflow.inbound.date_text import read_date

TODAY = date(2026, 11, 24)  # a Tuesday

READ = {
    "2026-12-15": [
        "2026-12-15", "2026/12/15", "2026.12.15", "20261215", "15.12.2026", "15.12.26", "15. 12. 2026", "15.12.2026 г.",
        "15.12.2026г.", "15.12.2026г", "15.12.2026 года", "15.12.2026.", "15.12.", "15.12", "15/12/2026", "15/12/26",
        "12/15/2026", "12/15/26", "15/12", "12/15", "15-12-2026", "15-12-26", "15 декабря 2026 года",
        "15 декабря 2026 г.", "15 декабря 2026г", "15 декабря 2026", "15 декабря", "15 Декабря", "15 дек", "15 дек.",
        "15 дек. 2026", "15 дек 26", "15-е декабря", "15-го декабря 2026", "15.дек.2026", "15-дек-2026", "15декабря",
        "15 December 2026", "15 december", "15 Dec 2026", "15 Dec. 2026", "15-Dec-2026", "15-Dec-26", "15/Dec/2026",
        "15th December 2026", "15th of December", "the 15th of December 2026", "15 Dec, 2026", "December 15, 2026",
        "December 15 2026", "December 15th, 2026", "Dec 15", "Dec. 15, 2026", "December the 15th", "DECEMBER 15, 2026",
        "2026 December 15", "декабря 15 2026", "2026, 15 декабря",
        "до 15.12.2026", "До 15 декабря 2026 года", "не позднее 15.12.2026", "не позднее 15 декабря 2026 года",
        "не позднее чем 15.12", "не позже 15 декабря", "к 15 декабря", "на 15.12.2026", "до 15.12.2026 включительно",
        "by 15 December 2026", "by December 15", "no later than 15 Dec 2026", "not later than 2026-12-15",
        "on 15 December", "on or before December 15, 2026", "until 15.12.2026", "by the 15th of December",
        "15 December 2026 inclusive", "вторник, 15.12.2026", "во вторник, 15 декабря", "Tuesday, December 15, 2026",
        "Tue 15 Dec 2026", "15.12.2026 (вт)", "15.12.2026, вторник", "15 декабря 2026 г., вторник", "15.12.2026 вт.",
        "15.12.2026 18:00", "15.12.2026 до 18:00", "15 December 2026 at 10:00", "15.12.2026;",
        "  15.12.2026\u00a0г. ", "15\u00a0декабря 2026\u202fг.", "15.\u200b12.2026", "через 21 день", "через 3 недели",
        "in 21 days", "in 3 weeks",
    ],
    "2026-11-24": ["24.11.2026", "24.11", "сегодня", "Сегодня", "today", "до сегодня", "24 ноября", "вт, 24.11.2026"],
    "2026-11-25": ["завтра", "tomorrow", "до завтра", "by tomorrow", "Завтра!", "через 1 день", "in 1 day", "в среду"],
    "2026-11-26": ["послезавтра", "day after tomorrow", "the day after tomorrow", "через 2 дня", "четверг"],
    "2026-11-27": [
        "в пятницу", "пятница", "до пятницы", "к пятнице", "пт", "Friday", "by Friday", "on Friday", "Fri", "FRI.",
    ],
    "2026-11-29": ["через 5 дней", "через 5 дн.", "in 5 days", "воскресенье", "Sunday"],
    "2026-12-01": ["вторник", "во вторник", "Tuesday", "через неделю", "in a week", "1 декабря", "1.12", "01.12.2026"],
    "2027-11-23": ["23.11", "23 ноября", "November 23"],
    "2027-01-05": ["5 января", "5 jan", "05.01", "5.1.2027", "05.01.27"],
    "2027-05-05": ["05/05/2027", "5/5/27", "5/5", "5 мая", "May 5", "5-5-2027"],
    "2028-02-29": ["29.02", "29 февраля", "Feb 29", "29.02.2028"],
    "2029-11-24": ["24.11.2029", "2029-11-24"],
}  # fmt: skip

ASKED = {
    "ambiguous": [
        "12/05/2026", "05/12/2026", "5/12/26", "05-12-2026", "12-05-2026", "5/12", "1/2/2027",
        "15.12.2026 или 16.12.2026", "15.12.2026 - 20.12.2026", "15.12-20.12", "15.12.2026, 16.12.2026",
        "пятница, 17.12.2026", "Mon, 15 Dec 2026",
        "15.12.2026 (ср)", "next Friday", "this Friday", "в следующую пятницу", "в эту пятницу",
    ],
    "past": [
        "23.11.2026", "2026-11-23", "01.01.2020", "15 декабря 2025", "December 15, 2025", "15.12.25", "1999-12-31",
        "12/25/2025", "20251215", "понедельник, 23.11.2026",
    ],
    "unreadable": [
        "", " ", "?", "-", "31.02.2027", "31.02", "32.01.2027", "15.13.2026", "2026-13-01", "2026-15-12", "30 февраля",
        "00.12.2026", "0/0/2027", "31 апреля 2027", "February 30, 2027", "25.11.2029", "15.12.2030", "15.12.99",
        "2126-12-15", "через 2000 дней", "через 9999 недель", "5", "15", "2026", "12.2026", "декабрь", "декабрь 2026",
        "Dec 2026", "10:30", "1766000000", "125 000", "7707083893", "5 дней", "5 рабочих дней", "через 5 рабочих дней",
        "в течение 5 дней", "net 30", "asap", "срочно", "как можно скорее", "до конца месяца", "в конце недели",
        "в декабре", "15-20 декабря", "15 или 16 декабря", "с 15.12.2026", "после 15.12.2026", "after 15 December",
        "before or after 15.12.2026", "15.12.2026?", "15.12.2026 нет", "не 15.12.2026", "15.12.2026 + 5 дней",
        "١٥.١٢.٢٠٢٦", "１５.12.2026", "15.12.202６", "15.12.20266", "115.12.2026", "15,12,2026", "15 12 2026",
        "15 decembre 2026", "три дня", "вчера", "yesterday", "5 days ago", "5 дней назад", "через месяц", "x" * 1000,
        "ИНН 7707083893 от 2026", "декабря 15 2026 года 3 раза", "2026-12-15T10:00:00Z",
    ],
}  # fmt: skip


def cases() -> list[tuple[str, str]]:
    return [(text, day) for day, texts in READ.items() for text in texts]


def questions() -> list[tuple[str, str]]:
    return [(text, code) for code, texts in ASKED.items() for text in texts]


@pytest.mark.parametrize(("text", "day"), cases())
def test_a_day_is_read_in_any_usual_spelling(text: str, day: str) -> None:
    assert read_date(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(("text", "code"), questions())
def test_a_doubtful_day_is_asked_about(text: str, code: str) -> None:
    assert read_date(text, TODAY) == code


def test_the_tables_are_large() -> None:
    assert len(cases()) >= 80
    assert len(questions()) >= 80


def test_three_years_end_on_the_same_day_or_on_1_march() -> None:
    assert read_date("2031-03-01", date(2028, 2, 29)) == date(2031, 3, 1)
    assert read_date("2031-03-02", date(2028, 2, 29)) == "unreadable"


days = st.integers(0, 3 * 365).map(lambda ahead: TODAY + timedelta(days=ahead))


@given(days, st.sampled_from(["short", "medium", "long", "full"]), st.sampled_from(["ru", "en_GB", "en_US"]))
def test_a_formatted_day_reads_back_as_itself_or_is_asked_about(day: date, form: str, locale: str) -> None:
    text = format_date(day, form, locale=locale)
    slashes_that_could_be_swapped = "/" in text and day.day <= 12 and day.day != day.month
    assert read_date(text, TODAY) == ("ambiguous" if slashes_that_could_be_swapped else day)


@given(
    days,
    st.sampled_from(["", "до ", "не позднее ", "by ", "no later than "]),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%a, %d %b %Y"]),
    st.sampled_from(["", ".", " г.", " года"]),
)
def test_a_day_reads_back_as_itself_in_several_formats(day: date, before: str, form: str, after: str) -> None:
    assert read_date(before + day.strftime(form) + after, TODAY) == day


@given(days, st.sampled_from(["%d.%m", "%d %B", "%B %d"]))
def test_a_day_without_a_year_is_the_next_such_day(day: date, form: str) -> None:
    assume((day.month, day.day) != (2, 29))
    found = read_date(day.strftime(form), TODAY)
    assert isinstance(found, date)
    assert (found.month, found.day) == (day.month, day.day)
    assert TODAY <= found < TODAY + timedelta(days=366)


@given(st.text(max_size=120), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_any_text_gives_a_coming_day_or_one_of_the_three_codes(text: str, today: date) -> None:
    found = read_date(text, today)
    assert found in ASKED or (isinstance(found, date) and found >= today)


@given(st.text(st.sampled_from("0123456789./- декабряDecmn,гпт"), max_size=30))
def test_texts_like_dates_break_nothing(text: str) -> None:
    found = read_date(text, TODAY)
    assert found in ASKED or (isinstance(found, date) and found >= TODAY)


def test_dateparser_is_loaded_only_when_it_is_needed() -> None:
    code = (
        "import sys; from datetime import date; from mailflow.inbound.date_text import read_date;"
        "read_date('15 декабря 2026', date(2026, 11, 24)); read_date('soon', date(2026, 11, 24));"
        "assert 'dateparser' not in sys.modules;"
        "read_date('2026 December 15', date(2026, 11, 24)); assert 'dateparser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
