"""The set-up may be repeated, whatever became of the portal or of the set-up before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailflow.approval.effects import Message
from mailflow.approval.lifecycle import Status
from mailflow.errors import PortalClosed, TransientFailure
from mailflow.jobs.portal import sync as sync_module
from mailflow.jobs.portal.structure import StructureReader
from mailflow.jobs.portal.work import PortalWork
from mailflow.outbound.portal_names import NAMES
from tests.jobs.portal.conftest import NUMBER, Bureau

OURS = set(NAMES["en"].stages.values())


def stage_names(bureau: Bureau) -> set[str]:
    return {row["NAME"] for row in bureau.portal.stages()}


def delete_stage(bureau: Bureau, code: str) -> None:
    rows = bureau.portal.crm.statuses
    bureau.portal.crm.statuses = [row for row in rows if not row["STATUS_ID"].endswith(f":{code}")]


@pytest.mark.parametrize("code", ["NEW", "PREPARATION", "CLIENT", "FAIL", "WITHDRAWN"])
def test_a_stage_that_somebody_deleted_is_made_again(bureau: Bureau, code: str) -> None:
    bureau.work.sync.set_up(bureau.now)
    delete_stage(bureau, code)
    bureau.work.sync.set_up(bureau.now)
    assert stage_names(bureau) == OURS


def test_an_invoice_whose_stage_is_gone_is_told_of_once_and_shown_after_the_set_up(bureau: Bureau) -> None:
    bureau.submit()
    bureau.until_shown()
    delete_stage(bureau, "CLIENT")
    bureau.work.sync.set_up(bureau.now)
    with bureau.store.begin() as uow:
        document = uow.portal.setup()
        assert document is not None
        document["stages"].pop(Status.TO_PAY.value)
        uow.portal.keep_setup(document, bureau.now)
        uow.commit()
    bureau.approve()
    bureau.until_shown()
    (refused,) = bureau.refused()
    assert "no stage for invoices to_pay. Run `bitrix24 setup`" in refused.last_error
    assert [task["title"] for task in bureau.portal.tasks if task["title"].startswith("Pay")]
    bureau.work.sync.set_up(bureau.now)
    with bureau.store.begin() as uow:
        uow.outbox.redo(refused.id, bureau.now)
        uow.commit()
    bureau.until_shown()
    assert bureau.stage() == "CLIENT"


def test_what_was_renamed_in_the_portal_is_not_made_a_second_time(bureau: Bureau) -> None:
    first = bureau.work.sync.set_up(bureau.now)
    bureau.portal.crm.types[0]["title"] = "Our own name"
    bureau.portal.calendar.sections[0]["name"] = "Our own calendar"
    assert bureau.work.sync.set_up(bureau.now) == first
    assert len(bureau.portal.crm.types) == 1
    assert len(bureau.portal.calendar.sections) == 1


def test_names_of_stages_that_people_gave_stay(bureau: Bureau) -> None:
    bureau.work.sync.set_up(bureau.now)
    bureau.portal.crm.statuses[0]["NAME"] = "Fresh"
    bureau.work.sync.set_up(bureau.now)
    assert "Fresh" in stage_names(bureau)


def test_a_set_up_that_was_broken_off_for_lack_of_a_right_ends_as_if_it_had_not_been(bureau: Bureau) -> None:
    bureau.portal.remove_scope("userfieldconfig")
    with pytest.raises(PortalClosed):
        bureau.work.sync.set_up(bureau.now)
    bureau.portal.add_scope("userfieldconfig")
    bureau.work.sync.set_up(bureau.now)
    assert stage_names(bureau) == OURS
    assert len(bureau.portal.crm.types) == 1


def test_a_daemon_hears_of_a_set_up_that_was_repeated_beside_it(bureau: Bureau) -> None:
    bureau.submit()
    bureau.until_shown()
    bureau.portal.calendar.sections.clear()
    beside = Bureau(bureau.portal, bureau.database, now=bureau.now)
    beside.work.sync.set_up(beside.now)
    beside.stop()
    bureau.portal.clock = lambda: bureau.now
    bureau.approve()
    bureau.until_shown()
    assert bureau.refused() == []
    assert [event["section"] for event in bureau.portal.events] == [bureau.portal.calendar.sections[0]["id"]]


def test_the_set_up_waits_for_its_turn_and_says_so_where_it_does_not_come(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bureau.store.begin() as uow:
        assert uow.portal.take_turn("a daemon", bureau.now, timedelta(hours=1))
        uow.commit()
    monkeypatch.setattr(sync_module.time, "sleep", lambda seconds: bureau.later(seconds=seconds))
    with pytest.raises(TransientFailure, match="Another mailflow is speaking"):
        bureau.work.sync.set_up_in_turn(lambda: bureau.now, lambda line: None)
    assert bureau.portal.crm.types == []
    bureau.later(hours=2)
    bureau.work.sync.set_up_in_turn(lambda: bureau.now, lambda line: None)
    assert len(bureau.portal.crm.types) == 1


def troubles_told(bureau: Bureau) -> list[str]:
    return [
        str(entry.effect.extra["trouble"])  # type: ignore[union-attr]
        for entry in bureau.mails()
        if getattr(entry.effect, "message", None) is Message.PORTAL_TROUBLE
    ]


def test_a_portal_that_was_closed_while_a_payment_is_watched_is_told_to_the_administrator(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    bureau.portal.revoke()
    bureau.later(minutes=10)
    bureau.round()
    assert len(troubles_told(bureau)) == 1


def test_departments_that_may_not_be_read_are_told_to_the_administrator_and_the_rest_is_shown(bureau: Bureau) -> None:
    bureau.portal.remove_scope("department")
    bureau.work = PortalWork(bureau.work.sync, bureau.work.watch, StructureReader(bureau.store, bureau.client))
    bureau.submit()
    result = bureau.round()
    assert result.shown
    assert len(bureau.portal.items) == 1
    (told,) = troubles_told(bureau)
    assert "department" in told
    assert NUMBER not in told
