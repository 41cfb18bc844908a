"""An invoice's own number, as it stands behind its label or in the heading."""

from __future__ import annotations

import re

_LONGEST = 40
_NUMBER = re.compile(r"(?:[A-ZА-ЯЁ]{1,4} )?[^\W_][\w/.–-]*")
_NEXT = re.compile(r"[^\w]*(?=\w*\d)\w")
_DAY_NEXT = re.compile(r"\W*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_ACCOUNT = re.compile(r"\d{20}|[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_LIKE_A_DAY = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}|(?:19|20)\d\d")
_HEADING = re.compile(
    r"(?:tax )?(?:facture|invoice|rechnung|factuur|faktura(?: vat)?|сч[её]т(?:-фактура| на оплату)?)"
    r"[ :]{1,2}(\S{4,40})",
    re.IGNORECASE,
)


def read_invoice_number(text: str) -> tuple[str, str, bool] | None:
    """The number that the text begins with, what follows it, and whether it may be another one; None for none."""
    found = _NUMBER.match(text)
    if found is None or not any(map(str.isdigit, found[0])):
        return None
    number = found[0].rstrip(".-–/")
    if len(number) > _LONGEST or _ACCOUNT.fullmatch(number):
        return None
    rest = text[found.end() :]
    goes_on = bool(_NEXT.match(rest)) and not _DAY_NEXT.match(rest)
    return number, rest, goes_on or bool(_LIKE_A_DAY.fullmatch(number))


def number_in_heading(line: str) -> str:
    """The number of a line such as `Invoice RE-2026-17` that says nothing else; "" for none."""
    found = _HEADING.fullmatch(line)
    number = found[1] if found else ""
    if sum(map(str.isdigit, number)) < 2 or _LIKE_A_DAY.fullmatch(number) or not _NUMBER.fullmatch(number):
        return ""
    return number
