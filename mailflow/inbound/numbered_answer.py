"""The answer to a digest, line by line: `1 3 APPROVE`, `2 REJECT: no contract` (process section 3).

A line begins with the numbers that it is about; what follows is read by the very rules of a single answer, with the
lines below it down to the next number. A line that cannot be read is told of, and holds up none of the others.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date

from mailflow.approval.decision import NumberedAnswer, Reading, Unclear
from mailflow.approval.wording import Keywords, Verb
from mailflow.inbound.answer import MAX_LINE, command_in
from mailflow.inbound.keyword import KeywordList, keyword_list
from mailflow.inbound.message import InboundMessage
from mailflow.inbound.quoting import visible_text

MOST_NUMBERS = 999
"""All that three figures can name; a mail that names more names some of them twice."""

_NUMBER = r"(?:№\s?|#\s?)?\d{1,3}(?!\d)"
_NEXT = rf"(?:\s{{0,3}}[,;+&–—-]\s{{0,3}}|\s{{1,3}}(?:and|и)\s{{1,3}}|\s{{1,3}}){_NUMBER}"
_NUMBERS = re.compile(
    rf"\s{{0,4}}({_NUMBER}(?:{_NEXT}){{0,60}})(?!\w)(?!\.\d)(?!\s{{0,3}}\(\d)\s{{0,3}}[.):,;–—-]{{0,2}}\s{{0,3}}",
    re.IGNORECASE,
)
_MAY_BEGIN = re.compile(r"(?:^|[\n>;])[^\w\n<>]{0,9}\d|<ol\b", re.IGNORECASE)
_RANGE = re.compile(r"(\d{1,3})(?:\s{0,3}[-–—]\s{0,3}(?:№\s?|#\s?)?(\d{1,3}))?")
_CHAIN = re.compile(r"\d(?:\s{0,3}[-–—]\s{0,3}(?:№\s?|#\s?)?\d{1,3}){2}")
_DECISIONS = frozenset({Verb.APPROVE, Verb.REJECT})


def read_numbered(message: InboundMessage, keywords: Keywords, today: date) -> tuple[NumberedAnswer, ...]:
    """Every numbered line with its command, in order; a decision without a number has none in `numbers`.

    Whatever makes the mail as a whole doubtful makes each line so.
    """
    if not (_MAY_BEGIN.search(message.text) or _MAY_BEGIN.search(message.html or "")):
        return ()
    visible, known = visible_text(message, keywords), keyword_list(keywords)
    lines = _lines(visible.text, message, keywords, today, known)
    doubt = visible.doubts[0] if visible.doubts else None
    if not doubt and visible.other and _said(lines) != _said(_lines(visible.other, message, keywords, today, known)):
        doubt = "parts_differ"
    if sum(len(line.numbers) for line in lines) > MOST_NUMBERS:
        return (replace(_unclear(lines[0], "number_twice"), numbers=()),)
    if doubt:
        return tuple(_unclear(line, doubt) for line in lines)
    counted = Counter(number for line in lines for number in set(line.numbers))
    return tuple(
        _unclear(line, "number_twice") if any(counted[n] > 1 for n in line.numbers) else line for line in lines
    )


def _lines(
    text: str, message: InboundMessage, keywords: Keywords, today: date, known: KeywordList
) -> list[NumberedAnswer]:
    """The numbered lines with all that stands below each; a decision above the first number belongs to none."""
    above, blocks = _blocks(text)
    found = []
    if not blocks:
        return []
    if known.anywhere("\n".join(above)) & _DECISIONS:
        line = next(line for line in above if known.anywhere(line) & _DECISIONS)
        found.append(NumberedAnswer((), Reading(Unclear("no_number"), line[:MAX_LINE], line)))
    for first, numbers, said in blocks:
        if not said.strip():
            continue  # a number that stands there alone, as in a form that was not filled in
        command = command_in(said, message, keywords, today)
        found.append(NumberedAnswer(numbers, Reading(command, first[:MAX_LINE], said)))
    return found


def _blocks(text: str) -> tuple[list[str], list[tuple[str, tuple[int, ...], str]]]:
    above: list[str] = []
    blocks: list[tuple[str, tuple[int, ...], list[str]]] = []
    for line in text.splitlines():
        begins = _NUMBERS.match(line)
        if begins and (begins.end() == len(line) or begins[0][-1] not in "0123456789"):
            blocks.append((line.strip(), _numbers(begins[1]), [line[begins.end() :]]))
        elif blocks:
            blocks[-1][2].append(line)
        else:
            above.append(line)
    return above, [(first, numbers, "\n".join(said)) for first, numbers, said in blocks]


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers that are named, ranges written out; none at all where a number is 0, a range runs backwards, or
    three are joined as in one of a telephone.
    """
    if _CHAIN.search(text):
        return ()
    numbers: list[int] = []
    for first, last in _RANGE.findall(text):
        if not 0 < int(first) <= int(last or first):
            return ()
        numbers += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(numbers))


def _unclear(line: NumberedAnswer, why: str) -> NumberedAnswer:
    return replace(line, reading=replace(line.reading, command=Unclear(why)))


def _said(lines: list[NumberedAnswer]) -> list[tuple[tuple[int, ...], object]]:
    """What decides, without the words that two forms of a mail may wrap otherwise."""
    return [(line.numbers, type(line.reading.command)) for line in lines]
