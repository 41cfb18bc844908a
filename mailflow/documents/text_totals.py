"""What is to be paid, of all the sums on an invoice: what a label calls so, else the gross total, else the total."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from mailflow.approval.money import Money
from mailflow.documents.text_dates import read_day
from mailflow.documents.text_labels import Label
from mailflow.documents.text_lines import Labelled
from mailflow.documents.text_money import PrintedSum, Survey, read_row, read_sum, settle, survey
from mailflow.documents.text_readings import Reading, settled
from mailflow.documents.text_words import sums_in_words
from mailflow.notation.plain_text import lower

_RANKS = {Label.PAYABLE: 0, Label.GROSS: 1, Label.TOTAL: 2}
_COLUMN_NEXT = re.compile(r"[-−xх| ]{0,3}\d", re.IGNORECASE)
_END = re.compile(r"[\s.,;)]*")
_CREDIT = re.compile(
    r"^\W*(?:credit (?:note|memo)|gutschrift|stornorechnung|rechnungskorrektur|avoir n|facture d'avoir|credit ?nota"
    r"|credit ?factuur|faktura korygująca|nota kredytowa|корректировочный счет)",
    re.MULTILINE,
)


def amount_to_pay(
    found: Sequence[Labelled], lines: Sequence[str], orders: Mapping[str, bool]
) -> tuple[Money | None, bool]:
    """The amount, and whether it is doubtful; None where there is none, or none that can be read."""
    text = "\n".join(lines)
    paper = survey(text)
    readings = list(_readings(found, paper, orders))
    if not readings:
        return _largest(paper)
    amount, doubtful = settled(readings)
    in_words = set(sums_in_words(lines))
    contradicted = amount is not None and bool(in_words - {amount.amount})
    return amount, doubtful or contradicted or bool(_CREDIT.search(lower(text)))


def _readings(found: Sequence[Labelled], paper: Survey, orders: Mapping[str, bool]) -> Iterator[Reading[Money]]:
    for one in found:
        if one.label not in _RANKS:
            continue
        day = read_day(lower(one.text), orders)
        printed = read_sum(one.text[day.end :].strip() if day else one.text)
        if printed is None or (one.below and not _END.fullmatch(printed.rest)):
            continue
        in_columns = bool(_COLUMN_NEXT.match(printed.rest))
        row = read_row(one.text) if in_columns else None
        if row is None and printed.bare and printed.rest[:1].isalpha():
            continue
        money, doubtful = settle(row or printed, paper)
        doubtful = doubtful or (in_columns and row is None)
        if one.label is Label.TOTAL and row is None:
            doubtful = doubtful or printed.bare or not _stands_out(printed, paper)
        yield Reading(_RANKS[one.label], money, doubtful)


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
