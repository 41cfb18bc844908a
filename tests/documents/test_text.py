"""What the text of an invoice says: one clear label is taken, everything else is doubtful (process section 1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mailflow.approval.document import Facts, Origin, PaymentDetails
from mailflow.approval.money import Money
from mailflow.documents.text import read_text
from tests.documents import printed


def money(amount: str, currency: str) -> Money:
    return Money(Decimal(amount), currency)


PAPERS = {
    "Russian, as 1С prints it": (
        printed.RUSSIAN,
        Facts(
            Origin.TEXT,
            number="УТ-123",
            issued=date(2026, 12, 15),
            due=date(2026, 12, 20),
            supplier='ООО "Ромашка"',
            amount=money("12345.50", "RUB"),
            details=PaymentDetails(
                account="40702810600000000018",
                bank_code="044500991",
                bank='АО "ТЕСТБАНК" Г. МОСКВА',
                correspondent="30101810100000000991",
                tax_id="0012345673",
                kpp="774301001",
            ),
        ),
    ),
    "English": (
        printed.ENGLISH,
        Facts(
            Origin.TEXT,
            number="INV-2026-0042",
            issued=date(2026, 3, 3),
            due=date(2026, 4, 2),
            supplier="ACME Ltd",
            amount=money("1200", "GBP"),
            details=PaymentDetails(account="GB82WEST12345698765432", bank_code="WESTGB2L", tax_id="GB980780684"),
        ),
    ),
    "German": (
        printed.GERMAN,
        Facts(
            Origin.TEXT,
            number="RE-2026/17",
            issued=date(2026, 3, 5),
            due=date(2026, 4, 4),
            amount=money("1190", "EUR"),
            details=PaymentDetails(account="DE89370400440532013000", bank_code="COBADEFFXXX", tax_id="DE136695976"),
        ),
    ),
    "Dutch": (
        printed.DUTCH,
        Facts(
            Origin.TEXT,
            number="2026-118",
            issued=date(2026, 5, 1),
            due=date(2026, 5, 31),
            amount=money("121", "EUR"),
            details=PaymentDetails(account="NL91ABNA0417164300"),
        ),
    ),
    "French": (
        printed.FRENCH,
        Facts(
            Origin.TEXT,
            number="FA-77",
            issued=date(2026, 8, 1),
            due=date(2026, 8, 31),
            amount=money("120", "EUR"),
            details=PaymentDetails(account="FR1420041010050500013M02606"),
        ),
    ),
    "Polish": (
        printed.POLISH,
        Facts(
            Origin.TEXT,
            number="FV/12/2026",
            issued=date(2026, 5, 4),
            due=date(2026, 5, 18),
            supplier="Przykład Sp. z o.o.",
            amount=money("123", "PLN"),
            details=PaymentDetails(tax_id="7740001454"),
        ),
    ),
    "values in columns under their labels": (
        printed.COLUMNS,
        Facts(
            Origin.TEXT,
            number="10077",
            issued=date(2026, 2, 14),
            due=date(2026, 2, 28),
            amount=money("1250", "USD"),
        ),
    ),
    "each value under its label": (
        printed.UNDER,
        Facts(Origin.TEXT, number="A-100", issued=date(2026, 7, 1), amount=money("99.50", "EUR")),
    ),
    "a block of values under a block of labels": (
        printed.UNDER_A_BLOCK,
        Facts(Origin.TEXT, number="A-100", issued=date(2026, 7, 1), amount=money("99.50", "EUR")),
    ),
    "net, tax and gross in one row": (
        printed.TAX_INVOICE_ROW,
        Facts(
            Origin.TEXT,
            number="15",
            issued=date(2026, 3, 3),
            supplier='ООО "Ромашка"',
            amount=money("1200", "RUB"),
            details=PaymentDetails(tax_id="0012345673", kpp="774301001"),
        ),
    ),
}


@pytest.mark.parametrize(("text", "facts"), PAPERS.values(), ids=PAPERS)
def test_what_stands_behind_clear_labels_is_taken(text: str, facts: Facts) -> None:
    assert read_text(text) == facts


@pytest.mark.parametrize("text", ["", "Здравствуйте!\nПрошу согласовать.", "Lorem ipsum\n\f\ndolor", "\x00\ufffe"])
def test_a_text_that_says_nothing_of_an_invoice_says_nothing(text: str) -> None:
    assert read_text(text) is None


AMOUNTS = {
    "Итого к оплате: 1 200,00 руб.": "1200.00 RUB",
    "Всего к оплате (руб.): 1 200,00": "1200.00 RUB",
    "Итого к оплате: 12 000 руб. 50 коп.": "12000.50 RUB",
    "Итого с НДС: 1\u00a0200,00\u00a0₽": "1200.00 RUB",
    "Всего наименований 3, на сумму 7 000,00 RUB": "7000.00 RUB",
    "Сумма к оплате, с учётом НДС 20 %: 700,00 р.": "700.00 RUB",
    "Total due US$1,234.50": "1234.50 USD",
    "Amount due (USD): 1,234.50": "1234.50 USD",
    "Balance due: CHF 1'234.50": "1234.50 CHF",
    "Grand Total 1.234,50 EUR": "1234.50 EUR",
    "Zu zahlen: EUR 99,90": "99.90 EUR",
    "Rechnungsbetrag inkl. MwSt. 99,90 €": "99.90 EUR",
    "Net à payer : 99,90 €": "99.90 EUR",
    "Total amount due on 3 March 2026 €99.90": "99.90 EUR",
    "Amounts in EUR\nTotal due 99.90": "99.90 EUR",
    "Цена, руб.\nВсего к оплате 99,90": "99.90 RUB",
    "Subtotal 80.00 EUR\nTotal 99.90 EUR": "99.90 EUR",
    "Total TTC 671,15 €\nSolde à payer 470,15 €": "470.15 EUR",
    "Итого к оплате: 0 руб. 50 коп.": "0.50 RUB",
    "Всего к оплате: 1 200,00 руб.\nВ том числе НДС двести рублей 00 копеек": "1200.00 RUB",
    "op 21 april 2015 € 99,90\nTotaal € 99,90": "99.90 EUR",
    "Всего к оплате: 1 200,00 (Одна тысяча двести рублей 00 копеек)": "1200.00 RUB",
    "Do zapłaty razem: 1 200,00 zł": "1200.00 PLN",
    "Balance due ¥120000\nJPY 120000": "120000 JPY",
}


@pytest.mark.parametrize(("text", "amount"), AMOUNTS.items())
def test_a_sum_behind_one_clear_label_is_taken(text: str, amount: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (str(facts.amount), "amount" in facts.doubtful) == (amount, False)


DOUBTFUL_AMOUNTS = {
    "two different sums to pay": "Amount due 10.00 EUR\nTotal due 20.00 EUR",
    "two different totals and nothing to pay": "Total 10.00 EUR\nTotal 20.00 EUR",
    "a thousand and two hundred, or one and a fifth": "Total due 1.200 EUR",
    "the same with a comma": "Total due 1,200 EUR",
    "a point between groups and before the fraction": "Total due 1.234.56 EUR",
    "a hyphen before the hundredths, or a range": "Всего к оплате: 1200-00 руб",
    "three digits behind the point": "Total due KWD 12.345",
    "groups of two": "Total due 1,00,000.00 INR",
    "no currency": "Total due 99.90",
    "a dollar of some country": "Total due $99.90",
    "two currencies on the paper and none at the sum": "Rate 5.00 EUR 6.00 USD\nTotal due 99.90",
    "two currencies at the sum": "Total due EUR 99.90 USD",
    "another sum in words": "Всего к оплате: 1 200,00 руб.\nОдна тысяча двести один рубль 00 копеек",
    "another sum in words, English": "Total due 1,200.00 USD\nOne thousand two hundred ten dollars and 00 cents",
    "two columns behind the label": "Total due 3 120.00 240.00 EUR",
    "a number of pieces and a sum, or one sum": "Итого: 3 120,00 руб.",
    "a total that is not the largest sum": "Total 100.00 EUR\nVAT 20.00 EUR\nAmount 120.00 EUR",
    "a total to pay, and one with something else in it": "Total due: 10.00 EUR\nTotal due (with debts): 15.00 EUR",
    "words between the label and the sum": "Total due after the discount: 10.00 EUR",
    "a number of days": "Total due in 30 days: 10.00 EUR",
    "units of no country": "Всего к оплате: 5 000,00 у.е.\n1 у.е. = 1 USD",
    "a currency that is unknown": "Total due 10.00 лв.\nRate 2.00 EUR",
    "thousands": "Итого к оплате: 10 тыс. руб.",
    "millions": "Total due EUR 2.5 million",
    "one of two currencies": "Total due EUR 100.00 or USD 110.00",
    "a price and how often": "Итого к оплате: 5 × 100,00 руб.",
    "another sum in words behind a long label": "Amount due in words: One hundred euros\nAmount due: EUR 110.00",
    "a row in which net and tax do not make gross": "Цена, руб.\nВсего к оплате 1 000,00 100,00 1 200,00",
    "a line under the label that says more": "Amount due\n10.00 EUR as a deposit, 90.00 EUR later",
    "nothing left to pay": "Grand total 99.90 EUR\nAmount due 0.00 EUR",
    "less than nothing": "Total due -99.90 EUR",
    "no label": "Consulting 99.90 EUR",
    "a credit note": "Credit note\nTotal due 99.90 EUR",
    "figures of no number": "Total due 0,00,1 EUR",
    "a whole number that may count pieces": "Total 12\nPrice 5.00 EUR",
}


@pytest.mark.parametrize("text", DOUBTFUL_AMOUNTS.values(), ids=DOUBTFUL_AMOUNTS)
def test_a_sum_that_may_be_another_is_doubtful(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert "amount" in facts.doubtful


@pytest.mark.parametrize(
    "text",
    [
        "Total HT 100.00 EUR\nTotal TTC 120.00 EUR",
        "Rechnungssumme Netto (excl. USt.) 100.00 EUR\nRechnungssumme Brutto (inkl. USt.) 120.00 EUR",
        "Итого без НДС 100,00 EUR\nИтого НДС 20,00\nИтого с НДС 120,00 EUR",
        "Gesamtbetrag der Zuschläge 3,00\nZahlbetrag 120,00 EUR",
        "Total: 3 pcs\nTotal tax 20.00 EUR\nTotal payable 120.00 EUR",
        "Razem netto 100,00\nRazem brutto 120,00 EUR",
        "Totaal excl. BTW € 100,00\nTotaal incl. BTW € 120,00",
    ],
)
def test_net_sums_taxes_and_counts_are_not_what_is_to_be_paid(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (str(facts.amount), "amount" in facts.doubtful) == ("120.00 EUR", False)


DAYS = {
    "15 декабря 2026 г.": date(2026, 12, 15),
    "«15» декабря 2026 года": date(2026, 12, 15),
    "15.12.2026": date(2026, 12, 15),
    "05.03.26": date(2026, 3, 5),
    "2026-12-15": date(2026, 12, 15),
    "2026/12/15": date(2026, 12, 15),
    "31/12/2026": date(2026, 12, 31),
    "12/31/2026": date(2026, 12, 31),
    "03/03/2026": date(2026, 3, 3),
    "15-Dec-2026": date(2026, 12, 15),
    "December 15th, 2026": date(2026, 12, 15),
    "August 3 , 2014": date(2014, 8, 3),
    "Tuesday, 15 December 2026": date(2026, 12, 15),
    "5. März 2026": date(2026, 3, 5),
    "1er août 2026": date(2026, 8, 1),
    "19 april 2026": date(2026, 4, 19),
    "4 maja 2026": date(2026, 5, 4),
}


@pytest.mark.parametrize(("written", "day"), DAYS.items())
def test_a_day_is_read_in_every_usual_spelling(written: str, day: date) -> None:
    facts = read_text(f"Invoice date: {written}")
    assert facts is not None
    assert (facts.issued, facts.doubtful) == (day, frozenset())


DOUBTFUL_DAYS = {
    "day and month may change places": ("Invoice date: 03/04/2026", "issued"),
    "the same with hyphens": ("Invoice date: 3-4-2026", "issued"),
    "a year of two digits behind slashes": ("Invoice date: 31/12/26", "issued"),
    "two days of issue": ("Invoice date: 1 May 2026\nDate of issue: 2 May 2026", "issued"),
    "the heading and a label differ": ("Счет № 5 от 01.05.2026\nДата счета: 02.05.2026", "issued"),
    "a day within a sentence": ("Guest: Sanjay Date: 2026-05-01", "issued"),
    "a day without a label": ("Invoice\n2026-05-01", "issued"),
    "two days to pay": ("Due date: 1 May 2026\nPay by 2 May 2026", "due"),
    "due before it was issued": ("Invoice date: 1 May 2026\nDue date: 1 April 2026", "due"),
}


@pytest.mark.parametrize(("text", "name"), DOUBTFUL_DAYS.values(), ids=DOUBTFUL_DAYS)
def test_a_day_that_may_be_another_is_doubtful(text: str, name: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert facts.doubtful == {name}


@pytest.mark.parametrize("text", ["Invoice No: 42 Date: 2026-05-01", "Date: 2026-05-01", "Date\n2026-05-01"])
def test_a_day_that_is_just_called_date_is_the_invoices(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (facts.issued, facts.doubtful) == (date(2026, 5, 1), frozenset())


def test_other_days_of_the_paper_show_the_order_of_day_and_month() -> None:
    facts = read_text("Invoice date: 03/04/2026\nDue date: 30/04/2026")
    assert facts is not None
    assert (facts.issued, facts.due, facts.doubtful) == (date(2026, 4, 3), date(2026, 4, 30), frozenset())
    facts = read_text("Invoice date: 03/04/2026\nDue date: 04/30/2026")
    assert facts is not None
    assert (facts.issued, facts.doubtful) == (date(2026, 3, 4), frozenset())


@pytest.mark.parametrize("label", ["Order date", "Leistungsdatum", "Дата поставки", "Orderdatum", "Data sprzedaży"])
def test_the_day_of_something_else_is_not_the_invoices(label: str) -> None:
    facts = read_text(f"Invoice date: 2026-05-02\n{label}: 2026-05-01")
    assert facts is not None
    assert (facts.issued, facts.doubtful) == (date(2026, 5, 2), frozenset())


NUMBERS = {
    "Счёт № 123 от 15.12.2026": "123",
    "СЧЕТ-ФАКТУРА № 7/А от 15.12.2026": "7/А",
    "Счет на оплату №0000-000123 от 15.12.2026": "0000-000123",
    "Invoice # 42": "42",
    "Invoice Number: INV 2026/5": "INV 2026/5",
    "Tax invoice no. 42": "42",
    "Rechnung Nr. 2026-42": "2026-42",
    "Rechnungs-Nr.: 42": "42",
    "Facture n°562044387": "562044387",
    "N° de facture : F42": "F42",
    "Nr faktury: 42/2026": "42/2026",
    "Invoice RE-2026-17": "RE-2026-17",
    "Invoice No 42 Customer No 17": "42",
    "Счет на оплату №\n12 от 15 декабря 2026 г.": "12",
    "Invoice No. Customer No. Date\n10012 778 2026-05-03": "10012",
}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_a_number_behind_one_clear_label_is_taken(text: str, number: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (facts.number, facts.doubtful) == (number, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "Счет на оплату № от 15 декабря 2026 г.",
        "Счет № 40702810600000000018",
        "Лицевой счет № 12345 от 15.12.2026",
        "Pay this invoice no later than 15.12.2026",
        "Договор № 12 от 15.12.2026",
        "Order No 12\nDate 15.12.2026",
        "Rechnung 2026\nDatum 15.12.2026",
    ],
)
def test_what_is_no_invoices_number_is_not_taken(text: str) -> None:
    facts = read_text(text)
    assert facts is None or facts.number == ""


@pytest.mark.parametrize("text", ["Invoice No 2026-05-01", "Faktura nr 12/03/2026", "Invoice no 2026"])
def test_a_number_that_may_be_a_day_or_a_year_is_doubtful(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (facts.number, "number" in facts.doubtful) == (text.split()[-1], True)


@pytest.mark.parametrize("text", ["Invoice no 42\nInvoice no 43", "Invoice no 42 43", "Счет № 5 от 1.5.2026\nСчет № 6"])
def test_two_numbers_are_doubtful(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert "number" in facts.doubtful


SUPPLIERS = {
    'Поставщик: ООО "Ромашка", ИНН 0012345673': 'ООО "Ромашка"',
    "Исполнитель: ИП Иванов Иван Иванович, ИНН 001234567887": "ИП Иванов Иван Иванович",
    "Продавец: АО «Луч»": "АО «Луч»",
    "Получатель: ООО Луч\nСчет № 1": "ООО Луч",
    "Seller:\nACME Ltd\n1 High Street": "ACME Ltd",
    "Rechnungsersteller\nMuster GmbH": "Muster GmbH",
    "Sprzedawca: Przykład S.A.": "Przykład S.A.",
    'Поставщик ООО "Луч"': 'ООО "Луч"',
    'Поставщик: ООО "Луч"\nПоставщик: ООО «Луч»': 'ООО "Луч"',
    "Seller: Red Balance Credit Ltd": "Red Balance Credit Ltd",
    "Поставщик: ООО «Аванс плюс»": "ООО «Аванс плюс»",
}


@pytest.mark.parametrize(("text", "supplier"), SUPPLIERS.items())
def test_a_supplier_behind_one_clear_label_is_taken(text: str, supplier: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (facts.supplier, facts.doubtful) == (supplier, frozenset())


@pytest.mark.parametrize(
    "text", ['Поставщик: ООО "Луч"\nПродавец: ООО "Свет"', "Lieferant Muster GmbH", "Supplier Warranty Ltd"]
)
def test_a_supplier_that_may_be_another_is_doubtful(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert facts.doubtful == {"supplier"}


@pytest.mark.parametrize(
    "text",
    [
        "Seller:\n(not for payment)",
        "Seller Buyer\nACME Ltd Romashka LLC",
        "Verkäufer\nNummer: 549910",
        "Seller: 12345",
        "Seller Invoice no\nACME A12",
        "Supplier: see above",
        "Поставщик: ООО «Итого плюс»",
        'Поставщик: ООО "Итого плюс"',
        "Supplier warranty applies",
        "Исполнитель: ____________ /Иванов И. И./",
        "Исполнитель: Иванов И.И.",
    ],
)
def test_what_is_no_name_is_not_taken_for_the_supplier(text: str) -> None:
    facts = read_text(text)
    assert facts is None or facts.supplier == ""


def details_of(text: str) -> PaymentDetails:
    facts = read_text(text)
    assert facts is not None
    return facts.details


@pytest.mark.parametrize(
    ("right", "wrong", "part"),
    [
        ("ИНН 0012345673", "ИНН 0012345674", "tax_id"),
        ("Сч. № 40702810600000000018", "Сч. № 40702810200000000018", "account"),
        ("Сч. № 30101810100000000991", "Сч. № 30101810200000000991", "correspondent"),
        ("БИК 044500991", "БИК 144500991", "bank_code"),
    ],
)
def test_russian_details_that_do_not_check_are_left_out(right: str, wrong: str, part: str) -> None:
    assert getattr(details_of(printed.RUSSIAN), part)
    assert getattr(details_of(printed.RUSSIAN.replace(right, wrong)), part) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "part"),
    [
        ("DE89 3704", "DE88 3704", "account"),
        ("COBADEFFXXX", "COBAD3FFXXX", "bank_code"),
        ("DE136695976", "DE136695977", "tax_id"),
    ],
)
def test_details_that_do_not_check_are_left_out(right: str, wrong: str, part: str) -> None:
    assert getattr(details_of(printed.GERMAN), part)
    assert getattr(details_of(printed.GERMAN.replace(right, wrong)), part) == ""


def test_the_bank_is_read_wherever_the_form_has_it() -> None:
    form = """Образец заполнения платежного поручения
ИНН 0012345673 КПП 001201001
Получатель
ООО "Луч" Сч. № 40702810600000000018
Банк получателя БИК 044500991
АО "ТЕСТБАНК" г. Москва Сч. № 30101810100000000991"""
    assert details_of(form).bank == 'АО "ТЕСТБАНК" г. Москва'
    line = "р/с 40702810600000000018 в АО «ТЕСТБАНК» г. Москва, БИК 044500991"
    assert details_of(line).bank == "АО «ТЕСТБАНК» г. Москва"


@pytest.mark.parametrize(
    "text",
    [
        "IBAN: DE89 3704 0044 0532 0130 00 BIC: COBADEFFXXX",
        "IBAN (EUR): DE89370400440532013000\nSWIFT/BIC COBADEFFXXX",
        "IBAN-Nr.\nDE89 3704 0044 0532 0130 00\nBIC/SWIFT-Code: COBADEFFXXX",
        "iban de89 3704 0044 0532 0130 00, bic: COBADEFFXXX",
    ],
)
def test_an_account_and_its_bank_are_read_in_every_usual_spelling(text: str) -> None:
    assert details_of(text) == PaymentDetails(account="DE89370400440532013000", bank_code="COBADEFFXXX")


def test_digits_of_other_scripts_are_no_details() -> None:
    arabic = printed.RUSSIAN.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert details_of(arabic) == PaymentDetails(bank='АО "ТЕСТБАНК" Г. МОСКВА')


@pytest.mark.parametrize(
    ("paper", "other"),
    [
        (printed.GERMAN, "IBAN NL91ABNA0417164300"),
        (printed.GERMAN, "or: NL91 ABNA 0417 1643 00"),
        (printed.RUSSIAN, "р/с 40702810900000000019"),
        (printed.RUSSIAN, "IBAN NL91ABNA0417164300"),
    ],
)
def test_of_two_accounts_none_is_sure(paper: str, other: str) -> None:
    facts = read_text(f"{paper}\n{other}\n")
    assert facts is not None
    assert facts.doubtful == {"details"}


def test_accounts_at_two_banks_are_both_seen() -> None:
    facts = read_text(f"{printed.RUSSIAN}\nБИК 044500992\nр/с 40702810200000000017\n")
    assert facts is not None
    assert (facts.details.account, facts.doubtful) == ("", {"details"})


@pytest.mark.parametrize("other", ["IBAN DE89 3704 0044 0532 0130 00", "IBAN DE88 3704 0044 0532 0130 01"])
def test_the_same_account_again_and_digits_that_are_none_leave_it_sure(other: str) -> None:
    facts = read_text(f"{printed.GERMAN}\n{other}\n")
    assert facts is not None
    assert (facts.details.account, facts.doubtful) == ("DE89370400440532013000", frozenset())


def test_the_customers_account_is_no_second_one() -> None:
    facts = read_text(f"{printed.GERMAN}\nKunde: Muster GmbH\nIBAN NL91ABNA0417164300\n")
    assert facts is not None
    assert "details" not in facts.doubtful


def test_a_russian_account_without_its_bank_cannot_be_checked_and_is_left_out() -> None:
    assert details_of(printed.RUSSIAN.replace("БИК 044500991", "")).account == ""


def test_the_customers_numbers_are_not_the_suppliers() -> None:
    text = 'Покупатель: ООО "Лютик", ИНН 0023456784, КПП 770701001\nСчет № 5 от 01.05.2026'
    assert details_of(text) == PaymentDetails()
    text = "Invoice no 5\nSeller Buyer\nACME GmbH Romashka GmbH\nVAT ID DE136695976"
    assert details_of(text) == PaymentDetails()


def test_the_purpose_of_the_payment_is_what_its_line_says() -> None:
    facts = read_text("Счет № 5\nНазначение платежа: Оплата по счету № 5 за бумагу")
    assert facts is not None
    assert facts.purpose == "Оплата по счету № 5 за бумагу"
