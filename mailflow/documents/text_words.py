"""The sum in words under the total: what the figures are held against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from mailflow.notation.money_words import NUMERALS, SCALES
from mailflow.notation.plain_text import folded
from mailflow.notation.spelled_number import read_spelled

_LINES = 3
_LONGEST = 400
_WORDS_BEFORE = 6
_WORD = re.compile(r"[^\W\d_]+")
_TO_THE_CURRENCY = re.compile(
    r"[^\d,;:]{3,300}?\b(?:руб[а-я]*|доллар[а-я]*(?: сша)?|евро|тенге|dollars?|euros?|pounds?|roubles?|rubles?)\b\.?"
    r"(?:,? (?:and )?(?:\d\d|[a-zа-я -]{3,30}) (?:коп[а-я]*|цент[а-я]*|cents?|kopecks?))?"
)


def sums_in_words(lines: Sequence[str]) -> Iterator[Decimal]:
    """The sums of lines that begin with one in words, a label of a few words before it."""
    for at, line in enumerate(lines):
        start = _first_numeral(line)
        if start is None:
            continue
        text = folded(" ".join([line[start:], *lines[at + 1 : at + _LINES]]))[:_LONGEST]
        found = _TO_THE_CURRENCY.match(text)
        spelled = read_spelled(found[0].rstrip(".")) if found else None
        if spelled:
            units, hundredths = spelled
            yield units + Decimal(hundredths or 0) / 100


def _first_numeral(line: str) -> int | None:
    for count, word in enumerate(_WORD.finditer(line)):
        plain = folded(word[0])
        if plain in NUMERALS or plain in SCALES:
            return word.start()
        if count == _WORDS_BEFORE or plain in ("ндс", "vat"):
            return None
    return None
