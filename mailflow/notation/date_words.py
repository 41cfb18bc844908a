"""The words of a date in Russian and English. Data only; all words folded (lower case, ё as е)."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
            ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"), ("october", "oct"), ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip

RUSSIAN_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            ("январь", "января", "янв"), ("февраль", "февраля", "февр", "фев"), ("март", "марта", "мар"),
            ("апрель", "апреля", "апр"), ("май", "мая"), ("июнь", "июня", "июн"), ("июль", "июля", "июл"),
            ("август", "августа", "авг"), ("сентябрь", "сентября", "сент", "сен"), ("октябрь", "октября", "окт"),
            ("ноябрь", "ноября", "нояб", "ноя"), ("декабрь", "декабря", "дек"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip

MONTHS: Mapping[str, int] = {**ENGLISH_MONTHS, **RUSSIAN_MONTHS}
"""Names and abbreviations, without the full stop -> month."""

WEEKDAYS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            ("понедельник", "понедельника", "понедельнику", "пн", "monday", "mon"),
            ("вторник", "вторника", "вторнику", "вт", "tuesday", "tues", "tue"),
            ("среда", "среду", "среды", "среде", "ср", "wednesday", "wed"),
            ("четверг", "четверга", "четвергу", "чт", "thursday", "thurs", "thu"),
            ("пятница", "пятницу", "пятницы", "пятнице", "пт", "friday", "fri"),
            ("суббота", "субботу", "субботы", "субботе", "сб", "saturday", "sat"),
            ("воскресенье", "воскресенья", "воскресенью", "вс", "sunday", "sun"),
        )
    )
    for name in names
}
"""Names and abbreviations -> weekday as date.weekday() counts, Monday 0."""

DAYS_FROM_TODAY: Mapping[str, int] = {
    "сегодня": 0, "today": 0, "завтра": 1, "tomorrow": 1, "послезавтра": 2, "day after tomorrow": 2,
    "через день": 2, "через неделю": 7, "in a week": 7, "in one week": 7, "через две недели": 14, "in two weeks": 14,
}  # fmt: skip

DEADLINES = (
    "не позднее чем до", "не позднее чем", "не позднее", "не позже чем", "не позже", "до", "к", "на",
    "no later than", "not later than", "on or before", "by", "on", "until", "till", "the",
)  # fmt: skip
"""Words before a date that leave it as it is."""
