"""The calendar that a client subscribes to shows what moved, what is paid, and what was called off."""

from __future__ import annotations

from dataclasses import replace

import icalendar
import jinja2
import pytest

from mailflow.approval.decision import Reject
from mailflow.approval.invoice import Invoice
from mailflow.outbound.templating import Templates
from mailflow.payment_calendar import CalendarFace, payments_of, to_ics
from mailflow.settings import packaged_templates
from tests.approval.company import ANNA
from tests.cli.conftest import decided, to_pay


def face(language: str = "en", address: str = "") -> CalendarFace:
    words = Templates(jinja2.FileSystemLoader(packaged_templates())).words(language, "calendar")
    return CalendarFace("finance@example.com", language, words, "Europe/Moscow", address)


def events(*invoices: Invoice, language: str = "en", address: str = "") -> list[icalendar.Event]:
    text = to_ics(payments_of(invoices, called_off_too=True), face(language, address))
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def test_a_payment_that_is_refused_stays_in_the_calendar_as_cancelled() -> None:
    payable = to_pay()[-1].invoice
    refused = decided(payable, ANNA, Reject("no contract")).invoice
    [before], [after] = events(payable), events(refused)
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert after["SUMMARY"].startswith("Called off: ")
    assert payments_of([refused]) == []


def test_a_payment_that_moved_says_so() -> None:
    invoice = to_pay()[-1].invoice
    assert invoice.payment
    moved = replace(invoice, payment=replace(invoice.payment, shifts=2))
    assert "not paid: 2" in events(moved)[0]["DESCRIPTION"]


@pytest.mark.parametrize(("language", "word"), [("en", "Pay "), ("ru", "Оплатить ")])
def test_the_calendar_speaks_the_readers_language(language: str, word: str) -> None:
    assert events(to_pay()[-1].invoice, language=language)[0]["SUMMARY"].startswith(word)


def test_an_event_leads_to_the_board_where_there_is_one() -> None:
    invoice = to_pay()[-1].invoice
    assert "URL" not in events(invoice)[0]
    assert (
        events(invoice, address="https://pay.example.com")[0]["URL"] == "https://pay.example.com/invoices/INV-2026-0002"
    )
