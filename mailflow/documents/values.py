"""Values as standards write them, turned into ours; None or "" where they are not what they should be."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.ru import inn

from mailflow.approval.money import Money
from mailflow.check_digits import is_account_at, is_bik

_RUSSIAN_ACCOUNT = re.compile(r"\d{20}")
_DAYS = (
    (re.compile(r"(\d{4}-\d\d-\d\d)(?:T.*|Z|[+-]\d\d:\d\d)?", re.ASCII), "%Y-%m-%d"),
    (re.compile(r"(\d{8})", re.ASCII), "%Y%m%d"),
    (re.compile(r"(\d\d\.\d\d\.\d{4})", re.ASCII), "%d.%m.%Y"),
)
_LONGEST = 200


def money(number: str, currency: str) -> Money | None:
    """A positive amount in the form of XML Schema's decimal, digits beyond the minor unit only where they are zero."""
    try:
        amount = Decimal(number)
        return Money(amount, currency)
    except (InvalidOperation, ValueError):
        return None


def day(text: str) -> date | None:
    """2026-12-15 (a time or a time zone may follow), 20261215 or 15.12.2026, each with all its digits."""
    for pattern, form in _DAYS:
        if found := pattern.fullmatch(text):
            try:
                return datetime.strptime(found[1], form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                return None
    return None


def bare(text: str) -> str:
    """Letters and digits alone, upper case."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def account(text: str, bank_code: str = "") -> str:
    """An IBAN, or a Russian account that fits the БИК of its bank where that is known; "" for anything else."""
    plain = bare(text)
    if _RUSSIAN_ACCOUNT.fullmatch(plain):
        return plain if not bank_code or is_account_at(plain, bank_code) else ""
    try:
        return str(iban.validate(plain))
    except ValidationError:
        return ""


def bank_code(text: str) -> str:
    """A BIC (ISO 9362) or a БИК; "" for anything else."""
    plain = bare(text)
    if is_bik(plain):
        return plain
    try:
        return str(bic.validate(plain))
    except ValidationError:
        return ""


def russian_tax_id(text: str) -> str:
    """An ИНН whose check digits are right."""
    return bare(text) if inn.is_valid(bare(text)) else ""


def tax_id(text: str) -> str:
    """A VAT number or an ИНН, as the sender's own system has it."""
    return bare(text)[:20]


def name(text: str) -> str:
    """A name on one line, without control characters."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:_LONGEST]
