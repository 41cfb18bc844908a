"""What earlier invoices have to say about a new one: whether it repeats one, and where its supplier was paid before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mailflow.approval.document import PaymentDetails, normal_number
from mailflow.approval.invoice import Caution, Invoice, Repeat, Sameness
from mailflow.approval.lookalike import spelling

_LONGEST = 90
CHANGED = "payment_details_changed"


@dataclass(frozen=True)
class PaidBefore:
    """The last payment to a supplier that we know an account of."""

    number: str
    details: PaymentDetails


@dataclass(frozen=True)
class Past:
    """Looks up, for an invoice as it is now, the earlier one that it repeats, and the last payment to its supplier."""

    repeat_of: Callable[[Invoice], Repeat | None]
    paid_before: Callable[[Invoice], PaidBefore | None]


def marks(invoice: Invoice) -> tuple[str, ...]:
    """What two invoices have in common where one repeats the other: number, or sum and day, of one supplier.

    The supplier is known by its name, however written, and by its tax number.
    """
    document, day = invoice.document, invoice.document.issued if invoice.document else None
    suppliers = [spelling(invoice.counterparty)[:_LONGEST], document.details.tax_id if document else ""]
    found = []
    for supplier in filter(None, suppliers):
        if document and document.number and "number" not in document.doubtful:
            found.append(f"{Sameness.NUMBER}|{supplier}|{normal_number(document.number)[:_LONGEST]}")
        if invoice.amount and (day or invoice.pay_date):
            found.append(f"{Sameness.SUM}|{supplier}|{invoice.amount}|{day or invoice.pay_date}")
    return tuple(dict.fromkeys(found))


def is_another(invoice: Invoice, earlier: Invoice) -> bool:
    """Whether two invoices of one sum and day are two all the same: their numbers differ."""
    numbers = [i.document.number for i in (invoice, earlier) if i.document and "number" not in i.document.doubtful]
    return len(numbers) == 2 and all(numbers) and normal_number(numbers[0]) != normal_number(numbers[1])


def with_known_details(invoice: Invoice, past: Past | None) -> Invoice:
    """Warns where the money would go to another account than the supplier's last one (process section 1)."""
    kept = tuple(caution for caution in invoice.warnings if caution.code != CHANGED)
    account = invoice.document.details.account if invoice.document else ""
    before = past.paid_before(invoice) if past and account else None
    if before is None or before.details.account in ("", account):
        return replace(invoice, warnings=kept)
    changed = Caution(CHANGED, f"{account} ≠ {before.details.account} ({before.number})")
    return replace(invoice, warnings=(*kept, changed))
