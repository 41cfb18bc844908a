"""The portal shows what people see by mail; what it cannot show holds up nothing else (process section 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mailflow.approval.decision import Approve, Reject
from mailflow.approval.effects import PortalKind, RecordPlace, Showing
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks
from mailflow.office.bitrix24.server import PortalServer
from tests.approval.company import ANNA, DMITRY, IVAN, OLGA, company
from tests.jobs.portal.conftest import ALL, NUMBER, Bureau

NAUGHTY = "ООО [B]Рога[/B] & Co #1 «[склад]» 😀 'x' \"y\" <z>"


def test_the_stage_follows_the_status(bureau: Bureau) -> None:
    bureau.submit(amount=None)
    bureau.until_shown()
    stages = [bureau.stage()]
    bureau.submit(number="INV-2026-0002")
    for step in (lambda n: None, bureau.approve, bureau.pay):
        step("INV-2026-0002")
        bureau.until_shown()
        stages.append(str(bureau.portal.items[1]["stageId"]).rpartition(":")[2])
    assert stages == ["NEW", "PREPARATION", "CLIENT", "SUCCESS"]


def test_on_postgresql_a_whole_life_shows_once_and_a_payment_in_the_portal_counts(
    portal: PortalServer, postgres_url: str
) -> None:
    bureau = Bureau(portal, postgres_url)
    try:
        bureau.submit()
        bureau.approve()
        bureau.until_shown()
        bureau.restart()
        (task,) = [task for task in portal.tasks if task["title"].startswith("Pay")]
        portal.complete_task(task["id"], bureau.users[ANNA])
        bureau.later(minutes=6)
        bureau.until_shown()
        assert bureau.invoice().status is Status.PAID
        assert bureau.stage() == "SUCCESS"
        assert set(portal.created(NUMBER).values()) >= {1}
        assert [len(portal.items), len(portal.posts), len(portal.events), len(portal.tasks)] == [1, 1, 1, 1]
    finally:
        bureau.stop()


def test_the_record_holds_the_invoice_and_its_file(bureau: Bureau) -> None:
    bureau.submit()
    bureau.until_shown()
    (item,) = bureau.portal.items
    assert item["xmlId"] == f"mailflow:{NUMBER}"
    assert (item["opportunity"], item["currencyId"]) == (125000, "RUB")
    assert str(item["closedate"]).startswith("2026-12-15")
    assert item["assignedById"] == bureau.users[OLGA]
    assert sorted(item["observers"]) == sorted([bureau.users[IVAN], bureau.users[ANNA]])
    assert "ООО «Ромашка»" in item.values()


def test_the_tasks_are_bound_to_the_record_and_carry_the_file(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    (task,), (item,), (file,) = bureau.portal.tasks, bureau.portal.items, bureau.portal.files
    assert task["ufCrmTask"] == [f"T{int(item['entityTypeId']):x}_{item['id']}"]
    assert task["ufTaskWebdavFiles"]
    assert file["name"].startswith(NUMBER)
    assert file["name"].endswith(".pdf")


def test_nobody_but_those_concerned_may_read_the_post(bureau: Bureau) -> None:
    bureau.submit()
    bureau.until_shown()
    (post,) = bureau.portal.posts
    assert sorted(post["dest"]) == sorted([f"U{bureau.users[IVAN]}", f"U{bureau.users[OLGA]}"])
    bureau.approve()
    bureau.until_shown()
    assert f"U{bureau.users[ANNA]}" in bureau.portal.posts[0]["dest"]
    assert "UA" not in bureau.portal.posts[0]["dest"]


def test_a_notification_takes_the_place_of_the_one_before(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.later(days=14, hours=16)
    bureau.move()
    bureau.later(days=1)
    bureau.move()
    bureau.until_shown()
    due = [n for n in bureau.portal.notices if n["user_id"] == bureau.users[ANNA]]
    assert len(due) == 1
    assert "17" in due[0]["message"]


def test_a_person_without_an_account_is_skipped_and_noted_once_and_still_gets_the_mails(
    open_bureau: Callable[..., Bureau],
) -> None:
    """T10."""
    bureau = open_bureau(company=company(accountant="outside@example.com"))
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    assert bureau.portal.tasks == []
    assert bureau.refused() == []
    noted = [line for line in bureau.history() if line.event == "not_in_portal"]
    assert [line.details["who"] for line in noted] == ["outside@example.com"]
    assert any("outside@example.com" in str(comment) for comment in bureau.portal.timeline)
    assert bureau.portal.events[0]["attendees"] == [bureau.users[IVAN]]
    assert any(entry.recipient == "outside@example.com" for entry in bureau.mails())


@pytest.mark.parametrize("place", RecordPlace)
def test_a_suppliers_name_with_codes_and_emoji_survives_every_channel(
    open_bureau: Callable[..., Bureau], place: RecordPlace
) -> None:
    """T13."""
    bureau = open_bureau(place=place)
    bureau.submit(counterparty=NAUGHTY)
    bureau.does(OLGA, Approve("[B]fine[/B] & [склад] #2 😀"))
    bureau.does(DMITRY, Reject("[URL=http://evil.example]no[/URL]; & #3 😀"))
    bureau.until_shown()
    assert bureau.refused() == []
    portal = bureau.portal
    for channel in (portal.items or portal.elements, portal.posts, portal.tasks):
        assert NAUGHTY in repr_free(channel)
    assert "[B]fine[/B] & [склад] #2 😀" in repr_free(portal.comments)
    assert "[URL=http://evil.example]no[/URL]" in repr_free(portal.tasks)
    assert "[URL=http://evil.example]" not in str(portal.notices) + str(portal.comments) + str(portal.posts)


def repr_free(things: object) -> str:
    """All the texts in it, one after the other, without the joiners."""
    if isinstance(things, str):
        return things.replace("\u2060", "")
    if isinstance(things, dict):
        return "\n".join(repr_free(value) for value in things.values())
    if isinstance(things, list | tuple):
        return "\n".join(repr_free(value) for value in things)
    return str(things)


def test_one_method_that_must_rest_does_not_stop_the_others(bureau: Bureau) -> None:
    """T4."""
    bureau.submit()
    bureau.until_shown()
    bureau.portal.faults.next("log.blogcomment.add", "operating_429")
    bureau.does(OLGA, Approve())
    bureau.submit(b"other", number="INV-2026-0002")
    bureau.round()
    assert bureau.portal.created("INV-2026-0002")["post"] == 1
    assert {entry.number for entry in bureau.waiting()} == {NUMBER}
    bureau.later(minutes=11)
    bureau.until_shown()
    assert bureau.portal.created(NUMBER)["comment"] == 1


def test_what_the_portal_refuses_is_dead_noted_and_told_to_the_administrator_once(bureau: Bureau) -> None:
    bureau.portal.faults.next("log.blogpost.add", "refuse:SONET_CONTROLLER_LIVEFEED_BLOGPOST_ADD_ERROR")
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    assert {entry.effect.shows for entry in bureau.refused()} == {Showing.POST, Showing.READERS, Showing.COMMENT}  # type: ignore[union-attr]
    assert [line.event for line in bureau.history()].count("refused_by_portal") == 1
    assert bureau.portal.tasks
    assert len([m for m in bureau.mails() if m.recipient == "admin@example.com"]) == 1


def test_what_was_refused_is_shown_in_order_once_the_administrator_says_so(bureau: Bureau) -> None:
    bureau.portal.faults.next("log.blogpost.add", "refuse:SONET_CONTROLLER_LIVEFEED_BLOGPOST_ADD_ERROR")
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    with bureau.store.begin() as uow:
        for entry in uow.outbox.refused_by_portal(NUMBER):
            uow.outbox.redo(entry.id, bureau.now)
        uow.commit()
    bureau.until_shown()
    assert bureau.refused() == []
    created = bureau.portal.created(NUMBER)
    assert (created["post"], created["comment"]) == (1, 3)


def test_a_webhook_that_was_taken_away_loses_nothing_and_is_told_to_the_administrator(bureau: Bureau) -> None:
    bureau.submit()
    bureau.portal.revoke()
    result = bureau.round()
    assert result.troubles
    assert bureau.portal.items == []
    assert bureau.refused() == []
    assert len([m for m in bureau.mails() if m.recipient == "admin@example.com"]) == 1
    bureau.later(minutes=5)
    bureau.round()
    assert len([m for m in bureau.mails() if m.recipient == "admin@example.com"]) == 1
    bureau.portal.restore()
    bureau.until_shown()
    assert bureau.stage() == "PREPARATION"


def test_a_renamed_portal_is_followed(bureau: Bureau) -> None:
    """T11."""
    bureau.submit()
    bureau.portal.faults.next("*", "redirect", times=1)
    bureau.until_shown()
    assert bureau.portal.created(NUMBER)["item"] == 1


@pytest.mark.parametrize("kind", PortalKind)
def test_every_kind_can_be_switched_off_by_itself(open_bureau: Callable[..., Bureau], kind: PortalKind) -> None:
    bureau = open_bureau(kinds=ALL - {kind})
    bureau.submit()
    bureau.approve()
    bureau.pay()
    bureau.until_shown()
    assert bureau.refused() == []
    portal = bureau.portal
    there = {
        PortalKind.FILES: portal.files,
        PortalKind.RECORD: portal.items,
        PortalKind.FEED: portal.posts,
        PortalKind.TASKS: portal.tasks,
        PortalKind.CALENDAR: portal.events,
        PortalKind.NOTIFICATIONS: portal.notices,
        PortalKind.TIMELINE: portal.timeline,
    }
    hangs_on = {PortalKind.RECORD: {PortalKind.TIMELINE}}.get(kind, set())
    assert {name for name, things in there.items() if not things} == {kind, *hangs_on}


def test_the_universal_list_shows_the_same_with_its_own_means(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(place=RecordPlace.LIST)
    bureau.submit()
    bureau.approve()
    bureau.pay()
    bureau.until_shown()
    assert bureau.refused() == []
    (element,) = bureau.portal.elements
    assert element["ELEMENT_CODE"] == NUMBER
    assert "Paid" in repr_free(element)
    assert bureau.portal.items == []
    assert bureau.portal.timeline == []


def test_the_universal_list_needs_no_rights_in_crm(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(place=RecordPlace.LIST)
    bureau.portal.remove_scope("crm")
    bureau.portal.remove_scope("userfieldconfig")
    bureau.submit()
    bureau.approve()
    bureau.pay()
    bureau.until_shown()
    assert bureau.refused() == []
    assert "Paid" in repr_free(bureau.portal.elements)
    assert [task["status"] for task in bureau.portal.tasks] == [5]


def test_setting_up_again_makes_nothing_twice(bureau: Bureau) -> None:
    said: list[str] = []
    first = bureau.work.sync.set_up(bureau.now)
    count = len([call for call in bureau.portal.calls if ".add" in call.method])
    assert bureau.work.sync.set_up(bureau.now, said.append) == first
    again = [c.method for c in bureau.portal.calls if ".add" in c.method][count:]
    assert again == []
    assert any("there" in line for line in said)


def test_invoices_that_were_under_way_before_the_portal_came_are_shown_as_they_stand(
    open_bureau: Callable[..., Bureau],
) -> None:
    bureau = open_bureau(kinds=frozenset())
    bureau.submit()
    bureau.approve()
    bureau.stop()
    bureau.kinds = ALL
    bureau.start()
    bureau.work.sync.set_up(bureau.now)
    bureau.until_shown()
    assert bureau.stage() == "CLIENT"
    created = bureau.portal.created(NUMBER)
    assert (created["item"], created["task"], created["event"], created["post"]) == (1, 1, 1, 1)
    bureau.pay()
    bureau.until_shown()
    assert bureau.stage() == "SUCCESS"


@pytest.mark.parametrize("who", ["event", "task", "item"])
def test_what_somebody_deletes_in_the_portal_is_not_made_again_and_holds_up_nothing(bureau: Bureau, who: str) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    method, thing = {
        "event": ("calendar.event.delete", {"id": bureau.portal.events[0]["id"]}),
        "task": ("tasks.task.delete", {"taskId": bureau.portal.tasks[0]["id"]}),
        "item": (
            "crm.item.delete",
            {"entityTypeId": bureau.portal.items[0]["entityTypeId"], "id": bureau.portal.items[0]["id"]},
        ),
    }[who]
    bureau.client.call(method, thing)
    bureau.later(days=14, hours=16)
    bureau.move()
    bureau.pay()
    bureau.until_shown()
    assert bureau.refused() == []
    assert bureau.portal.created(NUMBER)[who] == 1


def test_the_accountant_who_completes_the_task_in_the_portal_has_paid_the_invoice(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    bureau.portal.complete_task(bureau.portal.tasks[0]["id"], by=bureau.users[ANNA])
    bureau.later(minutes=6)
    assert bureau.round().taken_over == 1
    assert bureau.invoice().status is Status.PAID
    paid = next(line for line in bureau.history() if line.event == "paid")
    assert (paid.actor, paid.details["source"]) == (ANNA, "bitrix24")
    assert any(mail.recipient == IVAN for mail in bureau.mails())
    bureau.until_shown()
    assert bureau.stage() == "SUCCESS"


def test_many_open_tasks_are_looked_at_in_one_request(bureau: Bureau) -> None:
    for n in range(1, 6):
        bureau.submit(f"invoice {n}".encode(), number=f"INV-2026-{n:04}")
        bureau.approve(f"INV-2026-{n:04}")
    bureau.until_shown()
    bureau.later(minutes=6)
    before = len(bureau.portal.calls)
    bureau.round()
    assert [call.method for call in bureau.portal.calls[before:]] == ["batch"]


def test_somebody_else_who_completes_the_task_pays_nothing_and_the_accountant_is_asked_again(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    before = len(bureau.mails())
    bureau.portal.complete_task(bureau.portal.tasks[0]["id"], by=bureau.users[IVAN])
    for _ in range(3):
        bureau.later(minutes=6)
        bureau.round()
    assert bureau.invoice().status is Status.TO_PAY
    assert [line.event for line in bureau.history()].count("portal_task_closed") == 1
    assert [mail.recipient for mail in bureau.mails()[before:]] == [ANNA]


def test_an_invoice_that_was_rejected_by_mail_is_not_paid_by_its_completed_task(bureau: Bureau) -> None:
    bureau.submit()
    bureau.approve()
    bureau.until_shown()
    bureau.does(ANNA, Reject("no money"), Asks.PAYMENT)
    bureau.portal.complete_task(bureau.portal.tasks[0]["id"], by=bureau.users[ANNA])
    bureau.later(minutes=6)
    bureau.round()
    assert bureau.invoice().status is Status.REJECTED


def test_two_mailflows_speak_to_the_portal_one_at_a_time(bureau: Bureau) -> None:
    bureau.submit()
    with bureau.store.begin() as uow:
        assert uow.portal.take_turn("another", bureau.now, timedelta(hours=1))
        uow.commit()
    bureau.round()
    assert bureau.portal.items == []
    bureau.later(hours=2)
    bureau.round()
    assert len(bureau.portal.items) == 1
