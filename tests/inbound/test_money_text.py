"""Money as people write it: read exactly, or asked about; never another sum (process sections 1 and 3)."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest
from babel.core import get_global
from babel.numbers import format_decimal, list_currencies
from hypothesis import example, given
from hypothesis import strategies as st

from mailflow.approval.money import Money, currency_digits
from mailflow.inbound.money_text import read_currency, read_money
from mailflow.notation.money_words import CODES, CURRENCIES, SIGNS
from mailflow.notation.spelled_number import read_spelled

NBSP, NNBSP, THIN = "\u00a0", "\u202f", "\u2009"

READ = {
    "RUB": {
        "125000": [
            "125000 RUB", "125 000 RUB", "RUB 125000", "RUB 125 000", "RUB125000", "125000RUB", "125000 RUR",
            "125000 rub", "125000 Rub.", "125000 руб", "125000 руб.", "125000руб.", "125000 РУБ.", "125000 рублей",
            "125000 рубля", "125000 ₽", "₽125000", "₽ 125 000", "125000₽", "125000 р.", "125000р", "125 000р.",
            "125 000 руб.", "125 000,00 руб.", "125 000.00 руб.", "125,000.00 RUB", "125.000,00 руб",
            "125'000.00 руб.", "125’000 руб.", "125'000 RUB", f"125{NBSP}000 руб.", f"125{NNBSP}000,00{NBSP}₽",
            f"125{THIN}000 ₽", "125000.00 руб", "125000,0 руб", "125000-00 руб.", "125000=00 руб", "125 000-00 руб",
            "125 000=00 руб.", "125000= руб.", "125 000,- руб.", "125000.-- руб", "125 000 рублей 00 копеек",
            "125000 руб. 00 коп.", "125000 р. 00 к.", "125000р00к", "125 тыс. руб.", "125 тыс.руб.", "125тыс. руб.",
            "125 т.р.", "125 т. руб.", "125 тысяч рублей", "0,125 млн руб.", "125k RUB", "125 K RUB",
            "125 thousand rubles", "125 000 российских рублей", "125 000 рублей РФ", "125 000 руб. РФ",
            "125 000 (сто двадцать пять тысяч) рублей 00 копеек", "125 000 (Сто двадцать пять тысяч) руб.",
            "125 000 руб. (сто двадцать пять тысяч рублей 00 копеек)",
            "125 000,00 (сто двадцать пять тысяч рублей 00 копеек)",
            "125000.00 RUB (one hundred twenty-five thousand)",
            "125000.00 RUB (one hundred and twenty-five thousand roubles and 00 kopecks)",
            "125 000 руб., включая НДС", "125 000 руб. включая НДС 20%", "125 000 руб., в т.ч. НДС 20%",
            "125 000 руб., в т. ч. НДС", "125 000 руб. в том числе НДС 20 %", "125 000 руб. (в т.ч. НДС 20%)",
            "125 000 руб., в т.ч. НДС 20% 20 833,33 руб.", "125 000 руб., в т.ч. НДС 20% - 20 833,33 руб.",
            "125 000 руб., в том числе НДС (20%) 20833 руб. 33 коп.", "125 000 руб. с НДС", "125 000 руб. с учётом НДС",
            "125 000 руб. без НДС", "125 000 руб. (без НДС)", "125 000 руб., НДС не облагается",
            "125 000 руб. (НДС не облагается).", "125 000 руб., НДС 20% включён", "125 000 RUB incl. VAT",
            "125 000 RUB including 20% VAT", "125 000 RUB (VAT included)", "125 000 RUB excl. VAT",
            "125 000 RUB, inclusive of VAT", "125 000 руб.;", "Итого 125 000 руб.", "Всего: 125 000 руб.",
            "125 000 (руб.)", "125 000 (RUB)", "125 000 руб. (RUB)", "125 000  руб .", "RUB 125 000 руб.",
            "125\u200b000 руб.", "\t125 000\tруб.\n",
        ],
        "125000.50": [
            "125000.50 руб", "125000,50 руб", "125 000,5 руб.", "125,000.50 RUB", "125.000,50 RUB", "RUB125,000.50",
            "125000-50 руб.", "125000=50 руб", "125000 руб. 50 коп.", "125 000 рублей 50 копеек", "125000руб50коп",
            "125000 р. 50 к.", "125 000 руб., 50 коп.",
            "125 000 (сто двадцать пять тысяч) рублей 50 копеек",
            "125 000,50 руб. (сто двадцать пять тысяч рублей пятьдесят копеек)",
        ],
        "1234567": ["1 234 567 руб.", "1.234.567 руб.", "1,234,567 RUB", "1'234'567 RUB", "1234567 RUB"],
        "1234567.89": ["1 234 567,89 ₽", "1.234.567,89 ₽", "1,234,567.89 ₽", "1'234'567.89 ₽", "1234567.89 ₽"],
        "1500000": ["1,5 млн руб.", "1.5 млн. рублей", "1,5 миллиона рублей", "1.5 million rubles", "1500 тыс. руб."],
        "2000000000": ["2 млрд руб.", "2 bn RUB", "2 миллиарда рублей"],
        "0.50": ["0,50 руб.", "0.5 RUB", "0 руб. 50 коп."],
        "0.01": ["0,01 руб", "0.01 ₽"],
        "5": ["5 руб", "5р.", "5,00 ₽", "5 р. 00 коп."],
        "100.20": ["100-20 руб.", "100=20 р."],
        "21": ["21 рубль", "21,00 руб. (двадцать один рубль)"],
        "1000.01": ["1000 руб. 1 коп.", "1000 руб. 01 коп."],
    },
    "USD": {
        "1234.50": [
            "$1,234.50", "$ 1,234.50", "1,234.50 USD", "USD 1,234.50", "USD1234.50", "1234.50$", "1 234,50 $",
            "US$ 1,234.50", "US$1,234.50", "1,234.50 US dollars", "1234,50 долларов", "1 234,50 долл.",
            "1 234,50 долл. США", "1 234,50 долларов США", "1'234.50 usd", "$1,234.50 USD", "1.234,50 USD",
            "1234 dollars 50 cents", "USD 1,234.50 only", "1234.50 U.S. dollars", "Total 1,234.50 USD",
        ],
        "1000": ["1 000 USD", "$1000", "$1 000.00", "$1k", "1000 dollars (one thousand)"],
    },
    "EUR": {
        "99.90": ["99,90 €", "€99.90", "€ 99,90", "99.90 EUR", "EUR 99,90", "99,90 евро", "99.9 euros", "99,90 Euro"],
        "1234": ["1.234,- €", "1.234,00 €", "1,234.00 EUR", "1 234 евро", "EUR 1'234.--"],
    },
    "KZT": {"500000": ["500 000 тенге", "500000 KZT", "500 000 ₸", "500 тыс. тенге", "500 000 тенге 00 тиын"]},
    "BYN": {"10": ["10 BYN", "10 бел. руб.", "10 белорусских рублей", "10 белорусских рублей 00 копеек"]},
    "GBP": {"7.25": ["£7.25", "7.25 GBP", "7,25 фунтов стерлингов", "7.25 pounds"]},
    "CNY": {"8000": ["8000 CNY", "8 000 юаней", "CNY 8,000.00", "8000 RMB"]},
    "CHF": {"1234.5": ["CHF 1'234.50", "1 234,50 швейцарских франков", "1'234.50 Swiss francs"]},
    "CAD": {"5": ["CA$5", "C$ 5.00", "5 CAD"]},
    "UAH": {"300": ["300 грн", "300 грн. 00 коп.", "₴300", "300 гривен"]},
    "JPY": {"5000": ["5000 JPY", "JPY 5 000", "5 000 иен", "5000.00 JPY"]},
    "KWD": {
        "1234.567": ["1,234.567 KWD", "KWD 1 234,567", "1'234.567 KWD"],
        "0.125": ["0.125 KWD", "KWD 0,125"],
    },
    "ALL": {"1000": ["1000 ALL"]},
    "TRY": {"60": ["60 TRY", "60 ₺", "60 турецких лир"]},
}  # fmt: skip

ASKED = {
    "ambiguous": [
        "1.234", "1,234", "1.234 руб.", "1,234 USD", "$1,234", "1,234 JPY", "1.234 KWD", "1234.567 KWD",
        "1,234 тыс. руб.", "125 000.000 руб.", "1,234.000 RUB", "1 234,567 руб.", "12.34.567 руб", "1.23.456 руб",
        "1,23,456.00 RUB", "125 00 руб.", "1 25 000 руб.", "1.234 567 руб.", "1,234 567.00 руб", "100 200 30 руб.",
        "100 руб. 200 руб.", "100 или 200 руб.", "100 руб. / 1 USD", "100 USD EUR", "$100 EUR", "€ 100 руб.",
        "100 руб. (USD)", "100-200 руб.", "100 - 200 руб.", "от 100 до 200 руб.", "10-20 руб.", "10-20 тыс. руб.",
        "50-25 тыс. руб.", "15.12.2026", "2026-12-15", "1, 234 руб.", "100 руб. + НДС 20 руб.", "2 x 500 руб.",
        "2 шт. по 500 руб.", "100,50 руб. 50 коп.", "100 руб. 500 коп.", "100 USD 50 коп.", "100 руб. 50 центов",
        "100 $ (сто рублей)", "125 000 (сто двадцать шесть тысяч) руб.", "125 000 руб. (сто двадцать пять рублей)",
        "100 руб. 50 коп. (сто рублей 60 копеек)", "100 (пятьдесят сто) руб.", "100 руб., в т.ч. НДС 20 USD",
        "1 млн 250 тыс. руб.", "5000 руб. за 2 месяца", "8 800 555 35 35", "100 руб. (предоплата 50 руб.)",
        "1e9 RUB", "0x10 RUB", "1О0 руб.",
    ],
    "no_currency": [
        "125000", "125 000", "125 000,00", "1,234.50", "1.234.567", "1'234.50", "125000-00", "125000=00", "125 тыс.",
        "1,5 млн", "125k", "100 в т.ч. НДС", "0.5", "125000 (сто двадцать пять тысяч)",
    ],
    "not_positive": [
        "0 руб.", "0,00 USD", "0", "-500 ₽", "-500 руб.", "- 500 руб.", "−500 RUB", "–500 RUB", "$-500", "-$500",
        "RUB -1 000.00", "-1,234.50 USD", "-0 руб", "0 руб. 00 коп.", "0 тыс. руб.", "-500",
    ],
    "too_precise": [
        "125.5055 руб.", "1 000,1234 USD", "0.001 RUB", "0,125 руб.", "100.50 JPY", "1.2345678 тыс. EUR",
        "0.0000000001 RUB", "1.00005 KWD",
    ],
    "unreadable": [
        "", " ", "?", "руб.", "RUB", "сто рублей", "one hundred dollars", "TBD", "n/a", "NaN RUB", "Infinity USD",
        "١٢٥ RUB", "१२५ INR", "１２５ руб.", "12٥ руб.", "½ руб.", "10² руб.", "Ⅷ руб.",
        "1О руб.", "1OO руб.", "007 руб.", "0125 руб.", "(500 руб.)", "(500) RUB", "500 руб.-", "50%", "50% руб.",
        "около 500 руб.", "примерно 500 руб.", "до 500 руб.", "about 500 USD", "up to $500", "~500 руб.", "≈500 руб.",
        "> 500 руб.", "500+ руб.", "+500 руб.", "500 руб. + НДС", "500 USD plus VAT", "500 руб. плюс НДС",
        "500 руб., НДС 20%", "500 руб. в месяц", "500 руб./мес.", "500 XYZ", "500 крон", "500 у.е.", "500 ¥", "500 M$",
        "1.5M USD", "500 all", "500 try", "500 канадских долларов", "50 коп.", "125к", "500 руб. (аванс)",
        "9999999999999999 руб.", "999999 млрд. млн руб.", "9 000 000 млрд руб.", "руб. 500 в рассрочку",
    ],
}  # fmt: skip


def cases() -> list[tuple[str, str, str]]:
    return [(text, value, code) for code, sums in READ.items() for value, texts in sums.items() for text in texts]


def questions() -> list[tuple[str, str]]:
    return [(text, code) for code, texts in ASKED.items() for text in texts]


@pytest.mark.parametrize(("text", "value", "currency"), cases())
def test_a_sum_is_read_in_any_usual_spelling(text: str, value: str, currency: str) -> None:
    assert read_money(text) == Money(Decimal(value), currency)


@pytest.mark.parametrize(("text", "code"), questions())
def test_a_doubtful_sum_is_asked_about(text: str, code: str) -> None:
    assert read_money(text) == code


def test_the_tables_are_large() -> None:
    assert len(cases()) >= 150
    assert len(questions()) >= 100


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("125 000", "RUB", Money(Decimal(125000), "RUB")),
        ("125 000, в т.ч. НДС 20%", "RUB", Money(Decimal(125000), "RUB")),
        ("125 000 руб.", "RUB", Money(Decimal(125000), "RUB")),
        ("125 000 руб.", "USD", "ambiguous"),
        ("1.234", "RUB", "ambiguous"),
        ("100.50", "JPY", "too_precise"),
        ("1,234.567", "KWD", Money(Decimal("1234.567"), "KWD")),
        ("0", "RUB", "not_positive"),
    ],
)
def test_the_currency_may_come_from_another_line(text: str, currency: str, expected: Money | str) -> None:
    assert read_money(text, currency) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("RUB", "RUB"), ("руб.", "RUB"), ("рубли", "RUB"), ("Российский рубль (RUB)", "RUB"), ("рубли РФ", "RUB"),
        ("USD ($)", "USD"), ("доллары США", "USD"), ("евро", "EUR"), ("KZT", "KZT"), ("€", "EUR"),
        ("RUB / USD", None), ("RUB USD", None), ("безнал", None), ("", None), ("100 RUB", None),
        ("канадские доллары", None),
    ],
)  # fmt: skip
def test_a_currency_is_named_alone(text: str, code: str | None) -> None:
    assert read_currency(text) == code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ноль", (0, None)), ("сорок два", (42, None)), ("сто один рубль", (101, None)),
        ("Один миллион двести тридцать четыре тысячи пятьсот шестьдесят семь рублей 89 копеек", (1234567, 89)),
        ("тысяча рублей", (1000, None)), ("две тысячи рублей ноль копеек", (2000, 0)),
        ("one million two hundred and five", (1000205, None)), ("forty-two dollars and fifty cents", (42, 50)),
        ("пять сто", None), ("двадцать тридцать", None), ("тысяча миллион", None), ("сто рублей и ещё", None),
        ("hundred", None), ("сто рублей 100 копеек", None), ("", None),
    ],
)  # fmt: skip
def test_a_sum_in_words_is_the_control_of_the_sum_in_figures(text: str, number: tuple[int, int | None] | None) -> None:
    assert read_spelled(text) == number


def test_every_currency_that_is_legal_tender_is_known() -> None:
    day = date(2026, 11, 1)
    tender = {
        code
        for rows in get_global("territory_currencies").values()
        for code, _, end, is_tender in rows
        if is_tender and (end is None or date(*end) > day)
    }
    assert tender <= CODES
    assert list_currencies() >= CODES
    assert {*CURRENCIES.values(), *SIGNS.values()} <= CODES


amounts = st.builds(
    lambda minor, currency: Money(Decimal(minor).scaleb(-currency_digits(currency)), currency),
    st.integers(1, 10**14),
    st.sampled_from(sorted(CODES)),
)


@given(amounts, st.sampled_from(["ru", "en", "de", "fr", "de_CH"]), st.booleans(), st.sampled_from(["", " ", NBSP]))
@example(Money(Decimal(1234), "JPY"), "en", True, " ")
@example(Money(Decimal("1.234"), "KWD"), "ru", False, " ")
def test_a_formatted_sum_reads_back_as_itself_or_is_asked_about(
    money: Money, locale: str, first: bool, gap: str
) -> None:
    digits = currency_digits(money.currency)
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    figures = format_decimal(money.amount, pattern, locale=locale)
    text = f"{money.currency}{gap}{figures}" if first else f"{figures}{gap}{money.currency}"
    assert read_money(text) in (money, "ambiguous")
    if digits == 2:
        assert read_money(text) == money


@given(amounts)
def test_a_sum_as_mailflow_writes_it_reads_back_as_itself(money: Money) -> None:
    lone_thousandths = currency_digits(money.currency) == 3 and money.amount >= 1
    assert read_money(str(money)) == ("ambiguous" if lone_thousandths else money)


@given(st.text(st.sampled_from("0123456789.,'  -=$€руб.USD()%ндскоптысмлн/\n٣"), max_size=40))
def test_any_text_gives_a_positive_sum_or_one_of_the_five_codes(text: str) -> None:
    found = read_money(text)
    assert found in ASKED or (isinstance(found, Money) and found.amount > 0)


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(read_money(text), Money | str)


@pytest.mark.parametrize("hostile", ["1 " * 200_000, "9" * 500_000, "(" * 300_000, "сто (" * 60_000, "НДС " * 75])
def test_a_hostile_text_takes_no_time(hostile: str) -> None:
    started = time.perf_counter()
    assert isinstance(read_money(hostile), str)
    assert time.perf_counter() - started < 1
