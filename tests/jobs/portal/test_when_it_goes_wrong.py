"""Whatever goes wrong with one thing, or for a while, the portal shows the rest, and each thing once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from mailflow.approval.effects import Message
from mailflow.approval.lifecycle import Status
from mailflow.errors import InDoubt, ServerAway, TransientFailure
from mailflow.jobs.portal import people
from mailflow.jobs.portal.request import Request
from mailflow.store.portal import PortalMemory
from tests.approval.company import ANNA
from tests.jobs.portal.conftest import ALL, NUMBER, Bureau

SECOND = "INV-2026-0002"
ONE_OF_EACH = {"file": 1, "item": 1, "post": 1, "comment": 4, "timeline": 4, "task": 1, "event": 1}


def created(bureau: Bureau, number: str = NUMBER) -> dict[str, int]:
    return {kind: count for kind, count in bureau.portal.created(number).items() if kind != "notice"}


def troubles_told(bureau: Bureau) -> list[str]:
    return [
        str(entry.effect.extra["trouble"])  # type: ignore[union-attr]
        for entry in bureau.mails()
        if getattr(entry.effect, "message", None) is Message.PORTAL_TROUBLE
    ]


def intercept(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, before: Callable[[str, Mapping[str, Any]], None]
) -> None:
    """`before` sees every call before the portal does, and may raise in its place."""
    call = bureau.client.call

    def intercepted(method: str, params: Mapping[str, Any] | None = None) -> Any:
        before(method, params or {})
        return call(method, params or {})

    monkeypatch.setattr(bureau.client, "call", intercepted)


@pytest.mark.parametrize("place", range(1, 14))
def test_a_database_that_is_busy_when_the_portal_has_answered_makes_nothing_twice(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    remember, count = PortalMemory.made, [0]

    def busy(memory: PortalMemory, key: str, remote_id: int) -> None:
        count[0] += 1
        if count[0] == place:
            raise TransientFailure("the database is locked")
        remember(memory, key, remote_id)

    monkeypatch.setattr(PortalMemory, "made", busy)
    bureau.submit()
    bureau.approve()
    bureau.pay()
    bureau.until_shown()
    assert created(bureau) == ONE_OF_EACH


def test_the_time_to_settle_counts_from_the_sending_however_long_other_calls_took(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.work.sync.set_up(bureau.now)
    bureau.submit()
    monkeypatch.setattr(people, "_KNOWN_FOR", timedelta(0))
    intercept(bureau, monkeypatch, lambda method, _: bureau.later(seconds=45 if method == "user.get" else 0))
    send, lost = Request.send, []

    def lossy(request: Request, *rest: Any) -> Any:
        if request.method == "log.blogpost.add" and not lost:
            lost.append(request)
            raise InDoubt("the connection was lost")
        return send(request, *rest)

    monkeypatch.setattr(Request, "send", lossy)
    bureau.round()
    send(lost[0], bureau.client, lambda sha256: b"")  # the portal was still at work on the first one
    bureau.until_shown()
    assert len(bureau.portal.posts) == 1


def test_a_change_that_a_firewall_does_not_let_through_holds_up_no_other_invoice_and_is_told_of(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.work.sync.set_up(bureau.now)
    bureau.submit(counterparty="select * from <script>")
    bureau.submit(b"2", number=SECOND)

    def firewall(method: str, params: Mapping[str, Any]) -> None:
        if "<script>" in str(params):
            raise ServerAway("what answers there is not the portal's REST interface (HTTP 403)")

    intercept(bureau, monkeypatch, firewall)
    for _ in range(20):
        bureau.round()
        bureau.later(minutes=10)
    assert created(bureau, SECOND)["item"] == 1
    assert len(troubles_told(bureau)) == 1


def test_changes_that_always_crash_the_portal_hold_up_no_other_invoice(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.work.sync.set_up(bureau.now)
    ill = [f"INV-2026-{n:04}" for n in (11, 12, 13)]
    for number in ill:
        bureau.submit(number.encode(), number=number)
    bureau.until_shown()
    for number in ill:
        bureau.approve(number)
    tries = []

    def robot(method: str, params: Mapping[str, Any]) -> None:
        if method == "crm.item.update" and str(params["fields"]["stageId"]).endswith("CLIENT"):
            tries.append(method)
            raise InDoubt("HTTP 500: a robot on this stage crashes")

    intercept(bureau, monkeypatch, robot)
    bureau.submit(b"2", number=SECOND)
    for _ in range(24 * 60):
        bureau.round()
        bureau.later(minutes=1)
    assert created(bureau, SECOND)["item"] == 1
    assert len(tries) < 24 * 60 / 10
    assert troubles_told(bureau)


def test_an_old_change_that_is_done_again_undoes_no_newer_one(bureau: Bureau) -> None:
    bureau.submit()
    bureau.until_shown()
    bureau.portal.faults.next("crm.item.update", "refuse:", times=2)
    bureau.approve()
    bureau.until_shown()
    bureau.pay()
    bureau.until_shown()
    assert bureau.stage() == "SUCCESS"
    with bureau.store.begin() as uow:
        for entry in uow.outbox.refused_by_portal(NUMBER):
            uow.outbox.redo(entry.id, bureau.now)
        uow.commit()
    bureau.until_shown()
    assert bureau.stage() == "SUCCESS"


def test_where_the_set_up_is_refused_nothing_is_given_up_and_all_is_shown_once_it_is_not(bureau: Bureau) -> None:
    bureau.portal.faults.next("crm.type.add", "refuse:ACCESS_DENIED", times=3)
    bureau.submit()
    bureau.approve()
    for _ in range(3):
        bureau.round()
        bureau.later(minutes=5)
    assert bureau.refused() == []
    assert [line.event for line in bureau.history()].count("refused_by_portal") == 0
    assert len(troubles_told(bureau)) == 1
    bureau.until_shown()
    assert bureau.stage() == "CLIENT"


def test_a_set_up_whose_answer_was_lost_makes_one_smart_process(bureau: Bureau) -> None:
    bureau.portal.faults.next("crm.type.add", "drop_after")
    bureau.submit()
    bureau.submit(b"2", number=SECOND)
    result = bureau.round()
    assert result.troubles
    assert "not known yet" in bureau.round().troubles[0]
    bureau.later(minutes=2)
    bureau.until_shown()
    assert len(bureau.portal.crm.types) == 1


@pytest.mark.parametrize("moves_first", [True, False])
def test_an_invoice_that_was_under_way_when_the_portal_came_is_shown_whole(
    open_bureau: Callable[..., Bureau], moves_first: bool
) -> None:
    bureau = open_bureau(kinds=frozenset())
    bureau.submit()
    bureau.approve()
    bureau.stop()
    bureau.kinds = ALL
    bureau.start()
    if moves_first:
        bureau.later(days=14, hours=16)
        assert bureau.move()
    bureau.until_shown()
    shown = created(bureau)
    assert (shown["item"], shown["post"], shown["task"], shown["event"]) == (1, 1, 1, 1)


def test_a_filter_that_the_portal_ignores_leads_to_no_other_invoices_record(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.submit(counterparty="First Ltd")
    bureau.until_shown()
    call = bureau.client.call

    def ignores(method: str, params: Mapping[str, Any] | None = None) -> Any:
        params = dict(params or {})
        if method == "crm.item.list":
            params.pop("filter")
        return call(method, params)

    monkeypatch.setattr(bureau.client, "call", ignores)
    bureau.portal.faults.next("crm.item.add", "drop_after")
    bureau.submit(b"2", number=SECOND, counterparty="Second Ltd")
    bureau.until_shown()
    first, second = bureau.portal.items
    assert "First Ltd" in first["title"]
    assert "Second Ltd" in second["title"]


def test_a_post_that_a_colleague_wrote_about_the_invoice_is_not_taken_for_ours(bureau: Bureau) -> None:
    bureau.submit()
    bureau.until_shown()
    bureau.client.call(
        "log.blogpost.add",
        {"POST_TITLE": f"Who has {SECOND}?", "POST_MESSAGE": "?", "DEST": [f"U{bureau.users[ANNA]}"]},
    )
    bureau.portal.feed.posts[-1]["author"] = bureau.users[ANNA]
    bureau.portal.faults.next("log.blogpost.add", "drop_before")
    bureau.submit(b"2", number=SECOND)
    bureau.until_shown()
    assert len(bureau.portal.posts) == 3


def test_a_task_that_was_handed_on_in_the_portal_is_not_made_a_second_time(bureau: Bureau) -> None:
    bureau.portal.remove_scope("tasks")
    bureau.submit()
    bureau.until_shown()
    bureau.portal.faults.next("tasks.task.add", "drop_after")
    bureau.approve()
    bureau.round()
    (task,) = bureau.portal.tasks
    bureau.client.call(
        "tasks.task.update", {"taskId": task["id"], "fields": {"RESPONSIBLE_ID": bureau.users[ANNA] - 1}}
    )
    bureau.later(minutes=2)
    bureau.until_shown()
    assert len(bureau.portal.tasks) == 1


def test_a_right_to_read_tasks_that_is_gone_is_told_of(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    bureau.portal.remove_scope("task")
    bureau.portal.remove_scope("tasks")
    bureau.later(minutes=6)
    assert bureau.round().troubles
    assert len(troubles_told(bureau)) == 1


def test_a_task_that_cannot_be_understood_stops_nothing(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()

    def broken(calls: object) -> object:
        raise TypeError("status is no number")

    monkeypatch.setattr(bureau.client, "batch", broken)
    bureau.submit(b"2", number=SECOND)
    bureau.later(minutes=6)
    result = bureau.round()
    assert created(bureau, SECOND)["item"] == 1
    assert "TypeError" in result.troubles[0]


def test_while_a_long_backlog_is_shown_payments_in_the_portal_are_seen(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    for n in range(2, 8):
        bureau.submit(f"{n}".encode(), number=f"INV-2026-{n:04}")
    (task,) = bureau.portal.tasks
    seen = []

    def slow(method: str, params: Mapping[str, Any]) -> None:
        bureau.later(seconds=20)
        seen.append(bureau.invoice().status)
        if len(seen) == 3:
            bureau.portal.complete_task(task["id"], bureau.users[ANNA])

    intercept(bureau, monkeypatch, slow)
    bureau.round()
    assert Status.PAID in seen
