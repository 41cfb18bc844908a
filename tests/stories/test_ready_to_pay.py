"""From an invoice that comes as a file to a payment of two clicks: the accountant's mail carries that very payment."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import zxingcpp
from lxml import etree
from PIL import Image

from mailflow.approval.lifecycle import Status
from mailflow.office.papers import Paper
from mailflow.office.received import ReceivedMail
from tests.documents.papers import papers
from tests.outbound.client_bank_exchange import read
from tests.stories.conftest import Office
from tests.stories.test_invoice_files import FORWARD, OTHER_IBAN, e_invoice

EUROS = (
    ", ready_to_pay: {qr: true, file: true, payer: {name: Vector, account: NL91ABNA0417164300, bank_code: ABNANL2A}}"
)
ROUBLES = (
    ', ready_to_pay: {qr: true, file: true, payer: {name: "ООО «Вектор»", account: "40702810455000024248",'
    ' bank_code: "044030653", bank: ПАО Сбербанк, correspondent: "30101810500000000653", tax_id: "7802895380"}}'
)


def code_of(mail: ReceivedMail) -> str:
    """What a camera sees in the mail."""
    (picture,) = (part for part in mail.message.walk() if part.get_content_type() == "image/png")
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.get_content())))
    return str(code.text)


def file_of(mail: ReceivedMail) -> bytes:
    return bytes(list(mail.message.iter_attachments())[-1].get_payload(decode=True))


def asked_to_pay(office: Office) -> ReceivedMail:
    """Everybody agrees; the mail to the accountant."""
    for name in ("olga", "director"):
        office.people[name].reply([m for m in office.mails(name) if m.files][-1], "СОГЛАСОВАНО")
        office.work()
    return [mail for mail in office.mails("buh") if "Оплатить счёт" in mail.subject][-1]


def test_an_e_invoice_of_a_supplier_in_europe_is_paid_by_scanning_or_by_a_file(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(payment=EUROS)
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    mail = asked_to_pay(office)
    lines = code_of(mail).split("\n")
    assert lines[5:8] == ["Muster GmbH", "DE02120300000000202051", "EUR125.50"]
    document = etree.fromstring(file_of(mail))
    assert document.xpath("//*[local-name()='InstdAmt']/text()") == ["125.50"]
    ibans = document.xpath("//*[local-name()='IBAN']/text()")
    assert ibans == ["NL91ABNA0417164300", "DE02120300000000202051"]
    office.buh.reply(mail, "ОПЛАЧЕНО")
    office.work()
    assert office.invoice().status is Status.PAID


def test_another_account_than_the_last_one_is_paid_by_neither(open_office: Callable[..., Office]) -> None:
    office = open_office(payment=EUROS)
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    office.buh.reply(asked_to_pay(office), "ОПЛАЧЕНО")
    office.work()
    office.ivan.submit("Fwd: Invoice RE-18", FORWARD, [e_invoice(number="RE-18", amount="300.00", iban=OTHER_IBAN)])
    office.work()
    mail = asked_to_pay(office)
    assert not [part for part in mail.message.walk() if part.get_content_type() == "image/png"]
    assert [part.get_filename() for part in mail.message.iter_attachments()] == ["invoice.xml"]
    assert "нет уверенности, чьи это реквизиты" in mail.text


@pytest.mark.parametrize("name", ["sum 12345.67", "sum 12345.67 with QR", "a sole trader", "another bank"])
def test_a_printed_invoice_in_roubles_is_paid_by_scanning_or_by_a_file(
    open_office: Callable[..., Office], name: str
) -> None:
    office = open_office(payment=ROUBLES)
    (case,) = (case for case in papers() if case.name == name)
    office.ivan.submit("Бумага", "Дата оплаты: 20.12.2026", [Paper("счёт.pdf", "application/pdf", case.content)])
    office.work()
    mail = asked_to_pay(office)
    truth = case.truth
    fields = dict(part.split("=", 1) for part in code_of(mail).split("|")[1:])
    assert (fields["PersonalAcc"], fields["BIC"], fields["CorrespAcc"]) == (
        truth.details.account,
        truth.details.bank_code,
        truth.details.correspondent,
    )
    assert int(fields["Sum"]) == truth.amount.minor
    assert truth.number in fields["Purpose"]
    _, (payment,) = read(file_of(mail))
    assert payment["ПолучательСчет"] == truth.details.account
    assert payment["ПлательщикСчет"] == "40702810455000024248"
    assert payment["Сумма"] == str(truth.amount.amount)
    assert payment["Дата"] == "20.12.2026"
