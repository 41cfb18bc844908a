"""The other invoices of the database, as one is compared with them (process section 1)."""

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
    had = uow.invoices.files_of(invoice.number)
    for file in invoice.attachments:
        other = uow.invoices.of_file(file.sha256, invoice.number) if file.size else None
        if other and not (file.sha256 in had and _came_later(other, invoice)):
            return Repeat(other.number, other.status, by=Sameness.FILE)
    return None


def _of_marks(uow: UnitOfWork, invoice: Invoice) -> Repeat | None:
    had = uow.invoices.marks_of(invoice.number)
    for mark in marks(invoice):
        for other in uow.invoices.marked(mark, invoice.number):
            repeats = mark in marks(other) and not is_another(invoice, other)
            if repeats and not (mark in had and _came_later(other, invoice)):
                return Repeat(other.number, other.status, by=Sameness(mark.partition("|")[0]))
    return None


def _came_later(other: Invoice, invoice: Invoice) -> bool:
    """Whether the other one repeats this one, as far as this one had it before: a correction changes nothing there."""
    return (other.created_at, other.number) > (invoice.created_at, invoice.number)
