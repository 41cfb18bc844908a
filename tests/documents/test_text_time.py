"""No text holds up the reader: what it takes grows with the text, and stays within the patience for a file."""

from __future__ import annotations

import random
from time import process_time

import pytest

from mailflow.documents.text import LONGEST, read_text
from tests.documents import printed

SIZE = 200_000
SLOWEST = 15  # seconds of CPU; measured: 1.5 at most

HOSTILE = {
    "digits": "1",
    "numbers": "123 ",
    "labels": "total due ",
    "labels on lines": "Total due\n",
    "labels with values": "Invoice no 1 2\n",
    "payments": "Paid: 1,00 ",
    "payments in columns": "Total due\tPaid\t",
    "sums": "Total due 12 345,67 EUR\n",
    "days": "due 31/12/2026 ",
    "accounts": "IBAN DE89 3704 0044 0532 0130 00\n",
    "half an account": "IBAN DE89 3704 ",
    "labels of a bank": "БИК ИНН КПП ",
    "numbers of a tax office": "VAT A1 ",
    "letters": "a",
    "blanks": " ",
    "blanks and tabs": "\t ",
    "lines": "\n",
    "numerals": "двадцать ",
    "numerals on lines": "двадцать\n",
    "open quotations": 'Поставщик: "',
    "parts of a label": "zahlbar innerhalb ",
    "codes": "EUR (in ",
    "points": "1.2,",
    "apostrophes": "1'",
    "names of banks": "Банк А б\n",
    "invisible": "\u200b",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_one_thing_again_and_again_is_read_in_time(piece: str) -> None:
    start = process_time()
    read_text(piece * (SIZE // len(piece)))
    assert process_time() - start < SLOWEST


def test_any_mixture_is_read_in_time() -> None:
    chance = random.Random(1)
    text = "".join(chance.choice(' \t\n0123456789.,€$-/:()"№abвг') for _ in range(SIZE))
    start = process_time()
    read_text(text)
    assert process_time() - start < SLOWEST


def test_the_last_of_two_hundred_pages_is_read() -> None:
    page = "1 Бумага А4, 80 г/м2, 500 л. 10 пач 500,00 5 000,00\n" * (9_000 // 52)
    text = "\n\f\n".join([page] * 200 + [printed.RUSSIAN])
    facts = read_text(text)
    assert facts is not None
    assert str(facts.amount) == "12345.50 RUB"


def test_what_is_longer_than_any_invoice_is_not_read() -> None:
    assert read_text(printed.RUSSIAN + " " * LONGEST) is None
