"""The labelled lines of a text: `Сумма: 125 000 руб.` and whatever people make of it.

A label is known whole or not at all. Before it may stand a bullet or a number, around it the asterisks of bold type,
after it a colon, a dash, an equals sign, a tab, a bar, several spaces, or the end of the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailflow.approval.submission import Field
from mailflow.inbound.form_labels import (
    CLOSINGS,
    HINTS,
    LABELS,
    MAIL_HEADERS,
    MAIL_SUBJECTS,
    NO_LABELS,
    PROSE_BEGINNINGS,
    Extra,
    Label,
)
from mailflow.inbound.money_text import read_currency
from mailflow.notation.plain_text import folded, one_spaced, visible

LONGEST_TEXT = 200_000
MOST_LINES = 2_000

_LONGEST_LABEL = 60
_LONGEST_UNKNOWN_LABEL = 40
_LABELS_IN_A_LINE = 20

_MARKERS = " \t*_`|"
_BULLET = re.compile(r"[\s|]*(?:[-–—*+]\s+|[•·▪‣◦●]\s*|\d{1,2}[.)]\s*)?[\s*_`|]*")
_SEPARATOR = re.compile(r"[\t|:=：]|(?<=\s)[-−](?!\d)|[-−](?=\s)|–(?!\d)|—| {2,}")
_CELLS = re.compile(r"\s*[\t|]\s*| {2,}")
_NEXT_LABEL = re.compile(r"[,;]\s*|\.\s+")
_HINT = re.compile(r"([^()]+)\(([^()]*)\)\W*")
_IN_CURRENCY = re.compile(r"[\s,]+(?:в |in )?")
_EMPTY = re.compile(r"[\s?\-–—_.…*|]*")
_UNKNOWN = re.compile(r"([^\W\d_][^:\d]+):(?![/\\])(.*)")
_BEGINNINGS = tuple({label.split()[0] for label in LABELS})
_NAMELESS = MAIL_HEADERS | NO_LABELS | LABELS.keys()
_EXAMPLES = ("например", "e g", "for example")


@dataclass(frozen=True)
class LabelledLine:
    """A label and what was said: on the line, and on the unlabelled lines below it up to a blank one.

    `value` is "" where nothing was said. `currency` (ISO 4217) is what the label itself names: `Сумма, руб.`
    """

    label: Label
    value: str
    currency: str | None = None
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnknownLine:
    """Looks like a labelled line, but nobody knows the label."""

    name: str


_Lines = list[LabelledLine | UnknownLine]
_Reads = Callable[[Label, str], bool]


def labelled_lines(text: str, reads: _Reads) -> Iterator[LabelledLine | UnknownLine]:
    """The labelled lines in order, of the first LONGEST_TEXT characters and MOST_LINES lines.

    `reads(label, value)` says whether a value makes sense: then a single space after the label will do.
    """
    lines = [visible(line) for line in text[:LONGEST_TEXT].splitlines()[:MOST_LINES]]
    for paragraph in _paragraphs(lines):
        yield from _in_paragraph(paragraph, reads)


def normal_label(text: str) -> str:
    """A label for looking up: folded, single spaces, no full stops, hyphens, quotation marks or bold markers."""
    return " ".join(re.sub(r"[.\-‐‑*_`\"'«»“”„]", " ", folded(text)).split())


def is_empty(value: str) -> bool:
    """Whether a value says nothing: blank, or a placeholder such as `?`, `-`, `___`."""
    return _EMPTY.fullmatch(value) is not None


def _paragraphs(lines: list[str]) -> Iterator[list[str]]:
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []


def _in_paragraph(paragraph: list[str], reads: _Reads) -> Iterator[LabelledLine | UnknownLine]:
    of_a_mail = any(_name_before_colon(line) in MAIL_HEADERS - {"date", "дата"} for line in paragraph)
    last: LabelledLine | None = None
    below: list[str] = []
    for line in paragraph:
        found: _Lines = []
        if not (of_a_mail and _name_before_colon(line) in MAIL_SUBJECTS | MAIL_HEADERS):
            found = _on_line(line, reads)
        if not found and last and not _is_closing(line):
            below.append(line.strip())
            continue
        if last:
            yield LabelledLine(last.label, last.value, last.currency, tuple(below))
        last, below = None, []
        yield from found[:-1]
        if found and isinstance(found[-1], LabelledLine):
            last = found[-1]
        else:
            yield from found[-1:]
    if last:
        yield LabelledLine(last.label, last.value, last.currency, tuple(below))


def _on_line(line: str, reads: _Reads) -> _Lines:
    bare = line[_bullet_end(line) :].rstrip(_MARKERS)
    if found := _separated(bare):
        return list(_split(found))
    if known := _known(bare):
        return [LabelledLine(known[0], "", known[1])]
    if close := _close(bare, reads):
        return [close]
    if unknown := _unknown(bare):
        return [unknown]
    return []


def _bullet_end(line: str) -> int:
    bullet = _BULLET.match(line)
    return bullet.end() if bullet else 0


def _separated(line: str) -> LabelledLine | None:
    """The longest known label that ends at a separator."""
    best = None
    for separator in _SEPARATOR.finditer(line, 0, _LONGEST_LABEL):
        if known := _known(line[: separator.start()]):
            best = (known, line[separator.end() :])
    if best is None:
        return None
    (label, currency), rest = best
    if any(_known(cell.strip(" :")) for cell in _CELLS.split(rest)):
        return None  # the heading of a table
    return LabelledLine(label, _value(rest), currency)


def _known(text: str) -> tuple[Label, str | None] | None:
    """The label that the text is, and the currency that it names."""
    if len(text) > _LONGEST_LABEL:
        return None
    if not normal_label(text).startswith(_BEGINNINGS):
        return None
    labels = {LABELS.get(normal_label(name)) for name in text.split("/")}
    if len(labels) == 1 and (label := labels.pop()):
        return label, None
    if hint := _HINT.fullmatch(text):
        return _hinted(hint[1], hint[2])
    for gap in _IN_CURRENCY.finditer(text):
        if LABELS.get(normal_label(text[: gap.start()])) is Field.AMOUNT:
            currency = read_currency(text[gap.end() :].strip(_MARKERS))
            if currency:
                return Field.AMOUNT, currency
    return None


def _hinted(name: str, hint: str) -> tuple[Label, str | None] | None:
    """A label with a remark in brackets; at an amount only a remark that does not make it another sum."""
    label = LABELS.get(normal_label(name))
    if label is not Field.AMOUNT:
        return (label, None) if label else None
    currency = read_currency(hint)
    harmless = normal_label(hint) in HINTS or normal_label(hint).startswith(_EXAMPLES)
    return (label, currency) if currency or harmless else None


def _value(text: str) -> str:
    value = one_spaced(text.replace("|", " ")).strip(_MARKERS)
    return "" if is_empty(value) else value


def _split(line: LabelledLine) -> Iterator[LabelledLine]:
    """Several labels on one line, after commas: `Контрагент: Ромашка, сумма: 5 руб.`"""
    if line.label is not Field.COMMENT:
        for number, mark in enumerate(_NEXT_LABEL.finditer(line.value)):
            name, colon, rest = line.value[mark.end() : mark.end() + _LONGEST_LABEL].partition(":")
            if colon and (known := _known(name)):
                yield LabelledLine(line.label, _value(line.value[: mark.start()]), line.currency)
                rest = line.value[mark.end() + len(name) + 1 :]
                yield from _split(LabelledLine(known[0], _value(rest), known[1]))
                return
            if number == _LABELS_IN_A_LINE:
                break
    yield line


def _close(line: str, reads: _Reads) -> LabelledLine | None:
    """A label with only a space after it, where the rest can be nothing but its value: `Оплатить до 15.12.2026`."""
    for gap in reversed(list(re.finditer(" ", line[:_LONGEST_LABEL]))):
        label = LABELS.get(normal_label(line[: gap.start()]))
        if label in (Field.AMOUNT, Field.PAY_DATE, Extra.CURRENCY) and reads(label, line[gap.end() :]):
            return LabelledLine(label, _value(line[gap.end() :]))
    return None


def _unknown(line: str) -> UnknownLine | None:
    found = _UNKNOWN.match(line[: _LONGEST_UNKNOWN_LABEL + 20])
    if not found or len(found[1]) > _LONGEST_UNKNOWN_LABEL or is_empty(found[2]) or not line[0].isupper():
        return None
    words = normal_label(found[1]).split()
    if not 1 <= len(words) <= 3 or words[0] in PROSE_BEGINNINGS or " ".join(words) in _NAMELESS:
        return None
    return UnknownLine(found[1].strip(_MARKERS))


def _name_before_colon(line: str) -> str:
    name, colon, _ = line[:_LONGEST_LABEL].partition(":")
    return normal_label(name[_bullet_end(name) :]) if colon else ""


def _is_closing(line: str) -> bool:
    text = folded(line).strip()
    return text.startswith(">") or text in ("--", "—") or (len(text) < _LONGEST_LABEL and text.startswith(CLOSINGS))
