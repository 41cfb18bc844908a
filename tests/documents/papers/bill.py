"""A счёт на оплату, and what a right reading of its paper is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from mailflow.approval.document import PaymentDetails
from mailflow.approval.money import Money

from .numbers import account, correspondent, tax_id_of_company

BANK_CODE = "044500991"
MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)  # fmt: skip


@dataclass(frozen=True)
class Party:
    """Somebody on the paper; `bank` and what follows are printed as they are, right or not."""

    name: str
    tax_id: str
    kpp: str = ""
    address: str = ""
    bank: str = 'АО "ТЕСТОВЫЙ БАНК" Г. МОСКВА'
    bank_code: str = BANK_CODE
    account: str = account(BANK_CODE, "00000000018")
    correspondent: str = correspondent(BANK_CODE)


@dataclass(frozen=True)
class Item:
    """A line of the table: what, how many, for how much each."""

    what: str
    count: int
    price: Decimal

    @property
    def sum(self) -> Decimal:
        return self.count * self.price


SUPPLIER = Party(
    'ООО "Ромашка"', tax_id_of_company("001234567"), "001201001", "125212, Москва г, Ленинградское ш, дом № 5, офис 12"
)
CUSTOMER = Party('ООО "Лютик"', tax_id_of_company("002345678"), "002301001", "101000, Москва г, Мясницкая ул, дом № 1")


@dataclass(frozen=True)
class Bill:
    """What is printed. The fields from `to_pay` on are what the form derives from the rest, where nobody meddles."""

    number: str = "123"
    issued: date = date(2026, 12, 15)
    due: date | None = None
    supplier: Party = SUPPLIER
    customer: Party = CUSTOMER
    items: tuple[Item, ...] = (Item("Бумага А4", 10, Decimal(500)), Item("Доставка", 1, Decimal("7345.50")))
    vat: str = "20%"
    heading: str = "Счет на оплату"
    to_pay: Decimal | None = None
    total_said: Decimal | None = None
    words_said: Decimal | None = None
    purpose: str = ""

    @property
    def total(self) -> Decimal:
        return sum((item.sum for item in self.items), Decimal(0))


@dataclass(frozen=True)
class Truth:
    """What a right reading takes. Payment details that do not check are "".

    `doubtful` are the facts that the text leaves open, whatever value is shown for them. `code` is what the QR holds,
    b"" where there is none, and `code_amount` the sum that it means by ГОСТ Р 56042 (None: it breaks the standard).
    `faults` names what is wrong on the paper.
    """

    number: str
    issued: date
    due: date | None
    supplier: str
    amount: Money
    details: PaymentDetails
    purpose: str = ""
    doubtful: frozenset[str] = frozenset()
    code: bytes = b""
    code_amount: Money | None = None
    faults: frozenset[str] = field(default_factory=frozenset)


class PaperCase(NamedTuple):
    """A paper: its name, the PDF, and what is true of it."""

    name: str
    content: bytes
    truth: Truth


def roubles(amount: Decimal) -> Money:
    return Money(amount, "RUB")
