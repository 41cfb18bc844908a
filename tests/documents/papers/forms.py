"""The forms that bills are printed in: that of 1С:Бухгалтерия, and a plain one in running lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from textwrap import wrap

from .bill import MONTHS, Bill, Party
from .pdf import Page
from .words import in_figures, in_words

Form = Callable[[Bill], list[Page]]

_LEFT, _VALUES, _BANK_LABELS, _BANK_VALUES = 40, 135, 330, 375
_LINE, _LAST = 12, 760
_COLUMNS = (40, 65, 330, 370, 410, 490)
_TOTAL_LABELS, _TOTALS = 350, 490


class _Pen:
    """Writes line under line, and goes on to another page where one is full."""

    def __init__(self) -> None:
        self.pages = [Page()]
        self.y = 40.0

    def line(self, *pieces: tuple[float, str], size: float = 9) -> None:
        if self.y > _LAST:
            self.pages.append(Page())
            self.y = 40.0
        for x, text in pieces:
            if text:
                self.pages[-1].text(x, self.y, text, size)
        self.y += _LINE + size - 9


def printed_by_1c(bill: Bill) -> list[Page]:
    pen = _Pen()
    _bank_table(pen, bill.supplier)
    _rest_of_1c(pen, bill)
    return pen.pages


def printed_by_1c_labels_first(bill: Bill) -> list[Page]:
    """The same to the eye; in the file the labels of the bank's table come before all of its values."""
    pen, one = _Pen(), bill.supplier
    page = pen.pages[0]
    for row, label in enumerate(("БИК", "Сч. №", "Банк получателя", "Сч. №", "", "Получатель")):
        page.text(_LEFT if "уч" in label else _BANK_LABELS, 40 + row * _LINE, label)
    for row, (x, value) in enumerate(
        (
            (_BANK_VALUES, one.bank_code),
            (_BANK_VALUES, one.correspondent),
            (_LEFT, ""),
            (_BANK_VALUES, one.account),
            (_LEFT, one.name),
        )
    ):
        page.text(x, 40 + row * _LINE, value)
    page.text(_LEFT, 40, one.bank)
    page.text(_LEFT, 40 + 3 * _LINE, f"ИНН {one.tax_id}")
    page.text(_LEFT + 110, 40 + 3 * _LINE, f"КПП {one.kpp}")
    pen.y = 40 + 7 * _LINE
    _rest_of_1c(pen, bill)
    return pen.pages


def plain(bill: Bill) -> list[Page]:
    """No table for the bank, one line for each thing, days in figures, no sum in words."""
    pen, one = _Pen(), bill.supplier
    number = f"№ {bill.number} " if bill.number else "№ "
    pen.line((_LEFT, f"{bill.heading.upper()} {number}от {bill.issued:%d.%m.%Y}"), size=12)
    pen.line((_LEFT, f"Исполнитель: {one.name}"))
    pen.line((_LEFT, f"ИНН/КПП: {one.tax_id}/{one.kpp}" if one.kpp else f"ИНН: {one.tax_id}"))
    pen.line((_LEFT, f"р/с {one.account} в {one.bank}"))
    pen.line((_LEFT, f"к/с {one.correspondent}, БИК {one.bank_code}"))
    pen.line((_LEFT, f"Заказчик: {bill.customer.name}"))
    pen.line((_LEFT, f"ИНН/КПП: {bill.customer.tax_id}/{bill.customer.kpp}"))
    _items(pen, bill)
    pen.line((_LEFT, f"Итого к оплате: {in_figures(bill.to_pay or bill.total)} руб., {_vat_said(bill)}"))
    if bill.due:
        pen.line((_LEFT, f"Срок оплаты: до {bill.due:%d.%m.%Y}"))
    if bill.purpose:
        pen.line((_LEFT, f"Назначение платежа: {bill.purpose}"))
    return pen.pages


def _bank_table(pen: _Pen, one: Party) -> None:
    pen.line((_LEFT, one.bank), (_BANK_LABELS, "БИК"), (_BANK_VALUES, one.bank_code))
    pen.line((_BANK_LABELS, "Сч. №"), (_BANK_VALUES, one.correspondent))
    pen.line((_LEFT, "Банк получателя"), size=7)
    kpp = f"КПП {one.kpp}" if one.kpp else "КПП"
    pen.line((_LEFT, f"ИНН {one.tax_id}"), (_LEFT + 110, kpp), (_BANK_LABELS, "Сч. №"), (_BANK_VALUES, one.account))
    pen.line((_LEFT, one.name))
    pen.line((_LEFT, "Получатель"), size=7)


def _rest_of_1c(pen: _Pen, bill: Bill) -> None:
    if bill.purpose:
        pen.line((_LEFT, f"Назначение платежа: {bill.purpose}"))
    pen.y += _LINE
    number = f"№ {bill.number} " if bill.number else "№ "
    pen.line((_LEFT, f"{bill.heading} {number}от {_day(bill.issued)}"), size=14)
    pen.y += _LINE
    _party(pen, "Поставщик", "(Исполнитель):", bill.supplier)
    _party(pen, "Покупатель", "(Заказчик):", bill.customer)
    pen.line((_LEFT, "Основание:"), (_VALUES, "Договор № 7 от 01.02.2026"))
    pen.y += _LINE
    _items(pen, bill)
    pen.line((_TOTAL_LABELS, "Итого:"), (_TOTALS, in_figures(bill.total)))
    if bill.vat:
        rate = int(bill.vat.rstrip("%"))
        tax = bill.total * rate / (100 + rate)
        pen.line((_TOTAL_LABELS, f"В том числе НДС ({bill.vat}):"), (_TOTALS, in_figures(tax)))
    else:
        pen.line((_TOTAL_LABELS, "Без налога (НДС)"), (_TOTALS, "-"))
    to_pay = bill.to_pay or bill.total
    pen.line((_TOTAL_LABELS, "Всего к оплате:"), (_TOTALS, in_figures(to_pay)))
    said = in_figures(bill.total_said or to_pay)
    pen.line((_LEFT, f"Всего наименований {len(bill.items)}, на сумму {said} руб."))
    for part in wrap(in_words(bill.words_said or to_pay), 95):
        pen.line((_LEFT, part))
    if bill.due:
        pen.line((_LEFT, f"Оплатить не позднее {bill.due:%d.%m.%Y}"))
        pen.line((_LEFT, "Оплата данного счета означает согласие с условиями поставки товара."))
    pen.line((_LEFT, "Руководитель ____________ Иванов И. И."), (_BANK_LABELS, "Бухгалтер __________ Петрова А. А."))


def _party(pen: _Pen, label: str, second: str, one: Party) -> None:
    said = ", ".join(filter(None, (one.name, f"ИНН {one.tax_id}", f"КПП {one.kpp}" if one.kpp else "", one.address)))
    parts = [*wrap(said, 85), ""]
    pen.line((_LEFT, label), (_VALUES, parts[0]))
    pen.line((_LEFT, second), (_VALUES, parts[1]))
    for part in parts[2:]:
        if part:
            pen.line((_VALUES, part))


def _items(pen: _Pen, bill: Bill) -> None:
    heads = ("№", "Товары (работы, услуги)", "Кол-во", "Ед.", "Цена", "Сумма")
    pen.line(*zip(_COLUMNS, heads, strict=True))
    for number, item in enumerate(bill.items, start=1):
        cells = (str(number), item.what, str(item.count), "шт", in_figures(item.price), in_figures(item.sum))
        pen.line(*zip(_COLUMNS, cells, strict=True))


def _vat_said(bill: Bill) -> str:
    return f"в т.ч. НДС {bill.vat}" if bill.vat else "НДС не облагается"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year} г."
