"""The lines of a text layer, and what stands behind each label: on its line, under it, or in a column under it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailflow.documents.text_dates import DAY
from mailflow.documents.text_labels import Label, labels_in
from mailflow.documents.text_money import AMOUNT
from mailflow.notation.plain_text import lower, visible

_LONGEST_VALUE = 200
_GAP = re.compile(r"\t+ *| {3,}")
_BEFORE_VALUE = re.compile(r"(?:[\s:;.,=|/№#]|(?<!:)(?<!:\s)[-–—](?![\d$€£₽]|[A-Z]{3} ?\d|\s*$))*")
"""A dash behind a colon, at figures or at the end is no separator: it is a minus, or says that there is nothing."""
_DAYS = frozenset({Label.ISSUED, Label.DAY, Label.DUE})
_SUMS = frozenset({Label.PAYABLE, Label.GROSS, Label.TOTAL})
_PAYMENTS = frozenset({Label.PAID, Label.REMAINING})
_NAMES = frozenset({Label.SUPPLIER, Label.PAYEE, Label.CUSTOMER, Label.PURPOSE})


@dataclass(frozen=True)
class Labelled:
    """A label and the text that may be its value.

    `line` counts from 0. `first` says that the label begins its line or column, `colon` that a colon follows it;
    `below` that the value is a whole line, or a whole column, under the label.
    """

    label: Label
    text: str
    line: int
    first: bool
    colon: bool
    below: bool = False

    @property
    def opens(self) -> bool:
        """Whether the label is meant as one, and is not a word within a sentence."""
        return self.first or self.colon or self.below


def lines_of(text: str) -> list[str]:
    """The visible lines; a wide gap, as between columns, is a tab."""
    return [_GAP.sub("\t", visible(line)).strip() for line in text.splitlines()]


def labelled(lines: Sequence[str]) -> Iterator[Labelled]:
    """Every label with what follows it, in the order of the text."""
    waiting: list[Labelled] = []
    under: list[str] = []
    for at, line in enumerate(lines):
        if not line:
            continue
        found = list(_labels(line, at))
        bare = bool(found) and found[0].first and not any(one.text for one in found)
        if bare:
            if under:
                waiting, under = [], []
            waiting += [one for one in found if not waiting or not _of_one_thing(one, waiting[-1])]
            yield from found
            continue
        if waiting:
            under.append(line)
            if values := _under(waiting, under):
                yield from values
            if values or len(under) >= len(waiting):
                waiting, under = [], []
        yield from found


def _labels(line: str, at: int) -> Iterator[Labelled]:
    marks = list(labels_in(lower(line)))
    for (label, start, end), limit in zip(marks, _limits(marks, len(line)), strict=True):
        if label is Label.PURPOSE:
            limit = len(line)
        behind = line[end : min(limit, end + _LONGEST_VALUE)]
        value = _BEFORE_VALUE.sub("", behind, count=1).partition("\t")[0].strip()
        first = start == 0 or line[start - 1] == "\t"
        yield Labelled(label, value, at, first, behind.lstrip().startswith(":"))
        if label is Label.PURPOSE:
            return


def _limits(marks: Sequence[tuple[Label, int, int]], end: int) -> list[int]:
    """Where each label's value ends: at the next label, but for a name at none of a payment, as in `Credit Bank`."""
    limits: list[int] = []
    of_name = end
    for label, start, _ in reversed(marks):
        limits.append(of_name if label in _NAMES else end)
        end = start
        if label not in _PAYMENTS:
            of_name = start
    return limits[::-1]


def _of_one_thing(one: Labelled, before: Labelled) -> bool:
    """Whether a label goes on where the one before it ended, as `Поставщик` and under it `(Исполнитель):`."""
    return one.label is before.label or {one.label, before.label} == {Label.SUPPLIER, Label.PAYEE}


def _under(waiting: Sequence[Labelled], under: Sequence[str]) -> list[Labelled]:
    """The values of the labels that wait, from the lines under them; nothing where they do not match one by one."""
    if len(waiting) == 1:
        return [replace(waiting[0], text=under[0][:_LONGEST_VALUE], below=True)]
    if any(one.label in _NAMES for one in waiting):
        return []
    columns = r"[\s|]+".join(f"({_shape(one.label)})" for one in waiting)
    row = re.fullmatch(columns, "\n".join(under)[: _LONGEST_VALUE * len(waiting)], re.IGNORECASE)
    if row is None:
        return []
    return [replace(one, text=value, below=True) for one, value in zip(waiting, row.groups(), strict=True)]


def _shape(label: Label) -> str:
    if label in _DAYS:
        return DAY
    return AMOUNT if label in _SUMS | _PAYMENTS else r"\S+"
