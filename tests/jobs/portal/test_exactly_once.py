"""Whatever is lost between mailflow and the portal, what people see by mail shows there once, and no two of anything.

Every call that makes something, and every way in which its answer can fail to come: after recovery there is one of it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailflow.approval.decision import Question
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks
from mailflow.jobs.portal import creation
from mailflow.office.bitrix24.server import PortalServer
from mailflow.store.portal import PortalMemory
from tests.approval.company import IVAN, attachment
from tests.jobs.portal.conftest import NUMBER, Bureau

CREATING = {
    "disk.folder.uploadfile": "file",
    "crm.item.add": "item",
    "log.blogpost.add": "post",
    "log.blogcomment.add": "comment",
    "crm.timeline.comment.add": "timeline",
    "tasks.task.add": "task",
    "calendar.event.add": "event",
    "im.notify.system.add": "notice",
    "task.checklistitem.add": "checklist",
}
LOST = ("drop_before", "drop_after", "error_500_after", "html_502", "truncated")
TURNED_AWAY = ("limit_503", "operating_429", "redirect")

PAID_LIFE = {"file": 1, "item": 1, "post": 1, "comment": 4, "timeline": 4, "task": 1, "event": 1}
REJECTED_LIFE = {"file": 1, "item": 1, "post": 1, "comment": 1, "timeline": 1, "task": 1}
TEXTS_OF_A_CHECKLIST = ["Reason of the rejection", "no contract", "wrong sum"]


def paid(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.pay()


def rejected(bureau: Bureau) -> None:
    bureau.submit()
    bureau.reject()


def life_with(method: str) -> tuple[Callable[[Bureau], None], dict[str, int]]:
    return (rejected, REJECTED_LIFE) if "checklist" in method else (paid, PAID_LIFE)


def created(portal: PortalServer) -> dict[str, int]:
    return {kind: count for kind, count in portal.created(NUMBER).items() if kind != "notice"}


def asked(bureau: Bureau, method: str, version: int) -> int:
    """How often the portal was asked for it."""
    return sum((call.method, call.version) == (method, version) for call in bureau.portal.calls)


def checklist(portal: PortalServer) -> list[str]:
    return [item["TITLE"] for task in portal.tasks for item in task["checklist"]]


def test_a_whole_life_shows_one_of_each(bureau: Bureau) -> None:
    paid(bureau)
    bureau.until_shown(1)
    assert created(bureau.portal) == PAID_LIFE
    assert bureau.stage() == "SUCCESS"
    assert [task["status"] for task in bureau.portal.tasks] == [5]


def test_a_rejection_shows_one_task_with_its_reason_point_by_point(bureau: Bureau) -> None:
    rejected(bureau)
    bureau.until_shown(1)
    assert created(bureau.portal) == REJECTED_LIFE
    assert checklist(bureau.portal) == TEXTS_OF_A_CHECKLIST
    assert bureau.stage() == "FAIL"


@pytest.mark.parametrize("kind", LOST + TURNED_AWAY)
@pytest.mark.parametrize("method", CREATING)
def test_an_answer_that_does_not_come_makes_nothing_twice_and_loses_nothing(
    bureau: Bureau, method: str, kind: str
) -> None:
    live, wanted = life_with(method)
    bureau.portal.faults.next(method, kind)
    live(bureau)
    bureau.until_shown()
    assert created(bureau.portal) == wanted
    assert bureau.refused() == []
    if live is rejected:
        assert checklist(bureau.portal) == TEXTS_OF_A_CHECKLIST


@pytest.mark.parametrize("method", CREATING)
def test_an_answer_lost_three_times_in_a_row_makes_nothing_twice(bureau: Bureau, method: str) -> None:
    live, wanted = life_with(method)
    bureau.portal.faults.next(method, "drop_after", times=3)
    live(bureau)
    bureau.until_shown(30)
    assert created(bureau.portal) == wanted


class Killed(BaseException):
    """mailflow ends here, as by SIGKILL."""


@pytest.mark.parametrize("place", range(1, 14))
def test_mailflow_killed_between_an_answer_and_its_memory_makes_nothing_twice(
    bureau: Bureau, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T1, at every thing that is made in an invoice's life."""
    remember, count = PortalMemory.made, [0]

    def dies(memory: PortalMemory, key: str, remote_id: int) -> None:
        count[0] += 1
        if count[0] == place:
            raise Killed
        remember(memory, key, remote_id)

    monkeypatch.setattr(PortalMemory, "made", dies)
    paid(bureau)
    with pytest.raises(Killed):
        bureau.until_shown(1)
    bureau.restart()
    bureau.until_shown()
    assert created(bureau.portal) == PAID_LIFE


@pytest.mark.parametrize("place", range(1, 14))
def test_mailflow_killed_before_it_asks_makes_what_it_was_about_to(
    bureau: Bureau, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, count = creation.Request.send, [0]

    def dies(request: creation.Request, *arguments: object) -> object:
        count[0] += 1
        if count[0] == place:
            raise Killed
        return send(request, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(creation.Request, "send", dies)
    paid(bureau)
    with pytest.raises(Killed):
        bureau.until_shown(1)
    bureau.restart()
    bureau.until_shown()
    assert created(bureau.portal) == PAID_LIFE


def test_the_portal_is_given_time_to_finish_before_anything_is_asked_for_again(bureau: Bureau) -> None:
    bureau.portal.faults.next("tasks.task.add", "drop_after")
    paid(bureau)
    bureau.round()
    bureau.later(seconds=30)
    bureau.round()
    assert asked(bureau, "tasks.task.add", 3) == 1
    assert asked(bureau, "tasks.task.list", 2) == 0
    bureau.later(seconds=40)
    bureau.round()
    assert asked(bureau, "tasks.task.add", 3) == 1
    assert asked(bureau, "tasks.task.list", 2) == 1
    assert len(bureau.portal.tasks) == 1


def test_a_request_that_is_repeated_is_the_same_request(bureau: Bureau) -> None:
    bureau.portal.faults.next("tasks.task.add", "drop_before")
    paid(bureau)
    bureau.until_shown()
    first, second = [call for call in bureau.portal.calls if call.method == "tasks.task.add"]
    assert first.params == second.params
    assert first.idempotency_key == second.idempotency_key == "mailflow-INV-2026-0001-pay-1"


def test_rejected_corrected_and_rejected_again_makes_two_tasks_of_two_rounds(bureau: Bureau) -> None:
    """T6."""
    rejected(bureau)
    bureau.until_shown()
    bureau.does(IVAN, Question(), Asks.CORRECTION, attachments=(attachment("corrected"),))
    with bureau.store.begin() as uow:
        uow.files.keep(b"corrected")
        uow.commit()
    assert bureau.invoice().status is Status.IN_APPROVAL
    bureau.reject("still no contract")
    bureau.until_shown()
    assert [task["status"] for task in bureau.portal.tasks] == [5, 2]
    assert len({task["xmlId"] for task in bureau.portal.tasks}) == 2
    assert checklist(bureau.portal) == [*TEXTS_OF_A_CHECKLIST, TEXTS_OF_A_CHECKLIST[0], "still no contract"]
    assert created(bureau.portal)["post"] == 1


def test_a_payment_that_is_moved_twice_on_one_day_moves_once(bureau: Bureau) -> None:
    """T5."""
    bureau.submit()
    bureau.approve()
    bureau.later(days=14, hours=16)
    assert bureau.move()
    assert bureau.move() is None
    bureau.until_shown()
    (event,), (task,) = bureau.portal.events, bureau.portal.tasks
    assert event["from"] == "2026-12-16"
    assert task["deadline"].startswith("2026-12-16T19:00:00")
    assert created(bureau.portal)["event"] == 1


def test_a_meeting_that_moves_keeps_its_people(bureau: Bureau) -> None:
    """T8."""
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    bureau.later(days=14, hours=16)
    bureau.move()
    bureau.until_shown()
    (event,) = bureau.portal.events
    assert sorted(event["attendees"]) == sorted([bureau.users["anna@example.com"], bureau.users[IVAN]])
