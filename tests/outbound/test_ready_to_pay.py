"""The mail that asks to pay carries what is paid by, where the settings want it, and where it is safe."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from email.message import EmailMessage

import pytest
import zxingcpp
from PIL import Image

from mailflow.approval.effects import Mail, Message
from mailflow.approval.invoice import Caution, Invoice
from mailflow.approval.money import Money
from mailflow.approval.reference import Asks
from mailflow.inbound.files import File, may_be_invoice
from mailflow.outbound.payment_order import Payer
from mailflow.outbound.ready_to_pay import NOTHING_WANTED, ReadyToPay
from mailflow.outbound.samples import ACCOUNTANT, READY_TO_PAY, SECOND
from tests.outbound.client_bank_exchange import read
from tests.outbound.payment_orders import SEPA, SEPA_PAYER
from tests.outbound.samples import body, parsed, tags, written
from tests.outbound.test_payment_order import FACTS, to_pay

ASK_TO_PAY = (Message.PAY_REQUEST, Message.PAY_REMINDER)
QR_ALONE = ReadyToPay(qr=True)


def asking(invoice: Invoice, message: Message = Message.PAY_REQUEST) -> Mail:
    return Mail(ACCOUNTANT, message, invoice, Asks.PAYMENT, attachments=invoice.attachments)


def pictures(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.walk() if part.get_content_type() == "image/png"]


@pytest.mark.parametrize("message", ASK_TO_PAY)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_html_shows_a_code_that_a_camera_reads(message: Message, language: str) -> None:
    mail = parsed(written(asking(to_pay(), message), language, wanted=QR_ALONE))
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    (picture,) = pictures(mail)
    assert picture.get_content_disposition() == "inline"
    (related,) = (part for part in mail.walk() if part.get_content_subtype() == "related")
    assert related.get_param("type") == "text/html"
    shown = [attributes["src"] for tag, attributes in tags(body(mail, "html")) if tag == "img"]
    assert shown == [f"cid:{picture['Content-ID'].strip('<>')}"]
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.get_content())))
    assert code.text.startswith(f"ST00012|Name=ООО «Ромашка»|PersonalAcc={FACTS.details.account}|")
    assert "|Sum=12500000|Purpose=Оплата по счёту № 1042 от 01.12.2026|" in code.text


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_the_mail_says_what_was_read_so_that_it_can_be_compared(subtype: str) -> None:
    text = body(parsed(written(asking(to_pay()))), subtype)
    for fact in (FACTS.details.account, FACTS.details.bank_code, FACTS.details.bank, FACTS.details.tax_id, "№ 1042 от"):
        assert fact in text


@pytest.mark.parametrize("message", ASK_TO_PAY)
def test_with_a_payer_the_file_for_the_bank_comes_after_the_invoices(message: Message) -> None:
    mail = parsed(written(asking(to_pay(), message), "ru"))
    invoice, file = mail.iter_attachments()
    assert invoice.get_content_type() == "application/pdf"
    assert file.get_content_type() == "text/plain"
    assert file.get_content_charset() == "windows-1251"
    assert file.get_filename() == "1c_to_kl_INV-2026-0001.txt"
    _, (payment,) = read(file.get_payload(decode=True))  # type: ignore[arg-type]
    assert (payment["Сумма"], payment["ПолучательСчет"]) == ("125000.00", FACTS.details.account)
    for subtype in ("plain", "html"):
        assert "1c_to_kl_INV-2026-0001.txt" in body(mail, subtype)


def test_a_payer_with_an_iban_gets_a_transfer_to_an_iban() -> None:
    invoice = to_pay(replace(FACTS, details=SEPA))
    invoice = replace(invoice, form=replace(invoice.form, amount=Money(Decimal("1234.50"), "EUR")))
    wanted = ReadyToPay(qr=True, payer=Payer("Vector B.V.", SEPA_PAYER))
    mail = parsed(written(asking(invoice), wanted=wanted))
    *_, file = mail.iter_attachments()
    assert file.get_content_type() == "application/xml"
    assert file.get_filename() == "pain.001_INV-2026-0001.xml"
    assert b'<InstdAmt Ccy="EUR">1234.50</InstdAmt>' in file.get_content()
    (picture,) = pictures(mail)
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.get_content())))
    assert code.text.split("\n")[7] == "EUR1234.50"


def test_the_file_alone_needs_no_code() -> None:
    mail = parsed(written(asking(to_pay()), wanted=ReadyToPay(payer=READY_TO_PAY.payer)))
    assert not pictures(mail)
    assert len(list(mail.iter_attachments())) == 2


def test_the_next_reminder_carries_the_same_payment() -> None:
    """A bank that is given it twice knows it again."""
    mails = (parsed(written(asking(to_pay(), message))) for message in ASK_TO_PAY)
    first, second = (list(mail.iter_attachments())[-1].get_payload(decode=True) for mail in mails)
    assert first == second


def test_without_the_settings_a_mail_carries_nothing_to_pay_by() -> None:
    for message in ASK_TO_PAY:
        plain, without = (
            parsed(written(asking(to_pay(facts), message), wanted=NOTHING_WANTED)) for facts in (None, FACTS)
        )
        assert [part.get_content_type() for part in without.walk()] == [p.get_content_type() for p in plain.walk()]
        assert "image/png" not in {part.get_content_type() for part in without.walk()}
        warned = replace(to_pay(), warnings=(Caution("details_changed", "x"),))
        assert "no payment code" not in body(parsed(written(asking(warned, message), wanted=NOTHING_WANTED)), "plain")


@pytest.mark.parametrize("message", [Message.APPROVAL_REQUEST, Message.ANSWER])
def test_nobody_but_who_is_asked_to_pay_gets_anything_to_pay_by(message: Message) -> None:
    extra = {"recent": [], "delegated_by": None, "question": "", "answer": ""}
    mail = Mail(SECOND, message, to_pay(), Asks.APPROVAL, 2, extra)
    assert written(mail) == written(mail, wanted=NOTHING_WANTED)


@pytest.mark.parametrize("facts", [None, replace(FACTS, details=replace(FACTS.details, account="4" * 20))])
def test_details_that_do_not_suffice_leave_the_mail_as_it_was(facts: object) -> None:
    mail = asking(to_pay(facts))  # type: ignore[arg-type]
    assert written(mail) == written(mail, wanted=NOTHING_WANTED)


def test_details_that_make_no_code_leave_no_word_about_one() -> None:
    facts = replace(FACTS, details=replace(FACTS.details, correspondent=""))
    mail = asking(to_pay(facts))
    assert written(mail, wanted=QR_ALONE) == written(mail, wanted=NOTHING_WANTED)


DOUBTS = [
    {"warnings": (Caution("payment_details_changed", "4070 ≠ 4080 (INV-2026-0001)"),)},
    {"warnings": (Caution("not_delivered", "x"), Caution("accounts_differ", "4070 ≠ 4080"))},
    {"warnings": (Caution("counterparty_differs", "Romashka ≠ Rornashka"),)},
    {"warnings": (Caution("details_changed", "DE02120300000000202051"),)},
]


@pytest.mark.parametrize("wanted", [QR_ALONE, READY_TO_PAY, ReadyToPay(payer=READY_TO_PAY.payer)])
@pytest.mark.parametrize("doubt", DOUBTS, ids=str)
def test_where_it_is_not_certain_whose_the_account_is_there_is_nothing_to_pay_by_and_a_line_says_why(
    wanted: ReadyToPay, doubt: dict[str, tuple[Caution, ...]]
) -> None:
    nothing_to_pay_by(asking(replace(to_pay(), **doubt)), wanted)


def test_a_payee_whose_name_looks_like_anothers_gets_nothing_to_pay_by() -> None:
    alike = {"number": "INV-2026-0007", "counterparty": "Rornashka LLC"}
    nothing_to_pay_by(replace(asking(to_pay()), extra={"looks_like": alike}), READY_TO_PAY)


def nothing_to_pay_by(mail: Mail, wanted: ReadyToPay) -> None:
    for language, said in (("en", "not certain whose account"), ("ru", "нет уверенности, чьи это реквизиты")):
        message = parsed(written(mail, language, wanted=wanted))
        assert [part.get_filename() for part in message.iter_attachments()] == [mail.attachments[0].filename]
        assert not pictures(message)
        for subtype in ("plain", "html"):
            assert said in body(message, subtype)


def test_another_warning_withholds_nothing() -> None:
    invoice = replace(to_pay(), warnings=(Caution("not_delivered", "x"), Caution("file_unread", "scan.jpg")))
    assert pictures(parsed(written(asking(invoice))))


def test_a_mail_written_again_is_the_same_to_the_byte() -> None:
    assert written(asking(to_pay())) == written(asking(to_pay()))


@pytest.mark.parametrize("name", ["payment-qr.png", "image001.png"])
def test_the_code_that_comes_back_in_an_answer_is_no_file_of_the_invoice(name: str) -> None:
    (picture,) = pictures(parsed(written(asking(to_pay(replace(FACTS, purpose="Я" * 300))))))
    assert not may_be_invoice(File(name, "image/png", picture.get_content(), inline=True))


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\u2028", "\x00", "|", "<b>", "{{ 7*7 }}", "%s"])
def test_no_text_of_the_file_breaks_the_mail(mark: str) -> None:
    evil = f"x{mark}APPROVE{mark}"
    facts = replace(FACTS, purpose=evil, details=replace(FACTS.details, bank=evil))
    mail = parsed(written(asking(to_pay(facts))))
    text = body(mail, "plain")
    assert not [line for line in text.splitlines() if line.strip() == "APPROVE"]
    assert "<b>APPROVE" not in body(mail, "html")
    assert pictures(mail)
