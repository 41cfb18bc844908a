"""Invoices: the aggregate as a document, with the columns that are searched by beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update
from sqlmodel import col

from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import FINAL, Status
from mailflow.approval.lookalike import skeleton, spelling
from mailflow.approval.past import marks, suppliers
from mailflow.errors import TransientFailure
from mailflow.store.codec import invoice_document, read_invoice
from mailflow.store.facets import file_under
from mailflow.store.statements import per_dialect
from mailflow.store.tables import KEY_LENGTH, InviteUidRow, InvoiceFileRow, InvoiceMarkRow, InvoiceRow, NumberRow

_SUPPLIER = "supplier|"
_BY_AGE = (col(InvoiceRow.created_at), col(InvoiceRow.number))


@dataclass(frozen=True)
class _Known:
    """By what an invoice is found: its files, the UIDs of its payment, its marks."""

    files: frozenset[str] = frozenset()
    invites: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()


class Invoices:
    """The invoices of the company."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, _Known] = {}
        self._held: dict[str, Invoice] = {}
        self._marks_when_read: dict[str, frozenset[str]] = {}
        self._unfiled: dict[str, Invoice] = {}

    def next_number(self, year: int) -> str:
        """The next number of a year, as INV-2026-0001; a number is never given twice."""
        last: int = self._connection.execute(_NEXT(self._connection), {"year": year, "last": 1}).scalar_one()
        return f"INV-{year}-{last:04d}"

    def add(self, invoice: Invoice) -> None:
        """A new invoice."""
        self._connection.execute(_ADD, {"number": invoice.number, **_columns(invoice)})
        self._remember(invoice)

    def get(self, number: str) -> Invoice | None:
        """One invoice, held against other writers until this unit of work ends."""
        if number not in self._held:
            document = self._connection.execute(_GET, {"this": number}).scalar()
            if document is None:
                return None
            self._held[number] = invoice = read_invoice(document)
            self._known[number] = known = _known_by(invoice)
            self._marks_when_read[number] = known.marks
        return self._held[number]

    def save(self, invoice: Invoice) -> Invoice:
        """Writes an invoice; raises TransientFailure where somebody else has changed it meanwhile."""
        saved = replace(invoice, version=invoice.version + 1)
        this = {"this": invoice.number, "was": invoice.version}
        written = self._connection.execute(_SAVE, {**this, **_columns(saved)})
        if written.rowcount != 1:
            raise TransientFailure(f"{invoice.number} was changed by somebody else at the same moment")
        self._remember(saved)
        return saved

    def flush(self) -> None:
        """Files what was written under its facets; what an older mailflow wrote has fewer marks than are made now."""
        if self._unfiled:
            file_under(self._connection, self._unfiled)
            read = ((number, self._marks_when_read.get(number, ())) for number in sorted(self._unfiled))
            if rows := [{"number": number, "mark": mark} for number, had in read for mark in sorted(had)]:
                self._connection.execute(_HAS_MARK(self._connection), rows)
            self._unfiled = {}

    def all(self, status: Status | None = None) -> list[Invoice]:
        """Every invoice, or those of one status, by number."""
        statement = select(col(InvoiceRow.document)).order_by(*_BY_AGE)
        if status:
            statement = statement.where(col(InvoiceRow.status) == status.value)
        return self._read(statement)

    def of_file(self, sha256: str, but_not: str) -> list[Invoice]:
        """The earliest invoices that ever had this file."""
        statement = (
            select(col(InvoiceRow.document))
            .join(InvoiceFileRow, col(InvoiceFileRow.number) == col(InvoiceRow.number))
            .where(col(InvoiceFileRow.sha256) == sha256, col(InvoiceRow.number) != but_not)
            .order_by(*_BY_AGE)
            .limit(10)
        )
        return self._read(statement)

    def marked(self, mark: str, but_not: str) -> list[Invoice]:
        """The earliest invoices that ever had this mark of repetitions."""
        return self._read(_MARKED, mark=mark, this=but_not)

    def marks_of(self, number: str) -> list[str]:
        """Every mark of repetitions that an invoice ever had."""
        statement = select(col(InvoiceMarkRow.mark)).where(col(InvoiceMarkRow.number) == number)
        return sorted(self._connection.execute(statement).scalars())

    def paid_to(self, supplier: str, but_not: str) -> list[Invoice]:
        """The last paid invoices of a supplier, by what it is known by (approval.past.suppliers), newest first."""
        return self._read(_PAID_TO, mark=f"{_SUPPLIER}{supplier}", this=but_not)

    def files_of(self, number: str) -> list[str]:
        """Every file that an invoice ever had, in whichever revision, by SHA-256 (hex)."""
        statement = select(col(InvoiceFileRow.sha256)).where(col(InvoiceFileRow.number) == number)
        return sorted(self._connection.execute(statement).scalars())

    def waiting_since(self, moment: datetime) -> list[str]:
        """The invoices whose approver or accountant was last asked or reminded before this moment."""
        return self._numbers(_WAITING_SINCE, moment)

    def asked_since(self, moment: datetime) -> list[str]:
        """The invoices whose approver was asked, for the first time, by this moment, the longest first."""
        return self._numbers(_ASKED_SINCE, moment)

    def unpaid_before(self, day: date) -> list[str]:
        """The invoices to pay whose day is over."""
        return self._numbers(_UNPAID_BEFORE, day)

    def on_hold_until(self, moment: datetime) -> list[str]:
        """The invoices with a decision that takes effect by this moment, the earliest first."""
        return self._numbers(_ON_HOLD_UNTIL, moment)

    def awaiting_structure(self) -> list[str]:
        """The invoices that are complete, but wait for the portal to say who decides."""
        return [invoice.number for invoice in self.all(Status.INCOMPLETE) if invoice.awaits_structure]

    def asked_of(self, person: str) -> list[Invoice]:
        """The invoices that wait for this person, approver or accountant, now."""
        return self._read(
            select(col(InvoiceRow.document)).where(col(InvoiceRow.waits_for) == person).order_by(*_BY_AGE)
        )

    def askers(self) -> list[str]:
        """The people whom an approval waits for."""
        return list(self._connection.execute(_ASKERS).scalars())

    def of_submitter(self, person: str) -> list[Invoice]:
        """The invoices of this submitter that have not come to their end."""
        return self._read(
            select(col(InvoiceRow.document))
            .where(col(InvoiceRow.submitter) == person, col(InvoiceRow.status).not_in([s.value for s in FINAL]))
            .order_by(*_BY_AGE)
        )

    def of_counterparty(self, name: str, but_not: str, limit: int = 3) -> list[Invoice]:
        """The counterparty's last invoices, newest first."""
        return self._read(
            select(col(InvoiceRow.document))
            .where(col(InvoiceRow.counterparty) == name[:KEY_LENGTH], col(InvoiceRow.number) != but_not)
            .order_by(*(age.desc() for age in _BY_AGE))
            .limit(limit)
        )

    def look_alike(self, name: str, but_not: str) -> Invoice | None:
        """The last invoice of a counterparty whose name looks like this one and is another."""
        values = {"looks": skeleton(name)[:KEY_LENGTH], "spelt": spelling(name)[:KEY_LENGTH], "this": but_not}
        document = self._connection.execute(_LOOK_ALIKE, values).scalar()
        return read_invoice(document) if document else None

    def _numbers(self, statement: Select[str], moment: date) -> list[str]:
        return list(self._connection.execute(statement, {"moment": moment}).scalars())

    def _read(self, statement: Select[str], **values: str) -> list[Invoice]:
        return [read_invoice(document) for document in self._connection.execute(statement, values).scalars()]

    def _remember(self, invoice: Invoice) -> None:
        """What an invoice is known by is added to what it was known by before, which stays."""
        number, known_by = invoice.number, _known_by(invoice)
        before = self._known.get(number, _Known())
        for statement, column, words, old in (
            (_HAS_FILE, "sha256", known_by.files, before.files),
            (_HAS_INVITE, "uid", known_by.invites, before.invites),
            (_HAS_MARK, "mark", known_by.marks, before.marks),
        ):
            if rows := [{"number": number, column: word} for word in sorted(words - old)]:
                self._connection.execute(statement(self._connection), rows)
        self._known[number] = known_by
        self._held[number] = self._unfiled[number] = invoice


_NUMBER = col(InvoiceRow.number)
_NEXT = per_dialect(
    lambda insert: (
        insert(NumberRow)
        .on_conflict_do_update(index_elements=["year"], set_={"last": col(NumberRow.last) + 1})
        .returning(col(NumberRow.last))
    )
)
_ADD = insert(InvoiceRow)
_HAS_FILE = per_dialect(lambda insert: insert(InvoiceFileRow).on_conflict_do_nothing())
_HAS_MARK = per_dialect(lambda insert: insert(InvoiceMarkRow).on_conflict_do_nothing())
_HAS_INVITE = per_dialect(lambda insert: insert(InviteUidRow).on_conflict_do_nothing())
_GET = select(col(InvoiceRow.document)).where(col(InvoiceRow.number) == bindparam("this")).with_for_update()
_SAVE = update(InvoiceRow).where(
    col(InvoiceRow.number) == bindparam("this"), col(InvoiceRow.version) == bindparam("was")
)
_WAITING_SINCE = (
    select(_NUMBER)
    .where(
        col(InvoiceRow.status).in_([Status.IN_APPROVAL.value, Status.TO_PAY.value]),
        col(InvoiceRow.told_at) <= bindparam("moment"),
    )
    .order_by(_NUMBER)
)
_ASKED_SINCE = select(_NUMBER).where(col(InvoiceRow.asked_at) <= bindparam("moment")).order_by(col(InvoiceRow.asked_at))
_ASKERS = (
    select(func.coalesce(col(InvoiceRow.waits_for), ""))
    .where(col(InvoiceRow.status) == Status.IN_APPROVAL.value, col(InvoiceRow.waits_for).is_not(None))
    .distinct()
)
_UNPAID_BEFORE = (
    select(_NUMBER)
    .where(col(InvoiceRow.status) == Status.TO_PAY.value, col(InvoiceRow.due) < bindparam("moment"))
    .order_by(_NUMBER)
)
_ON_HOLD_UNTIL = (
    select(_NUMBER).where(col(InvoiceRow.on_hold_until) <= bindparam("moment")).order_by(col(InvoiceRow.on_hold_until))
)


_MARKED = (
    select(col(InvoiceRow.document))
    .join(InvoiceMarkRow, col(InvoiceMarkRow.number) == col(InvoiceRow.number))
    .where(col(InvoiceMarkRow.mark) == bindparam("mark"), bindparam("this") != _NUMBER)
    .order_by(*_BY_AGE)
    .limit(10)
)
_PAID_TO = (
    select(col(InvoiceRow.document))
    .join(InvoiceMarkRow, col(InvoiceMarkRow.number) == col(InvoiceRow.number))
    .where(
        col(InvoiceMarkRow.mark) == bindparam("mark"),
        col(InvoiceRow.status) == Status.PAID.value,
        bindparam("this") != _NUMBER,
    )
    .order_by(col(InvoiceRow.created_at).desc())
    .limit(10)
)
_LOOK_ALIKE = select(
    func.coalesce(
        *(
            select(col(InvoiceRow.document))
            .where(col(InvoiceRow.skeleton) == bindparam("looks"), other, col(InvoiceRow.number) != bindparam("this"))
            .order_by(col(InvoiceRow.spelling).desc(), col(InvoiceRow.created_at).desc())
            .limit(1)
            .scalar_subquery()
            for other in (col(InvoiceRow.spelling) < bindparam("spelt"), col(InvoiceRow.spelling) > bindparam("spelt"))
        )
    )
)


def _known_by(invoice: Invoice) -> _Known:
    return _Known(
        frozenset(attachment.sha256 for attachment in invoice.attachments),
        frozenset(invite.uid for invite in invoice.invites),
        frozenset((*marks(invoice), *(f"{_SUPPLIER}{supplier}" for supplier in suppliers(invoice)))),
    )


def _columns(invoice: Invoice) -> dict[str, object]:
    index = invoice.asked_step
    step = invoice.steps[index] if index is not None else None
    payment = invoice.payment if invoice.status is Status.TO_PAY else None
    return {
        "status": invoice.status.value,
        "submitter": invoice.submitter,
        "counterparty": invoice.counterparty[:KEY_LENGTH],
        "skeleton": skeleton(invoice.counterparty)[:KEY_LENGTH],
        "spelling": spelling(invoice.counterparty)[:KEY_LENGTH],
        "amount_minor": invoice.amount.minor if invoice.amount else None,
        "currency": invoice.amount.currency if invoice.amount else None,
        "due": payment.due if payment else None,
        "waits_for": step.approver if step else invoice.accountant if payment else None,
        "asked_at": step.asked_at if step else None,
        "told_at": step.told_at if step else payment.told_at if payment else None,
        "on_hold_until": invoice.on_hold.until if invoice.on_hold else None,
        "payment_day": invoice.payment.due if invoice.payment else None,
        "shifts": invoice.payment.shifts if invoice.payment else 0,
        "created_at": invoice.created_at,
        "version": invoice.version,
        "document": invoice_document(invoice),
    }
