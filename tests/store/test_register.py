"""The register finds invoices by what people know of them, newest first, and shows each only what is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.store import register
from mailflow.store.engine import Store, open_store
from mailflow.store.migrating import migrations
from mailflow.store.register import Place, Wanted
from tests.cli.conftest import in_approval, incomplete, paid, rejected, to_pay
from tests.store.rows import NOW

TODAY = date(2026, 12, 15)


def kept(store: Store, *invoices: Invoice) -> None:
    with store.begin() as uow:
        for invoice in invoices:
            uow.invoices.add(invoice)
        uow.commit()


def numbers(found: Iterable[Invoice]) -> list[str]:
    return [invoice.number[-1] for invoice in found]


def aged(story: list, days: int) -> Invoice:
    return replace(story[-1].invoice, created_at=NOW + timedelta(days=days))


@pytest.fixture
def office(store: Store) -> Store:
    """One of each stage, an invoice a day: 1 in approval, 2 to pay, 3 paid, 4 rejected, 5 incomplete."""
    kept(
        store,
        aged(in_approval(counterparty="ООО «Ёлка»", title="Игрушки"), 1),
        aged(to_pay(amount=Money(Decimal("99.90"), "EUR"), counterparty="Tulip GmbH"), 2),
        aged(paid(pay_date=date(2027, 1, 11)), 3),
        aged(rejected(), 4),
        aged(incomplete(), 5),
    )
    return store


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), "54321"),
        (Wanted(statuses=(Status.PAID,)), "3"),
        (Wanted(statuses=(Status.PAID, Status.TO_PAY)), "32"),
        (Wanted(currency="EUR"), "2"),
        (Wanted(currency="EUR", statuses=(Status.PAID,)), ""),
        (Wanted(counterparty="«ромашка» ООО"), "43"),
        (Wanted(person="ivan@example.com"), "54321"),
        (Wanted(person="dmitry@example.com", statuses=(Status.PAID, Status.REJECTED)), "43"),
        (Wanted(seen_by="nobody@example.com"), ""),
        (Wanted(pay_month=date(2027, 1, 1)), "3"),
        (Wanted(pay_day=date(2027, 1, 11)), "3"),
        (Wanted(received_from=NOW + timedelta(days=3)), "543"),
        (Wanted(received_until=NOW + timedelta(days=3)), "21"),
        (Wanted(text="елка"), "1"),
        (Wanted(text="Игру ЁЛК"), "1"),
        (Wanted(text="елка tulip"), ""),
        (Wanted(text="inv-2026-0002"), "2"),
        (Wanted(text="0004"), "4"),
        (Wanted(text="99.90"), "2"),
        (Wanted(text="gmb"), "2"),
        (Wanted(text="!!!"), ""),
        (Wanted(text="%"), ""),
    ],
    ids=str,
)
def test_invoices_are_found_by(office: Store, wanted: Wanted, expected: str) -> None:
    with office.begin() as uow:
        assert "".join(numbers(uow.register.page(wanted, 10))) == expected
        assert uow.register.count(wanted) == len(expected)


def test_an_invoice_is_found_under_what_it_is_and_not_under_what_it_was(store: Store) -> None:
    story = to_pay()
    with store.begin() as uow:
        uow.invoices.add(story[0].invoice)
        for outcome in story[1:]:
            now = uow.invoices.get(outcome.invoice.number)
            assert now
            uow.invoices.save(replace(outcome.invoice, version=now.version))
        assert uow.register.count(Wanted(statuses=(Status.IN_APPROVAL,))) == 0
        assert uow.register.count(Wanted(statuses=(Status.TO_PAY,))) == 1


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(text="ром"), Wanted(statuses=(Status.IN_APPROVAL,))], ids=str)
def test_pages_go_on_where_the_one_before_ended_though_many_came_at_the_same_moment(
    store: Store, wanted: Wanted
) -> None:
    kept(store, *(in_approval(f"INV-2026-{n:04}")[0].invoice for n in range(1, 24)))
    seen: list[str] = []
    before: Place | None = None
    with store.begin() as uow:
        while page := uow.register.page(wanted, 5, before):
            seen += [invoice.number for invoice in page]
            before = Place(page[-1].created_at, page[-1].number)
        assert [invoice.number for invoice in uow.register.every(wanted, 4)] == seen
    assert seen == [f"INV-2026-{n:04}" for n in range(23, 0, -1)]


def test_counting_ends_somewhere(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "MOST_COUNTED", 3)
    kept(store, *(in_approval(f"INV-2026-{n:04}")[0].invoice for n in range(1, 8)))
    with store.begin() as uow:
        assert uow.register.count(Wanted()) == 3


def test_each_day_has_its_sums_by_currency_paid_late_and_to_come(store: Store) -> None:
    yen = Money(Decimal(70), "JPY")
    kept(
        store,
        *(story[-1].invoice for story in (
            to_pay("INV-2026-0001", due=TODAY - timedelta(days=1)),
            to_pay("INV-2026-0002", due=TODAY),
            to_pay("INV-2026-0003", due=TODAY, amount=yen),
            paid("INV-2026-0004"),
            rejected("INV-2026-0005"),
        )),
    )  # fmt: skip
    with store.begin() as uow:
        sums = uow.register.sums(date(2026, 12, 1), date(2026, 12, 31), TODAY)
        told = [(s.day.day, s.currency, s.status.value, s.is_late, s.count, str(s.amount)) for s in sums]
        assert told == [
            (14, "RUB", "to_pay", True, 1, "125000.00"),
            (15, "JPY", "to_pay", False, 1, "70"),
            (15, "RUB", "paid", False, 1, "125000.00"),
            (15, "RUB", "to_pay", False, 1, "125000.00"),
        ]
        assert uow.register.late(TODAY) == {"RUB": (1, Decimal("125000.00"))}
        assert uow.register.due_on(TODAY) == {"JPY": (1, Decimal(70)), "RUB": (1, Decimal("125000.00"))}
        assert numbers(uow.register.payments_of_day(TODAY, 2)) == ["2", "3"]
        assert numbers(uow.register.payments_of_day(TODAY, 9)) == ["2", "3", "4"]
        assert numbers(uow.register.payments(TODAY, TODAY, 9)) == ["2", "3", "4"]
        nobody = "nobody@example.com"
        assert uow.register.sums(date(2026, 12, 1), date(2026, 12, 31), TODAY, nobody) == []
        assert (uow.register.late(TODAY, nobody), uow.register.payments(TODAY, TODAY, 9, nobody)) == ({}, [])


def test_a_payment_that_moved_to_today_because_it_was_late_is_late(store: Store) -> None:
    invoice = to_pay(due=TODAY)[-1].invoice
    assert invoice.payment
    kept(store, replace(invoice, payment=replace(invoice.payment, shifts=1)))
    with store.begin() as uow:
        assert [s.is_late for s in uow.register.sums(TODAY, TODAY, TODAY)] == [True]
        assert uow.register.late(TODAY) == {"RUB": (1, Decimal("125000.00"))}


def test_the_news_are_the_newest_lines_of_all_histories(store: Store) -> None:
    with store.begin() as uow:
        for n, story in enumerate((to_pay("INV-2026-0001"), to_pay("INV-2026-0002"))):
            uow.invoices.add(story[-1].invoice)
            for minute, outcome in enumerate(story):
                for entry in outcome.history:
                    uow.history.append(
                        f"INV-2026-000{n + 1}", entry, NOW + timedelta(minutes=2 * minute + n), None, None
                    )
        uow.history.flush()
        everything = uow.register.news(100)
        assert [line.at for line in everything] == sorted((line.at for line in everything), reverse=True)
        assert everything[0].number == "INV-2026-0002"
        first = uow.register.news(3)
        assert first + uow.register.news(100, first[-1]) == everything
        assert uow.register.news(100, seen_by="olga@example.com") == everything
        assert uow.register.news(100, seen_by="nobody@example.com") == []


def test_counterparties_are_those_of_the_newest_invoices(office: Store) -> None:
    with office.begin() as uow:
        assert uow.register.counterparties() == ["Tulip GmbH", "ООО «Ёлка»", "ООО «Ромашка»"]
        assert uow.register.counterparties("nobody@example.com") == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_invoices_of_an_older_mailflow_are_filed_by_the_migration(office: Store, url: str) -> None:
    def state() -> list[object]:
        with office.begin() as uow:
            facets = "SELECT key, created_at, number FROM invoice_facet ORDER BY key, number"
            days = "SELECT number, payment_day, shifts FROM invoice ORDER BY number"
            return [list(map(tuple, uow._connection.execute(text(statement)))) for statement in (facets, days)]

    before = state()
    engine = create_engine(url)
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "0010")
    engine.dispose()
    open_store(url).close()
    assert state() == before


def test_a_moment_is_given_back_aware(office: Store) -> None:
    with office.begin() as uow:
        [newest, *_] = uow.register.page(Wanted(), 1)
    assert isinstance(newest.created_at, datetime)
    assert newest.created_at.tzinfo
