"""The other invoices of the database, as one is compared with them (process section 1)."""

from __future__ import annotations

from collections.abc import Iterator

from mailflow.approval.invoice import Invoice, Repeat, Sameness
from mailflow.approval.lifecycle import Status
from mailflow.approval.past import PaidBefore, Past, is_another, marks, suppliers
from mailflow.store.unit_of_work import UnitOfWork


def past(uow: UnitOfWork) -> Past:
    """What the database knows of the time before an invoice."""

    def repeats_of(invoice: Invoice) -> tuple[Repeat, ...]:
        return (*_of_files(uow, invoice), *_of_marks(uow, invoice))

    def paid_before(invoice: Invoice) -> PaidBefore | None:
        paid = {i.number: i for name in suppliers(invoice) for i in uow.invoices.paid_to(name, invoice.number)}
        last_first = sorted(paid.values(), key=lambda i: (i.created_at, i.number), reverse=True)
        known = (PaidBefore(i.number, i.document.details) for i in last_first if i.document)
        return next((before for before in known if before.details.account), None)

    return Past(repeats_of, paid_before)


def _of_files(uow: UnitOfWork, invoice: Invoice) -> Iterator[Repeat]:
    files = (file.sha256 for file in invoice.attachments if file.size)
    found = [(file, other) for file in files for other in uow.invoices.of_file(file, invoice.number)]
    had = uow.invoices.files_of(invoice.number) if found else []
    for file, other in found:
        if _counts(other, invoice, is_old=file in had):
            yield Repeat(other.number, other.status, by=Sameness.FILE, file=file)


def _of_marks(uow: UnitOfWork, invoice: Invoice) -> Iterator[Repeat]:
    found = [(mark, other) for mark in marks(invoice) for other in uow.invoices.marked(mark, invoice.number)]
    had = uow.invoices.marks_of(invoice.number) if found else []
    for mark, other in found:
        by = Sameness(mark.partition("|")[0])
        is_same = mark in marks(other) and not is_another(invoice, other, by)
        if is_same and _counts(other, invoice, is_old=mark in had):
            yield Repeat(other.number, other.status, by=by)


def _counts(other: Invoice, invoice: Invoice, *, is_old: bool) -> bool:
    """Whether the other one is repeated. One that came later repeats this one, where that is known of it already, or as
    far as this one had it before (`is_old`); one that was withdrawn before anybody was asked never was an invoice.
    """
    came_later = (other.created_at, other.number) > (invoice.created_at, invoice.number)
    is_repetition = other.repeat is not None and other.repeat.number == invoice.number
    return not (came_later and (is_old or is_repetition)) and not (other.status is Status.WITHDRAWN and not other.steps)
