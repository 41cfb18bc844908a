"""What is to be paid, of all the sums on an invoice: what a label calls so, else the gross total, else the total."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from mailflow.approval.money import Money
from mailflow.documents.text_credit import pays_back
from mailflow.documents.text_dates import read_day
from mailflow.documents.text_labels import Label
from mailflow.documents.text_lines import Labelled
from mailflow.documents.text_money import PrintedSum, Survey, may_be_other_money, read_row, read_sum, settle, survey
from mailflow.documents.text_payments import is_contradicted
from mailflow.documents.text_readings import Reading, settled
from mailflow.documents.text_words import sums_in_words
from mailflow.notation.money_words import SCALES
from mailflow.notation.plain_text import folded, lower

_RANKS = {Label.PAYABLE: 0, Label.GROSS: 1, Label.TOTAL: 2}
_COLUMN_NEXT = re.compile(r"[-−xх×*| ]{0,3}\d", re.IGNORECASE)
_UNIT = re.compile(r"([^\W\d_]+)\.?")
_GOES_ON = re.compile(
    r"/|[xх×*] ?\d|\+|(?:plus|плюс|per|pro|par|each|je|monthly|mtl|zzgl|ежемесячно|(?:before|without|not incl)\w*"
    r"|exkl|excl\w*|ex|hors|ht|без учета ндс|(?:за|в) (?:\d|один|кажд\w+|месяц|год|шт))(?!\w)|за \d"
)
_NO_UNIT = frozenset({"ttc", "brutto", "incl", "inkl", "including", "inclusief", "в", "с", "включая", "вкл", "ндс"})
_ENDS_IN_FIGURES = re.compile(r"(?<![№#\d./]) \d[\d ]*[.,]?$")
_NOTHING = re.compile(r"[-–—]+|nil|none|n/?a|nothing|paid|нет|оплачено", re.IGNORECASE)
_LONGEST_LINE = 300
_END = re.compile(r"[\s.,;)]*")


def amount_to_pay(
    found: Sequence[Labelled], lines: Sequence[str], orders: Mapping[str, bool]
) -> tuple[Money | None, bool]:
    """The amount, and whether it is doubtful; None where there is none, or none that can be read."""
    text = "\n".join(lines)
    paper = survey(text)
    readings = list(_readings(found, lines, paper, orders))
    if not readings:
        return _largest(paper)
    amount, doubtful = settled(readings)
    doubtful = doubtful or _is_exceeded(readings)
    in_words = set(sums_in_words(lines))
    contradicted = amount is not None and bool(
        in_words - {amount.amount} or is_contradicted(amount, found, lines, paper, _totals_above(readings))
    )
    plain = lower(text)
    other_money = amount is not None and may_be_other_money(amount.currency, plain)
    return amount, doubtful or contradicted or other_money or pays_back(plain)


def _is_exceeded(readings: Sequence[Reading[Money]]) -> bool:
    """Whether a total is more than the gross one, where no label says what is to be paid: a fee may be added."""
    sums = {rank: [one.value.amount for one in readings if one.rank == rank and one.value] for rank in _RANKS.values()}
    payable, gross, totals = (sums[_RANKS[label]] for label in (Label.PAYABLE, Label.GROSS, Label.TOTAL))
    return not payable and max(totals, default=0) > max(gross, default=0) > 0


def _totals_above(readings: Sequence[Reading[Money]]) -> frozenset[Decimal]:
    """The totals that the sum to pay may be a rest of; none where no label says what is to be paid."""
    if min(reading.rank for reading in readings) > _RANKS[Label.PAYABLE]:
        return frozenset()
    return frozenset(reading.value.amount for reading in readings if reading.value)


def _readings(
    found: Sequence[Labelled], lines: Sequence[str], paper: Survey, orders: Mapping[str, bool]
) -> Iterator[Reading[Money]]:
    for one in found:
        if one.label not in _RANKS:
            continue
        day = read_day(lower(one.text), orders)
        text = one.text[day.end :].strip() if day else one.text
        printed = read_sum(text)
        if printed is None:
            yield from _after_other_words(one, text, lines[one.line], paper)
        elif not one.below or _END.fullmatch(printed.rest):
            yield _reading(one, text, printed, paper)


def _after_other_words(one: Labelled, text: str, line: str, paper: Survey) -> Iterator[Reading[Money]]:
    """A sum to pay with words before it that may say what else it is, as `Total due after discount: 100.00`."""
    if one.label is not Label.PAYABLE or not one.opens:
        return
    sums = survey(text).sums or (survey(line[:_LONGEST_LINE]).sums if one.first else None)
    if sums:
        money, _ = settle(PrintedSum(max(sums), "", frozenset(), False, False, ""), paper)
        yield Reading(_RANKS[one.label], money, doubtful=True)
    elif _ENDS_IN_FIGURES.search(text) or _NOTHING.fullmatch(text):
        yield Reading(_RANKS[one.label], None)


def _reading(one: Labelled, text: str, printed: PrintedSum, paper: Survey) -> Reading[Money]:
    row = read_row(text) if _COLUMN_NEXT.match(printed.rest) else None
    money, doubtful = settle(row or printed, paper)
    if row is None:
        doubtful = doubtful or bool(_COLUMN_NEXT.match(printed.rest)) or _is_of_something_else(printed, money)
        if one.label is Label.TOTAL:
            doubtful = doubtful or printed.bare or not _stands_out(printed, paper)
    return Reading(_RANKS[one.label], money, doubtful)


def _is_of_something_else(printed: PrintedSum, money: Money | None) -> bool:
    """Whether what follows the figures makes another sum of them: thousands, an unknown unit, how often, a tax."""
    if _GOES_ON.match(folded(printed.rest)):
        return True
    unit = _UNIT.match(folded(printed.rest))
    if unit and (unit[1] in SCALES or not (printed.currencies or unit[1] in _NO_UNIT)):
        return True
    return bool(survey(printed.rest).currencies - {money.currency if money else ""})


def _stands_out(printed: PrintedSum, paper: Survey) -> bool:
    """Whether a mere total may be what is to be paid: the largest sum, and surely one number and not two columns."""
    if printed.amount is None or max(paper.sums, default=Decimal(0)) > printed.amount:
        return False
    return not printed.spaced or paper.sums[printed.amount] > 1


def _largest(paper: Survey) -> tuple[Money | None, bool]:
    """The largest sum of a paper without a total."""
    if not paper.sums:
        return None, False
    money, _ = settle(PrintedSum(max(paper.sums), "", frozenset(), False, False, ""), paper)
    return money, money is not None
