"""The form may be filled in within the quotation; only what the writer typed there counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mailflow.approval.money import Money
from mailflow.approval.submission import Field, Form, Problem
from mailflow.inbound.filled_form import filled_in

TODAY = date(2026, 12, 1)
SENT = """\
A few details are missing

  Counterparty:     is missing.
  Pay date:         is missing. For example: 15.12.2026.

Just reply to this mail and fill in these lines.

Counterparty:
Pay date:

  Amount:           EUR 1,480.00 (from your mail)
"""
MISSING = (Field.COUNTERPARTY, Field.PAY_DATE)


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


def test_lines_filled_in_within_the_quotation_are_read() -> None:
    body = quoted(SENT.replace("\nPay date:\n", "\nPay date: 20.12.2026\n"))
    assert filled_in(Form(), body, SENT, MISSING, TODAY) == Form(pay_date=date(2026, 12, 20))


def test_our_own_words_are_never_taken_for_the_writers() -> None:
    assert filled_in(Form(), quoted(SENT), SENT, MISSING, TODAY) == Form()
    wrapped = quoted(SENT.replace("For example:", "For\nexample:"))
    assert filled_in(Form(), wrapped, SENT, MISSING, TODAY) == Form()


def test_what_is_not_missing_cannot_be_changed_within_the_quotation() -> None:
    body = quoted(SENT.replace("EUR 1,480.00 (from your mail)", "9 EUR"))
    assert filled_in(Form(), body, SENT, MISSING, TODAY) == Form()


def test_what_is_said_above_the_quotation_wins() -> None:
    said = Form(counterparty="Romashka", problems=(Problem(Field.PAY_DATE, "past", "1.1.2020"),))
    body = quoted(
        SENT.replace("\nPay date:\n", "\nPay date: 20.12.2026\n").replace("\nCounterparty:\n", "\nCounterparty: X\n")
    )
    assert filled_in(said, body, SENT, MISSING, TODAY) == said


def test_an_amount_is_filled_in_exactly() -> None:
    sent = "Amount:\n"
    read = filled_in(Form(), "> Amount: 1 234,50 EUR\n", sent, (Field.AMOUNT,), TODAY)
    assert read.amount == Money(Decimal("1234.50"), "EUR")
