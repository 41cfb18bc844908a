"""The Russian УПД / счёт-фактура as XML (КНД 1115131), formats 5.01 and 5.03 of the Federal Tax Service."""

from __future__ import annotations

from mailflow.approval.document import Facts, Origin, PaymentDetails
from mailflow.documents.values import account, bank_code, day, money, name, russian_tax_id
from mailflow.documents.xml import Element, find, local

_ROUBLE = ("643", "810")
_CURRENCIES = {"840": "USD", "978": "EUR", "156": "CNY", "398": "KZT", "933": "BYN", **dict.fromkeys(_ROUBLE, "RUB")}


def read_upd(root: Element) -> Facts | None:
    """What the document says; None for another one. 5.01 and 5.03 differ in the names of a few attributes."""
    document = find(root, "Документ")
    if local(root) != "Файл" or document is None or document.get("КНД") != "1115131":
        return None
    head = find(document, "СвСчФакт")
    seller = find(head, "СвПрод")
    company, trader = find(seller, "ИдСв", "СвЮЛУч"), find(seller, "ИдСв", "СвИП")
    bank = find(seller, "БанкРекв")
    code = bank_code(_value(find(bank, "СвБанк"), "БИК"))
    total = find(document, "ТаблСчФакт", "ВсегоОпл")
    currency = _value(find(head, "ДенИзм"), "КодОКВ") or _value(head, "КодОКВ")
    return Facts(
        Origin.XML,
        number=name(_value(head, "НомерДок", "НомерСчФ")),
        issued=day(_value(head, "ДатаДок", "ДатаСчФ")),
        supplier=name(_value(company, "НаимОрг") or _person(trader)),
        amount=money(_value(total, "СтТовУчНалВсего"), _CURRENCIES.get(currency, "")),
        details=PaymentDetails(
            account=account(_value(bank, "НомерСчета"), code),
            bank_code=code,
            bank=name(_value(find(bank, "СвБанк"), "НаимБанк")),
            correspondent=account(_value(find(bank, "СвБанк"), "КорСчет")),
            tax_id=russian_tax_id(_value(company, "ИННЮЛ") or _value(trader, "ИННФЛ")),
            kpp=_value(company, "КПП"),
        ),
    )


def _value(element: Element | None, *names: str) -> str:
    found = (element.get(one) for one in names) if element is not None else iter(())
    return next((value.strip() for value in found if value), "")


def _person(trader: Element | None) -> str:
    """A sole trader: ИП with the name's parts."""
    full = find(trader, "ФИО")
    parts = [_value(full, part) for part in ("Фамилия", "Имя", "Отчество")]
    return " ".join(["ИП", *filter(None, parts)]) if any(parts) else ""
