"""Payment codes that a bank's app reads: the Russian one (ГОСТ Р 56042-2014) and that of SEPA (EPC069-12)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

import segno

from mailflow.outbound.cleaning import one_line
from mailflow.outbound.payment_order import PaymentOrder

_SEPARATOR = "|"
_MANDATORY_BYTES = 300
_LENGTHS = {"Name": 160, "BankName": 45, "Purpose": 210}
_MOST_KOPECKS = 10**18 - 1

_EEA = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
_SEPA_BEYOND = frozenset({"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
_SEPA_BYTES = 331
_SEPA_NAME, _SEPA_TEXT = 70, 140
_MOST_EUROS = Decimal("999999999.99")

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
    if order.details.is_russian:
        return _russian(order)
    return _sepa(order) if order.details.is_iban else None


def qr_picture(text: str) -> QrPicture:
    """The code as a picture: UTF-8, error correction level M, with its quiet zone."""
    code, png = segno.make_qr(text, error="m", encoding="utf-8", boost_error=False), BytesIO()
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
    """Version 002, which needs no BIC within the EEA; the countries are those of EPC409-09."""
    account, bic, amount = order.details.account, order.details.bank_code, order.amount
    if account[:2] not in (_EEA | _SEPA_BEYOND if bic else _EEA):
        return None
    if amount.currency != "EUR" or amount.amount > _MOST_EUROS:
        return None
    name, purpose, reference = order.payee[:_SEPA_NAME], "", ""
    head = "\n".join(["BCD", "002", "1", "SCT", bic, name, account, f"EUR{amount.amount}", purpose, reference, ""])
    room = _SEPA_BYTES - len(head.encode())
    text = order.purpose[:_SEPA_TEXT].encode()[: max(room, 0)].decode(errors="ignore")
    return head + text if text else None
