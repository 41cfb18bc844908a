"""What the accountant's mail carries so that the invoice is paid with two clicks, where the settings want it."""

from __future__ import annotations

from dataclasses import dataclass

from mailflow.approval.effects import Mail, Message
from mailflow.outbound.payment_order import Payer, PaymentOrder, details_differ, payment_order
from mailflow.outbound.payment_qr import QrPicture, qr_picture, qr_text

_ASK_TO_PAY = (Message.PAY_REQUEST, Message.PAY_REMINDER)


@dataclass(frozen=True)
class ReadyToPay:
    """What the settings want: a code for the bank's app, and with a payer a file for the bank's program."""

    qr: bool = False
    payer: Payer | None = None


@dataclass(frozen=True)
class PaymentFile:
    """A file that the bank's program reads."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Enclosed:
    """What one mail carries. `withheld`: nothing, since the details differ from those known of the payee."""

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
    if details_differ(mail.invoice):
        return Enclosed(withheld=True)
    order = payment_order(mail.invoice)
    if order is None:
        return NOTHING_ENCLOSED
    text = qr_text(order) if wanted.qr else None
    return Enclosed(order, qr_picture(text) if text else None)
