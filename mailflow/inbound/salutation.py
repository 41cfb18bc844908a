"""Where an answer begins and ends: the salutation before it, the sign-off behind it (process section 3).

The keyword stands first on the first line. People greet before they decide, so a salutation that holds no keyword is
passed over, alone on its line or before the keyword; nothing else is.
"""

from __future__ import annotations

import re

from mailflow.inbound.answer_words import CONDITIONS, ENDINGS, NEGATIONS, POSTSCRIPT, WEAK_ENDINGS
from mailflow.inbound.keyword import KeywordList, folded
from mailflow.inbound.quote_patterns import ADDRESSED, SALUTATIONS

_WIDTH = 400
_SALUTATION = "|".join(sorted((re.escape(words) for words in SALUTATIONS), key=len, reverse=True))
_CAPITAL = "A-ZÀ-ÖØ-ÞĀĆČĎŁŃŇŌŘŚŞŠŤŻŽІЇЄҐА-ЯЁ"
_NAME = rf"(?!(?:No|Not|Wait|Stop|Нет|Не|Стоп)\b)[{_CAPITAL}][^\W\d_][\w.’'-]{{0,30}}"
_PATRONYMIC = rf"{_NAME}\s[А-ЯЁ][а-яё]{{2,30}}(?:вич|вна|чна|ьич)\b"
_ADDRESSED = rf"(?:\s(?i:{'|'.join(ADDRESSED)})|(?:\s{_NAME}){{0,3}})"
_END = r"\s?(?:[,.!:;]{1,3}|\s[-–—])\s{1,4}"
_SALUTATIONS = (
    re.compile(rf"\s{{0,4}}(?i:{_SALUTATION}),?{_ADDRESSED}\s?[,.!:;)]{{0,3}}\s{{0,4}}$"),
    re.compile(rf"\s{{0,4}}(?i:{_SALUTATION})(?:,\s{_PATRONYMIC}|{_ADDRESSED}){_END}"),
    re.compile(rf"\s{{0,4}}{_PATRONYMIC}(?:{_END}|\s?[,.!:;]{{0,3}}\s{{0,4}}$)"),
)
_ENDED = rf"(?:[,.!]{{0,3}}|[,.!]{{0,2}}\s(?:{_NAME}\s?){{1,3}})\s{{0,4}}$"
_ENDING = re.compile(rf"\s{{0,4}}(?i:{'|'.join((*ENDINGS, *WEAK_ENDINGS))}){_ENDED}")
_FORMAL_ENDING = re.compile(rf"\s{{0,4}}(?i:{'|'.join(ENDINGS)}){_ENDED}")
_GOES_ON = re.compile(rf"(?<!\w)(?:{'|'.join((*CONDITIONS, *NEGATIONS))})(?!\w)|[?:]\s{{0,4}}$")
_POSTSCRIPT = re.compile(rf"\W{{0,4}}(?:{'|'.join(POSTSCRIPT)})(?!\w)", re.IGNORECASE)
_NAME_LINE = re.compile(rf"\W{{0,3}}(?:{_NAME}|[{_CAPITAL}]\.?)(?:\s?(?:{_NAME}|[{_CAPITAL}]\.)){{0,3}}[\s.,!]{{0,3}}$")


def from_decision_line(text: str, keywords: KeywordList) -> list[str]:
    """The lines from the one that should begin with the keyword."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if said := _without_salutation(line, keywords):
            return [said, *lines[at + 1 :]]
    return []


def _without_salutation(line: str, keywords: KeywordList) -> str:
    for _ in range(2):
        start = line[:_WIDTH]
        found = next((m for p in _SALUTATIONS if (m := p.match(start)) and not keywords.anywhere(m[0])), None)
        line = line[found.end() :] if found else line
    return line.strip()


def body(lines: list[str], sender_name: str) -> list[str]:
    """The lines down to the sign-off or the writer's own name; a postscript below it is part of them again."""
    end = next((at for at, line in enumerate(lines) if _signs_off(lines, at, sender_name)), len(lines))
    after = next((at for at in range(end, len(lines)) if _POSTSCRIPT.match(lines[at][:_WIDTH])), len(lines))
    return lines[:end] + lines[after:]


def _signs_off(lines: list[str], at: int, sender_name: str) -> bool:
    line = lines[at][:_WIDTH]
    if _is_name_of(line, sender_name):
        return True
    if not _ENDING.match(line):
        return False
    below = next((text for text in lines[at + 1 :] if text.strip()), "")
    if _FORMAL_ENDING.match(line) and not _GOES_ON.search(folded(below[:_WIDTH])):
        return True
    return not below or bool(_NAME_LINE.match(below[:_WIDTH])) or _is_name_of(below, sender_name)


def _is_name_of(line: str, sender_name: str) -> bool:
    """Whether the line holds nothing but the sender's name, or a part of it."""
    written = set(re.findall(r"[^\W\d_]+", folded(line[:100])))
    return bool(written) and written <= set(re.findall(r"[^\W\d_]+", folded(sender_name)))
