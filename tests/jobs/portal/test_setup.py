"""The set-up may be repeated, whatever became of the portal or of the set-up before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mailflow.approval.effects import Message, RecordPlace
from mailflow.approval.lifecycle import Status
from mailflow.errors import PermanentFailure, PortalClosed, TransientFailure
from mailflow.jobs.portal import sync as sync_module
from mailflow.jobs.portal.structure import StructureReader
from mailflow.jobs.portal.work import PortalWork
from mailflow.outbound.portal_names import NAMES
from tests.jobs.portal.conftest import NUMBER, Bureau

CODES = ["NEW", "PREPARATION", "CLIENT", "SUCCESS", "FAIL", "WITHDRAWN"]
OURS = set(NAMES["en"].stages.values())


def stage_names(bureau: Bureau) -> set[str]:
    return {row["NAME"] for row in bureau.portal.stages()}


def made(bureau: Bureau) -> list[str]:
    return [call.method for call in bureau.portal.calls if ".add" in call.method]


def delete_stage(bureau: Bureau, code: str) -> None:
    rows = bureau.portal.crm.statuses
    bureau.portal.crm.statuses = [row for row in rows if not row["STATUS_ID"].endswith(f":{code}")]


@pytest.mark.parametrize("code", CODES)
def test_a_stage_that_somebody_deleted_is_made_again_in_its_place(bureau: Bureau, code: str) -> None:
    first = bureau.work.sync.set_up(bureau.now)
    delete_stage(bureau, code)
    assert bureau.work.sync.set_up(bureau.now) == first
    assert stage_names(bureau) == OURS
    assert [row["STATUS_ID"].rpartition(":")[2] for row in bureau.portal.stages()] == CODES


def test_several_stages_that_were_deleted_are_made_again_in_their_order(bureau: Bureau) -> None:
    first = bureau.work.sync.set_up(bureau.now)
    for code in CODES[:3]:
        delete_stage(bureau, code)
    assert bureau.work.sync.set_up(bureau.now) == first
    assert [row["STATUS_ID"].rpartition(":")[2] for row in bureau.portal.stages()] == CODES


@pytest.mark.parametrize("code", CODES[:-1])
def test_a_stage_that_the_portal_does_not_let_be_made_is_named_and_may_be_made_by_hand(
    bureau: Bureau, code: str
) -> None:
    first = bureau.work.sync.set_up(bureau.now)
    status, stage = next((s, id_) for s, id_ in first.stages.items() if id_.endswith(f":{code}"))
    name = NAMES["en"].stages[Status(status)]
    delete_stage(bureau, code)
    bureau.portal.faults.next("crm.status.add", "refuse:ACCESS_DENIED")
    with pytest.raises(PermanentFailure, match=f"Make the stage “{name}” .* by hand, then run `bitrix24 setup`"):
        bureau.work.sync.set_up(bureau.now)
    by_hand = {**bureau.portal.crm.statuses[0], "STATUS_ID": stage.replace(code, "UC_A1B2C3"), "NAME": name}
    bureau.portal.crm.statuses.append(by_hand)
    again = bureau.work.sync.set_up(bureau.now)
    assert again.stages == {**first.stages, status: by_hand["STATUS_ID"]}


def test_a_portal_without_a_stage_for_what_is_withdrawn_shows_it_as_rejected(bureau: Bureau) -> None:
    bureau.portal.faults.next("crm.status.add", "refuse:ACCESS_DENIED")
    stages = bureau.work.sync.set_up(bureau.now).stages
    assert stages["withdrawn"] == stages["rejected"]


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
    bureau.client.call("disk.folder.rename", {"id": first.folder, "newName": "Our own folder"})
    before = made(bureau)
    assert bureau.work.sync.set_up(bureau.now) == first
    assert made(bureau) == before


def test_a_list_that_was_renamed_is_not_made_a_second_time(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(place=RecordPlace.LIST)
    first = bureau.work.sync.set_up(bureau.now)
    bureau.client.call("lists.update", {"IBLOCK_TYPE_ID": "lists", "IBLOCK_ID": first.list_id, "FIELDS": {"NAME": "x"}})
    before = made(bureau)
    assert bureau.work.sync.set_up(bureau.now) == first
    assert made(bureau) == before


def test_a_folder_in_the_bin_is_made_anew(bureau: Bureau) -> None:
    first = bureau.work.sync.set_up(bureau.now)
    bureau.client.call("disk.folder.markdeleted", {"id": first.folder})
    again = bureau.work.sync.set_up(bureau.now)
    assert again.folder != first.folder
    bureau.submit()
    bureau.until_shown()
    assert [file["folder"] for file in bureau.portal.files] == [again.folder]


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


@pytest.mark.parametrize("method", ["crm.type.add", "crm.status.update", "crm.status.add", "userfieldconfig.add"])
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_set_up_that_was_cut_off_anywhere_ends_as_if_it_had_not_been(bureau: Bureau, method: str, fault: str) -> None:
    bureau.portal.faults.next(method, fault, times=10)
    with pytest.raises(TransientFailure):
        bureau.work.sync.set_up(bureau.now)
    bureau.portal.faults.clear()
    setup = bureau.work.sync.set_up(bureau.now)
    assert stage_names(bureau) == OURS
    assert len(bureau.portal.crm.types) == 1
    assert set(setup.fields) == {"contragent", "reason", "number", "file"}


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
    with pytest.raises(TransientFailure, match=r"a daemon is speaking to the portal, until 13:00"):
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
