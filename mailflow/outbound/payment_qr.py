"""Payment codes that a bank's app reads: the Russian one (ГОСТ Р 56042-2014) and that of SEPA (EPC069-12)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO

import segno

from mailflow.outbound import sepa
from mailflow.outbound.cleaning import one_line
from mailflow.outbound.payment_order import PaymentOrder

_SEPARATOR = "|"
_MANDATORY_BYTES = 300
_LENGTHS = {"Name": 160, "BankName": 45, "Purpose": 210}
_MOST_KOPECKS = 10**18 - 1

_SEPA_BYTES = 331

_PIXELS = 8
_QUIET_ZONE = 4
_SHOWN_PIXELS = 4


@dataclass(frozen=True)
class QrPicture:
    """A code as PNG, and how many pixels wide a mail shows it; screens of high density have twice as many."""

    png: bytes
    width: int
    filename: str = "payment-qr.png"

    @property
    def content_id(self) -> str:
        """What the HTML of a mail calls the picture by (RFC 2392)."""
        return f"{hashlib.sha256(self.png).hexdigest()[:32]}@mailflow"


def qr_text(order: PaymentOrder) -> str | None:
    """What the code of a payment holds; None where the details are not enough for one, or the currency is another."""
    return _russian(order) if order.details.is_russian else _sepa(order)


def qr_picture(text: str) -> QrPicture:
    """The code as a picture: UTF-8, error correction level M, with its quiet zone."""
    code, png = segno.make_qr(text, error="m", encoding="utf-8"), BytesIO()
    code.save(png, kind="png", scale=_PIXELS, border=_QUIET_ZONE)
    return QrPicture(png.getvalue(), int(code.symbol_size(_SHOWN_PIXELS, _QUIET_ZONE)[0]))


def _russian(order: PaymentOrder) -> str | None:
    """Format version 0001, UTF-8. A separator inside a value is replaced, for some readers know no other one."""
    details = order.details
    mandatory = {
        "Name": order.payee,
        "PersonalAcc": details.account,
        "BankName": details.bank,
        "BIC": details.bank_code,
        "CorrespAcc": details.correspondent,
    }
    more = {
        "Sum": str(order.amount.minor),
        "Purpose": order.purpose,
        "PayeeINN": details.tax_id,
        "KPP": details.kpp,
    }
    if order.amount.currency != "RUB" or order.amount.minor > _MOST_KOPECKS or not all(mandatory.values()):
        return None
    block = _fields(mandatory)
    if len(block.encode()) > _MANDATORY_BYTES:
        return None
    return _SEPARATOR.join(["ST00012", block, _fields(more)])


def _fields(values: dict[str, str]) -> str:
    return _SEPARATOR.join(
        f"{key}={one_line(value).replace(_SEPARATOR, '/')[: _LENGTHS.get(key)]}"
        for key, value in values.items()
        if value
    )


def _sepa(order: PaymentOrder) -> str | None:
    """Version 002, which needs no BIC within the EEA."""
    if not sepa.is_sepa(order):
        return None
    name, purpose, reference = order.payee[: sepa.NAME], "", ""
    bic, account, amount = order.details.bank_code, order.details.account, order.amount.amount
    head = "\n".join(["BCD", "002", "1", "SCT", bic, name, account, f"EUR{amount}", purpose, reference, ""])
    room = _SEPA_BYTES - len(head.encode())
    text = order.purpose[: sepa.TEXT].encode()[: max(room, 0)].decode(errors="ignore")
    return head + text if text else None
