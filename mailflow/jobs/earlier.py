"""The earlier invoices of the database, as a new one is compared with them (process section 1)."""

from __future__ import annotations

from mailflow.approval.invoice import Invoice, Repeat, Sameness
from mailflow.approval.past import PaidBefore, Past, is_another, marks
from mailflow.store.unit_of_work import UnitOfWork


def past(uow: UnitOfWork) -> Past:
    """What the database knows of the time before an invoice."""

    def repeat_of(invoice: Invoice) -> Repeat | None:
        return _of_files(uow, invoice) or _of_marks(uow, invoice)

    def paid_before(invoice: Invoice) -> PaidBefore | None:
        paid = uow.invoices.paid_to(invoice.counterparty, invoice.number) if invoice.counterparty else []
        known = (PaidBefore(i.number, i.document.details) for i in paid if i.document and i.document.details.account)
        return next(known, None)

    return Past(repeat_of, paid_before)


def _of_files(uow: UnitOfWork, invoice: Invoice) -> Repeat | None:
    earlier = (uow.invoices.of_file(a.sha256, invoice.number) for a in invoice.attachments if a.size)
    return next((Repeat(found.number, found.status, by=Sameness.FILE) for found in earlier if found), None)


def _of_marks(uow: UnitOfWork, invoice: Invoice) -> Repeat | None:
    for mark in marks(invoice):
        for earlier in uow.invoices.marked(mark, invoice.number):
            if mark in marks(earlier) and not is_another(invoice, earlier):
                return Repeat(earlier.number, earlier.status, by=Sameness(mark.partition("|")[0]))
    return None
