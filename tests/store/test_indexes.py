"""No look-up reads a whole table: a message costs the same with a hundred thousand invoices as with a hundred."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from time import perf_counter

import pytest
from sqlalchemy import event, text
from sqlmodel import SQLModel

from mailflow.approval.effects import Entry, Message
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks, Reference
from mailflow.ports import Location
from mailflow.store.engine import Store
from mailflow.store.inbox import InboxState
from mailflow.store.outbox import OutboxState, World
from mailflow.store.register import NewsLine, Place, Wanted
from mailflow.store.statements import on_postgresql
from mailflow.store.unit_of_work import UnitOfWork
from tests.approval.company import opened
from tests.store.rows import LEASE, NOW, daemon, enqueue, record

NUMBER = "INV-2026-0001"

# Values without a table; a foreign key's check that SQLite plans beside every upsert and runs only while one is broken.
# The register's newest invoices: the index is walked in their order, and a limit ends the walk.
HARMLESS = (
    "SCAN CONSTANT ROW",
    "SCAN 2 CONSTANT ROWS",
    "SCAN inbox_location USING COVERING INDEX",
    "SCAN invoice USING COVERING INDEX ix_invoice_age",
)

DAY = date(2026, 12, 15)
EVERYTHING = Wanted(
    statuses=(Status.IN_APPROVAL, Status.PAID),
    person="olga@example.com",
    counterparty="ООО",
    currency="RUB",
    pay_month=DAY,
    pay_day=DAY,
    received_from=NOW,
    received_until=NOW,
    text="бум dec",
    seen_by="ivan@example.com",
)

LOOK_UPS: dict[str, Callable[[UnitOfWork], object]] = {
    "inbox.lying": lambda uow: uow.inbox.lying(),
    "inbox.record": lambda uow: (record(uow), uow.inbox.flush()),
    "inbox.claim": lambda uow: uow.inbox.claim(NOW, LEASE),
    "inbox.settle": lambda uow: uow.inbox.settle(1, InboxState.PROCESSED, NOW, "submission"),
    "inbox.to_file": lambda uow: uow.inbox.to_file(),
    "inbox.filed": lambda uow: uow.inbox.filed([Location("INBOX", 7, 1)]),
    "inbox.get": lambda uow: uow.inbox.get(1),
    "inbox.raw": lambda uow: uow.inbox.raw(1),
    "inbox.quarantined": lambda uow: uow.inbox.quarantined(),
    "inbox.waiting": lambda uow: uow.inbox.waiting(NOW),
    "files.read": lambda uow: uow.files.read(uow.files.keep(b"")),
    "inbox.holders": lambda uow: uow.inbox.holders(NOW),
    "inbox.free": lambda uow: uow.inbox.free("holder"),
    "outbox.holders": lambda uow: uow.outbox.holders(NOW),
    "outbox.free": lambda uow: uow.outbox.free(NOW, "holder"),
    "portal.free": lambda uow: uow.portal.free(NOW, "holder"),
    "inbox.give_back": lambda uow: uow.inbox.give_back(),
    "inbox.holds_copy": lambda uow: uow.inbox.holds_copy("<a@b>", "finance@example.com"),
    "inbox.arrived": lambda uow: uow.inbox.arrived("ivan@example.com", NOW, LEASE),
    "inbox.waits_of": lambda uow: uow.inbox.waits_of("ivan@example.com"),
    "inbox.bytes_kept": lambda uow: uow.inbox.bytes_kept("ivan@example.com", NOW, LEASE),
    "inbox.guesses": lambda uow: uow.inbox.guesses("ivan@example.com", NOW, LEASE),
    "outbox.mails_since": lambda uow: uow.outbox.mails_since(["help"], "ivan@example.com", NOW),
    "inbox.of_invoice": lambda uow: uow.inbox.of_invoice(NUMBER),
    "invoices.files_of": lambda uow: uow.invoices.files_of(NUMBER),
    "outbox.give_back": lambda uow: uow.outbox.give_back(NOW, World.MAIL),
    "outbox.doubt": lambda uow: uow.outbox.doubt(1, "no answer", NOW),
    "outbox.let_go": lambda uow: uow.outbox.let_go(1, "away", OutboxState.PENDING),
    "outbox.undelivered_with": lambda uow: uow.outbox.undelivered_with("token"),
    "invoices.next_number": lambda uow: uow.invoices.next_number(2026),
    "invoices.get": lambda uow: uow.invoices.get("INV-2026-9999"),
    "invoices.save": lambda uow: (uow.invoices.save(opened().invoice), uow.invoices.flush()),
    "invoices.of_file": lambda uow: uow.invoices.of_file("0" * 64, NUMBER),
    "invoices.waiting_since": lambda uow: uow.invoices.waiting_since(NOW),
    "invoices.askers": lambda uow: uow.invoices.askers(),
    "references.items_of": lambda uow: uow.references.items_of("token"),
    "invoices.asked_since": lambda uow: uow.invoices.asked_since(NOW),
    "invoices.unpaid_before": lambda uow: uow.invoices.unpaid_before(date(2026, 12, 1)),
    "invoices.on_hold_until": lambda uow: uow.invoices.on_hold_until(NOW),
    "invoices.asked_of": lambda uow: uow.invoices.asked_of("olga@example.com"),
    "invoices.of_submitter": lambda uow: uow.invoices.of_submitter("ivan@example.com"),
    "invoices.marked": lambda uow: uow.invoices.marked("number|x|1", NUMBER),
    "invoices.marks_of": lambda uow: uow.invoices.marks_of(NUMBER),
    "invoices.paid_to": lambda uow: uow.invoices.paid_to("ромашка", NUMBER),
    "invoices.look_alike": lambda uow: uow.invoices.look_alike("ООО", NUMBER),
    "invoices.of_counterparty": lambda uow: uow.invoices.of_counterparty("ООО", NUMBER),
    "references.by_token": lambda uow: uow.references.by_token("token"),
    "references.message_id_of": lambda uow: uow.references.message_id_of("token"),
    "references.add": lambda uow: uow.references.add(
        Reference("token", NUMBER, 1, Asks.APPROVAL, "olga@example.com", "digest", 0), "<a@b>"
    ),
    "references.is_new": lambda uow: uow.references.is_new("token", "<a@b>"),
    "references.by_message_id": lambda uow: uow.references.by_message_id("<a@b>"),
    "references.number_of_uid": lambda uow: uow.references.number_of_uid("uid"),
    "outbox.claim_due": lambda uow: uow.outbox.claim_due(NOW, LEASE),
    "outbox.delivered": lambda uow: uow.outbox.delivered({1: ""}, NOW),
    "outbox.undelivered": lambda uow: uow.outbox.undelivered(),
    "outbox.claim_due in the portal": lambda uow: uow.outbox.claim_due(NOW, LEASE, World.PORTAL),
    "outbox.knows": lambda uow: uow.outbox.knows("<a@b>"),
    "outbox.knows_portal": lambda uow: uow.outbox.knows_portal(NUMBER),
    "outbox.refused_by_portal": lambda uow: uow.outbox.refused_by_portal(NUMBER),
    "outbox.waiting_in": lambda uow: uow.outbox.waiting_in(World.PORTAL),
    "portal.how_far": lambda uow: uow.portal.how_far([NUMBER]),
    "portal.get": lambda uow: uow.portal.get("key"),
    "portal.of_invoices": lambda uow: uow.portal.of_invoices([NUMBER], "pay_task"),
    "portal.recall": lambda uow: uow.portal.recall("setup"),
    "outbox.get": lambda uow: uow.outbox.get(1),
    "outbox.waiting": lambda uow: uow.outbox.waiting(NOW),
    "outbox.next_due": lambda uow: uow.outbox.next_due(),
    "outbox.thread": lambda uow: uow.outbox.thread(NUMBER, "olga@example.com"),
    "outbox.by_message_id": lambda uow: uow.outbox.by_message_id("<a@b>"),
    "outbox.last_of": lambda uow: uow.outbox.last_of(Message.HELP, "olga@example.com"),
    "daemons.note": lambda uow: uow.daemons.note(daemon()),
    "daemons.remove": lambda uow: uow.daemons.remove("holder"),
    "inbox.queue": lambda uow: uow.inbox.queue(NOW),
    "outbox.queue": lambda uow: uow.outbox.queue(World.MAIL, NOW),
    "register.page": lambda uow: uow.register.page(Wanted(), 50),
    "register.page of everything": lambda uow: uow.register.page(EVERYTHING, 50, Place(NOW, NUMBER)),
    "register.count": lambda uow: uow.register.count(EVERYTHING),
    "register.sums": lambda uow: uow.register.sums(DAY, DAY, DAY, "ivan@example.com"),
    "register.late": lambda uow: uow.register.late(DAY, "ivan@example.com"),
    "register.due_on": lambda uow: uow.register.due_on(DAY, "ivan@example.com"),
    "register.payments": lambda uow: uow.register.payments(DAY, DAY, 50, "ivan@example.com"),
    "register.payments_of_day": lambda uow: uow.register.payments_of_day(DAY, 3, "ivan@example.com"),
    "register.news": lambda uow: uow.register.news(50, NewsLine(NUMBER, 0, NOW, "paid", "anna@example.com")),
    "register.news of one": lambda uow: uow.register.news(50, seen_by="ivan@example.com"),
    "register.counterparties": lambda uow: uow.register.counterparties("ivan@example.com"),
    "history.append": lambda uow: (
        uow.history.append(NUMBER, Entry("e", "a"), NOW, None, None),
        uow.history.flush(),
    ),
    "history.of": lambda uow: uow.history.of(NUMBER),
}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("look_up", LOOK_UPS.values(), ids=LOOK_UPS)
def test_a_look_up_goes_by_an_index(store: Store, look_up: Callable[[UnitOfWork], object]) -> None:
    with store.begin() as uow:
        record(uow)
        uow.invoices.add(opened().invoice)
        enqueue(uow, "mail")
        plans = plans_of(uow, lambda: look_up(uow))
    assert plans
    assert [step for step in plans if step.startswith("SCAN") and not step.startswith(HARMLESS)] == []


def plans_of(uow: UnitOfWork, work: Callable[[], object]) -> list[str]:
    """The steps by which SQLite does the statements of some work."""
    connection, steps = uow._connection, []

    def explain(conn: object, cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if not statement.startswith("EXPLAIN"):
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            steps.extend(row.detail for row in explained)
            steps.append(statement)

    event.listen(connection, "before_cursor_execute", explain)
    work()
    event.remove(connection, "before_cursor_execute", explain)
    return steps


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_plans_above_would_show_a_whole_table_read(store: Store) -> None:
    with store.begin() as uow:
        plans = plans_of(uow, lambda: uow._connection.execute(text("SELECT * FROM inbox WHERE subject = 'x'")))
    assert any(step.startswith("SCAN inbox") for step in plans)


WAITING = 5
"""The quickest of so many claims counts, beside reading every row in the same run: other work must fail no test."""


@pytest.mark.slow
def test_claims_stay_fast_beside_a_hundred_thousand_finished_mails(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        enqueue(uow, "mail")
        fill(uow, "inbox", "digest", "processed", 100_000)
        fill(uow, "outbox", "message_id", "delivered", 100_000)
        for n in range(WAITING):
            record(uow, f"last {n}", uid=2 + n)
            enqueue(uow, f"last{n}", number=f"INV-2026-1{n:03}")
        uow.commit()
    with store.begin() as uow:
        if on_postgresql(uow._connection):  # as its autovacuum does; SQLite does so only where somebody asks it to
            uow._connection.execute(text("ANALYZE"))
        for claim, table, column in (
            (uow.inbox.claim, "inbox", "subject"),
            (uow.outbox.claim_due, "outbox", "recipient"),
        ):
            every_row = text(f"SELECT count(*) FROM {table} WHERE lower({column}) != 'nobody'")
            whole_table = _quickest(lambda: uow._connection.execute(every_row).scalar())  # noqa: B023
            assert claim(NOW, LEASE)
            assert _quickest(lambda: claim(NOW, LEASE)) < whole_table / 2  # noqa: B023
            assert claim(NOW, LEASE) is None


def _quickest(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(WAITING))


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    assert work()
    return perf_counter() - started


def fill(uow: UnitOfWork, table: str, unique: str, state: str, count: int) -> None:
    """Copies of the first row in another state."""
    columns = [c.name for c in SQLModel.metadata.tables[table].c if c.name not in ("id", unique, "state")]
    names = ", ".join(columns)
    uow._connection.execute(
        text(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO {table} ({unique}, state, {names}) "
            f"SELECT 'copy ' || i, '{state}', {names} FROM n, (SELECT * FROM {table} LIMIT 1) AS first"
        )
    )
