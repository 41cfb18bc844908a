"""The payment code (ГОСТ Р 56042-2014) of a bill, and its QR drawn on a page."""

from __future__ import annotations

from decimal import Decimal

import segno

from .bill import Bill
from .pdf import Page

CHARSETS = {"1": "cp1251", "2": "utf-8", "3": "koi8-r"}
MODULE = 1.6
"""Points a module."""


def payment_code(bill: Bill, amount: str | None = None, charset: str = "2") -> bytes:
    """The code's bytes; `amount` as it stands in Sum, kopecks unless somebody meddles."""
    one = bill.supplier
    kopecks = str(int((bill.to_pay or bill.total) * 100)) if amount is None else amount
    fields = {
        "Name": one.name,
        "PersonalAcc": one.account,
        "BankName": one.bank,
        "BIC": one.bank_code,
        "CorrespAcc": one.correspondent,
        "Sum": kopecks,
        "PayeeINN": one.tax_id,
        **({"KPP": one.kpp} if one.kpp else {}),
        "Purpose": f"Оплата по счету № {bill.number} от {bill.issued:%d.%m.%Y}",
    }
    text = f"ST0001{charset}|" + "|".join(f"{name}={value}" for name, value in fields.items())
    if charset == "3":
        text = text.replace("№", "N")
    return text.encode(CHARSETS[charset])


def amount_of(code: bytes) -> Decimal | None:
    """The roubles that `Sum` means where it is whole kopecks, as the standard has it."""
    said = code.partition(b"Sum=")[2].partition(b"|")[0]
    return Decimal(said.decode()) / 100 if said.isdigit() else None


def draw(page: Page, x: float, y: float, content: bytes) -> None:
    """The QR with its upper left corner at the place; dark modules side by side are one rectangle."""
    for row, modules in enumerate(segno.make_qr(content, error="m", mode="byte").matrix):
        start = None
        for column, dark in enumerate([*modules, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                page.box(x + start * MODULE, y + row * MODULE, (column - start) * MODULE, MODULE)
                start = None
