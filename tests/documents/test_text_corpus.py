"""Real invoices of suppliers, where they lie beside the project: nothing wrong is taken, and most is read."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from pypdfium2 import PdfDocument

from mailflow.approval.document import Facts
from mailflow.documents.text import read_text
from tests.inbound.corpus import CORPUS, Tell, needs_corpus, rows, tally

READABLE = [row for row in rows("invoices") if row["file"].endswith((".pdf", ".txt"))]
REAL = [row for row in READABLE if row["file"].startswith("invoice2data")]


def facts_of(row: dict[str, str]) -> Facts:
    path = CORPUS / "invoices" / row["file"]
    facts = read_text(path.read_text("utf-8") if path.suffix == ".txt" else text_of(path.read_bytes()))
    assert facts is not None
    return facts


def text_of(content: bytes) -> str:
    with closing(PdfDocument(content)) as document:
        return "\n\f\n".join(page.get_textpage().get_text_range() for page in document)


def truths(row: dict[str, str]) -> dict[str, str]:
    """What the manifest knows of the facts that are judged, spelled one way."""
    day = row["date"] if "-" in row["date"] else f"{row['date'][:4]}-{row['date'][4:6]}-{row['date'][6:]}"
    amount = row["amount_payable"] or row["total_with_vat"]
    said = {
        "number": row["invoice_number"],
        "issued": day.strip("-"),
        "due": row["due"],
        "amount": f"{Decimal(amount):.2f} {row['currency']}" if amount else "",
    }
    return {name: truth for name, truth in said.items() if truth}


def verdict(facts: Facts, name: str, truth: str) -> str:
    value = getattr(facts, name)
    written = value.isoformat() if isinstance(value, date) else str(value or "")
    if name in facts.doubtful or not written:
        return "asked"
    return "right" if written == truth else "wrong"


@needs_corpus
@pytest.mark.parametrize("row", READABLE, ids=lambda row: row["file"])
def test_nothing_wrong_is_taken_from_a_real_invoice(row: dict[str, str]) -> None:
    facts = facts_of(row)
    assert {name for name, truth in truths(row).items() if verdict(facts, name, truth) == "wrong"} == set()
    assert facts.details.tax_id in ("", row["supplier_vat_id"] or facts.details.tax_id)
    if facts.supplier and row["supplier"]:
        assert facts.supplier.split()[:3] == row["supplier"].split()[:3]


@needs_corpus
def test_four_fifths_of_the_amounts_and_days_are_read(record_property: Tell) -> None:
    verdicts: Counter[str] = Counter()
    for row in REAL:
        facts, known = facts_of(row), truths(row)
        verdicts.update(verdict(facts, name, known[name]) for name in ("amount", "issued") if name in known)
    tally(record_property, "invoices, text", verdicts)
    assert verdicts["right"] >= 0.8 * verdicts.total()
