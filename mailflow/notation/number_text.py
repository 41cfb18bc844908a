"""A number in figures, as people group and divide them.

A number is read only where it can mean one thing. Groups of three may be set apart by a space, an apostrophe, a point
or a comma; a last point or comma of another kind, or one without three digits after it, begins the fraction. One
point or comma with three digits after it means thousands to some and thousandths to others.
"""

from __future__ import annotations

import re
from decimal import Decimal

LEXEME = r"\d+(?:[ .,'’`]\d+)*(?:[-=]\d\d(?!\d)|[.,][-–—]{1,2}(?!\d)|=(?!\d))?"
"""What is one number to the eye: digits with single separators, then perhaps `-50`, `=50` or `,-` as hundredths."""

_LONGEST_WHOLE = 15
_LONGEST_FRACTION = 9
_WHOLE = re.compile(r"0|[1-9]\d*")
_DASHED = re.compile(r"(.+)([-=])(\d\d)")
_NO_HUNDREDTHS = re.compile(r"[.,][-–—]{1,2}$|=$")


def read_number(lexeme: str) -> Decimal | str:
    """The number, or `ambiguous`, `unreadable`, `too_precise`. The fraction keeps its digits, zeros too."""
    lexeme = lexeme.replace("’", "'").replace("`", "'")
    if dashed := _DASHED.fullmatch(lexeme):
        return _dashed(*dashed.groups())
    if (bare := _NO_HUNDREDTHS.sub("", lexeme)) != lexeme:
        return _whole(bare)
    separators = re.sub(r"\d", "", lexeme)
    last = separators[-1:]
    if last not in (".", ",") or separators.count(last) > 1:
        return _whole(lexeme)
    head, _, fraction = lexeme.rpartition(last)
    whole = _whole(head)
    if isinstance(whole, str):
        return whole
    if len(fraction) == 3 and len(separators) == 1 and whole:
        return "ambiguous"
    if len(fraction) > _LONGEST_FRACTION:
        return "too_precise"
    return Decimal(f"{whole}.{fraction}")


def _dashed(head: str, sign: str, hundredths: str) -> Decimal | str:
    """`125000-50`, as payment forms have it; `10-50` may as well be a range."""
    whole = _whole(head)
    if isinstance(whole, str):
        return whole
    if sign == "-" and whole < int(hundredths):
        return "ambiguous"
    return Decimal(f"{whole}.{hundredths}")


def _whole(text: str) -> Decimal | str:
    """A whole number, perhaps in groups of three with one kind of separator."""
    groups = re.split(r"\D", text)
    if len(groups) > 1:
        one_kind = len(set(re.sub(r"\d", "", text))) == 1
        if not one_kind or len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:]):
            return "ambiguous"
    digits = "".join(groups)
    if len(digits) > _LONGEST_WHOLE or not _WHOLE.fullmatch(digits):
        return "unreadable"
    return Decimal(digits)
