"""Where an answer begins and ends: the salutation before it, the sign-off behind it (process section 3).

The keyword stands first on the first line. People greet before they decide, so a salutation that holds no keyword is
passed over, alone on its line or before the keyword; nothing else is.
"""

from __future__ import annotations

import re

from mailflow.inbound.answer_words import ENDINGS, POSTSCRIPT
from mailflow.inbound.keyword import KeywordList, folded
from mailflow.inbound.quote_patterns import SALUTATIONS

_WIDTH = 400
_SALUTATION = "|".join(sorted((re.escape(words) for words in SALUTATIONS), key=len, reverse=True))
_NAME = r"(?!(?:No|Not|Wait|Stop|Нет|Не|Стоп)\b)[A-ZА-ЯЁ][^\W\d_][\w.’'-]{0,30}"
_SALUTATIONS = (
    re.compile(rf"\s{{0,4}}(?i:{_SALUTATION}),?(?:\s{_NAME}){{0,3}}\s?[,.!:;)]{{0,3}}\s{{0,4}}$"),
    re.compile(rf"\s{{0,4}}(?i:{_SALUTATION})(?:\s{_NAME}){{0,3}}\s?(?:[,.!:;]{{1,3}}|\s[-–—])\s{{1,4}}"),
)
_ENDING = re.compile(
    rf"\s{{0,4}}(?i:{'|'.join(ENDINGS)})(?:[,.!]{{0,3}}|[,.!]{{0,2}}\s(?:{_NAME}\s?){{1,3}})\s{{0,4}}$"
)
_POSTSCRIPT = re.compile(rf"\W{{0,4}}(?:{'|'.join(POSTSCRIPT)})(?!\w)", re.IGNORECASE)
_NAME_LINE = re.compile(rf"\W{{0,3}}(?:{_NAME}|[A-ZА-ЯЁ]\.?)(?:\s?(?:{_NAME}|[A-ZА-ЯЁ]\.)){{0,3}}[\s.,!]{{0,3}}$")


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
    return not below or bool(_NAME_LINE.match(below[:_WIDTH])) or _is_name_of(below, sender_name)


def _is_name_of(line: str, sender_name: str) -> bool:
    """Whether the line holds nothing but the sender's name, or a part of it."""
    written = set(re.findall(r"[^\W\d_]+", folded(line[:100])))
    return bool(written) and written <= set(re.findall(r"[^\W\d_]+", folded(sender_name)))
