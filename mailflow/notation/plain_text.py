"""Text as its reader sees it: no invisible characters, one kind of space."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}  # Unicode general categories: control, format, surrogate, private use
_SPACES = re.compile(r"\s+")


def visible(line: str) -> str:
    """The line without invisible characters; every kind of space is a plain one, a tab stays a tab."""
    if line.isascii() and line.isprintable():
        return line
    return "".join(map(_visible_character, line))


def _visible_character(character: str) -> str:
    if character == "\t":
        return character
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return "" if category in _INVISIBLE else character


def one_spaced(text: str) -> str:
    """The visible text on one line, with single spaces."""
    return _SPACES.sub(" ", " ".join(map(visible, text.splitlines()))).strip()


def folded(text: str) -> str:
    """The text for comparing words: lower case, ё as е."""
    return text.casefold().replace("ё", "е")


def lower(text: str) -> str:
    """The text in lower case, ё as е, no character moved (İ is as I: its small letter would be two)."""
    return text.replace("İ", "I").lower().replace("ё", "е")


def has_foreign_digits(text: str) -> bool:
    """Whether a digit or number sign other than 0-9 stands in the text (Arabic digits, ½, ², full width)."""
    return any(c.isnumeric() and not c.isascii() and unicodedata.category(c).startswith("N") for c in text)
