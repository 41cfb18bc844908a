"""Keywords as they stand in a line: exact letters, whole words, the longest first (process section 3).

Only exact Latin or exact Russian letters make a keyword. Letters that merely look alike, full-width forms and words
with invisible characters inside never do; they are recognised to be told about, and to spoil a decision.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from mailflow.approval.wording import Keywords, Verb

_DECORATION = "*_\"'«»“”„‘’`"
_EDGES = " \t\u00a0\u202f\ufeff"
_INVISIBLE = ("Cf", "Mn", "Me", "Co", "Cn")
_LOOK_ALIKES = str.maketrans("авеёзкмнорстухѕіјһԁԛԝαβεικμνορτυχı", "abee3kmhopctyxsijhdqwabeikmvoptuxi")
_FILE_NAME = r"\.(?:pdf|docx?|xlsx?|odt|ods|rtf|txt|html?|eml|msg|zip|xml|jpe?g|png|tiff?)\b"
_GAP = r"[ \t\u00a0\u202f]{1,3}"


def keyword_list(keywords: Keywords) -> KeywordList:
    """The list of a company's keywords, made once for each set of them."""
    return _made(
        tuple((word, verb) for verb, groups in keywords.items() for group in groups.values() for word in group)
    )


@lru_cache(maxsize=8)
def _made(words: tuple[tuple[str, Verb], ...]) -> KeywordList:
    return KeywordList(words)


class KeywordList:
    """The keywords of a company, ready to be looked for."""

    def __init__(self, words: Iterable[tuple[str, Verb]]) -> None:
        pairs = sorted(((folded(word), verb) for word, verb in words), key=lambda pair: -len(pair[0]))
        self._verbs = dict(pairs)
        self._seen_verbs = {_as_seen(word): verb for word, verb in pairs}
        self._start = re.compile(f"({_any_of(self._verbs)})[{_DECORATION}]{{0,5}}(?![\\w@]|{_FILE_NAME})")
        self._glued = re.compile(f"(?:{_any_of(self._verbs)})")
        self._seen = re.compile(rf"(?<!\w)({_any_of(self._seen_verbs)})(?!\w)")

    def leading(self, line: str) -> tuple[Verb, str] | None:
        """The verb that the line begins with, and what stands behind the keyword."""
        line = _undecorated(line)
        found = self._start.match(folded(line))
        if not found or unicodedata.category(line[found.end() :][:1] or " ") in _INVISIBLE:
            return None
        return self._verbs[_one_spaced(found[1])], line[found.end() :]

    def begins(self, line: str) -> bool:
        """Whether the line begins with the letters of a keyword, whatever follows them."""
        return bool(self._glued.match(folded(_undecorated(line))))

    def is_imitated(self, line: str) -> bool:
        """Whether the line begins with what only looks like a keyword."""
        first_word = line.split(maxsplit=1)[0] if line.strip() else ""
        if self.begins(line) and not any(unicodedata.category(c) in _INVISIBLE for c in first_word):
            return False
        return bool(self._seen.match(_as_seen(_undecorated(line)))) and self.leading(line) is None

    def anywhere(self, text: str) -> frozenset[Verb]:
        """The verbs of all keywords in the text, look-alikes too; a word counts for the longest keyword it is in."""
        return frozenset(self._seen_verbs[_one_spaced(word)] for word in self._seen.findall(_as_seen(text)))

    def stressed(self, text: str) -> frozenset[Verb]:
        """The verbs of keywords in the text that are written as commands: in capitals, or first in their clause."""
        clauses = re.split(r"[,.;:!?()\n]|\s[-–—]\s", text)
        shouted = " ".join(word if word.isupper() else "#" for word in text.split())
        return self.anywhere(shouted).union(*(self._first(clause) for clause in clauses))

    def _first(self, clause: str) -> frozenset[Verb]:
        found = self._seen.match(_as_seen(_undecorated(clause)))
        return frozenset({self._seen_verbs[_one_spaced(found[1])]} if found else ())


def folded(text: str) -> str:
    """The text in small letters, ё as е, as long as before; no other letter becomes a Latin or Russian one."""
    return "".join(map(_small, text))


def _small(letter: str) -> str:
    small = letter.lower()
    if len(small) != 1 or (small.isascii() and not letter.isascii()):
        return letter
    return "е" if small == "ё" else small


def _as_seen(text: str) -> str:
    """What the eye makes of the text: without invisible characters, every look-alike as its Latin letter."""
    shapes = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in _INVISIBLE)
    return "".join(shapes).lower().translate(_LOOK_ALIKES)


def _undecorated(line: str) -> str:
    return line.strip(_EDGES).lstrip(_DECORATION).lstrip(_EDGES)


def _one_spaced(words: str) -> str:
    return " ".join(words.split())


def _any_of(words: dict[str, Verb]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", _GAP) for word in words)
