"""Under what an invoice is found: its stage, its people, its counterparty, its words. One index serves every filter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlmodel import col

from mailflow.approval.invoice import Invoice
from mailflow.approval.lookalike import spelling
from mailflow.store.tables import KEY_LENGTH, InvoiceFacetRow, storable

MOST_WORDS = 24
"""Of one invoice; who writes a novel as the title is found by its beginning."""

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"INV-\d{4}-(\d+)")
_LONGEST_WORD = 40


def status_key(status: str) -> str:
    """Invoices at a stage."""
    return f"status|{status}"


def person_key(address: str) -> str:
    """Invoices that somebody is part of: as submitter, approver or accountant."""
    return f"person|{address}"[:KEY_LENGTH]


def counterparty_key(name: str) -> str:
    """Invoices of a counterparty, however its name is written."""
    return f"counterparty|{spelling(name)}"[:KEY_LENGTH]


def currency_key(currency: str) -> str:
    """Invoices in a currency."""
    return f"currency|{currency}"


def month_key(day: date) -> str:
    """Invoices to be paid in a month, by any day of it."""
    return f"month|{day:%Y-%m}"


def day_key(day: date) -> str:
    """Invoices to be paid on a day."""
    return f"day|{day.isoformat()}"


def word_key(word: str) -> str:
    """Invoices with a word (see `words`) in what people read of them."""
    return f"word|{word}"


def words(text: str) -> list[str]:
    """The words of a text as they are looked up: without case, accents and ё; an invoice's number is one word."""
    if number := _NUMBER.fullmatch(text.strip().upper()):
        return [number[0].lower()]
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return [word[:_LONGEST_WORD] for word in _WORD.findall(plain)]


def facets(invoice: Invoice) -> frozenset[str]:
    """Every key that an invoice is found under."""
    keys = {status_key(invoice.status.value), *map(person_key, invoice.people)}
    if invoice.counterparty:
        keys.add(counterparty_key(invoice.counterparty))
    if invoice.amount:
        keys.add(currency_key(invoice.amount.currency))
    if day := invoice.payment.due if invoice.payment else invoice.pay_date:
        keys |= {day_key(day), month_key(day)}
    return frozenset(storable(key) for key in (*keys, *map(word_key, _words_of(invoice))))


def _words_of(invoice: Invoice) -> list[str]:
    serial = _NUMBER.fullmatch(invoice.number)
    known = [invoice.number.lower(), *(serial.groups() if serial else ())]
    document = invoice.document
    amount = invoice.amount.amount if invoice.amount else None
    for text in (
        document.number if document else "",
        f"{amount:f} {amount:.0f}" if amount else "",
        invoice.counterparty,
        invoice.title,
        invoice.comment,
    ):
        known += words(text)
    return list(dict.fromkeys(known))[:MOST_WORDS]


def file_under(connection: Connection, invoices: Mapping[str, Invoice]) -> None:
    """Files invoices, by their numbers, under what they are now, and under nothing that they were."""
    known = {(row.number, row.key) for row in connection.execute(_KNOWN, {"these": sorted(invoices)})}
    now = {(number, key) for number, invoice in invoices.items() for key in facets(invoice)}
    if gone := sorted(known - now):
        connection.execute(_FORGET, [{"this": number, "gone": key} for number, key in gone])
    if new := sorted(now - known):
        connection.execute(
            _ADD,
            [{"key": key, "created_at": invoices[number].created_at, "number": number} for number, key in new],
        )


_KNOWN = select(col(InvoiceFacetRow.number), col(InvoiceFacetRow.key)).where(
    col(InvoiceFacetRow.number).in_(bindparam("these", expanding=True))
)
_FORGET = delete(InvoiceFacetRow).where(
    col(InvoiceFacetRow.number) == bindparam("this"), col(InvoiceFacetRow.key) == bindparam("gone")
)
_ADD = insert(InvoiceFacetRow)
