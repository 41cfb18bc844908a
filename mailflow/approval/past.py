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
    """Looks up, for an invoice as it is now, the others that it repeats, and the last payment to its supplier."""

    repeats_of: Callable[[Invoice], tuple[Repeat, ...]]
    paid_before: Callable[[Invoice], PaidBefore | None]


def marks(invoice: Invoice) -> tuple[str, ...]:
    """What two invoices have in common where one repeats the other: number, or sum and day, of one supplier.

    A sum counts with the day of the file and with the day to pay, whichever the other one has.
    """
    document = invoice.document
    days = [document.issued if document else None, invoice.pay_date]
    found = []
    for supplier in suppliers(invoice):
        if document and document.number and "number" not in document.doubtful:
            found.append(f"{Sameness.NUMBER}|{supplier}|{normal_number(document.number)[:_LONGEST]}")
        if invoice.amount:
            found += [f"{Sameness.SUM}|{supplier}|{invoice.amount}|{day}" for day in filter(None, days)]
    return tuple(dict.fromkeys(found))


def suppliers(invoice: Invoice) -> tuple[str, ...]:
    """What the invoice's supplier is known by: its name as written in the mail and in the file, its tax number."""
    document = invoice.document
    names = [invoice.counterparty, document.supplier if document and "supplier" not in document.doubtful else ""]
    known = [spelling(name)[:_LONGEST] for name in names if name]
    return tuple(dict.fromkeys(filter(None, [*known, document.details.tax_id if document else ""])))


def is_another(invoice: Invoice, earlier: Invoice, by: Sameness) -> bool:
    """Whether two invoices of one number, or sum and day, are two all the same.

    Their numbers differ; or the files' days; or for one number their years, after which numbers begin anew.
    """
    one, other = invoice.document, earlier.document
    if one is None or other is None:
        return False
    if one.issued and other.issued:
        days = (one.issued, other.issued) if by is Sameness.SUM else (one.issued.year, other.issued.year)
        if days[0] != days[1]:
            return True
    known = one.number and other.number and "number" not in one.doubtful | other.doubtful
    return bool(known) and normal_number(one.number) != normal_number(other.number)


def with_known_details(invoice: Invoice, past: Past | None) -> Invoice:
    """Warns where the money would go to another account than the supplier's last one (process section 1)."""
    kept = tuple(caution for caution in invoice.warnings if caution.code != CHANGED)
    account = invoice.document.details.account if invoice.document else ""
    before = past.paid_before(invoice) if past and account else None
    if before is None or before.details.account in ("", account):
        return replace(invoice, warnings=kept)
    changed = Caution(CHANGED, f"{account} ≠ {before.details.account} ({before.number})")
    return replace(invoice, warnings=(*kept, changed))
