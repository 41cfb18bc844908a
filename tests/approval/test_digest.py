"""Several open requests in one mail: what stands in it, who gets it, when (process section 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailflow.approval.company import Company, Daily, Person
from mailflow.approval.deciding import decide
from mailflow.approval.decision import Approve
from mailflow.approval.digest import MOST_BYTES, digest_mail, is_in_digest_alone, line_of, open_requests, portions
from mailflow.approval.effects import Message
from mailflow.approval.invoice import Caution, Invoice
from mailflow.approval.noticing import remind_approver
from mailflow.approval.reference import Asks
from tests.approval.company import (
    DMITRY,
    IVAN,
    NOON,
    OLGA,
    answer,
    attachment,
    company,
    mail,
    messages,
    opened,
    reference,
)

MORNING = datetime(2026, 12, 2, 8, 30, tzinfo=ZoneInfo("Europe/Moscow"))
DAILY = Daily(time(8, 30), frozenset(range(5)))


def waiting(number: int, asked_at: datetime = NOON) -> Invoice:
    invoice = replace(opened().invoice, number=f"INV-2026-{number:04d}")
    return invoice.with_step(0, asked_at=asked_at, told_at=asked_at)


def rules(**wish: bool) -> Company:
    return company(people={OLGA: Person(OLGA, daily=replace(DAILY, **wish))}, daily=DAILY)


def test_the_request_that_waits_longest_is_number_one() -> None:
    invoices = [waiting(1, NOON + timedelta(hours=2)), waiting(2), waiting(3, NOON + timedelta(hours=1))]
    found = open_requests(OLGA, invoices, rules(), MORNING)
    assert [invoice.number for invoice in found] == ["INV-2026-0002", "INV-2026-0003", "INV-2026-0001"]
    items = digest_mail(OLGA, found, {}, rules(), MORNING).extra["items"]
    assert [(item["position"], item["number"]) for item in items] == [  # type: ignore[attr-defined]
        (1, "INV-2026-0002"),
        (2, "INV-2026-0003"),
        (3, "INV-2026-0001"),
    ]


def test_only_what_waits_for_this_person_since_before_the_hour_is_in_it() -> None:
    late, held = waiting(2, MORNING + timedelta(minutes=1)), waiting(3)
    outcome = decide(held, reference(held, OLGA, Asks.APPROVAL, 0), answer(OLGA, Approve()), company(), NOON)
    assert open_requests(OLGA, [waiting(1), late, outcome.invoice, waiting(4)], rules(), MORNING) == [
        waiting(1),
        waiting(4),
    ]


@pytest.mark.parametrize(("only", "parts"), [(True, [[1, 2], [3], [4]]), (False, [[1, 2, 3, 4]])])
def test_where_the_files_come_with_it_no_digest_is_larger_than_a_mail_may_be(
    only: bool, parts: list[list[int]]
) -> None:
    """A server refuses a mail that is too large, and whoever wants the digest alone would hear of none of them."""
    sizes = (MOST_BYTES // 2, MOST_BYTES // 2, 1, 2 * MOST_BYTES)
    found = [
        replace(waiting(n), attachments=(replace(attachment(), size=size),)) for n, size in enumerate(sizes, start=1)
    ]
    made = portions(OLGA, found, rules(only=only))
    assert [[int(invoice.number[-4:]) for invoice in portion] for portion in made] == parts
    assert portions(OLGA, [], rules(only=only)) == []


def test_a_decision_on_hold_is_not_asked_for_again() -> None:
    held = waiting(1)
    with_hold = company(hold=timedelta(minutes=30))
    outcome = decide(held, reference(held, OLGA, Asks.APPROVAL, 0), answer(OLGA, Approve()), with_hold, NOON)
    assert open_requests(OLGA, [outcome.invoice, waiting(2)], rules(), MORNING) == []


@pytest.mark.parametrize(("only", "count"), [(False, 0), (True, 1)])
def test_a_single_request_makes_a_digest_only_for_whoever_gets_nothing_else(only: bool, count: int) -> None:
    assert len(open_requests(OLGA, [waiting(1)], rules(only=only), MORNING)) == count


def test_every_item_shows_what_a_decision_is_bound_to_and_what_must_be_seen() -> None:
    invoice = replace(waiting(1), warnings=(Caution("amount_differs", "1 ≠ 2"),))
    alike = {invoice.number: {"number": "INV-2026-0000"}}
    (item, _) = digest_mail(OLGA, [invoice, waiting(2)], alike, rules(), MORNING).extra["items"]  # type: ignore[misc]
    facts = {"amount": "125000.00 RUB", "counterparty": "ООО «Ромашка»", "pay_date": "2026-12-15", "submitter": IVAN}
    assert facts.items() <= item.items()
    assert item["warnings"] == [{"code": "amount_differs", "detail": "1 ≠ 2"}]
    assert item["looks_like"] == {"number": "INV-2026-0000"}


def test_whoever_wants_the_digest_alone_gets_the_files_with_it_and_neither_requests_nor_reminders() -> None:
    alone = rules(only=True)
    request = mail(opened(alone), Message.APPROVAL_REQUEST)
    assert is_in_digest_alone(request, alone)
    assert not is_in_digest_alone(request, rules())
    assert remind_approver(waiting(1), alone, NOON + timedelta(days=2)) is None
    assert remind_approver(waiting(1), rules(), NOON + timedelta(days=2)) is not None
    files = digest_mail(OLGA, [waiting(1)], {}, alone, MORNING).attachments
    assert [file.filename for file in files] == ["1 invoice.pdf"]


def test_whoever_has_no_day_for_digests_gets_requests_whatever_else_was_wished() -> None:
    never = company(people={OLGA: Person(OLGA, daily=Daily(only=True))})
    assert not is_in_digest_alone(mail(opened(never), Message.APPROVAL_REQUEST), never)


def test_the_confirmation_of_a_line_is_left_to_the_mail_about_all_and_nothing_else_is() -> None:
    invoice = waiting(1)
    outcome = decide(invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), answer(OLGA, Approve()), company(), NOON)
    said, effects = line_of(outcome, OLGA)
    assert (said["what"], said["next"]) == ("approve", DMITRY)
    assert messages(replace(outcome, effects=effects)) == [("approval_request", DMITRY)]
