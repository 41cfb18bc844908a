"""The invoice fills in its own form; the same one again is held; another account of the same supplier is warned of."""

from __future__ import annotations

from mailflow.approval.lifecycle import Status
from mailflow.approval.submission import Field, Source
from mailflow.jobs.processing import MOST_FILES_READ
from mailflow.office.papers import Paper
from tests.documents.samples import ubl
from tests.stories.conftest import Office

OTHER_IBAN = "DE75512108001245126199"
FORWARD = (
    "---------- Forwarded message ---------\nFrom: Billing <billing@muster.example>\nSubject: Invoice RE-17\n\n"
    "Dear customer, please find our invoice attached.\n"
)


def e_invoice(name: str = "invoice.xml", **changes: str) -> Paper:
    return Paper(name, "application/xml", ubl(**changes))


def pay(office: Office) -> None:
    """Everybody agrees, and the accountant pays."""
    for name in ("olga", "director"):
        office.people[name].reply(office.gets(name, "["), "СОГЛАСОВАНО")
        office.work()
    office.buh.reply(office.gets("buh", "Оплатить счёт"), "ОПЛАЧЕНО")
    office.work()


def test_a_bare_forward_of_a_suppliers_mail_becomes_an_invoice_with_no_question_asked(office: Office) -> None:
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    invoice = office.invoice()
    assert invoice.status is Status.IN_APPROVAL
    assert (invoice.counterparty, str(invoice.amount), str(invoice.pay_date)) == (
        "Muster GmbH",
        "125.50 EUR",
        "2026-12-15",
    )
    assert invoice.sources[Field.AMOUNT] is Source.XML
    assert "из электронного счёта" in office.gets("ivan").text
    assert "Muster GmbH" in office.gets("olga").text


def test_the_same_invoice_from_another_colleague_in_another_file_is_held_and_goes_on_for_a_reason(
    office: Office,
) -> None:
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    office.petr.submit("Toner", "Срок оплаты: 20.12.2026", [e_invoice("toner.xml", number="re 17")])
    office.work()
    first, second = office.invoices()
    assert (first.status, second.status) == (Status.IN_APPROVAL, Status.INCOMPLETE)
    held = office.gets("petr", "уже")
    assert "тот же поставщик и номер, что у INV-2026-0001" in " ".join(held.text.split())
    office.petr.reply(held, "ДУБЛИКАТ ОК: вторая часть")
    office.work()
    assert office.invoices()[1].status is Status.IN_APPROVAL
    assert "вторая часть" in [m for m in office.mails("olga") if m.files][-1].text


def test_typed_invoices_of_one_supplier_sum_and_day_are_held(office: Office) -> None:
    office.submit(Сумма="700 руб.")
    office.submit(Сумма="700 руб.", Контрагент="ромашка, ООО")
    assert [invoice.status for invoice in office.invoices()] == [Status.IN_APPROVAL, Status.INCOMPLETE]
    assert "та же сумма и дата" in [m for m in office.mails("ivan") if "уже" in m.subject][-1].text


def test_another_account_of_a_supplier_that_was_paid_before_is_warned_of_up_to_the_accountant(office: Office) -> None:
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    pay(office)
    assert office.invoice().status is Status.PAID
    office.ivan.submit("Fwd: Invoice RE-18", FORWARD, [e_invoice(number="RE-18", amount="300.00", iban=OTHER_IBAN)])
    office.work()
    warning = "Реквизиты отличаются от прежних счетов"
    request = [m for m in office.mails("olga") if m.files][-1]
    assert warning in request.text
    assert f"{OTHER_IBAN} ≠ DE02120300000000202051 (INV-2026-0001)" in " ".join(request.text.split())
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work()
    office.director.reply([m for m in office.mails("director") if m.files][-1], "APPROVE")
    office.work()
    assert warning in [m for m in office.mails("buh") if "Оплатить" in m.subject][-1].text


def test_a_sum_that_differs_from_the_file_is_shown_to_submitter_and_approvers_side_by_side(office: Office) -> None:
    office.ivan.submit("Бумага", "Сумма: 130,50 евро", [e_invoice()])
    office.work()
    for name in ("ivan", "olga"):
        assert "130.50 EUR ≠ 125.50 EUR" in office.gets(name).text
    assert str(office.invoice().amount) == "130.50 EUR"


def test_two_invoices_in_one_mail_are_asked_about_and_one_line_says_that_they_are_one(office: Office) -> None:
    files = [e_invoice("a.xml"), e_invoice("b.xml", number="RE-18")]
    office.ivan.submit("Fwd: Invoices", FORWARD, files)
    office.work()
    question = office.gets("ivan")
    assert office.invoice().status is Status.INCOMPLETE
    assert "RE-17 (a.xml), RE-18 (b.xml)" in " ".join(question.text.split())
    office.ivan.reply(question, "Файл счёта: один счёт\nСумма: 125,50 евро\nДата оплаты: 15.12.2026")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL
    assert len(office.invoice().attachments) == 2


def test_a_file_that_breaks_its_reader_is_attached_and_the_form_asks(office: Office) -> None:
    office.ivan.submit("Скан", "Контрагент: ООО «Ромашка»", [Paper("scan.pdf", "application/pdf", b"%PDF-1.7 broken")])
    office.work()
    question = office.gets("ivan")
    assert "прочитать не удалось: scan.pdf" in question.text
    office.ivan.reply(question, "Сумма: 10 руб.\nДата оплаты: 15.12.2026")
    office.work()
    assert [a.filename for a in office.invoice().attachments] == ["scan.pdf"]
    assert office.invoice().status is Status.IN_APPROVAL


def test_that_all_files_are_one_invoice_is_said_by_a_button(office: Office) -> None:
    complete = "Контрагент: Muster GmbH\nСумма: 251 евро\nДата оплаты: 15.12.2026"
    office.ivan.submit("Два счёта", complete, [e_invoice("a.xml"), e_invoice("b.xml", number="RE-18")])
    office.work()
    assert office.invoice().status is Status.INCOMPLETE
    office.ivan.press(office.gets("ivan"), "Это один счёт")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL


def test_an_invoice_that_is_corrected_does_not_repeat_a_later_one_but_takes_no_file_of_it_unnoticed(
    office: Office,
) -> None:
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    office.petr.submit("Again", FORWARD, [e_invoice()])
    office.work()
    assert [invoice.status for invoice in office.invoices()] == [Status.IN_APPROVAL, Status.INCOMPLETE]
    office.olga.reply(office.gets("olga"), "ОТКАЗ: уточните срок")
    office.work()
    office.ivan.reply(office.gets("ivan", "Работа над ошибками"), "Дата оплаты: 20.12.2026")
    office.work()
    assert office.invoices()[0].status is Status.IN_APPROVAL
    office.petr.submit("Other", FORWARD, [e_invoice(number="RE-99", amount="9.00")])
    office.work()
    office.olga.reply([m for m in office.mails("olga") if "125" in m.text][-1], "ОТКАЗ: не тот файл")
    office.work()
    office.ivan.reply(office.mails("ivan")[-1], "Вот он", [e_invoice(number="RE-99", amount="9.00")])
    office.work()
    assert office.invoices()[0].status is Status.INCOMPLETE
    assert office.invoices()[0].repeat is not None
    assert office.invoices()[0].repeat.number == "INV-2026-0003"


def test_a_file_that_comes_later_is_added_and_the_repetition_is_still_asked_about(office: Office) -> None:
    office.ivan.submit("Fwd: Invoice RE-17", FORWARD, [e_invoice()])
    office.work()
    office.petr.submit("Toner", FORWARD, [e_invoice("toner.xml", number="re 17", due="2026-11-30")])
    office.work()
    question = office.gets("petr")
    assert "Возможно, счёт повторяет INV-2026-0001" in " ".join(question.text.split())
    office.petr.reply(question, "Дата оплаты: 15.12.2026", [Paper("act.pdf", "application/pdf", b"%PDF-1.4 act")])
    office.work()
    second = office.invoices()[1]
    assert [a.filename for a in second.attachments] == ["toner.xml", "act.pdf"]
    assert second.status is Status.INCOMPLETE
    assert second.repeat is not None


def test_invoices_sent_apart_after_a_mail_with_both_was_taken_back_repeat_nothing(office: Office) -> None:
    office.ivan.submit(
        "Fwd: Invoices", FORWARD, [e_invoice("a.xml"), e_invoice("b.xml", number="RE-18", amount="9.00")]
    )
    office.work()
    office.ivan.reply(office.gets("ivan"), "ОТОЗВАТЬ")
    office.work()
    office.ivan.submit("First", FORWARD, [e_invoice("a.xml")])
    office.ivan.submit("Second", FORWARD, [e_invoice("b.xml", number="RE-18", amount="9.00")])
    office.work()
    assert [invoice.status for invoice in office.invoices()] == [
        Status.WITHDRAWN,
        Status.IN_APPROVAL,
        Status.IN_APPROVAL,
    ]


def test_two_who_sent_the_same_incomplete_invoice_do_not_hold_each_other_for_ever(office: Office) -> None:
    for name in ("ivan", "petr"):
        office.people[name].submit("Invoice", FORWARD, [e_invoice(due="2026-11-30")])
        office.work()
    for name in ("petr", "ivan"):
        office.people[name].reply(office.gets(name), "Дата оплаты: 15.12.2026")
        office.work()
    assert [invoice.status for invoice in office.invoices()] == [Status.IN_APPROVAL, Status.INCOMPLETE]


def test_so_many_files_of_one_mail_are_read_and_the_rest_attached(office: Office) -> None:
    scans = [Paper(f"{n}.pdf", "application/pdf", f"%PDF-1.4 {n}".encode()) for n in range(MOST_FILES_READ)]
    office.ivan.submit("Scans", FORWARD, [*scans, e_invoice("last.xml")])
    office.work()
    invoice = office.invoice()
    assert len(invoice.attachments) == MOST_FILES_READ + 1
    assert invoice.attachments[-1].trouble == "too_many"
    assert invoice.amount is None


def test_an_invoice_that_repeats_two_names_both_and_one_reason_is_for_both(office: Office) -> None:
    a, b = e_invoice("a.xml"), e_invoice("b.xml", number="RE-18", amount="9.00")
    for paper in (a, b):
        office.ivan.submit("Fwd: Invoice", FORWARD, [paper])
        office.work()
    said = "Файл счёта: один счёт\nСумма: 134,50 евро\nДата оплаты: 15.12.2026"
    office.petr.submit("Both", said, [a, b])
    office.work()
    held = office.gets("petr")
    assert "INV-2026-0001" in held.text
    assert "повторяет также INV-2026-0002" in held.text
    office.petr.reply(held, "ДУБЛИКАТ ОК: доплата по обоим")
    office.work()
    assert office.invoices()[2].status is Status.IN_APPROVAL
    assert "повторяет также INV-2026-0002" in [m for m in office.mails("olga") if m.files][-1].text
