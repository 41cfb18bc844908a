"""Whether numbers of payment details are right: the check digits of accounts, banks and taxpayers.

The settings of most companies hold no such number, so what knows them is imported with the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailflow.approval.document import PaymentDetails

_ACCOUNT = re.compile(r"\d{20}", re.ASCII)
_BIK = re.compile(r"04\d{7}", re.ASCII)
_KPP = re.compile(r"\d{4}[\dA-Z]{2}\d{3}", re.ASCII)
_WEIGHTS = (7, 1, 3) * 8


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN (ISO 13616)."""
    from stdnum import iban

    return bool(iban.is_valid(text))


def is_bic(text: str) -> bool:
    """Whether a text is a BIC, the code of a bank (ISO 9362)."""
    from stdnum import bic

    return bool(bic.is_valid(text))


def is_inn(text: str) -> bool:
    """Whether a text is an ИНН, the number of a Russian taxpayer."""
    from stdnum.ru import inn

    return bool(inn.is_valid(text))


def is_bik(text: str) -> bool:
    """Whether a text is a БИК, the code of a Russian bank."""
    return bool(_BIK.fullmatch(text))


def is_kpp(text: str) -> bool:
    """Whether a text is a КПП, the reason why a Russian organisation is registered at its tax office."""
    return bool(_KPP.fullmatch(text))


def is_account_at(account: str, bik: str) -> bool:
    """Whether a Russian account's check digit is right at this bank (Bank of Russia, order 515 of 8.9.1997).

    At the Bank of Russia itself, whose БИК end with 000 to 002, it is that of a correspondent account.
    """
    if bik[-3:] in ("000", "001", "002"):
        return is_correspondent_of(account, bik)
    return _checks(account, bik, bik[-3:])


def is_correspondent_of(account: str, bik: str) -> bool:
    """Whether the check digit of a bank's own account at the Bank of Russia, its к/с, is right (the same order)."""
    return _checks(account, bik, f"0{bik[4:6]}")


def wrong_in(details: PaymentDetails) -> Iterator[str]:
    """The names of what does not check in the details; what is not said is not wrong, but for the account."""
    if details.is_iban:
        yield from _wrong_of_iban(details)
    else:
        yield from _wrong_of_russia(details)


def _wrong_of_iban(details: PaymentDetails) -> Iterator[str]:
    if not is_iban(details.account):
        yield "account"
    if details.bank_code and not is_bic(details.bank_code):
        yield "bank_code"


def _wrong_of_russia(details: PaymentDetails) -> Iterator[str]:
    if not is_account_at(details.account, details.bank_code):
        yield "account"
    if not is_bik(details.bank_code):
        yield "bank_code"
    if details.correspondent and not is_correspondent_of(details.correspondent, details.bank_code):
        yield "correspondent"
    if details.tax_id and not is_inn(details.tax_id):
        yield "tax_id"
    if details.kpp and not is_kpp(details.kpp):
        yield "kpp"


def _checks(account: str, bik: str, prefix: str) -> bool:
    if not _ACCOUNT.fullmatch(account) or not is_bik(bik):
        return False
    return sum(int(digit) * weight for digit, weight in zip(prefix + account, _WEIGHTS, strict=False)) % 10 == 0
