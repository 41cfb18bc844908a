"""An e-invoice says everything of an invoice for sure, whichever of the standards it follows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mailflow.approval.document import Facts, Origin, PaymentDetails
from mailflow.approval.money import Money
from mailflow.documents.reading import read_file
from tests.documents.samples import CII, IBAN, RUSSIAN_ACCOUNT, UBL, UPD_501, UPD_503, cii, ubl
from tests.inbound.corpus import CORPUS, needs_corpus, rows

EURO = PaymentDetails(account=IBAN, bank_code="BYLADEM1001", tax_id="DE123456789")


def only(content: bytes) -> Facts:
    """What the one source in a file says."""
    read = read_file(content)
    assert read.trouble == ""
    (facts,) = read.facts
    return facts


@pytest.mark.parametrize("content", [ubl(), cii()], ids=["UBL", "CII"])
def test_both_european_standards_say_the_same(content: bytes) -> None:
    assert only(content) == Facts(
        Origin.XML,
        number="RE-17",
        issued=date(2026, 11, 20),
        due=date(2026, 12, 15),
        supplier="Muster GmbH",
        amount=Money(Decimal("125.50"), "EUR"),
        details=EURO,
        purpose="RF18",
    )


def test_a_russian_upd_says_everything_but_the_day_to_pay() -> None:
    content = UPD_501.format(number="А-12", account=RUSSIAN_ACCOUNT, amount="118000.00").encode("cp1251")
    assert only(content) == Facts(
        Origin.XML,
        number="А-12",
        issued=date(2026, 11, 20),
        supplier='ООО "Ромашка"',
        amount=Money(Decimal("118000.00"), "RUB"),
        details=PaymentDetails(
            account=RUSSIAN_ACCOUNT,
            bank_code="044525225",
            bank="ПАО СБЕРБАНК",
            correspondent="30101810400000000225",
            tax_id="7707083893",
            kpp="770701001",
        ),
    )


def test_the_newer_form_of_the_upd_and_a_sole_trader_are_read_too() -> None:
    facts = only(UPD_503.format(number="7", amount="5900").encode("cp1251"))
    assert (facts.number, facts.supplier, facts.amount) == ("7", "ИП Иванов Пётр Ильич", Money(Decimal(5900), "RUB"))
    assert facts.details.tax_id == "500100732259"


CREDIT_NOTE = ubl().replace(b"<Invoice", b"<CreditNote").replace(b"</Invoice", b"</CreditNote")


@pytest.mark.parametrize("content", [ubl(kind="381"), cii(kind="381"), CREDIT_NOTE])
def test_what_gives_money_back_is_never_taken_for_a_sum_to_pay(content: bytes) -> None:
    assert "amount" in only(content).doubtful


@pytest.mark.parametrize(
    "content",
    [
        ubl(iban="DE02120300000000202052"),
        cii(iban="DE02120300000000202052"),
        UPD_501.format(number="1", account="40702810938000000002", amount="1").encode("cp1251"),
    ],
    ids=["UBL", "CII", "UPD"],
)
def test_an_account_whose_check_digits_are_wrong_is_left_out(content: bytes) -> None:
    assert only(content).details.account == ""


@pytest.mark.parametrize("amount", ["", "-5", "0", "abc", "NaN", "1e999", "1.999"])
def test_an_amount_that_is_none_is_none(amount: str) -> None:
    assert only(ubl(amount=amount)).amount is None


ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY e "&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize("dtd", [ENTITY, BOMB, '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'])
@pytest.mark.parametrize("kind", [UBL, CII])
def test_a_document_that_declares_entities_is_not_read(kind: str, dtd: str) -> None:
    said = {"number": "&e;", "kind": "380", "supplier": "x", "iban": IBAN, "amount": "1.00", "due": "2026-12-15"}
    content = kind.format(**said).replace("?>", "?>" + dtd, 1).encode()
    assert read_file(content).facts == ()


@pytest.mark.parametrize("content", [b"<html><body>Invoice</body></html>", b"<Invoice", b"<a>" * 5000, b"<x/>"])
def test_other_xml_says_nothing(content: bytes) -> None:
    assert all(facts.number == "" and facts.amount is None for facts in read_file(content).facts)


TRUTHS = [row for row in rows("invoices") if row["invoice_number"] and row["file"].startswith("zugferd")]


@needs_corpus
@pytest.mark.parametrize("row", TRUTHS, ids=lambda row: row["file"])
def test_real_e_invoices_and_hybrid_pdfs_are_read_right(row: dict[str, str]) -> None:
    (facts, *_) = read_file((CORPUS / "invoices" / row["file"]).read_bytes()).facts
    assert facts.origin is Origin.XML
    assert facts.number == row["invoice_number"]
    assert facts.issued is not None
    assert facts.issued.strftime("%Y%m%d") == row["date"].replace("-", "")
    assert facts.supplier == row["supplier"]
    assert facts.amount == Money(Decimal(row["amount_payable"]), row["currency"])
    assert row["supplier_vat_id"] in ("", facts.details.tax_id)
