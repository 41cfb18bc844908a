"""Whole conversations by mail, with a portal beside them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from click.testing import CliRunner

from mailflow import bootstrap
from mailflow.adapters.bitrix24 import Bitrix24Portal
from mailflow.approval.lifecycle import Status
from mailflow.cli import cli
from mailflow.office.bitrix24.server import CODE, PortalServer
from mailflow.settings import Bitrix24Settings
from tests.stories.conftest import Office

INVOICES = 10
BY_PORTAL = "olga@example.com]\n  hierarchy: bitrix24\n  route: hierarchy #"
"""Stands in the place of the sequence: the rest of its line is a comment."""


class FakeTime:
    """Seconds that pass only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    with PortalServer() as server:
        server.limits.off()
        yield server


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def slow_portal(clock: FakeTime) -> Iterator[PortalServer]:
    """With the limits of the cloud: 50 requests at once, then 2 a second."""
    with PortalServer(monotonic=clock) as server:
        yield server


@pytest.fixture
def with_portal(portal: PortalServer, open_office: Callable[..., Office]) -> Callable[..., Office]:
    def opener(**more: str) -> Office:
        extra = more.get("extra", "")
        settings = f"bitrix24: {{webhook: '{portal.webhook}', requests_a_second: 1000{extra}}}"
        office = open_office(more=settings)
        portal.clock = lambda: office.now
        for name in ("olga", "director", "buh", "ivan"):
            portal.add_user(f"{name}@example.com", name)
        return office

    return opener


def whole_life(office: Office) -> None:
    number = office.submit().number
    office.olga.reply(office.gets("olga", number), "СОГЛАСОВАНО")
    office.work()
    office.director.reply(office.gets("director", number), "APPROVE")
    office.work()
    office.buh.reply(office.gets("buh", number, "Оплатить"), "ОПЛАЧЕНО")
    office.work()


def test_what_people_see_by_mail_shows_in_the_portal(with_portal: Callable[..., Office], portal: PortalServer) -> None:
    office = with_portal()
    whole_life(office)
    assert office.invoice().status is Status.PAID
    assert portal.items[0]["stageId"].endswith(":SUCCESS")
    assert [task["status"] for task in portal.tasks] == [5]
    result = CliRunner().invoke(
        cli, ["--settings", str(office.folder / "settings.yaml"), "show", "INV-2026-0001", "--json"]
    )
    assert json.loads(result.stdout)["bitrix24"] == {"synced": True, "item_id": portal.items[0]["id"], "pending": 0}


def test_a_portal_that_is_down_for_a_day_hears_of_ten_whole_lives_in_order_and_not_too_fast(
    open_office: Callable[..., Office], slow_portal: PortalServer, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = slow_portal

    def unhurried(settings: Bitrix24Settings) -> Bitrix24Portal:
        address = settings.webhook.get_secret_value()
        return Bitrix24Portal(address, requests_a_second=2, burst=40, monotonic=clock, sleep=clock.sleep)

    monkeypatch.setattr(bootstrap, "portal_of", unhurried)
    office = open_office(more=f"bitrix24: {{webhook: '{portal.webhook}'}}")
    portal.clock = lambda: office.now
    for name in ("olga", "director", "buh", "ivan"):
        portal.add_user(f"{name}@example.com", name)
    portal.faults.away = True
    for _ in range(INVOICES):
        whole_life(office)
    assert [invoice.status for invoice in office.invoices()] == [Status.PAID] * INVOICES
    assert office.undelivered() > INVOICES
    assert portal.calls == []
    listed = CliRunner().invoke(cli, ["--settings", str(office.folder / "settings.yaml"), "outbox", "list"])
    assert "bitrix24 record" in listed.stdout
    portal.faults.away = False
    office.work(days=1)
    assert office.undelivered() == 0
    for n in range(1, INVOICES + 1):
        created = portal.created(f"INV-2026-{n:04}")
        assert (created["item"], created["task"], created["post"], created["event"]) == (1, 1, 1, 1), n
    assert {item["stageId"].rpartition(":")[2] for item in portal.items} == {"SUCCESS"}
    assert [item["title"][:13] for item in portal.items] == [f"INV-2026-{n:04}" for n in range(1, INVOICES + 1)]
    assert [call.error for call in portal.calls if call.error] == []
    times = [call.monotonic for call in portal.calls]
    assert all(later - earlier >= 0.49 for earlier, later in pairwise(times[41:]))


def test_a_portal_that_is_away_changes_nothing_for_the_mail_and_is_named_as_a_trouble(
    with_portal: Callable[..., Office], portal: PortalServer
) -> None:
    office = with_portal()
    portal.faults.away = True
    office.submit()
    result = office.work()
    assert any("Bitrix24" in trouble for trouble in result.troubles)
    assert office.gets("olga", "INV-2026-0001")


def test_the_webhooks_secret_stands_in_no_output_no_log_and_no_database(
    with_portal: Callable[..., Office], portal: PortalServer, caplog: pytest.LogCaptureFixture
) -> None:
    """T12."""
    caplog.set_level(logging.DEBUG)
    office = with_portal()
    portal.faults.next("crm.item.add", "drop_after")
    portal.faults.next("log.blogpost.add", "refuse:SOMETHING")
    office.submit()
    office.work(minutes=5)
    portal.revoke()
    office.work(minutes=5)
    settings = str(office.folder / "settings.yaml")
    commands = (["check"], ["outbox", "list"], ["show", "INV-2026-0001"], ["bitrix24", "setup"])
    said = [CliRunner().invoke(cli, ["--settings", settings, *words]).output for words in commands]
    assert CODE not in "".join(said) + caplog.text
    assert all(CODE.encode() not in file.read_bytes() for file in office.folder.glob("mailflow.db*"))
    assert all(CODE not in mail.raw.decode("ascii", "replace") for mail in office.mails("admin"))


def test_setup_and_check_say_what_is_there_and_what_is_missing(
    with_portal: Callable[..., Office], portal: PortalServer
) -> None:
    office = with_portal()
    settings = str(office.folder / "settings.yaml")
    done = CliRunner().invoke(cli, ["--settings", settings, "bitrix24", "setup"])
    assert done.exit_code == 0, done.output
    assert "made" in done.output
    again = CliRunner().invoke(cli, ["--settings", settings, "bitrix24", "setup"])
    assert "made," not in again.output
    portal.clock = lambda: datetime.now(UTC)
    well = CliRunner().invoke(cli, ["--settings", settings, "check"])
    assert well.exit_code == 0, well.output
    assert "petr@example.com has no account" in well.output
    portal.remove_scope("log")
    ill = CliRunner().invoke(cli, ["--settings", settings, "check"])
    assert ill.exit_code == 1
    assert "lacks the right “log”" in ill.output
    assert "tick “log”" in ill.output


def test_the_heads_of_the_portal_approve_and_a_later_change_there_does_not_touch_a_running_invoice(
    portal: PortalServer, open_office: Callable[..., Office]
) -> None:
    """T9: Ivan leads his own group, the department above has no head, the director is on top."""
    settings = f"bitrix24: {{webhook: '{portal.webhook}', requests_a_second: 1000}}"
    office = open_office(sequence=BY_PORTAL, more=settings)
    portal.clock = lambda: office.now
    director = portal.add_user("director@example.com", "Dmitry", "Orlov")
    top = portal.add_department("Top", head=director)
    middle = portal.add_department("Middle", parent=top)
    ivan = portal.add_user("ivan@example.com", "Иван", departments=(middle,))
    group = portal.add_department("Group", parent=middle, head=ivan)
    portal.people.users[ivan - 1]["UF_DEPARTMENT"] = [group]
    head = portal.add_user("head@elsewhere.example", "Head", "Newman")
    invoice = office.submit()
    assert [step.approver for step in invoice.steps] == ["director@example.com"]
    portal.set_head(middle, head)
    office.work(minutes=30)
    assert [step.approver for step in office.invoice().steps] == ["director@example.com"]
    later = office.submit()
    assert [step.approver for step in later.steps] == ["head@elsewhere.example", "director@example.com"]


def test_an_invoice_by_the_portals_hierarchy_waits_while_nobody_knows_the_heads(
    portal: PortalServer, open_office: Callable[..., Office]
) -> None:
    settings = f"bitrix24: {{webhook: '{portal.webhook}', requests_a_second: 1000}}"
    office = open_office(sequence=BY_PORTAL, more=settings)
    portal.clock = lambda: office.now
    director = portal.add_user("director@example.com", "Dmitry")
    top = portal.add_department("Top", head=director)
    portal.add_user("ivan@example.com", "Иван", departments=(top,))
    portal.faults.away = True
    office.submit()
    assert office.gets("ivan", "ждёт Битрикс24")
    assert office.invoice().status is Status.INCOMPLETE
    portal.faults.away = False
    office.work(minutes=5)
    assert office.invoice().status is Status.IN_APPROVAL
    assert office.gets("director", "INV-2026-0001")
