"""A table of invoices opens in Excel as what it is, and nothing that people wrote is a formula there."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from mailflow.approval.invoice import Invoice
from mailflow.approval.money import Money
from mailflow.spreadsheet import COLUMNS, Headings, to_csv, to_xlsx
from tests.approval.company import company
from tests.cli.conftest import in_approval, incomplete, paid, rejected, to_pay

ZONE = company().timezone
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def table(*invoices: Invoice, headings: Headings | None = None) -> list[dict[str, str]]:
    text = b"".join(to_csv(invoices, ZONE, *([headings] if headings else []))).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def workbook(*invoices: Invoice) -> list[dict[str, tuple[str, str]]]:
    """The rows of the sheet: for each column the cell's type (ECMA-376 18.18.11) and its value."""
    file = io.BytesIO()
    to_xlsx(invoices, ZONE, file)
    with zipfile.ZipFile(file) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = [name for name in book.namelist() if "sharedStrings" in name]
        texts = ["".join(si.itertext()) for name in shared for si in etree.fromstring(book.read(name))]
    assert sheet.findall(f".//{SHEET}f") == []
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = {}
        for cell in row:
            column = ord(cell.get("r")[0]) - ord("A")
            value, kind = "".join(cell.itertext()), cell.get("t", "n")
            cells[COLUMNS[column]] = (kind, texts[int(value)] if kind == "s" else value)
        rows.append(cells)
    return rows


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1", "＝1+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("title", ["Paper;=1+cmd|'/C calc'!A0;", "Paper; +1", "a;-1;@b;＝1"])
def test_no_cell_begins_like_a_formula_whichever_separator_a_program_cuts_at(title: str, separator: str) -> None:
    """Excel in Russian cuts at semicolons, and opens a file of commas without a question."""
    text = b"".join(to_csv([in_approval(title=title)[0].invoice], ZONE)).decode("utf-8-sig")
    cells = [cell.lstrip() for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@＝＋－＠"))]


@pytest.mark.parametrize("title", HOSTILE)
def test_no_text_begins_like_a_formula(title: str) -> None:
    [row] = table(in_approval(title=title, counterparty=title, comment=title)[0].invoice)
    for column in ("title", "counterparty", "comment"):
        assert row[column].startswith("'")
        assert row[column].lstrip("'") == title.strip()


@pytest.mark.parametrize("title", HOSTILE)
def test_a_workbook_keeps_such_a_text_as_text(title: str) -> None:
    _, row = workbook(in_approval(title=title)[0].invoice)
    kind, value = row["title"]
    assert kind in ("s", "inlineStr", "str")
    assert value == title.strip()


def test_amounts_are_numbers_and_dates_iso() -> None:
    [row] = table(paid(pay_date=date(2026, 12, 15))[-1].invoice)
    assert (row["amount"], row["currency"]) == ("125000.00", "RUB")
    assert (row["pay_date"], row["due"], row["paid_at"]) == ("2026-12-15", "2026-12-15", "2026-12-01 12:00")
    assert (row["status"], row["payment_reference"], row["waits_for"]) == ("paid", "PP 17", "")
    _, cells = workbook(paid()[-1].invoice)
    assert cells["amount"] == ("n", "125000")
    assert cells["pay_date"] == ("n", "46371")  # days since 1899-12-30


def test_every_stage_has_its_line_and_says_who_is_to_move() -> None:
    stories = (in_approval(), to_pay(), paid(), rejected(), incomplete())
    rows = table(*(story[-1].invoice for story in stories))
    assert [row["status"] for row in rows] == ["in_approval", "to_pay", "paid", "rejected", "incomplete"]
    who = ["olga@example.com", "anna@example.com", "", "ivan@example.com", "ivan@example.com"]
    assert [row["waits_for"] for row in rows] == who
    assert rows[3]["rejected"] == "olga@example.com: no contract"


def test_the_headings_can_be_in_the_readers_language() -> None:
    [row] = table(paid()[-1].invoice, headings=Headings({"number": "№", "status": "Статус"}, {"paid": "оплачен"}))
    assert (row["№"], row["Статус"]) == ("INV-2026-0003", "оплачен")


def test_a_sum_of_a_currency_without_a_minor_unit_has_no_point() -> None:
    [row] = table(in_approval(amount=Money(Decimal("70"), "JPY"))[0].invoice)
    assert row["amount"] == "70"
