"""`status`: who works, what waits, and an exit code that a monitor can go by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailflow.jobs.heartbeat import FORGOTTEN_AFTER, Heartbeat
from mailflow.ports import FetchedMail, Location
from mailflow.status import SILENT_AFTER, STUCK_AFTER
from mailflow.store.engine import Store, open_store
from tests.cli.conftest import Company, in_approval

A_LITTLE = timedelta(seconds=5)


@pytest.fixture
def store(office: Company) -> Iterator[Store]:
    """A daemon's, which works as long as the test does not close it."""
    store = open_store(f"sqlite:///{office.folder / 'mailflow.db'}")
    store.take_part(datetime.now(UTC))
    yield store
    store.close()


def heart(store: Store, ago: timedelta = A_LITTLE) -> Heartbeat:
    """A daemon that started some time ago, and has not been heard of since its first pass."""
    then = datetime.now(UTC) - ago
    made = Heartbeat(store, "finance@example.com", lambda: then, str)
    made.start()
    made.after_a_pass([])
    return made


def status(office: Company) -> dict[str, Any]:
    result = office.run("status", "--json")
    said: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if said["ok"] else 1)
    assert said["ok"] == (not said["problems"])
    return said


def waits_since(office: Company, ago: timedelta) -> None:
    then = datetime.now(UTC) - ago
    with office.store.begin() as uow:
        mail = FetchedMail(Location("INBOX", 1, 9), b"x", 1)
        uow.inbox.record(mail, "<x@example.com>", "digest", "ivan@example.com", "Paper", then)
        uow.commit()


def test_where_a_daemon_works_and_nothing_is_stuck_all_is_well(office: Company, store: Store) -> None:
    heart(store)
    said = status(office)
    (daemon,) = said["daemons"]
    assert (daemon["life"], daemon["mailbox"], daemon["watches"]) == ("works", "finance@example.com", True)
    assert datetime.fromisoformat(daemon["seen_at"]).utcoffset() == timedelta(hours=3)
    assert said["last_pass_seconds"] >= A_LITTLE.seconds
    assert said["inbox"] == {
        "received": 0, "failed": 0, "quarantined": 0, "oldest_seconds": None, "due_seconds": None,
    }  # fmt: skip


def test_nobody_works_is_a_problem(office: Company) -> None:
    assert status(office)["problems"] == ["No daemon works. Start one with `run`, or look at its service."]


def test_a_daemon_that_was_killed_is_shown_as_gone_for_a_day(office: Company, store: Store) -> None:
    heart(store)
    store.close()
    said = status(office)
    assert [daemon["life"] for daemon in said["daemons"]] == ["gone"]
    assert not said["ok"]
    assert said["last_pass_seconds"] is None
    store.take_part(datetime.now(UTC))
    heart(store, FORGOTTEN_AFTER + A_LITTLE)
    store.close()
    assert status(office)["daemons"] == []


def test_a_daemon_that_lives_and_says_nothing_is_a_problem(office: Company, store: Store) -> None:
    heart(store, SILENT_AFTER + A_LITTLE)
    said = status(office)
    assert said["daemons"][0]["life"] == "silent"
    assert "was not heard of for 5 min" in said["problems"][1]


def test_what_hinders_a_daemon_is_a_problem_until_it_is_over(office: Company, store: Store) -> None:
    one = heart(store)
    one.after_a_pass(["The mailbox is away."])
    assert status(office)["problems"][0].endswith("is hindered: The mailbox is away.")


def test_mail_that_could_be_read_and_is_not_is_a_problem_after_a_while(office: Company, store: Store) -> None:
    heart(store)
    waits_since(office, STUCK_AFTER - A_LITTLE)
    said = status(office)
    assert said["ok"]
    assert said["inbox"]["received"] == 1
    assert said["inbox"]["oldest_seconds"] >= 890


def test_mail_that_is_stuck_makes_the_status_fail(office: Company, store: Store) -> None:
    heart(store)
    waits_since(office, STUCK_AFTER + A_LITTLE)
    (problem,) = status(office)["problems"]
    assert problem.startswith("Mail waits to be read since 15 min")


def test_a_mail_that_is_put_off_or_held_up_by_one_that_is_waits_but_is_not_stuck(office: Company, store: Store) -> None:
    heart(store)
    invoice = office.keep(*in_approval())
    office.stuck(invoice)
    office.stuck(invoice, dead=True, number=2)
    said = status(office)
    assert said["ok"]
    assert (said["outbox"]["pending"], said["outbox"]["dead"]) == (1, 1)
    assert said["outbox"]["oldest_seconds"] is not None
    assert said["outbox"]["due_seconds"] is None


def test_for_people_it_is_a_table_and_a_sentence(office: Company, store: Store) -> None:
    one = heart(store)
    office.quarantined()
    shown = office.run("status").stdout
    assert "finance@example.com (watches)" in shown
    assert "1 quarantined" in shown
    assert "All is well." in shown
    one.after_a_pass(["The mailbox \x1b[2J is away."])
    shown = office.run("status").stdout
    assert "is hindered: The mailbox [2J is away." in shown
    assert "\x1b" not in shown
