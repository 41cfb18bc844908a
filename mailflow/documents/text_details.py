"""Where the money is to go, as an invoice prints it. What does not check, and what is said twice, is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from stdnum import get_cc_module, iban
from stdnum.pl import nip

from mailflow.approval.document import PaymentDetails
from mailflow.check_digits import is_account_at, is_bik, is_correspondent_of, is_kpp
from mailflow.documents.values import bank_code, bare, name, russian_tax_id

_MOST = 50
"""So many of a kind are looked at: an invoice names few."""

_RUSSIAN_BANK = re.compile(r"бик\b\D{0,60}(04\d{7})(?!\d)", re.IGNORECASE)
_RUSSIAN_ACCOUNT = re.compile(r"(?<!\d)\d{5}[ .]?\d{3}[ .]?\d[ .]?\d{4}[ .]?\d{7}(?!\d)")
_INN = re.compile(r"\bинн\b\D{0,20}(\d{12}|\d{10})(?!\d)", re.IGNORECASE)
_INN_AND_KPP = re.compile(r"\bинн ?/ ?кпп\b\D{0,30}(\d{10}) ?/ ?(\d{9})(?!\d)", re.IGNORECASE)
_KPP = re.compile(r"\bкпп\b\D{0,20}(\d{4}[\dA-Z]{2}\d{3})(?!\d)", re.IGNORECASE)
_BANK = re.compile(
    r"^(?:банк|bank(?: ?name)?|banque|kreditinstitut)\b ?:[ \t]*(\S[^\t\n]{2,100}?)(?= [\w.]+:|$)", re.IGNORECASE | re.M
)
_RUSSIAN_BANK_NAME = re.compile(
    r"^(?!к/с|р/с|сч\b|банк получателя)([^\W\d][^\t\n:]{4,100}?),?[ \t]*\b(?:бик\b|сч\. ?№ ?301)"
    r"|\bр/с:? ?\d{20} в (?:банке )?([^\t\n]{3,100}?)(?:,|$)",
    re.IGNORECASE | re.M,
)
_IBAN = re.compile(
    r"\biban\b[^\w\n]{0,5}(?:nr|no|number|konto|eur)?\W{0,6}([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30})", re.IGNORECASE
)
_UNLABELLED_IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30})")
_BIC = re.compile(
    r"\b(?i:bic|swift)\b(?:[ /-]{0,3}(?i:bic|swift|code)){0,2}[^\w\n]{0,6}([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b"
)
_VAT = re.compile(
    r"\b(?i:vat|ust|btw|tva|mwst|nip|tax id|uid)\b[^\d\n]{0,40}?"
    r"\b((?:[A-Z]{2})?[ -]?[0-9A-Z](?:[ .-]?[0-9A-Z]){6,14})\b"
)
_COUNTRIES = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GB", "HR", "HU", "IE", "IT",
        "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip
"""The European Union's (Directive 2006/112/EC, article 215; EL is Greece) and the United Kingdom's."""


def payment_details(lines: Iterable[str]) -> PaymentDetails:
    """The details in the lines, which are not about the customer."""
    text = "\n".join(lines)
    russian = _russian(text)
    if russian.bank_code or russian.tax_id:
        return russian
    return PaymentDetails(
        account=_only(_ibans(text)),
        bank_code=_only(filter(None, map(bank_code, _BIC.findall(text)[:_MOST]))),
        bank=_bank(text),
        tax_id=_only(_vat_numbers(text)),
    )


def names_several_accounts(lines: Iterable[str]) -> bool:
    """Whether different accounts stand in the lines, each with right check digits, labelled or not."""
    text = "\n".join(lines)
    codes = set(filter(is_bik, _RUSSIAN_BANK.findall(text)[:_MOST]))
    russian = {one for one in _russian_accounts(text) if any(_is_payees(one, code) for code in codes)}
    return len(russian | set(_ibans(text)) | set(_ibans(text, _UNLABELLED_IBAN))) > 1


def _is_correspondent(account: str, code: str) -> bool:
    return account.startswith("301") and account[-3:] == code[-3:] and is_correspondent_of(account, code)


def _is_payees(account: str, code: str) -> bool:
    return not account.startswith("301") and is_account_at(account, code)


def _russian_accounts(text: str) -> set[str]:
    return {bare(found) for found in _RUSSIAN_ACCOUNT.findall(text)[:_MOST]}


def _russian(text: str) -> PaymentDetails:
    code = _only(filter(is_bik, _RUSSIAN_BANK.findall(text)[:_MOST]))
    accounts = _russian_accounts(text)
    both = _INN_AND_KPP.findall(text)[:_MOST]
    tax_ids = [*_INN.findall(text)[:_MOST], *(tax_id for tax_id, _ in both)]
    return PaymentDetails(
        account=_only(one for one in accounts if _is_payees(one, code)),
        bank_code=code,
        bank=_bank(text),
        correspondent=_only(one for one in accounts if _is_correspondent(one, code)),
        tax_id=_only(filter(None, map(russian_tax_id, tax_ids))) if len(set(tax_ids)) == 1 else "",
        kpp=_only(filter(is_kpp, [*_KPP.findall(text)[:_MOST], *(kpp for _, kpp in both)])),
    )


def _bank(text: str) -> str:
    russian = [before or behind for before, behind in _RUSSIAN_BANK_NAME.findall(text)[:_MOST]]
    return name(_only(russian or _BANK.findall(text)[:_MOST]))


def _ibans(text: str, pattern: re.Pattern[str] = _IBAN) -> Iterator[str]:
    for found in islice(pattern.finditer(text), _MOST):
        plain = bare(found[1])
        lengths = (length for length in range(len(plain), 14, -1) if iban.is_valid(plain[:length]))
        if length := next(lengths, 0):
            yield plain[:length]


def _vat_numbers(text: str) -> Iterator[str]:
    for found in islice(_VAT.finditer(text), _MOST):
        plain = bare(found[1])
        if nip.is_valid(plain):
            yield str(nip.compact(plain))
        elif plain[:2] in _COUNTRIES and (number := _in_country(plain)):
            yield number


def _in_country(plain: str) -> str:
    """The longest beginning that is a VAT number of the country that it names; "" for none."""
    module = get_cc_module("gr" if plain.startswith("EL") else plain[:2].lower(), "vat")
    if module is None:
        return ""
    return next((plain[:length] for length in range(len(plain), 8, -1) if module.is_valid(plain[:length])), "")


def _only(values: Iterable[str]) -> str:
    """The one value of all; "" for none or several."""
    different = set(values)
    return different.pop() if len(different) == 1 else ""
