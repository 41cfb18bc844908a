"""A SEPA credit transfer for a bank's program: ISO 20022, pain.001.001.09, one payment."""

from __future__ import annotations

import re
from datetime import UTC
from functools import cache
from importlib.resources import files

from lxml import etree
from sepaxml import SepaTransfer

from mailflow.outbound.cleaning import one_line
from mailflow.outbound.payment_order import Payer, PaymentOrder
from mailflow.outbound.sepa import is_sepa

_SCHEMA = "pain.001.001.09"
_LATIN = str.maketrans({"«": "", "»": "", "“": "", "”": "", "„": "", '"': "", "&": "+", "№": "No ", "_": "-"})
_FOREIGN = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")


def credit_transfer(order: PaymentOrder, payer: Payer) -> bytes | None:
    """The file of one payment between IBANs, in the letters that every bank takes (EPC217-08).

    None for any other payment, and where the file would not be valid. The same payment always gives the same bytes,
    with identifiers by which the bank knows it again.
    """
    if not is_sepa(order) or not payer.details.is_iban:
        return None
    transfer = SepaTransfer(
        {
            "name": _latin(payer.name),
            "IBAN": payer.details.account,
            "BIC": payer.details.bank_code,
            "currency": "EUR",
            "batch": False,
        },
        schema=_SCHEMA,
    )
    bank = {"BIC": order.details.bank_code} if order.details.bank_code else {}
    transfer.add_payment(
        {
            "name": _latin(order.payee),
            "IBAN": order.details.account,
            "amount": order.amount.minor,
            "execution_date": order.due,
            "description": _latin(order.purpose),
            "endtoend_id": order.identifier,
            **bank,
        }
    )
    document = etree.fromstring(transfer.export(validate=False))
    _settle(document, order)
    if not _schema().validate(document):
        return None
    return bytes(etree.tostring(document, xml_declaration=True, encoding="UTF-8"))


def credit_transfer_filename(order: PaymentOrder) -> str:
    """What the file is called."""
    return f"pain.001_{order.invoice}.xml"


def _latin(text: str) -> str:
    """What the library would write in signs that no bank takes; letters of other scripts it writes in Latin ones."""
    return one_line(text).translate(_LATIN)


def _settle(document: etree._Element, order: PaymentOrder) -> None:
    """Takes from the payment what the library draws by chance and by the clock; keeps texts to the letters of SEPA."""
    drawn = {
        "MsgId": order.identifier,
        "PmtInfId": order.identifier,
        "CreDtTm": f"{order.asked_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
    }
    for element in document.iter():
        name = etree.QName(element).localname
        if name in drawn:
            element.text = drawn[name]
        elif name in ("Nm", "Ustrd"):
            element.text = " ".join(_FOREIGN.sub(" ", element.text or "").split())


@cache
def _schema() -> etree.XMLSchema:
    """The schema that comes with the library."""
    return etree.XMLSchema(etree.fromstring(files("sepaxml").joinpath("schemas", f"{_SCHEMA}.xsd").read_bytes()))
