"""Of the sums on a paper that was paid in part, or pays back, none is taken that is not surely what is to be paid."""

from __future__ import annotations

import pytest

from mailflow.documents.text import read_text

PAID = {
    "in part": "Total amount 100.00 EUR\nAmount paid 60.00 EUR\nBalance: 40.00 EUR",
    "in part, the currency elsewhere": "Currency: EUR\nTotal amount 100\nAmount paid 60\nBalance: 40",
    "in part, the sums below": "Grand total 100.00 EUR\nPaid\n60.00",
    "in part, sums under labels": "Total\nPaid\nBalance\n100.00 EUR\n60.00 EUR\n40.00 EUR",
    "a rest": "Grand total EUR 1000.00\nRemaining balance EUR 700.00",
    "a rest, German": "Gesamtbetrag 1.190,00 EUR\nRestbetrag 690,00 EUR",
    "in whole": "Gesamtbetrag 1.190,00 EUR\nBereits gezahlt 1.190,00 EUR\nOffener Restbetrag 0,00 EUR",
    "in whole, no rest said": "Grand total EUR 1000.00\nPaid: EUR 1000.00",
    "nothing is due, a dash": "Grand total 100.00 EUR\nAmount due: -",
    "nothing is due, a dash and no colon": "Grand total 100.00 EUR\nAmount due -",
    "nothing is due, a word": "Grand total 100.00 EUR\nAmount due: NIL",
    "a first payment": "Gesamtbetrag 1.190,00 EUR\nAbzüglich Anzahlung vom 01.12.2026 500,00 EUR",
    "another document set off": "Rechnungsbetrag 119,00 EUR\nabzgl. Gutschrift 50,00 EUR",
    "in part, Russian": "Всего к оплате: 100 000 руб.\nОплачено ранее 40 000",
    "in part, within a line": "Всего к оплате: 100 000 руб.\nСчет оплачен частично: 40 000 руб.",
    "a rest, Russian": "Итого с НДС: 100 000 руб.\nОсталось оплатить 60 000 руб.",
    "in advance": "Всего к оплате: 100 000 руб.\nПредоплата внесена 40 000 руб.",
    "in advance, the day and the sum in columns": "Всего к оплате: 100 000,00 руб.\nАванс 15.12.2026\t40 000,00",
    "a sum of two readings": "Total due 1000.00 EUR\nDeposit 1.200 EUR",
    "a deposit that does not make the total": "Total 1000.00 EUR\nDeposit 200.00 EUR\nAmount due 700.00 EUR",
    "a deposit is due first": "Grand total EUR 1000.00\nDeposit due now 300",
    "a deposit is due first, and the rest later": "Total EUR 1000.00\nDeposit due now 300.00\nBalance due EUR 700.00",
    "a payment that is just called so": "Total amount 100.00 EUR\nPayment -60.00 EUR",
    "a credit": "Total amount 100.00 EUR\nCredit: 60.00 EUR",
    "a voucher": "Grand total 100.00 EUR\nVoucher -20.00",
    "what the reader owes": "Grand total 100.00 EUR\nYou owe: 80.00 EUR",
    "a part kept back": "Montant total 100,00 EUR\nRetenue de garantie 5,00\nNet 95,00 EUR",
    "a part kept back, Russian": "Итого с НДС 100 000,00 руб.\nГарантийное удержание 5 000,00 руб.",
    "a pledge": "Итого с НДС 100 000,00 руб.\nЗадаток 50 000,00 руб.",
    "billed before": "Итого с НДС 100 000,00 руб.\nРанее выставлено 30 000,00",
    "in another currency": "Total amount 100.00 USD\nPayable in EUR: 92.00",
    "a fee is added": "Invoice amount EUR 100.00\nLate fee EUR 5.00\nNew total EUR 105.00",
    "words of a payment before the sum": "Grand total 100.00 EUR\nTotal due, payment within 30 days, EUR 50.00",
    "the same in brackets": "Grand total 100.00 EUR\nTotal due (payment in 30 days) EUR 50.00",
    "what this invoice asks for": "Всего с НДС: 100 000 руб.\nК оплате по данному счёту 50 000",
    "a debt is added": "Итого с НДС 10 000 руб.\nИтого к оплате с учётом задолженности 15 000",
    "a reduction": "Итого с НДС 100 000 руб.\nИтого к оплате с учётом скидки 90 000",
    "a reduction after the total": "Итого 100 000,00 руб.\nИтого со скидкой 90 000,00 руб.",
}


@pytest.mark.parametrize("text", PAID.values(), ids=PAID)
def test_a_sum_beside_another_that_was_paid_or_is_left_is_doubtful(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert facts.amount is not None
    assert "amount" in facts.doubtful


REST = {
    "Total TTC 671,15 €\nAcompte 201,00 €\nSolde à payer 470,15 €": "470.15 EUR",
    "Grand total EUR 1000.00\nDeposit paid 300.00\nAmount due 700.00": "700.00 EUR",
    "Total 1000.00 EUR\nLess deposit (300.00)\nAmount due 700.00 EUR": "700.00 EUR",
    "Total 1000.00 EUR\nDeposit 300.00\nPaid 200.00\nAmount due 500.00 EUR": "500.00 EUR",
    "Rechnungsbetrag 119,00 EUR\nabzgl. Abschlag 1 50,00 EUR\nZahlbetrag 69,00 EUR": "69.00 EUR",
    "Rechnungsbetrag 100,00 EUR\nEinbehalt 5,00 EUR\nAuszahlungsbetrag 95,00 EUR": "95.00 EUR",
    "Итого с НДС 100 000,00 руб.\nУдержание 5% 5 000,00\nК перечислению 95 000,00": "95000.00 RUB",
    "Grand total 100.00 EUR\nWithholding tax 20.00\nNet payable 80.00 EUR": "80.00 EUR",
    "Total due 85.00 EUR\nBalance 85.00 EUR": "85.00 EUR",
    "Итого к оплате: 85,00 руб.\nОплачено: 0,00 руб.": "85.00 RUB",
    "Итого к оплате: 85,00 руб.\nАванс 50% в течение 5 дней, остаток 50% после отгрузки.": "85.00 RUB",
    "Всего к оплате: 85,00 руб.\nОстаток к оплате: 85,00 руб.": "85.00 RUB",
    "Total due 85.00 EUR\nThe balance must be paid within 14 days. Paid on 12/15.": "85.00 EUR",
    "Total due 85.00 EUR\nDeposit 2 pieces": "85.00 EUR",
    "Total due 85.00 EUR\nPaid 12/15": "85.00 EUR",
    "Total due 85.00 EUR\nA fee of EUR 40.00 is charged where it is not paid in time.": "85.00 EUR",
}


@pytest.mark.parametrize(("text", "amount"), REST.items())
def test_what_is_to_be_paid_and_what_was_paid_make_the_total(text: str, amount: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (str(facts.amount), facts.doubtful) == (amount, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "Total due EUR 100.00-",
        "Total due EUR 100.00 -",
        "Total due 100.00- EUR",
        "Total due -EUR 100.00",
        "Total due: - 100.00 EUR",
        "Total due: − €100.00",
        "Total due EUR 100.00 CR",
        "Total due EUR 100.00 Cr.",
        "Total due 100.00 CR EUR",
        "Total due (EUR 100.00)",
        "Total due: (100.00) EUR",
        "Total due EUR (100.00)",
        "Grand total EUR 100.00-",
        "Grand total EUR 100.00 CR",
        "Grand total (EUR 100.00)",
        "Grand total EUR (100.00)\nTotal 120.00 EUR",
        "Gesamtbetrag 100,00 EUR Guthaben",
    ],
)
def test_less_than_nothing_is_never_taken_for_a_sum(text: str) -> None:
    facts = read_text(text)
    assert facts is None or facts.amount is None or "amount" in facts.doubtful


@pytest.mark.parametrize(
    "text",
    [
        "Total due: EUR 100.00 - thank you",
        "Total due - EUR 100.00",
        "Total due EUR 100.-",
        "Total due (EUR) 100.00",
        "Total due EUR 100.00 (one hundred)",
        "Total due 100.00 EUR (incl. VAT)",
    ],
)
def test_a_dash_or_a_bracket_beside_it_leaves_a_sum_as_it_is(text: str) -> None:
    facts = read_text(text)
    assert facts is not None
    assert (facts.amount and facts.amount.amount, facts.doubtful) == (100, frozenset())


def test_a_share_of_the_whole_is_no_sum() -> None:
    facts = read_text("Total due 100 %\nTotal due 85.00 EUR")
    assert facts is not None
    assert (str(facts.amount), facts.doubtful) == ("85.00 EUR", frozenset())


def test_a_dash_is_no_purpose() -> None:
    facts = read_text("Счет № 5\nНазначение платежа: -")
    assert facts is not None
    assert facts.purpose == ""


@pytest.mark.parametrize(
    "behind",
    [
        "per month",
        "/ month",
        "each",
        "x 3",
        "+ VAT",
        "plus 20% VAT",
        "excl. VAT",
        "zzgl. MwSt.",
        "HT",
        "без учёта НДС",
        "плюс НДС 20%",
        "за 1 месяц",
    ],
)
def test_a_sum_with_something_to_be_added_or_many_times_is_doubtful(behind: str) -> None:
    facts = read_text(f"Total due EUR 100.00 {behind}")
    assert facts is not None
    assert "amount" in facts.doubtful


@pytest.mark.parametrize("behind", ["incl. VAT", "ttc", "без НДС", "за услуги связи", "(в т.ч. НДС 20%)", "exactly"])
def test_words_that_leave_the_sum_as_it_is_are_no_doubt(behind: str) -> None:
    facts = read_text(f"Total due EUR 100.00 {behind}")
    assert facts is not None
    assert (str(facts.amount), facts.doubtful) == ("100.00 EUR", frozenset())


@pytest.mark.parametrize("line", ["Суммы указаны в тысячах рублей", "Все цены в тыс. руб.", "All amounts in thousands"])
def test_a_sum_on_a_paper_that_reckons_in_thousands_is_doubtful(line: str) -> None:
    facts = read_text(f"{line}\nTotal due 100.00 EUR")
    assert facts is not None
    assert "amount" in facts.doubtful


@pytest.mark.parametrize(
    "title",
    [
        "Credit note 5",
        "Sales credit memo no. 5",
        "ACME Ltd\tCredit note",
        "Gutschrift Nr. 5",
        "Rechnungskorrektur Nr. 5",
        "Korrekturrechnung Nr. 5",
        "Storno zu Rechnung 7",
        "Rechnung / Stornorechnung 7",
        "Storno-Rechnung 7",
        "Avoir n° 5",
        "AVOIR",
        "Facture d'avoir 5",
        "Creditnota 5",
        "Creditfactuur 5",
        "Nota kredytowa 5",
        "Faktura korygująca 5",
        "Кредит-нота № 5",
        "Кредит-счёт № 5",
        "Корректировочный счёт-фактура № 5",
        "Сторно к счету № 5",
        "К возврату покупателю: 100,00",
    ],
)
def test_the_sum_of_a_paper_that_pays_back_is_doubtful(title: str) -> None:
    facts = read_text(f"{title}\nTotal due 100.00 EUR")
    assert facts is not None
    assert "amount" in facts.doubtful


@pytest.mark.parametrize(
    "text",
    [
        "Stornobedingungen: keine",
        "Rechnungen, die wir nach einem Monat nicht bezahlt haben, gehen als Gutschrift ein",
        "Merci d'avoir choisi notre maison",
        "By law we issue a credit note where goods come back",
    ],
)
def test_a_sentence_about_such_papers_makes_none(text: str) -> None:
    facts = read_text(f"Total due 100.00 EUR\n{text}")
    assert facts is not None
    assert facts.doubtful == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "Цены указаны в у.е.",
        "Курс у. е. на день оплаты",
        "1 УЕ = 90,00 руб.",
        "Сумма в условных единицах",
        "УНП 191234567",
        "р/с BY20OLMP31350000001000000933",
        "IBAN BY20 OLMP 3135 0000 0010 0000 0933",
    ],
)
def test_roubles_that_may_be_other_money_are_doubtful(text: str) -> None:
    facts = read_text(f"Итого к оплате: 100,00 руб.\n{text}")
    assert facts is not None
    assert "amount" in facts.doubtful


def test_a_belarusian_papers_own_money_is_no_doubt() -> None:
    facts = read_text("Итого к оплате: 100,00 бел. руб.\nУНП 191234567")
    assert facts is not None
    assert (str(facts.amount), facts.doubtful) == ("100.00 BYN", frozenset())
