"""What the text of an invoice says, read by its labels: the last source asked, and the least sure.

One clear label, or several that agree, is taken. What contradicts itself, may be read in two ways, or stands there
without a label is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from mailflow.approval.document import Facts, Origin
from mailflow.documents.text_credit import pays_back
from mailflow.documents.text_dates import day_orders, every_day, read_day
from mailflow.documents.text_details import names_several_accounts, payment_details
from mailflow.documents.text_labels import Label
from mailflow.documents.text_lines import Labelled, labelled, lines_of
from mailflow.documents.text_number import number_in_heading, read_invoice_number
from mailflow.documents.text_parties import supplier_names, without_customer
from mailflow.documents.text_readings import Reading, settled
from mailflow.documents.text_totals import amount_to_pay
from mailflow.notation.plain_text import lower

LONGEST = 2_000_000
"""Characters. A longer text is no invoice's, and is not read."""

_CONNECTED = re.compile(r"[\s,]*(?=(?:от|vom|du|of|dated|z dnia|van|d\.d\.)\b)")


def read_text(text: str) -> Facts | None:
    """What the text says; None where it says nothing of an invoice."""
    if len(text) > LONGEST:
        return None
    lines = lines_of(text)
    found = list(labelled(lines))
    plain = lower("\n".join(lines))
    orders = day_orders(plain)
    number, number_doubtful = settled(_numbers(found, lines))
    due, due_doubtful = settled(_days(found, {Label.DUE: 0}, orders))
    labelled_days = _days(found, {Label.ISSUED: 0, Label.DAY: 1}, orders)
    issued, issued_doubtful = settled([*_days_of_numbers(found, lines, orders), *labelled_days])
    if issued is None:
        issued, issued_doubtful = _only_day_without_a_label(found, plain, orders)
    supplier, supplier_doubtful = settled(supplier_names(found, lines))
    amount, amount_doubtful = amount_to_pay(found, lines, orders)
    of_supplier = without_customer(found, lines)
    doubts = {
        "number": number_doubtful,
        "issued": issued_doubtful,
        "due": due_doubtful or (due is not None and issued is not None and due < issued),
        "supplier": supplier_doubtful,
        "amount": amount_doubtful,
        "details": names_several_accounts(of_supplier),
    }
    facts = Facts(
        Origin.TEXT,
        number=number or "",
        issued=issued,
        due=due,
        supplier=supplier or "",
        amount=amount,
        details=payment_details(of_supplier),
        purpose=next((one.text for one in found if one.label is Label.PURPOSE and one.opens), "").strip("-–—"),
        doubtful=frozenset(name for name, doubtful in doubts.items() if doubtful),
        gives_back=pays_back(plain),
    )
    return None if facts == Facts(Origin.TEXT) else facts


def _numbers(found: Sequence[Labelled], lines: Sequence[str]) -> Iterator[Reading[str]]:
    for one in found:
        if one.label is Label.NUMBER and (read := read_invoice_number(one.text)):
            number, rest, goes_on = read
            if not one.below or not rest.strip() or _CONNECTED.match(lower(rest)):
                yield Reading(0, number, goes_on)
    yield from (Reading(1, number) for line in lines if (number := number_in_heading(line)))


def _days_of_numbers(
    found: Sequence[Labelled], lines: Sequence[str], orders: Mapping[str, bool]
) -> Iterator[Reading[date]]:
    """The days of `№ 123 от 15 декабря 2026 г.`, on the line of the number or at the beginning of the next."""
    for one in found:
        if one.label is Label.NUMBER:
            read = read_invoice_number(one.text)
            rest = read[1] if read else one.text
            following = next((line for line in lines[one.line + 1 : one.line + 3] if line), "")
            behind = lower(rest.strip() or following)
            connected = _CONNECTED.match(behind)
            day = read_day(behind[connected.end() :], orders) if connected else None
            if day:
                yield Reading(0, day.day, day.doubtful)


def _only_day_without_a_label(
    found: Sequence[Labelled], plain: str, orders: Mapping[str, bool]
) -> tuple[date | None, bool]:
    behind_labels = {day.day for one in found if (day := read_day(lower(one.text), orders))}
    others = set(every_day(plain, orders)) - behind_labels
    return (others.pop(), True) if len(others) == 1 else (None, False)


def _days(found: Sequence[Labelled], ranks: Mapping[Label, int], orders: Mapping[str, bool]) -> Iterator[Reading[date]]:
    for before, one in pairwise([None, *found]):
        day = read_day(lower(one.text), orders) if one and one.label in ranks else None
        if one and day:
            sure = one.label is not Label.DAY or one.first or one.below or _is_a_whole_number(before, one.line)
            yield Reading(ranks[one.label], day.day, day.doubtful or not sure)


def _is_a_whole_number(before: Labelled | None, line: int) -> bool:
    """Whether an invoice's number and nothing else stands before, on the line: what follows is no word of a name."""
    if before is None or before.label is not Label.NUMBER or before.line != line:
        return False
    read = read_invoice_number(before.text)
    return read is not None and not read[1].strip(" ,;")
