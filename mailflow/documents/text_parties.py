"""Who is who on an invoice: the supplier's name, and the lines that are not about the customer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mailflow.documents.text_labels import Label
from mailflow.documents.text_lines import Labelled
from mailflow.documents.text_readings import Reading
from mailflow.notation.plain_text import folded

_LONGEST = 200
_RANKS = {Label.SUPPLIER: 0, Label.PAYEE: 1}
_WEAKEST = 2  # a word at the beginning of a line, no colon: it may be the name's own, as in `Lieferant GmbH`
_MOST_LINES_OF_A_CUSTOMER = 10
_AFTER_NAME = re.compile(
    r"[,;(]? *\b(?:инн|кпп|огрн(?:ип)?|р/с|адрес|тел|nip|vat|ust|tel|btw|siret)\b|\t| - "
    r"|[,;] +(?!(?:inc|llc|ltd|limited|corp|co|gmbh|plc|llp|b\.?v|s\.?a)\b)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[^\"«“„,;]{0,60}(?:\"[^\"]{1,120}\"|«[^»]{1,120}»|„[^”“]{1,120}[”“])\"?»?")
_FORM = re.compile(r"(?:ООО|[ПНОЗ]?АО|ИП|ГУП|МУП|ФГУП|Общество с|Индивидуальный предприниматель)\b")
_TAX_ID = re.compile(r", ?ИНН \d")
_NO_NAME = re.compile(  # an open quotation is half a name; the last: who signs or answers
    r"\s\"$|[«„][^»“”]*$|^\(|[:№#@]|\d{5}|__|/.*/|^[А-ЯЁ][а-яё-]+ [А-ЯЁ]\. ?[А-ЯЁ]\.$"
)


def supplier_names(found: Sequence[Labelled], lines: Sequence[str]) -> Iterator[Reading[str]]:
    """The names behind labels of the supplier (rank 0), and of whoever is paid (rank 1), who is mostly the same."""
    taken = {one.line for one in found}
    for one in found:
        if one.label in _RANKS and one.opens:
            name = supplier_name(one.text)
            if one.label is Label.PAYEE and not one.text and one.line and one.line - 1 not in taken:
                name = supplier_name(lines[one.line - 1])
            meant = one.colon or one.below or not one.text
            if name and (meant or _TAX_ID.search(lines[one.line]) or _FORM.match(name)):
                yield Reading(_RANKS[one.label], name, spelling=_letters(name))
            elif " " in name:
                yield Reading(_WEAKEST, name, doubtful=True, spelling=_letters(name))


def supplier_name(text: str) -> str:
    """The name that the text begins with, without numbers and address behind it; "" for none."""
    quoted = _QUOTED.match(text)
    name = quoted[0] if quoted else _AFTER_NAME.split(text, maxsplit=1)[0].strip(" ,;:\t-–—")
    is_name = sum(map(str.isalpha, name)) > 1 and any(map(str.isupper, name)) and not _NO_NAME.search(name)
    return name[:_LONGEST].strip() if is_name else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, folded(name)))


def without_customer(found: Sequence[Labelled], lines: Sequence[str]) -> list[str]:
    """The lines that are not the customer's: those from a label of the customer to one of the supplier or a total."""
    labels: dict[int, set[Label]] = {}
    for one in found:
        if (one.opens or not one.text) and not one.below:
            labels.setdefault(one.line, set()).add(one.label)
    kept, left = [], 0
    for at, line in enumerate(lines):
        here = labels.get(at, set())
        if Label.CUSTOMER in here:
            left = _MOST_LINES_OF_A_CUSTOMER
        elif here & {Label.SUPPLIER, Label.PAYEE, Label.PAYABLE, Label.GROSS, Label.TOTAL, Label.NUMBER}:
            left = 0
        if left:
            left -= 1
        else:
            kept.append(line)
    return kept
