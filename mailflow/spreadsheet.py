"""The invoices as tables for Excel and its kind: CSV (RFC 4180) and XLSX (ECMA-376), safe to open.

What people wrote is text there and nothing else: no cell of theirs is a formula, whatever it begins with.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import BinaryIO

from mailflow.approval.invoice import Invoice
from mailflow.approval.money import currency_digits
from mailflow.terminal import one_line

Cell = str | Decimal | date | datetime | None

COLUMNS = (
    "number", "status", "title", "counterparty", "amount", "currency", "pay_date", "due", "paid_at", "submitter",
    "waits_for", "approved_by", "comment", "rejected", "payment_reference", "invoice_number", "invoice_date",
)  # fmt: skip
MOST_ROWS = 1_048_575
"""A sheet holds 1,048,576 lines, the heading among them."""

_BEFORE_A_FORMULA = re.compile(r"(^|;\s*)(?=[=+\-@＝＋－＠])")
"""Where a cell may begin: an Excel whose list separator is the semicolon, as in Russian, cuts lines there as well."""

_BYTE_ORDER_MARK = "\ufeff"
_LONGEST_CELL = 32_000
_WIDTHS = {"title": 36, "counterparty": 28, "comment": 40, "amount": 16, "paid_at": 17, "rejected": 40}
_USUAL_WIDTH = 15
_SHEET = "Invoices"


@dataclass(frozen=True)
class Headings:
    """What stands above the columns, and how the statuses are called; without it their names in JSON."""

    columns: Mapping[str, str]
    statuses: Mapping[str, str]


PLAIN = Headings({}, {})


def to_csv(invoices: Iterable[Invoice], timezone: tzinfo, headings: Headings = PLAIN) -> Iterator[bytes]:
    """UTF-8 with the mark by which Excel knows it, line by line; amounts as numbers, dates as ISO 8601.

    A text that a program would take for a formula gets an apostrophe before it (OWASP: CSV injection).
    """
    yield _line([_BYTE_ORDER_MARK + _heading(headings, COLUMNS[0]), *(_heading(headings, c) for c in COLUMNS[1:])])
    for invoice in invoices:
        yield _line([_as_text(cell) for cell in cells(invoice, timezone, headings)])


def to_xlsx(invoices: Iterable[Invoice], timezone: tzinfo, file: BinaryIO, headings: Headings = PLAIN) -> None:
    """A workbook of one sheet, written line by line. Raises ValueError for more invoices than a sheet can hold."""
    from xlsxwriter import Workbook

    book = Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet(_SHEET)
    bold = book.add_format({"bold": True})
    moment, day = (book.add_format({"num_format": shape}) for shape in ("yyyy-mm-dd hh:mm", "yyyy-mm-dd"))
    money = {digits: book.add_format({"num_format": _money_shape(digits)}) for digits in (0, 2, 3)}
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, _WIDTHS.get(name, _USUAL_WIDTH))
        sheet.write_string(0, column, _heading(headings, name), bold)
    row = 0
    for row, invoice in enumerate(invoices, start=1):
        if row > MOST_ROWS:
            raise ValueError(f"a sheet holds no more than {MOST_ROWS} invoices")
        for column, cell in enumerate(cells(invoice, timezone, headings)):
            match cell:
                case Decimal():
                    digits = currency_digits(invoice.amount.currency) if invoice.amount else 2
                    sheet.write_number(row, column, float(cell), money[digits])
                case datetime():
                    sheet.write_datetime(row, column, cell, moment)
                case date():
                    sheet.write_datetime(row, column, cell, day)
                case str() if cell:
                    sheet.write_string(row, column, cell[:_LONGEST_CELL])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(row, 1), len(COLUMNS) - 1)
    book.close()


def cells(invoice: Invoice, timezone: tzinfo, headings: Headings = PLAIN) -> tuple[Cell, ...]:
    """One invoice in the order of COLUMNS; times are those of the company's clock, without offset."""
    amount, payment, document = invoice.amount, invoice.payment, invoice.document
    paid_at = payment.paid_at if payment else None
    rejection = invoice.rejection
    values: dict[str, Cell] = {
        "number": invoice.number,
        "status": headings.statuses.get(invoice.status.value, invoice.status.value),
        "title": one_line(invoice.title),
        "counterparty": one_line(invoice.counterparty),
        "amount": amount.amount if amount else None,
        "currency": amount.currency if amount else None,
        "pay_date": invoice.pay_date,
        "due": payment.due if payment else None,
        "paid_at": paid_at.astimezone(timezone).replace(tzinfo=None) if paid_at else None,
        "submitter": one_line(invoice.submitter),
        "waits_for": one_line(invoice.waits_for),
        "approved_by": one_line(", ".join(invoice.approvers_so_far)),
        "comment": one_line(invoice.comment),
        "rejected": one_line(f"{rejection.by}: {rejection.reason}") if rejection else None,
        "payment_reference": one_line(payment.reference or "") if payment else None,
        "invoice_number": one_line(document.number) if document else None,
        "invoice_date": document.issued if document else None,
    }
    return tuple(values[name] for name in COLUMNS)


def _heading(headings: Headings, column: str) -> str:
    return headings.columns.get(column, column)


def _as_text(cell: Cell) -> str:
    match cell:
        case datetime():
            return cell.isoformat(" ", timespec="minutes")
        case date():
            return cell.isoformat()
        case str():
            return _BEFORE_A_FORMULA.sub(r"\1'", cell)
        case None:
            return ""
    return str(cell)


def _line(values: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().encode()


def _money_shape(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")
