"""Numbers with check digits that are right, and belong to nobody: no tax office and no bank has these codes."""

from __future__ import annotations


def tax_id_of_company(nine: str) -> str:
    """An ИНН of 10 digits (Order of the tax service MMB-7-6/435, annex)."""
    return nine + _check(nine, (2, 4, 10, 3, 5, 9, 4, 6, 8))


def tax_id_of_person(ten: str) -> str:
    """An ИНН of 12 digits."""
    eleven = ten + _check(ten, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return eleven + _check(eleven, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def account(bank_code: str, owner: str) -> str:
    """A rouble account of a company at the bank (Bank of Russia, instruction 515 of 8.9.1997); `owner`: 11 digits."""
    return _account(bank_code[-3:], "40702810", owner)


def correspondent(bank_code: str) -> str:
    """The bank's own account at the Bank of Russia."""
    return _account(f"0{bank_code[4:6]}", "30101810", f"00000000{bank_code[-3:]}")


def other_digit(number: str, at: int) -> str:
    """The number with another digit at the place, by which it does not check."""
    return number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]


def _check(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def _account(prefix: str, balance: str, owner: str) -> str:
    whole = prefix + balance + "0" + owner
    key = sum(int(d) * w for d, w in zip(whole, (7, 1, 3) * 8, strict=False)) % 10 * 3 % 10
    return f"{balance}{key}{owner}"
