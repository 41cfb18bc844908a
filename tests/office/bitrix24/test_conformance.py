"""An independent client finds what it expects of a Bitrix24 portal: the vendor's own SDK for Python, over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from b24pysdk import BitrixWebhook, Client
from b24pysdk.errors import (
    BitrixAPIBadRequest,
    BitrixAPIInsufficientScope,
    BitrixAPIInvalidCredentials,
    BitrixAPINotFound,
    BitrixAPIOperationTimeLimit,
)

from mailflow.office.bitrix24.server import CODE, PortalServer
from tests.servers.certificates import make_certificates


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.good.chain, certificates.good.key)
    return context, certificates.ca_file


@pytest.fixture
def portal(secured: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalServer]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secured[1]))
    with PortalServer(tls=secured[0]) as server:
        yield server


@pytest.fixture
def webhook(portal: PortalServer) -> BitrixWebhook:
    return BitrixWebhook(domain=portal.base.removeprefix("https://"), webhook_token=f"1/{CODE}")


@pytest.fixture
def client(webhook: BitrixWebhook) -> Client:
    return Client(webhook)


def result(request: Any) -> Any:
    return request.response.result


def test_people_and_departments(client: Client, portal: PortalServer) -> None:
    user = portal.add_user("petrov@example.com", "Пётр", "Петров")
    department = portal.add_department("Отдел", head=user)
    (found,) = result(client.user.get(filter={"EMAIL": "PETROV@example.com"}))
    assert (found["ID"], found["NAME"]) == (str(user), "Пётр")
    (only,) = result(client.department.get())
    assert (only["ID"], only["UF_HEAD"]) == (str(department), str(user))


def test_a_smart_process_and_its_items(client: Client) -> None:
    kind = result(client.crm.type.add(fields={"title": "Счета", "isStagesEnabled": "Y"}))["type"]
    entity = kind["entityTypeId"]
    (category,) = result(client.crm.category.list(entity_type_id=entity))["categories"]
    stages = result(client.crm.status.list(filter={"ENTITY_ID": f"DYNAMIC_{entity}_STAGE_{category['id']}"}))
    assert [stage["STATUS_ID"].rpartition(":")[2] for stage in stages][-2:] == ["SUCCESS", "FAIL"]
    item = result(client.crm.item.add(entity_type_id=entity, fields={"title": "INV", "xmlId": "mailflow:INV"}))["item"]
    assert item["stageId"] == stages[0]["STATUS_ID"]
    (found,) = result(client.crm.item.list(entity_type_id=entity, filter={"=xmlId": "mailflow:INV"}))["items"]
    assert found["id"] == item["id"]
    moved = {"stageId": stages[1]["STATUS_ID"]}
    updated = result(client.crm.item.update(bitrix_id=item["id"], entity_type_id=entity, fields=moved))["item"]
    assert updated["stageId"] == stages[1]["STATUS_ID"]
    with pytest.raises(BitrixAPINotFound):
        result(client.crm.item.get(bitrix_id=9999, entity_type_id=entity))


def test_tasks_of_both_interfaces_and_their_checklist(
    client: Client, webhook: BitrixWebhook, portal: PortalServer
) -> None:
    user = portal.add_user("anna@example.com", "Анна")
    task = result(client.tasks.task.add(fields={"TITLE": "Оплатить", "RESPONSIBLE_ID": user}))["task"]
    fields = {"title": "Работа над ошибками", "creatorId": 1, "responsibleId": user}
    modern = webhook.call_method("tasks.task.add", {"fields": fields}, prefer_version=3)["result"]["item"]
    assert modern["status"] == "pending"
    point = {"TASKID": task["id"], "FIELDS": {"TITLE": "x", "PARENT_ID": 0}}
    root = webhook.call_method("task.checklistitem.add", point)
    assert isinstance(root["result"], int)
    assert result(client.tasks.task.complete(task_id=int(task["id"])))["task"]["status"] == "5"
    with pytest.raises(BitrixAPIBadRequest):
        result(client.tasks.task.complete(task_id=int(task["id"])))


def test_the_calendar(client: Client, portal: PortalServer) -> None:
    user = portal.add_user("anna@example.com", "Анна")
    section = result(client.calendar.section.add(type="user", owner_id=1, name="Платёжный календарь"))
    event = result(
        client.calendar.event.add(
            type="user",
            owner_id=1,
            from_date="2026-12-15",
            to="2026-12-15",
            section=section,
            name="Оплата",
            attendees=[user],
            host=1,
            skip_time="Y",
        )
    )
    assert event == portal.events[0]["id"]
    assert result(client.calendar.event.delete(bitrix_id=event)) is True


def test_a_batch_with_an_error_among_its_answers(webhook: BitrixWebhook, portal: PortalServer) -> None:
    portal.add_user("anna@example.com", "Анна")
    answer = webhook.call_batch({"u": ("user.get", {"FILTER": {"EMAIL": "anna@example.com"}}), "x": ("no.such", {})})
    assert answer["result"]["result"]["u"][0]["NAME"] == "Анна"
    assert answer["result"]["result_error"]["x"]["error"] == "ERROR_METHOD_NOT_FOUND"


def test_refusals_are_the_ones_that_the_sdk_has_names_for(webhook: BitrixWebhook, portal: PortalServer) -> None:
    with pytest.raises(BitrixAPINotFound):
        webhook.call_method("no.such")
    portal.faults.next("profile", "operating_429")
    with pytest.raises(BitrixAPIOperationTimeLimit):
        webhook.call_method("profile")
    portal.remove_scope("log")
    with pytest.raises(BitrixAPIInsufficientScope):
        webhook.call_method("log.blogpost.add", {"POST_MESSAGE": "x"})
    portal.revoke()
    with pytest.raises(BitrixAPIInvalidCredentials):
        webhook.call_method("profile")
