"""Names of counterparties that look like another's (a known fraud: an invoice of `Pomaшka` beside those of `Ромашка`).

Two spellings of one name (case, quotation marks, where the legal form stands) are no matter; letters that only look
alike are. The table holds what is taken for one another in print, after Unicode Technical Standard 39, section 4.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

_LEGAL_FORMS = frozenset(
    {"ооо", "оао", "зао", "пао", "ао", "ип", "нко", "ltd", "limited", "llc", "inc", "gmbh", "ag", "kg", "sa", "sarl",
     "bv", "plc", "oy", "ab", "sro", "spzoo", "co", "corp", "corporation", "company"}
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_LOOKS_LIKE = str.maketrans(
    {
        "а": "a", "в": "b", "е": "e", "ё": "e", "з": "3", "к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "с": "c",
        "т": "t", "у": "y", "х": "x", "ь": "b", "і": "i", "ї": "i", "ј": "j", "ѕ": "s", "ԁ": "d", "ӏ": "l",
        "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "m", "ν": "v", "ο": "o", "ρ": "p", "τ": "t",
        "υ": "y", "χ": "x", "0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "|": "l",
    }
)  # fmt: skip
_LATIN = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
        "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
        "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
        "я": "ya",
    }
)  # fmt: skip
_ROMAN_FORMS = frozenset({"ooo", "oao", "zao", "pao", "ao", "ip"})
_ALIKE = 0.8
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def spelling(name: str) -> str:
    """The name without what people write now this way, now that: case, punctuation, legal form, the words' order."""
    words = _words(name)
    return "".join(sorted(word for word in words if word not in _LEGAL_FORMS) or words)


def may_be_one(one: str, other: str) -> bool:
    """Whether two names may be one company's, as mail and invoice write it: one within the other, or transliterated."""
    first, second = spelling(one), spelling(other)
    if first in second or second in first:
        return True
    if _is_cyrillic(first) == _is_cyrillic(second):
        return False
    romanised = (_romanised(one), _romanised(other))
    return SequenceMatcher(None, *romanised, autojunk=False).ratio() >= _ALIKE


def _is_cyrillic(text: str) -> bool:
    return any("а" <= letter <= "ё" for letter in text)


def _romanised(name: str) -> str:
    return "".join(word.translate(_LATIN) for word in _words(name) if word not in _LEGAL_FORMS | _ROMAN_FORMS)


def skeleton(name: str) -> str:
    """What two names have in common that the eye takes for one another; "" for no name."""
    words = [_look(word) for word in _words(name)]
    return "".join(sorted(word for word in words if word not in _LOOK_LEGAL) or words)


def _words(name: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", name).casefold())


def _look(word: str) -> str:
    """One word as the eye takes it."""
    plain = unicodedata.normalize("NFD", word.translate(_LOOKS_LIKE))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(_LOOKS_LIKE)
    for two, one in _PAIRS:
        plain = plain.replace(two, one)
    return plain


_LOOK_LEGAL = frozenset(map(_look, _LEGAL_FORMS))
