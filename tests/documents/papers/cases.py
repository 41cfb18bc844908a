"""The papers: bills of every kind, then bills with one thing wrong each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from mailflow.approval.document import PaymentDetails

from .bill import SUPPLIER, Bill, Item, PaperCase, Party, Truth, roubles
from .code import amount_of, draw, payment_code
from .forms import Form, plain, printed_by_1c, printed_by_1c_labels_first
from .numbers import account, correspondent, other_digit, tax_id_of_person
from .pdf import write_pdf

_BELOW = 560.0
"""Where a QR stands: below everything on a page of a few lines."""


@dataclass(frozen=True)
class _Draft:
    """A bill, how it is printed, what its QR holds (None: no QR), and what is wrong with it."""

    name: str
    bill: Bill
    code: bytes | None = None
    form: Form = printed_by_1c
    faults: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    """The payment details that do not check."""


def _doubted(name: str, bill: Bill, fault: str) -> _Draft:
    return _Draft(name, bill, faults=(fault,), doubtful=("amount",))


def _of(amount: str, what: str = "Услуги по договору") -> Bill:
    return Bill(items=(Item(what, 1, Decimal(amount)),))


_SOLE_TRADER = Party(
    "ИП Иванова Мария Петровна", tax_id_of_person("0012345678"), "", "190000, Санкт-Петербург г, Садовая ул, дом № 3"
)
_LONG_NAME = replace(SUPPLIER, name='Общество с ограниченной ответственностью "Торговый дом Северо-Западная Ромашка"')
_AT_ANOTHER_BANK = replace(
    SUPPLIER,
    bank='Ф-Л "СЕВЕРНЫЙ" ПАО "ПРИМЕРБАНК" Г. САНКТ-ПЕТЕРБУРГ',
    bank_code="044000772",
    account=account("044000772", "35000012345"),
    correspondent=correspondent("044000772"),
)
_FROM_A_SOLE_TRADER = replace(Bill(), supplier=_SOLE_TRADER)
_TO_ANOTHER_BANK = replace(Bill(), supplier=_AT_ANOTHER_BANK)
_MANY = Bill(items=tuple(Item(f"Деталь № {number:03}", number, Decimal("17.35")) for number in range(1, 91)))
_DUE = replace(Bill(), due=date(2026, 12, 25))
_OTHER_ACCOUNT = replace(Bill(), supplier=replace(SUPPLIER, account=other_digit(SUPPLIER.account, 8)))
_OTHER_TAX_ID = replace(Bill(), supplier=replace(SUPPLIER, tax_id=other_digit(SUPPLIER.tax_id, 9)))
_OTHER_TOTAL = Decimal("12354.50")
_OTHER_SUM = replace(Bill(), items=(Item("Бумага А4", 1, Decimal("99999.99")),))

_AMOUNTS = ("1.00", "0.50", "999.99", "1000.00", "12345.67", "100000.00", "1234567.89", "21000000.01", "340000.40")
_NUMBERS = ("УТ-123", "0000-000045", "17/А", "ЦБ00-001234", "2026/12-7")
_TAXES = ("10%", "22%", "")

_RIGHT = (
    *(_Draft(f"sum {amount}", _of(amount)) for amount in _AMOUNTS),
    *(_Draft(f"sum {amount} with QR", _of(amount), payment_code(_of(amount))) for amount in _AMOUNTS[::2]),
    *(_Draft(f"number {number}", replace(Bill(), number=number)) for number in _NUMBERS),
    *(_Draft(f"VAT {tax or 'none'}", replace(Bill(), vat=tax)) for tax in _TAXES),
    _Draft("to be paid by a day", _DUE),
    _Draft("to be paid by a day, with QR", _DUE, payment_code(_DUE)),
    _Draft("a sole trader", _FROM_A_SOLE_TRADER),
    _Draft("a sole trader, with QR", _FROM_A_SOLE_TRADER, payment_code(_FROM_A_SOLE_TRADER)),
    _Draft("a long name", replace(Bill(), supplier=_LONG_NAME)),
    _Draft("another bank", _TO_ANOTHER_BANK),
    _Draft("another bank, with QR", _TO_ANOTHER_BANK, payment_code(_TO_ANOTHER_BANK)),
    _Draft("three pages", _MANY),
    _Draft("labels first", Bill(), form=printed_by_1c_labels_first),
    _Draft("labels first, with QR", Bill(), payment_code(Bill()), printed_by_1c_labels_first),
    _Draft("plain", replace(_DUE, heading="Счет"), form=plain),
    _Draft("plain, with QR", replace(_DUE, heading="Счет"), payment_code(_DUE), plain),
    _Draft("plain, a sole trader", replace(_DUE, heading="Счет", supplier=_SOLE_TRADER, vat=""), form=plain),
    _Draft("a heading with ё", replace(Bill(), heading="Счёт на оплату")),
    _Draft("a purpose", replace(Bill(), purpose="Оплата по счету № 123 за бумагу, в т.ч. НДС 20%")),
    _Draft("QR in cp1251", Bill(), payment_code(Bill(), charset="1")),
    _Draft("QR in koi8-r", Bill(), payment_code(Bill(), charset="3")),
)

_WRONG = (
    _Draft("a digit of the ИНН", _OTHER_TAX_ID, faults=("tax_id",), no=("tax_id",)),
    _Draft(
        "a digit of the ИНН, with QR",
        _OTHER_TAX_ID,
        payment_code(_OTHER_TAX_ID),
        faults=("tax_id",),
        no=("tax_id",),
    ),
    _Draft("an account of another bank", _OTHER_ACCOUNT, faults=("account",), no=("account",)),
    _Draft(
        "an account of another bank, with QR",
        _OTHER_ACCOUNT,
        payment_code(_OTHER_ACCOUNT),
        faults=("account",),
        no=("account",),
    ),
    _Draft(
        "a к/с of another bank",
        replace(Bill(), supplier=replace(SUPPLIER, correspondent=other_digit(SUPPLIER.correspondent, 8))),
        faults=("correspondent",),
        no=("correspondent",),
    ),
    _doubted("two totals", replace(Bill(), total_said=_OTHER_TOTAL), "total"),
    _doubted("another sum in words", replace(Bill(), words_said=_OTHER_TOTAL), "words"),
    _doubted("other kopecks in words", replace(Bill(), words_said=Decimal("12345.05")), "words"),
    _Draft("no number", replace(Bill(), number=""), faults=("number",)),
    _Draft("no number, plain", replace(Bill(), number=""), form=plain, faults=("number",)),
    _Draft("due before it was issued", replace(Bill(), due=date(2026, 12, 1)), faults=("due",), doubtful=("due",)),
    _Draft("QR with roubles for kopecks", Bill(), payment_code(Bill(), amount="12345"), faults=("code_amount",)),
    _Draft("QR with a decimal point", Bill(), payment_code(Bill(), amount="12345.50"), faults=("code_amount",)),
    _Draft("QR with a decimal comma", Bill(), payment_code(Bill(), amount="12345,50"), faults=("code_amount",)),
    _Draft("QR of another sum", Bill(), payment_code(_OTHER_SUM), faults=("code_amount",)),
    _Draft(
        "QR of another account",
        Bill(),
        payment_code(replace(Bill(), supplier=replace(SUPPLIER, account=account(SUPPLIER.bank_code, "00000000666")))),
        faults=("code_account",),
    ),
    _Draft("QR of something else", Bill(), b"https://example.com/pay?bill=123", faults=("code",)),
)


def all_papers() -> list[PaperCase]:
    return [_paper(draft) for draft in (*_RIGHT, *_WRONG)]


def _paper(draft: _Draft) -> PaperCase:
    pages = draft.form(draft.bill)
    if draft.code is not None:
        draw(pages[-1], 40, _BELOW, draft.code)
    return PaperCase(draft.name, write_pdf(pages), _truth(draft))


def _truth(draft: _Draft) -> Truth:
    bill, one = draft.bill, draft.bill.supplier
    details = PaymentDetails(one.account, one.bank_code, one.bank, one.correspondent, one.tax_id, one.kpp)
    code = draft.code or b""
    in_code = amount_of(code)
    return Truth(
        number=bill.number,
        issued=bill.issued,
        due=bill.due,
        supplier=one.name,
        amount=roubles(bill.to_pay or bill.total),
        details=replace(details, **dict.fromkeys(draft.no, "")),
        purpose=bill.purpose,
        doubtful=frozenset(draft.doubtful),
        code=code,
        code_amount=None if in_code is None else roubles(in_code),
        faults=frozenset(draft.faults),
    )
