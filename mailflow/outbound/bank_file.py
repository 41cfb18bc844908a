"""A payment order for a Russian bank's program: 1CClientBankExchange 1.03, one document, windows-1251 with CRLF."""

from __future__ import annotations

from collections.abc import Iterator

from mailflow.approval.document import PaymentDetails
from mailflow.outbound.cleaning import one_line
from mailflow.outbound.payment_order import Payer, PaymentOrder

_KIND = "Платежное поручение"
_NAME, _PURPOSE = 160, 210
_BY_ORDER, _ORDINARY_QUEUE = "01", "5"  # field 18 of the form; field 21, the Civil Code's article 855


def bank_file(order: PaymentOrder, payer: Payer) -> bytes | None:
    """The file of one payment in roubles; None where either side is no Russian account with all of its details.

    A letter that windows-1251 does not have becomes a question mark.
    """
    whole = all(_is_whole(details) for details in (order.details, payer.details))
    if not whole or order.amount.currency != "RUB":
        return None
    return "".join(f"{one_line(line)}\r\n" for line in _lines(order, payer)).encode("cp1251", "replace")


def bank_filename(order: PaymentOrder) -> str:
    """What the file is called."""
    return f"1c_to_kl_{order.invoice}.txt"


def _lines(order: PaymentOrder, payer: Payer) -> Iterator[str]:
    day = f"{order.due:%d.%m.%Y}"
    yield "1CClientBankExchange"
    yield "ВерсияФормата=1.03"
    yield "Кодировка=Windows"
    yield "Отправитель=mailflow"
    yield f"ДатаНачала={day}"
    yield f"ДатаКонца={day}"
    yield f"РасчСчет={payer.details.account}"
    yield f"Документ={_KIND}"
    yield f"СекцияДокумент={_KIND}"
    yield f"Номер={_number(order.invoice)}"
    yield f"Дата={day}"
    yield f"Сумма={order.amount.amount}"
    yield from _side("Плательщик", payer.name, payer.details)
    yield from _side("Получатель", order.payee, order.details)
    yield f"ВидОплаты={_BY_ORDER}"
    yield f"Очередность={_ORDINARY_QUEUE}"
    yield f"НазначениеПлатежа={order.purpose[:_PURPOSE]}"
    yield "КонецДокумента"
    yield "КонецФайла"


def _side(side: str, name: str, details: PaymentDetails) -> Iterator[str]:
    """One side of the payment. The account stands twice, as where no other bank is between."""
    name = name[:_NAME]
    yield f"{side}Счет={details.account}"
    yield f"{side}=ИНН {details.tax_id} {name}"
    yield f"{side}ИНН={details.tax_id}"
    yield f"{side}КПП={details.kpp}"
    yield f"{side}1={name}"
    yield f"{side}РасчСчет={details.account}"
    yield f"{side}Банк1={details.bank}"
    yield f"{side}БИК={details.bank_code}"
    yield f"{side}Корсчет={details.correspondent}"


def _is_whole(details: PaymentDetails) -> bool:
    return details.is_russian and all((details.bank, details.correspondent, details.tax_id))


def _number(invoice: str) -> int:
    """The payment order's number, at most six digits (Bank of Russia, 762-П): the last ones of the invoice's."""
    return int(invoice.rpartition("-")[2][-6:])
