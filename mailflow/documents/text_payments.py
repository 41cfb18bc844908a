"""What an invoice says was paid before, or is left to pay: the sum to pay is held against it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from mailflow.approval.money import Money
from mailflow.documents.text_dates import read_day
from mailflow.documents.text_labels import Label
from mailflow.documents.text_lines import Labelled
from mailflow.documents.text_money import Survey, read_sum, survey
from mailflow.notation.plain_text import lower

_MINUS = "-−–—( "
_OF_SOMETHING_ELSE = re.compile(r"[\w/]")


def is_contradicted(
    amount: Money, found: Sequence[Labelled], lines: Sequence[str], paper: Survey, totals: Collection[Decimal]
) -> bool:
    """Whether another sum is left to pay, or something was paid.

    A payment is no contradiction where it and the amount make one of the sums of the paper, and the amount is what
    a label calls to be paid: `totals` are empty where it is not.
    """
    left = set(_sums(Label.REMAINING, found, lines))
    paid = set(_sums(Label.PAID, found, lines)) - {Decimal(0)}
    if left - {amount.amount} or None in paid:
        return True
    if not totals:
        return bool(paid)
    above = {*totals, *paper.sums}
    each = [part for part in paid if part is not None]
    return sum(each, amount.amount) not in above and any(part + amount.amount not in above for part in each)


def _sums(label: Label, found: Sequence[Labelled], lines: Sequence[str]) -> Iterator[Decimal | None]:
    """The sums behind the label, and the others of a line that it opens; None for one that cannot be read."""
    labelled = [one for one in found if one.label is label]
    for line in {one.line for one in labelled if one.opens and not one.below}:
        yield from survey(lines[line]).sums
    for one in labelled:
        day = read_day(lower(one.text), {})
        printed = read_sum((one.text[day.end :] if day else one.text).strip(_MINUS))
        if printed and not (printed.bare and _OF_SOMETHING_ELSE.match(printed.rest)):
            yield printed.amount
