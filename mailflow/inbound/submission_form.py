"""The fields of an invoice from the labelled lines of a mail (process section 1: Intake)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Generic, TypeVar

from mailflow.approval.money import Money
from mailflow.approval.submission import Field, Form, Problem, RouteKind
from mailflow.inbound.date_text import read_date
from mailflow.inbound.form_labels import ONE_INVOICE, ROUTE_NOUNS, ROUTES, Extra, Label
from mailflow.inbound.labelled_lines import LabelledLine, UnknownLine, is_empty, labelled_lines, normal_label
from mailflow.inbound.money_text import read_currency, read_money
from mailflow.notation.plain_text import folded, one_spaced

__all__ = ["read_date", "read_filled_form", "read_form", "read_money"]

LONGEST_NAME = 300
LONGEST_COMMENT = 4000
LONGEST_PROBLEM = 200
MOST_UNKNOWN_LABELS = 10

_QUOTE_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)

T = TypeVar("T")


@dataclass(frozen=True)
class _Reading(Generic[T]):
    """What one line says of its field: a value, or the code of a problem; `text` is what was written."""

    text: str
    value: T | None = None
    code: str = ""


def read_form(text: str, today: date) -> Form:
    """The fields that the text gives, Russian or English, in any order.

    A field that is said in two ways, or that cannot be read, stays None and is among the problems. `today` is the day
    on which the mail is read, in the company's time zone.
    """

    def reads(label: Label, value: str) -> bool:
        if label is Extra.CURRENCY:
            return read_currency(value) is not None
        if label is Field.AMOUNT:
            return read_money(value) not in ("unreadable", "ambiguous", "no_currency")
        return read_date(value, today) != "unreadable"

    found = list(labelled_lines(text, reads))

    def lines(label: Label) -> list[LabelledLine]:
        return [line for line in found if isinstance(line, LabelledLine) and line.label is label]

    problems: list[Problem] = []
    return Form(
        title=_settle(Field.TITLE, map(_name, lines(Field.TITLE)), problems),
        counterparty=_settle(Field.COUNTERPARTY, map(_name, lines(Field.COUNTERPARTY)), problems),
        amount=_settle(Field.AMOUNT, _amounts(lines(Field.AMOUNT), lines(Extra.CURRENCY)), problems),
        pay_date=_settle(Field.PAY_DATE, (_pay_date(line, today) for line in lines(Field.PAY_DATE)), problems),
        comment=_settle(Field.COMMENT, map(_comment, lines(Field.COMMENT)), problems),
        route=_settle(Field.ROUTE, map(_route, lines(Field.ROUTE)), problems),
        one_invoice=True if any(_is_one(line) for line in lines(Field.FILES)) else None,
        problems=tuple(problems),
        unknown_labels=_unknown_labels(line.name for line in found if isinstance(line, UnknownLine)),
    )


def read_filled_form(quoted_text: str, today: date) -> Form:
    """The fields of a form that was filled in within the quotation: read without the quotation marks (>)."""
    return read_form(_QUOTE_MARKS.sub("", quoted_text), today)


def _settle(field: Field, readings: Iterable[_Reading[T] | None], problems: list[Problem]) -> T | None:
    """The one value that all readings agree on; else None, and a problem unless nothing was said."""
    said = [reading for reading in readings if reading]
    different = {_sameness(reading): reading for reading in reversed(said)}
    if len(different) > 1:
        texts = list(dict.fromkeys(reading.text for reading in said))
        problems.append(Problem(field, "two_values", " / ".join(texts)[:LONGEST_PROBLEM]))
        return None
    for reading in different.values():
        if reading.code:
            problems.append(Problem(field, reading.code, reading.text[:LONGEST_PROBLEM]))
        return reading.value
    return None


def _sameness(reading: _Reading[T]) -> object:
    if reading.code:
        return reading.code, folded(one_spaced(reading.text))
    return folded(one_spaced(reading.value)) if isinstance(reading.value, str) else reading.value


def _name(line: LabelledLine) -> _Reading[str] | None:
    text = line.value or next(iter(line.below), "")
    name = one_spaced(text).strip(" *_").lstrip("-–— ")[:LONGEST_NAME]
    return None if is_empty(name) else _Reading(name, name)


def _comment(line: LabelledLine) -> _Reading[str] | None:
    text = "\n".join(part for part in (line.value, *line.below) if part)[:LONGEST_COMMENT].strip(" *_\n")
    return None if is_empty(text) else _Reading(text, text)


def _amounts(amounts: Sequence[LabelledLine], currencies: Sequence[LabelledLine]) -> Iterator[_Reading[Money] | None]:
    """Every sum that is said, in the currency that its own line, its label or a line of its own names."""
    named = [line.value or next(iter(line.below), "") for line in currencies]
    named = [text for text in named if not is_empty(text)]
    codes = {read_currency(text) for text in named}
    if named and not amounts:
        yield _Reading(" / ".join(named), code="unreadable")
    for line in amounts:
        of_line = codes | ({line.currency} if line.currency else set())
        if len(of_line) > 1 or None in of_line:
            yield _Reading(" / ".join((line.value, *named)), code="ambiguous")
        else:
            currency = next(iter(of_line), None)
            yield _figures(line, partial(read_money, currency=currency))


def _pay_date(line: LabelledLine, today: date) -> _Reading[date] | None:
    return _figures(line, partial(read_date, today=today))


def _figures(line: LabelledLine, read: Callable[[str], T | str]) -> _Reading[T] | None:
    """The line's value; where it has none, the line below it, provided that makes sense."""
    text = line.value or next(iter(line.below), "")
    result = read(text)
    if not isinstance(result, str):
        return _Reading(text, result)
    return _Reading(text, code=result) if line.value or result != "unreadable" else None


def _route(line: LabelledLine) -> _Reading[RouteKind] | None:
    text = line.value or next(iter(line.below), "")
    words = (word for word in re.sub(r"[,;()]", " ", normal_label(text)).split() if word not in ROUTE_NOUNS)
    kind = ROUTES.get(" ".join(words))
    if kind:
        return _Reading(text, kind)
    return _Reading(text, code="unreadable") if line.value else None


def _is_one(line: LabelledLine) -> bool:
    return normal_label(line.value or next(iter(line.below), "")) in ONE_INVOICE


def _unknown_labels(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:MOST_UNKNOWN_LABELS]
