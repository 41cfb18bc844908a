"""What the accountant's mail carries so that the invoice is paid with two clicks, where the settings want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailflow.approval.effects import Mail, Message
from mailflow.approval.invoice import Invoice
from mailflow.outbound.payment_order import Payer, PaymentOrder, payment_order

if TYPE_CHECKING:
    from mailflow.outbound.payment_qr import QrPicture

_ASK_TO_PAY = (Message.PAY_REQUEST, Message.PAY_REMINDER)
_WHOSE_ACCOUNT = frozenset(
    {"payment_details_changed", "accounts_differ", "payees_differ", "counterparty_differs", "credit_note"}
)


@dataclass(frozen=True)
class ReadyToPay:
    """What the settings want: a code for the bank's app, and with a payer a file for the bank's program."""

    qr: bool = False
    payer: Payer | None = None


@dataclass(frozen=True)
class PaymentFile:
    """A file that the bank's program reads. `charset` is "" where the file itself says it."""

    filename: str
    media_type: str
    content: bytes
    charset: str = ""


@dataclass(frozen=True)
class Enclosed:
    """What one mail carries. `withheld`: nothing, since it is not certain whose the account is."""

    order: PaymentOrder | None = None
    picture: QrPicture | None = None
    file: PaymentFile | None = None
    withheld: bool = False


NOTHING_WANTED = ReadyToPay()
NOTHING_ENCLOSED = Enclosed()


def enclosed(mail: Mail, wanted: ReadyToPay) -> Enclosed:
    """What goes with a mail that asks to pay; nothing with any other, or where the details do not suffice."""
    if mail.message not in _ASK_TO_PAY or mail.invoice is None or not (wanted.qr or wanted.payer):
        return NOTHING_ENCLOSED
    if _is_anybodys(mail.invoice) or mail.extra.get("looks_like"):
        return Enclosed(withheld=True)
    order = payment_order(mail.invoice)
    if order is None:
        return NOTHING_ENCLOSED
    return Enclosed(order, _picture(order) if wanted.qr else None, _file(order, wanted.payer))


def _picture(order: PaymentOrder) -> QrPicture | None:
    """None where the details are not enough for a code."""
    from mailflow.outbound.payment_qr import qr_picture, qr_text

    text = qr_text(order)
    return qr_picture(text) if text else None


def _is_anybodys(invoice: Invoice) -> bool:
    """Whether a warning says that the account may be another's than the payee's: a known fraud (process section 1)."""
    return any(caution.code in _WHOSE_ACCOUNT or caution.code.startswith("details_") for caution in invoice.warnings)


def _file(order: PaymentOrder, payer: Payer | None) -> PaymentFile | None:
    """What the payer's own bank reads; None where it pays no such payment."""
    if payer is None:
        return None
    from mailflow.outbound.bank_file import bank_file, bank_filename
    from mailflow.outbound.credit_transfer import credit_transfer, credit_transfer_filename

    if content := bank_file(order, payer):
        return PaymentFile(bank_filename(order), "text/plain", content, "windows-1251")
    if content := credit_transfer(order, payer):
        return PaymentFile(credit_transfer_filename(order), "application/xml", content)
    return None
