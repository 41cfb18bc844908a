"""A whole number written in words, Russian or English: the control beside a sum in figures."""

from __future__ import annotations

import re

from mailflow.notation.money_words import CURRENCIES, HUNDREDTHS, NUMERALS, SCALES
from mailflow.notation.plain_text import folded

_CURRENCY_WORDS = frozenset(word for name in CURRENCIES for word in name.split())
_WORD = re.compile(r"[^\W\d_]+|\d+")


def is_spelled(text: str) -> bool:
    """Whether any numeral in words stands in the text."""
    return any(word in NUMERALS for word in _WORD.findall(folded(text)))


def read_spelled(text: str) -> tuple[int, int | None] | None:
    """The whole units and the hundredths (None: not said) of `сто рублей 50 копеек`; None where it cannot be read."""
    words = _WORD.findall(folded(text))
    end = next((i for i, word in enumerate(words) if not _is_numeral(word)), len(words))
    units = _whole(words[:end])
    rest = words[end:]
    while rest and rest[0] not in NUMERALS and not rest[0].isdigit():
        if rest[0] != "and" and rest[0] not in _CURRENCY_WORDS:
            return None
        rest = rest[1:]
    if units is None or not rest:
        return None if units is None else (units, None)
    if rest[-1] not in HUNDREDTHS:
        return None
    hundredths = int(rest[0]) if len(rest) == 2 and rest[0].isdigit() else _whole(rest[:-1])
    return None if hundredths is None or hundredths > 99 else (units, hundredths)


def _is_numeral(word: str) -> bool:
    return word in NUMERALS or word in SCALES or word in ("hundred", "and")


def _whole(words: list[str]) -> int | None:
    """The number, or None where the words do not go down from large to small as a number's words do."""
    total, group, least, last_scale = 0, 0, 1000, 10**12
    for word in words:
        if word == "and":
            continue
        if word == "hundred":
            if not 0 < group < 10:
                return None
            group, least = group * 100, 100
        elif word in NUMERALS:
            value = NUMERALS[word]
            if value >= least:
                return None
            group += value
            least = 100 if value >= 100 else 10 if value >= 20 else 1
        else:
            if SCALES[word] >= last_scale:
                return None
            total += (group or 1) * SCALES[word]
            group, least, last_scale = 0, 1000, SCALES[word]
    return total + group if words else None
