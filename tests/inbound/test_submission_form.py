"""The fields of an invoice come from labelled lines, in any order, any usual spelling (process section 1)."""

from __future__ import annotations

import random
import time
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.approval.money import Money
from mailflow.approval.submission import Field, Form, Problem, RouteKind
from mailflow.approval.wording import FORM_LABELS, KEYWORDS
from mailflow.inbound.form_labels import LABELS, ROUTES
from mailflow.inbound.labelled_lines import normal_label
from mailflow.inbound.submission_form import read_filled_form, read_form

TODAY = date(2026, 11, 24)
DAY = date(2026, 12, 15)


def rub(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


WHOLE = Form("Аренда офиса", "ООО «Ромашка»", rub("125000"), DAY, "Договор 7", RouteKind.SEQUENTIAL)


def form(text: str) -> Form:
    return read_form(text, TODAY)


def test_a_russian_mail_gives_every_field() -> None:
    text = """Добрый день!

Прошу согласовать оплату: счёт во вложении.

Название: Аренда офиса
Контрагент: ООО «Ромашка»
Сумма: 125 000,00 руб., в т.ч. НДС 20%
Дата оплаты: 15.12.2026
Комментарий: Договор 7
Тип согласования: последовательное

С уважением,
Иван Петров
Тел: +7 495 123-45-67
"""
    assert form(text) == WHOLE


def test_an_english_mail_gives_every_field() -> None:
    text = """Hello,

Title: Office rent
Supplier: ACME Ltd
Amount: USD 1,234.50
Pay by: December 15, 2026
Reason: contract 7
Approval: by hierarchy

Best regards,
Ann
"""
    expected = Form("Office rent", "ACME Ltd", Money(Decimal("1234.50"), "USD"), DAY, "contract 7", RouteKind.HIERARCHY)
    assert form(text) == expected


LAYOUTS = {
    "colon": "{label}: {value}",
    "colon without a space": "{label}:{value}",
    "space before the colon": "{label} : {value}",
    "dash": "{label} - {value}",
    "en dash": "{label} – {value}",
    "em dash": "{label} — {value}",
    "tight em dash": "{label}—{value}",
    "colon and dash": "{label} - : {value}",
    "equals sign": "{label} = {value}",
    "tab": "{label}\t{value}",
    "colon and tab": "{label}:\t{value}",
    "several spaces": "{label}     {value}",
    "bar": "{label} | {value}",
    "table row": "| {label} | {value} |",
    "bold label": "*{label}:* {value}",
    "bold label in Markdown": "**{label}**: {value}",
    "bold line": "*{label}: {value}*",
    "bold label before the colon": "*{label}*: {value}",
    "bullet": "- {label}: {value}",
    "round bullet": "• {label}: {value}",
    "star bullet": "* {label}: {value}",
    "number": "1. {label}: {value}",
    "number with a bracket": "2) {label}: {value}",
    "next line": "{label}:\n{value}",
    "next line without a colon": "{label}\n{value}",
    "indented": "    {label}: {value}",
    "NBSP": "\u00a0{label}:\u00a0{value}\u00a0",
    "full-width colon": "{label}：{value}",
    "invisible characters": "\ufeff{label}\u200b: {value}\u200e",
    "Windows line ends": "{label}: {value}\r",
}

VALUES: dict[Field, tuple[str, object]] = {
    Field.TITLE: ("Аренда офиса", "Аренда офиса"),
    Field.COUNTERPARTY: ("ООО «Ромашка»", "ООО «Ромашка»"),
    Field.AMOUNT: ("125 000,50 руб.", rub("125000.50")),
    Field.PAY_DATE: ("15.12.2026", DAY),
    Field.COMMENT: ("Договор 7", "Договор 7"),
    Field.ROUTE: ("по иерархии", RouteKind.HIERARCHY),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("field", VALUES)
def test_a_line_is_read_in_any_usual_layout(layout: str, field: Field) -> None:
    text, value = VALUES[field]
    line = layout.format(label=FORM_LABELS["ru"][field], value=text)
    assert form(line) == Form(**{field.value: value})


@pytest.mark.parametrize("label", sorted(label for label, field in LABELS.items() if field in VALUES))
def test_every_label_is_read_in_capitals_or_not(label: str) -> None:
    field = Field(LABELS[label])
    text, value = VALUES[field]
    for spelled in (label, label.upper(), label.capitalize(), label.title()):
        assert form(f"{spelled}: {text}") == Form(**{field.value: value})


def test_the_labels_are_written_as_they_are_looked_up() -> None:
    assert [label for label in LABELS if normal_label(label) != label] == []
    assert [name for name in ROUTES if normal_label(name) != name] == []


@pytest.mark.parametrize(
    "label",
    ["Сумма счёта", "Сумма счета", "Сумма, руб.", "Сумма (руб.)", "Сумма (RUB)", "Сумма в рублях", "Итого, RUB",
     "Сумма (с НДС)", "Сумма в т.ч. НДС", "Amount (RUB)", "Total, RUB", "Total in RUB", "Сумма / Amount", "«Сумма»",
     "Сумма (например, 125 000 руб.)", "Общая  сумма", "Total-amount"],
)  # fmt: skip
def test_a_label_may_name_the_currency_or_say_a_harmless_word(label: str) -> None:
    assert form(f"{label}: 125 000 руб.") == Form(amount=rub("125000"))


@pytest.mark.parametrize("label", ["Сумма, руб.", "Сумма (руб.)", "Сумма в рублях", "Amount, RUB", "Total (RUB)"])
def test_the_currency_of_the_label_counts(label: str) -> None:
    assert form(f"{label}: 125 000") == Form(amount=rub("125000"))
    assert form(f"{label}: 125 000 USD").problems == (Problem(Field.AMOUNT, "ambiguous", "125 000 USD"),)


@pytest.mark.parametrize("language", FORM_LABELS)
def test_the_form_that_mailflow_sends_is_read_when_it_is_filled_in(language: str) -> None:
    values = {field: text for field, (text, _) in VALUES.items()} | {Field.FILES: "счёт.pdf"}
    text = "\n".join(f"{label}: {values[field]}" for field, label in FORM_LABELS[language].items())
    assert form(text) == Form(**{field.value: value for field, (_, value) in VALUES.items()})


@pytest.mark.parametrize("language", FORM_LABELS)
@pytest.mark.parametrize("blank", ["", " ", "?", "???", "-", "—", "___", "____________", "...", "…"])
def test_an_empty_form_says_nothing_and_has_no_problem(language: str, blank: str) -> None:
    text = "\n".join(f"{label}: {blank}" for label in FORM_LABELS[language].values())
    assert form(text) == Form()
    assert not form(text).says_something


def test_a_form_filled_in_within_the_quotation_is_read() -> None:
    quoted = "> Контрагент: ООО Ромашка\n>> Сумма: 125 000 руб.\n> > Дата оплаты: 15.12.2026\n>Комментарий:\n>\n> Ваш"
    assert read_filled_form(quoted, TODAY) == Form(counterparty="ООО Ромашка", amount=rub("125000"), pay_date=DAY)
    assert read_form(quoted, TODAY) == Form()


@given(st.permutations(list(VALUES)), st.lists(st.sampled_from(list(LAYOUTS.values())), min_size=6, max_size=6))
def test_any_order_of_the_lines_gives_the_same_form(order: list[Field], layouts: list[str]) -> None:
    lines = [
        layout.format(label=FORM_LABELS["ru"][field], value=VALUES[field][0])
        for field, layout in zip(order, layouts, strict=True)
    ]
    assert form("\n".join(lines)) == Form(**{field.value: value for field, (_, value) in VALUES.items()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Оплатить до 15.12.2026", Form(pay_date=DAY)),
        ("Прошу оплатить до 15 декабря.", Form(pay_date=DAY)),
        ("Pay by December 15, 2026", Form(pay_date=DAY)),
        ("Дата оплаты 15.12.2026", Form(pay_date=DAY)),
        ("Сумма 125 000 руб.", Form(amount=rub("125000"))),
        ("Итого к оплате 125 000 руб.", Form(amount=rub("125000"))),
        ("Total RUB 125,000.00", Form(amount=rub("125000"))),
        ("Оплатить до 12/05/2026", Form(problems=(Problem(Field.PAY_DATE, "ambiguous", "12/05/2026"),))),
        ("Оплатить до 01.11.2026", Form(problems=(Problem(Field.PAY_DATE, "past", "01.11.2026"),))),
        ("Сумма 125 000", Form()),
        ("Total 2 of 3 pages", Form()),
        ("Сумма 125 000 руб. согласована", Form()),
        ("Дата оплаты не известна", Form()),
    ],
)
def test_a_space_will_do_where_the_rest_of_the_line_is_a_sum_or_a_day(text: str, expected: Form) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Сумма договора согласована: да", "Amount of work: 5", "Сумма (НДС): 5 руб.", "Сумма НДС: 5 руб.",
        "Дата счёта: 15.12.2026", "Invoice date: 15.12.2026", "Предварительная сумма: 5 руб.", "Подитог: 5 руб.",
        "Subtotal: 5 USD", "VAT amount: 5 USD", "Сумма скидки: 5 руб.", "Оплатить: 5 руб.", "Contact name: Ann",
        "Контрагент | Сумма | Дата оплаты", "Контрагент:\tСумма:\tДата оплаты:",
    ],
)  # fmt: skip
def test_a_label_is_matched_whole_or_not_at_all(text: str) -> None:
    assert not form(text).says_something


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Сумма: 1.234 руб.", Problem(Field.AMOUNT, "ambiguous", "1.234 руб.")),
        ("Сумма: 125 000", Problem(Field.AMOUNT, "no_currency", "125 000")),
        ("Сумма: -500 руб.", Problem(Field.AMOUNT, "not_positive", "-500 руб.")),
        ("Сумма: - 500 руб.", Problem(Field.AMOUNT, "not_positive", "- 500 руб.")),
        ("Сумма -500 руб.", Problem(Field.AMOUNT, "not_positive", "-500 руб.")),
        ("Сумма\t-500 руб.", Problem(Field.AMOUNT, "not_positive", "-500 руб.")),
        ("Сумма: 0,001 руб.", Problem(Field.AMOUNT, "too_precise", "0,001 руб.")),
        ("Сумма: по договору", Problem(Field.AMOUNT, "unreadable", "по договору")),
        ("Сумма:\n1.234 руб.", Problem(Field.AMOUNT, "ambiguous", "1.234 руб.")),
        ("Дата оплаты: 12/05/2026", Problem(Field.PAY_DATE, "ambiguous", "12/05/2026")),
        ("Дата оплаты: 01.01.2020", Problem(Field.PAY_DATE, "past", "01.01.2020")),
        ("Дата оплаты: скоро", Problem(Field.PAY_DATE, "unreadable", "скоро")),
        ("Тип согласования: быстро", Problem(Field.ROUTE, "unreadable", "быстро")),
        ("Approval type: hierarchy | sequential", Problem(Field.ROUTE, "unreadable", "hierarchy sequential")),
        ("Сумма: 5 руб.\nИтого: 6 руб.", Problem(Field.AMOUNT, "two_values", "5 руб. / 6 руб.")),
        ("Сумма: 5 руб.\nСумма: ну", Problem(Field.AMOUNT, "two_values", "5 руб. / ну")),
        ("Дата оплаты: 15.12.2026\nDue: 16.12.2026", Problem(Field.PAY_DATE, "two_values", "15.12.2026 / 16.12.2026")),
        ("Поставщик: А\nПолучатель: Б", Problem(Field.COUNTERPARTY, "two_values", "А / Б")),
        ("Маршрут: иерархия\nRoute: sequential", Problem(Field.ROUTE, "two_values", "иерархия / sequential")),
    ],
)
def test_a_line_that_cannot_be_read_is_a_problem_and_leaves_the_field_open(text: str, problem: Problem) -> None:
    assert form(text) == Form(problems=(problem,))


def test_a_long_value_is_cut_in_the_problem() -> None:
    (problem,) = form("Сумма: " + "я" * 1000).problems
    assert problem == Problem(Field.AMOUNT, "unreadable", "я" * 200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Сумма: 125 000 руб.\nИтого: RUB 125,000.00", Form(amount=rub("125000"))),
        ("Дата оплаты: 15.12.2026\nPay by: December 15", Form(pay_date=DAY)),
        ("Контрагент: ООО Ромашка\nПоставщик: ооо  ромашка", Form(counterparty="ООО Ромашка")),
        ("Сумма: 5 руб.\nСумма:", Form(amount=rub("5"))),
        ("Route: hierarchy\nМаршрут: по иерархии", Form(route=RouteKind.HIERARCHY)),
    ],
)
def test_the_same_value_twice_is_fine(text: str, expected: Form) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Сумма: 125 000\nВалюта: RUB", Form(amount=rub("125000"))),
        ("Валюта: рубли\nСумма: 125 000,00", Form(amount=rub("125000"))),
        ("Amount: 1,234.50\nCurrency: USD", Form(amount=Money(Decimal("1234.50"), "USD"))),
        ("Сумма: 125 000 руб.\nВалюта: RUB", Form(amount=rub("125000"))),
        ("Сумма: 125 000\nВалюта: ?", Form(problems=(Problem(Field.AMOUNT, "no_currency", "125 000"),))),
        ("Сумма: 5 $\nВалюта: RUB", Form(problems=(Problem(Field.AMOUNT, "ambiguous", "5 $"),))),
        (
            "Сумма: 5 $\nВалюта: канадские доллары",
            Form(problems=(Problem(Field.AMOUNT, "ambiguous", "5 $ / канадские доллары"),)),
        ),
        (
            "Сумма: 5\nВалюта: RUB\nВалюта: USD",
            Form(problems=(Problem(Field.AMOUNT, "ambiguous", "5 / RUB / USD"),)),
        ),
        ("Валюта: RUB", Form(problems=(Problem(Field.AMOUNT, "unreadable", "RUB"),))),
        ("Сумма: 1.234\nВалюта: RUB", Form(problems=(Problem(Field.AMOUNT, "ambiguous", "1.234"),))),
        ("Сумма:\nВалюта: RUB", Form()),
    ],
)
def test_a_line_of_its_own_may_name_the_currency(text: str, expected: Form) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("по иерархии", RouteKind.HIERARCHY), ("Иерархия", RouteKind.HIERARCHY), ("hierarchical", RouteKind.HIERARCHY),
        ("Hierarchy.", RouteKind.HIERARCHY), ("hierarchical approval", RouteKind.HIERARCHY),
        ("иерархическое согласование", RouteKind.HIERARCHY), ("последовательное", RouteKind.SEQUENTIAL),
        ("Последовательно", RouteKind.SEQUENTIAL), ("sequential", RouteKind.SEQUENTIAL),
        ("in sequence", RouteKind.SEQUENTIAL), ("последовательный маршрут", RouteKind.SEQUENTIAL),
        ("Sequential route", RouteKind.SEQUENTIAL), ("«последовательное»", RouteKind.SEQUENTIAL),
    ],
)  # fmt: skip
def test_the_submitter_chooses_the_route(text: str, kind: RouteKind) -> None:
    assert form(f"Тип согласования: {text}") == Form(route=kind)


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("Комментарий: первая\nвторая\n- третья\n\nчетвёртая", "первая\nвторая\n- третья"),
        ("Комментарий:\nпервая\nвторая", "первая\nвторая"),
        ("Комментарий: первая\nКонтрагент: А", "первая"),
        ("Комментарий: первая\nПроект: Альфа\nвторая", "первая"),
        ("Комментарий: нужно\nС уважением,\nИван", "нужно"),
        ("Comment: needed\nBest regards,\nAnn", "needed"),
        ("Comment: needed\n-- \nAnn", "needed"),
        ("Comment: needed\n> Amount: 5 USD", "needed"),
        ("Комментарий: встреча в 10:30, см. https://x.example/a:b", "встреча в 10:30, см. https://x.example/a:b"),
        ("Комментарий: оплата, сумма: 5 руб.", "оплата, сумма: 5 руб."),
        ("Обоснование: «по договору» № 7 (аванс)", "«по договору» № 7 (аванс)"),
    ],
)
def test_a_comment_goes_on_to_a_blank_line_or_the_next_label(text: str, comment: str) -> None:
    assert form(text).comment == comment


def test_one_line_may_hold_several_labels() -> None:
    text = "Контрагент: ООО «Ромашка», сумма: 125 000 руб.; дата оплаты: 15.12.2026, комментарий: срочно, сумма: 5"
    expected = Form(counterparty="ООО «Ромашка»", amount=rub("125000"), pay_date=DAY, comment="срочно, сумма: 5")
    assert form(text) == expected


def test_a_letters_end_is_no_value() -> None:
    assert form("Контрагент: А\nКомментарий:\nС уважением,\nИван") == Form(counterparty="А")
    assert form("Контрагент: А\nСумма:\nИван Петров") == Form(counterparty="А")


def test_the_headers_of_a_forwarded_mail_are_no_fields() -> None:
    text = """Название: Аренда
Сумма: 5 руб.

-----Original Message-----
*From:* Ann <ann@example.com>
*Sent:* Monday, 23 November 2026 10:30
*To:* Ivan
*Subject:* Invoice 45

От: Анна
Отправлено: 23.11.2026 10:30
Кому: Иван
Тема: Счёт 45

Пересылаю.
"""
    assert form(text) == Form(title="Аренда", amount=rub("5"))


def test_a_label_that_nobody_knows_is_told() -> None:
    text = "Проект: Альфа\nНомер счёта: 45\nКонтрагент: А\n- *Cost center*: 7\nПроект: Бета\nPO Number: 9"
    assert form(text) == Form(counterparty="А", unknown_labels=("Проект", "Номер счёта", "Cost center", "PO Number"))
    assert not form("Проект: Альфа").says_something


@pytest.mark.parametrize(
    "line",
    [
        "Добрый день: Иван", "Прошу оплатить: счёт во вложении", "Здравствуйте: коллеги", "Hello: Ann",
        "https://example.com/pay?a=1", "http: see below", "Встреча в 10:30", "10:30 meeting", "From: a@b.example",
        "Sent: Monday", "От: Иван", "Кому: Анна", "Cc: Ann", "Тел: 123", "Тел.: 123", "Phone: 123",
        "E-mail: a@b.example",
        "Моб. тел.: +7 900", "Skype: ann", "Внимание: срочно", "P.S.: спасибо", "FYI: see attached",
        "Invoice file: a.pdf",
        "Как мы договорились: оплата в декабре", "Мы вчера согласовали с директором: платим", "проект: альфа",
        "Проект:", "Проект: ?", "В этом письме четыре слова: да", "REJECT: no contract", "ОТКАЗ: нет договора",
        "DUPLICATE OK: yes",
        "Очень длинная и подробная подпись под счётом поставщика: да", "5 шт: 100", ": value", "ООО №5: да",
        "C:\\invoices\\a.pdf", "Проект://x",
    ],
)  # fmt: skip
def test_prose_headers_contacts_and_keywords_are_no_labels(line: str) -> None:
    assert form(line) == Form()


def test_every_keyword_is_no_label() -> None:
    words = [word for verb in KEYWORDS.values() for language in verb.values() for word in language]
    assert form("\n\n".join(f"{word}: x" for word in words)) == Form()


def test_unknown_labels_are_bounded() -> None:
    text = "\n".join(f"{chr(ord('А') + n)}бв: x" for n in range(30)) + "\n" + "Я" * 39 + ": x"
    found = form(text).unknown_labels
    assert len(found) == 10
    assert all(len(label) <= 60 for label in found)


def test_values_are_bounded_and_hold_no_control_characters() -> None:
    text = f"Название: {'я' * 500}\nКонтрагент: А\x07\x1b[31m\u202eБ\u2066 «В»\nКомментарий: {'ю' * 3000}\n{'э' * 3000}"
    found = form(text)
    assert found.title == "я" * 300
    assert found.counterparty == "А[31mБ «В»"
    assert found.comment == ("ю" * 3000 + "\n" + "э" * 3000)[:4000]


def test_only_the_first_lines_of_a_long_text_are_read() -> None:
    assert form("\n" * 1999 + "Контрагент: А").counterparty == "А"
    assert form("\n" * 2000 + "Контрагент: А") == Form()
    assert form(" " * 200_000 + "\nКонтрагент: А") == Form()


@given(st.text(max_size=500))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(form(text), Form)


@given(
    st.lists(
        st.sampled_from(
            ["Сумма", "Дата оплаты", "Название", "Валюта", "Total", "Approval", "Comment", ":", " - ", "\n", "\n\n",
             " ",
             "5 руб.", "6 USD", "15.12.2026", "иерархия", "x", "?", "|", "\t", ",", "*", "(", ")", "> ", "RUB", "1. "]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_every_field_is_said_or_a_problem_but_not_both(parts: list[str]) -> None:
    found = form("".join(parts))
    fields = [problem.field for problem in found.problems]
    assert len(fields) == len(set(fields))
    assert all(getattr(found, field.value) is None for field in fields)
    assert found.amount in (None, rub("5"), Money(Decimal(6), "USD"))


PIECES = ("Сумма: ", "Сумма ", ", сумма: ", "Сумма (", "| ", "   ", "\t", "- ", ": ", "=", "*", "> ", "Оплатить до ")


@pytest.mark.parametrize("piece", PIECES)
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    form(piece * 100_000)
    read_filled_form((piece * 90 + "\n") * 3000, TODAY)
    assert time.perf_counter() - started < 3


def test_a_hostile_mixture_takes_no_time() -> None:
    pick = random.Random(7)
    text = "".join(pick.choice((*PIECES, "\n", "5 руб.", "15.12.2026", "А: б")) for _ in range(60_000))
    started = time.perf_counter()
    form(text)
    assert time.perf_counter() - started < 3
