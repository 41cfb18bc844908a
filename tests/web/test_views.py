"""The board shows the invoices as they stand, in the reader's language, and changes nothing."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from sqlalchemy import text

from mailflow.approval.effects import Entry
from mailflow.office.books import TODAY
from tests.web.conftest import LANGUAGES, Office

PAGES = (
    "/", "/?month=2026-11", "/?month=0001-01", "/?month=x", "/invoices", "/invoices?status=to_pay,paid&q=аренд",
    "/activity", "/invoices/INV-2026-0018", "/invoices/inv-2026-0028", "/invoices/INV-2026-0007", "/news",
    "/invoices?month=99999-99&day=x&from=0000-00-00&to=9999-12-31&before=x_y&currency=%00&status=nonsense",
    "/activity?before=1_2_3", "/activity?before=99999999999999999999_2_3",
)  # fmt: skip


def words_of(page: str) -> str:
    return " ".join(" ".join(html.fromstring(page).itertext()).split())


def invoices_on(page: str) -> list[str]:
    return [str(number) for number in html.fromstring(page).xpath("//table[@class='rows']//th/a/text()")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_shown_in_both_languages(office: Office, language: str) -> None:
    client = office.client(**{"Accept-Language": f"fr, {language};q=0.5"})
    for path in PAGES:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
        if path != "/news":
            assert html.fromstring(answer.text).get("lang") == language


def test_a_language_that_is_chosen_stays_and_wins_over_the_browsers(office: Office) -> None:
    client = office.client(**{"Accept-Language": "ru"})
    assert "Платёжный календарь" in client.get("/").text
    assert "Payment calendar" in client.get("/?lang=en").text
    assert "Payment calendar" in client.get("/").text
    assert "Платёжный календарь" in client.get("/?lang=ru&month=2026-11").text


def test_the_month_shows_each_days_payments_and_sums_with_what_is_late_and_paid(office: Office) -> None:
    page = html.fromstring(office.client().get("/").text)
    [today] = page.xpath("//td[contains(@class, 'today')]")
    assert today.xpath(".//time/@datetime") == [TODAY.isoformat()]
    sums = [(li.get("class"), " ".join(li.text_content().split())) for li in today.xpath(".//ul[@class='sums']/li")]
    assert sums == [
        ("late", "Overdue: EUR 12,480.00"), ("late", "Overdue: RUB 68,900.00"),
        ("to_pay", "To be paid: EUR 9,300.00"), ("to_pay", "To be paid: RUB 54,120.00"),
    ]  # fmt: skip
    assert today.xpath("string(.//li[@class='more'])").strip() == "1 more"
    [paid] = page.xpath("//td[.//time[@datetime='2026-12-08']]//ul[@class='payments']/li")
    assert paid.get("class") == "paid"
    assert "Overdue EUR 12,480.00 RUB 68,900.00" in words_of(office.client().get("/").text)


def test_the_months_follow_one_another(office: Office) -> None:
    page = office.client().get("/?month=2026-11").text
    assert "November 2026" in page
    assert "/?month=2026-10" in page
    assert "/?month=2026-12" in page


def test_invoices_are_listed_newest_first_a_page_at_a_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailflow.web.views.INVOICES_A_PAGE", 9)
    client, path, seen = office.client(), "/invoices", []
    while path:
        page = html.fromstring(client.get(path).text)
        seen += invoices_on(client.get(path).text)
        path = next(iter(page.xpath("//a[@rel='next']/@href")), "")
    assert seen == [f"INV-2026-{n:04}" for n in range(28, 0, -1)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ёлка", ["INV-2026-0018"]),
        ("q=inv-2026-0003", ["INV-2026-0003"]),
        ("status=rejected", ["INV-2026-0007"]),
        ("counterparty=expo leipzig ag&status=to_pay", ["INV-2026-0014"]),
        ("currency=usd", ["INV-2026-0025"]),
        ("day=2026-12-18&currency=RUB", ["INV-2026-0017"]),
        ("month=2026-11&person=maria@example.com", ["INV-2026-0002"]),
        ("from=2026-12-14&to=2026-12-14", ["INV-2026-0025"]),
        ("q=nothing like that", []),
    ],
)
def test_invoices_are_filtered_by(office: Office, query: str, found: list[str]) -> None:
    assert invoices_on(office.client().get(f"/invoices?{query}").text) == found


def test_an_invoice_shows_who_decided_its_files_and_who_accepted_the_invite(office: Office) -> None:
    said = words_of(office.client().get("/invoices/INV-2026-0018").text)
    for part in (
        "RUB 236,500.00", "ООО «Ёлка и дуб»", "Ольга Соколова approved", "Договорились, берём.", "invoice-1126.pdf",
        "Анна Орлова accepted", "Иван Петров accepted", "Ольга Соколова asked the submitter a question",
        "Почему не стандартный стол?",
    ):  # fmt: skip
        assert part in said


def test_a_rejection_says_by_whom_and_why(office: Office) -> None:
    said = words_of(office.client().get("/invoices/INV-2026-0007").text)
    assert "Rejected by Ольга Соколова Нет сметы. Не указан адрес доставки." in said


def test_a_history_that_was_changed_from_outside_is_told(office: Office) -> None:
    with office.store.begin() as uow:
        uow._connection.execute(text("UPDATE history SET actor = 'x' WHERE number = 'INV-2026-0018' AND position = 1"))
        uow.commit()
    assert "changed from outside" in office.client().get("/invoices/INV-2026-0018").text


def test_what_people_wrote_is_text_on_every_page(office: Office) -> None:
    hostile = "<script>alert(1)</script>\u202e\x00\"'<img src=x onerror=1>"
    with office.store.begin() as uow:
        invoice = uow.invoices.get("INV-2026-0014")
        assert invoice
        form = replace(invoice.form, title=hostile, counterparty=hostile, comment=hostile)
        uow.invoices.save(replace(invoice, form=form))
        uow.history.append(invoice.number, Entry("approved", hostile, {"comment": hostile}), office.clock(), None, None)
        uow.commit()
    client = office.client()
    for path in ("/", "/invoices", "/invoices/INV-2026-0014", "/activity", "/invoices?q=<script>&counterparty=<b>"):
        page = client.get(path).text
        assert "\u202e" not in page
        assert html.fromstring(page).xpath("//script/@src") == ["/static/board.js"]
        assert html.fromstring(page).xpath("//img[not(@alt='')]") == []
        assert "&lt;script&gt;" in page


def test_an_invoice_or_a_page_that_is_not_there_is_told_in_words(office: Office) -> None:
    for path in ("/invoices/INV-2026-9999", "/nothing", "/invoices/INV-2026-0018/files/" + "0" * 64, "/static/../x"):
        answer = office.client().get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text


def test_nothing_can_be_changed(office: Office) -> None:
    client = office.client()
    for path in PAGES:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert client.request(method, path).status_code == 405
    assert client.post("/sign-out").status_code == 404


def test_a_page_is_of_its_own_files_alone(office: Office) -> None:
    client = office.client()
    for path in PAGES:
        page = html.fromstring(client.get(path).text)
        addresses = page.xpath("//@src | //link/@href | //@action")
        assert all(address.startswith("/") for address in addresses)
        assert page.xpath("//*[@style or @onclick or @onload] | //style | //script[not(@src)]") == []


def test_the_news_do_not_tell_of_every_mail_but_an_invoice_does(office: Office) -> None:
    with office.store.begin() as uow:
        sent = Entry("mail_sent", "mailflow", {"to": "olga@example.com", "message": "approval_request"})
        uow.history.append("INV-2026-0018", sent, office.clock(), "<a@example.com>", None)
        uow.commit()
    client = office.client()
    assert "Sent to" not in client.get("/activity").text
    assert "Sent to Ольга Соколова: " in client.get("/invoices/INV-2026-0018").text


def test_every_event_of_the_history_has_words_in_both_languages(office: Office) -> None:
    """Whatever the code writes into a history is told in words."""
    written = set()
    for file in (Path(__file__).parents[2] / "mailflow").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Entry"), args=[ast.Constant(value=event), *_]):
                    written.add(event)
    assert len(written) > 30
    for language in LANGUAGES:
        assert written - set(office.board().pages.words(language)["events"]) == set(), language


def test_no_sentence_of_the_history_lacks_a_fact(office: Office) -> None:
    for language in LANGUAGES:
        said = words_of(office.client(**{"Accept-Language": language}).get("/activity").text)
        assert not re.search(r"%\(|None|: ,|→ *$", said)


def test_the_words_of_both_languages_have_the_same_names(office: Office) -> None:
    english, russian = (office.board().pages.words(language) for language in LANGUAGES)
    assert set(english) == set(russian)
    for name, value in english.items():
        if isinstance(value, dict):
            assert set(value) == set(russian[name]), name
