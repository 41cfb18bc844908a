"""What is to be paid for an invoice, whole: the sum and the payee as approved, the account that its files name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailflow.approval.document import Facts, PaymentDetails
from mailflow.approval.invoice import Invoice
from mailflow.approval.lookalike import may_be_one
from mailflow.approval.money import Money
from mailflow.check_digits import wrong_in
from mailflow.outbound.cleaning import cleaned


@dataclass(frozen=True)
class Payer:
    """Whose account the payment leaves."""

    name: str
    details: PaymentDetails


@dataclass(frozen=True)
class PaymentOrder:
    """One payment. Texts are single lines; `identifier` names the payment to a bank, however often it is written.

    `asked_at` is when the accountant was asked for it, `due` the day on which it is to be made.
    """

    invoice: str
    identifier: str
    payee: str
    amount: Money
    details: PaymentDetails
    purpose: str
    due: date
    asked_at: datetime


def payment_order(invoice: Invoice) -> PaymentOrder | None:
    """What the invoice asks to pay; None where its files do not say for sure whose account it is, and which."""
    invoice = cleaned(invoice)
    facts, payment = invoice.document, invoice.payment
    if facts is None or payment is None or invoice.amount is None:
        return None
    details = facts.details
    is_payees = bool(facts.supplier) and may_be_one(invoice.counterparty, facts.supplier)
    is_sure = is_payees and not facts.doubtful & {"details", "supplier"}
    if not details.account or not is_sure or any(wrong_in(details)):
        return None
    return PaymentOrder(
        invoice=invoice.number,
        identifier=f"{invoice.number}-r{invoice.revision}",
        payee=invoice.counterparty,
        amount=invoice.amount,
        details=details,
        purpose=_purpose(facts, invoice),
        due=payment.due,
        asked_at=payment.asked_at,
    )


def _purpose(facts: Facts, invoice: Invoice) -> str:
    """What the invoice's files say, else which invoice it is, in the language of the payee's bank."""
    if facts.purpose and "purpose" not in facts.doubtful:
        return facts.purpose
    number = facts.number if "number" not in facts.doubtful else ""
    issued = facts.issued if "issued" not in facts.doubtful else None
    if facts.details.is_russian:
        if not number:
            return f"Оплата: {invoice.title}"
        return f"Оплата по счёту № {number}" + (f" от {issued:%d.%m.%Y}" if issued else "")
    if not number:
        return f"Payment: {invoice.title}"
    return f"Invoice {number}" + (f" of {issued.isoformat()}" if issued else "")
