"""What is wrong in the portal is named one by one, with the mend; looking makes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mailflow.approval.effects import PortalKind, RecordPlace
from mailflow.approval.lifecycle import Status
from mailflow.jobs.portal.doctor import Doctor, Finding
from mailflow.jobs.portal.setup import kept_setup
from mailflow.outbound.portal_names import NAMES
from tests.approval.company import ANNA, IVAN
from tests.jobs.portal.conftest import ALL, Bureau

SETUP = "Run `bitrix24 setup`: it makes what is missing."


def examine(bureau: Bureau, people: tuple[str, ...] = (IVAN, ANNA), with_departments: bool = False) -> list[Finding]:
    doctor = Doctor(
        bureau.client,
        NAMES[bureau.company.language],
        bureau.kinds,
        bureau.place,
        kept_setup(bureau.store),
        people,
        with_departments,
        now=bureau.now,
    )
    before = bureau.portal.created("")
    found = list(doctor.examine())
    assert bureau.portal.created("") == before
    return found


def wrong(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if not finding.ok]


@pytest.fixture
def ready(bureau: Bureau) -> Bureau:
    bureau.work.sync.set_up(bureau.now)
    return bureau


def test_a_portal_that_is_set_up_has_nothing_wrong(ready: Bureau) -> None:
    found = examine(ready)
    assert wrong(found) == []
    said = "\n".join(finding.what for finding in found)
    assert "the webhook acts as user 1" in said
    assert "methods that are used are available" in said
    assert "the payment calendar is there" in said
    assert "the Drive folder is there" in said
    assert "2 of 2 people of the settings have an account" in said


def test_a_portal_that_is_not_set_up_yet_is_no_fault(bureau: Bureau) -> None:
    found = examine(bureau)
    assert wrong(found) == []
    assert any("not set up yet" in finding.what for finding in found)


@pytest.mark.parametrize("scope", ["crm", "task", "calendar", "log", "im", "disk"])
def test_each_right_that_is_missing_is_named_with_where_to_tick_it(ready: Bureau, scope: str) -> None:
    ready.portal.remove_scope(scope)
    mend = f"Open the incoming webhook in Bitrix24 and tick “{scope}” among its rights."
    assert Finding(False, f"the webhook lacks the right “{scope}”", mend) in examine(ready)


def test_the_right_to_read_people_and_departments_is_asked_for_only_where_it_is_needed(ready: Bureau) -> None:
    ready.portal.remove_scope("department")
    assert wrong(examine(ready)) == []
    lacking = wrong(examine(ready, with_departments=True))
    assert "the webhook lacks the right “department”" in [finding.what for finding in lacking]
    ready.portal.add_scope("department")
    ready.portal.remove_scope("user_basic")
    assert "the webhook lacks the right “user_basic”" in [finding.what for finding in wrong(examine(ready))]


def test_a_field_and_a_stage_that_somebody_deleted_are_named(ready: Bureau) -> None:
    setup = kept_setup(ready.store)
    assert setup is not None
    field, stage = next(iter(setup.fields.values())), setup.stages["to_pay"]
    ready.portal.crm.fields = [row for row in ready.portal.crm.fields if row["fieldName"] != field]
    ready.portal.crm.statuses = [row for row in ready.portal.crm.statuses if row["STATUS_ID"] != stage]
    assert wrong(examine(ready)) == [
        Finding(False, f"the field “{NAMES['en'].counterparty}” of the smart process is gone", SETUP),
        Finding(False, f"the stage “{NAMES['en'].stages[Status.TO_PAY]}” is gone", SETUP),
    ]


def test_a_payment_calendar_that_somebody_deleted_is_named(ready: Bureau) -> None:
    ready.portal.calendar.sections.clear()
    assert wrong(examine(ready)) == [Finding(False, "the payment calendar is gone", SETUP)]


def test_the_universal_list_is_looked_at_where_it_is_used(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(place=RecordPlace.LIST)
    bureau.work.sync.set_up(bureau.now)
    assert "the universal list is there" in [finding.what for finding in examine(bureau)]
    bureau.portal.remove_scope("lists")
    assert "the webhook lacks the right “lists”" in [finding.what for finding in wrong(examine(bureau))]


def test_a_list_needs_no_rights_in_crm(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(place=RecordPlace.LIST)
    bureau.work.sync.set_up(bureau.now)
    bureau.portal.remove_scope("crm")
    bureau.portal.remove_scope("userfieldconfig")
    assert wrong(examine(bureau)) == []


def test_what_was_switched_on_after_the_set_up_is_named(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(kinds=ALL - {PortalKind.FILES, PortalKind.CALENDAR})
    bureau.work.sync.set_up(bureau.now)
    assert wrong(examine(bureau)) == []
    bureau.kinds = ALL
    assert [finding.what for finding in wrong(examine(bureau))] == [
        "it was set up without files, which the settings want to be shown",
        "it was set up without calendar, which the settings want to be shown",
    ]
    bureau.place = RecordPlace.LIST
    assert "it was set up for record_as: smart_process" in [finding.what for finding in wrong(examine(bureau))]


def test_a_right_that_the_set_up_counted_on_is_missed_when_it_is_gone(ready: Bureau) -> None:
    setup = kept_setup(ready.store)
    assert setup is not None
    assert setup.rest3
    ready.portal.remove_scope("tasks")
    assert "the webhook lacks the right “tasks”" in [finding.what for finding in wrong(examine(ready))]


def test_a_smart_process_that_was_deleted_is_named_and_the_rest_is_looked_at_all_the_same(ready: Bureau) -> None:
    ready.portal.crm.types.clear()
    ready.portal.calendar.sections.clear()
    first, second = wrong(examine(ready))
    assert first.what.startswith("Bitrix24 refuses crm.item.fields: The smart process is not found")
    assert first.mend == SETUP
    assert second.what == "the payment calendar is gone"


def test_a_list_that_was_deleted_and_a_field_of_it_are_named(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(place=RecordPlace.LIST)
    setup = bureau.work.sync.set_up(bureau.now)
    asked = {"IBLOCK_TYPE_ID": "lists", "IBLOCK_ID": setup.list_id}
    bureau.client.call("lists.field.delete", {**asked, "FIELD_ID": setup.fields["amount"]})
    gone = Finding(False, f"the field “{NAMES['en'].amount}” of the universal list is gone", SETUP)
    assert wrong(examine(bureau)) == [gone]
    bureau.client.call("lists.delete", asked)
    assert wrong(examine(bureau)) == [Finding(False, "the universal list is gone", SETUP)]


def test_a_field_that_mailflow_wants_since_a_new_version_is_named(ready: Bureau) -> None:
    with ready.store.begin() as uow:
        document = uow.portal.setup()
        assert document is not None
        del document["fields"]["number"]
        uow.portal.keep_setup(document, ready.now)
        uow.commit()
    gone = Finding(False, f"the field “{NAMES['en'].number}” of the smart process is gone", SETUP)
    assert wrong(examine(ready)) == [gone]


@pytest.mark.parametrize("method", ["crm.item.fields", "crm.status.list", "calendar.section.get", "disk.folder.get"])
def test_a_part_that_the_portal_refuses_to_show_is_named_with_the_mend(ready: Bureau, method: str) -> None:
    ready.portal.faults.next(method, "refuse:ACCESS_DENIED")
    (finding,) = wrong(examine(ready))
    assert f"refuses {method}" in finding.what
    assert finding.mend == SETUP


def test_a_right_that_is_missing_for_one_part_does_not_hide_what_is_wrong_with_the_others(ready: Bureau) -> None:
    ready.portal.remove_scope("crm")
    ready.portal.calendar.sections.clear()
    found = examine(ready)
    assert "the webhook lacks the right “crm”" in [finding.what for finding in found]
    assert Finding(False, "the payment calendar is gone", SETUP) in found
    assert "2 of 2 people of the settings have an account" in [finding.what for finding in found]


def test_a_folder_in_the_bin_is_named(ready: Bureau) -> None:
    setup = kept_setup(ready.store)
    assert setup is not None
    ready.client.call("disk.folder.markdeleted", {"id": setup.folder})
    assert wrong(examine(ready)) == [Finding(False, "the Drive folder is in the bin", SETUP)]


def test_another_webhook_than_that_of_the_set_up_is_named(ready: Bureau) -> None:
    with ready.store.begin() as uow:
        document = uow.portal.setup()
        assert document is not None
        uow.portal.keep_setup({**document, "owner": 77}, ready.now)
        uow.commit()
    assert "it was set up by another webhook, of user 77" in [finding.what for finding in wrong(examine(ready))]


def test_clocks_that_differ_are_named(ready: Bureau) -> None:
    ready.portal.clock = lambda: ready.now + timedelta(hours=1)
    assert wrong(examine(ready)) == [
        Finding(False, "the clocks differ by 1:00:00", "Set this machine's clock, best by NTP.")
    ]


def test_people_without_an_account_are_named_and_are_no_fault(ready: Bureau) -> None:
    found = examine(ready, (IVAN, "nobody@example.com"))
    assert wrong(found) == []
    assert "nobody@example.com has no account: served by mail alone" in [finding.what for finding in found]


def test_a_webhook_that_was_taken_away_is_the_only_finding(ready: Bureau) -> None:
    ready.portal.revoke()
    (finding,) = examine(ready)
    assert not finding.ok
    assert "webhook" in finding.mend


def test_a_portal_that_is_away_is_the_only_finding(ready: Bureau) -> None:
    ready.portal.faults.away = True
    (finding,) = examine(ready)
    assert not finding.ok


def test_departments_that_can_be_read_are_counted(ready: Bureau) -> None:
    ready.portal.add_department("Top")
    found = [finding.what for finding in examine(ready, with_departments=True)]
    assert any("departments can be read" in what for what in found)
