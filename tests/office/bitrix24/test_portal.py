"""The portal of tests and demo is as strict, and as odd, as the real one is documented to be."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from mailflow.office.bitrix24.page import bb_to_html, portal_page
from mailflow.office.bitrix24.server import CODE, Contested, PortalServer

NOON = datetime(2026, 12, 1, 9, tzinfo=UTC)
PDF = base64.b64encode(b"%PDF").decode()


class Portal:
    """Calls as a script of a few lines would make them."""

    def __init__(self, server: PortalServer) -> None:
        self.server = server
        self.status = 0
        self.headers: dict[str, str] = {}

    def raw(self, path: str, body: bytes, kind: str = "application/json", **headers: str) -> Any:
        url = urlsplit(self.server.base)
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=5)
        try:
            connection.request("POST", path, body, {"Content-Type": kind, **headers})
            response = connection.getresponse()
            self.status, self.headers = response.status, dict(response.getheaders())
            return json.loads(response.read() or b"null")
        finally:
            connection.close()

    def __call__(self, method: str, params: Any = None, v3: bool = False, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        api = "api/" if v3 else ""
        return self.raw(f"/rest/{api}1/{CODE}/{method}", json.dumps(params or {}).encode(), **headers)

    def result(self, method: str, params: Any = None, **more: Any) -> Any:
        answer = self(method, params, **more)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method: str, params: Any = None, **more: Any) -> Any:
        answer = self(method, params, **more)
        assert "error" in answer, answer
        return answer["error"]


@pytest.fixture
def server() -> Iterator[PortalServer]:
    with PortalServer(clock=lambda: NOON) as server:
        server.limits.off()
        yield server


@pytest.fixture
def portal(server: PortalServer) -> Portal:
    return Portal(server)


@pytest.fixture
def anna(server: PortalServer) -> int:
    return server.add_user("anna@example.com", "Анна", "Орлова")


@pytest.fixture
def task(portal: Portal, anna: int) -> int:
    return int(portal.result("tasks.task.add", {"fields": {"TITLE": "Pay", "RESPONSIBLE_ID": anna}})["task"]["id"])


def process(portal: Portal, **more: object) -> dict[str, Any]:
    switches = {"isBeginCloseDatesEnabled": "Y", "isLinkWithProductsEnabled": "Y", "isObserversEnabled": "Y", **more}
    kind: dict[str, Any] = portal.result("crm.type.add", {"fields": {"title": "Счета", **switches}})["type"]
    return kind


def item(portal: Portal, kind: dict[str, Any], **fields: object) -> dict[str, Any]:
    params = {"entityTypeId": kind["entityTypeId"], "useOriginalUfNames": "Y", "fields": fields}
    made: dict[str, Any] = portal.result("crm.item.add", params)["item"]
    return made


def test_every_answer_tells_its_time_and_what_it_took(portal: Portal) -> None:
    times = [portal("server.time")["time"] for _ in range(2)]
    assert {type(time["start"]) for time in times} == {int, float}
    assert all("operating_reset_at" in time for time in times)


@pytest.mark.parametrize("form", ["{}", "{}.json", "{}/", "{}.json/"])
def test_a_method_is_found_whatever_its_spelling(portal: Portal, form: str) -> None:
    assert portal.raw(f"/rest/1/{CODE}/{form.format('Server.Time')}", b"{}")["result"]


def test_parameters_come_as_json_as_a_form_with_brackets_and_in_the_query(portal: Portal, anna: int) -> None:
    form = urlencode({"FILTER[EMAIL]": "anna@example.com", "select[]": "ID"}).encode()
    by_form = portal.raw(f"/rest/1/{CODE}/user.get", form, "application/x-www-form-urlencoded")
    by_query = portal.raw(f"/rest/1/{CODE}/user.get?FILTER[EMAIL]=anna%40example.com", b"")
    by_json = portal("user.get", {"FILTER": {"EMAIL": "anna@example.com"}})
    assert by_form["result"] == by_query["result"] == by_json["result"]
    assert by_json["result"][0]["ID"] == str(anna)
    parts = b'--x\r\nContent-Disposition: form-data; name="FILTER[EMAIL]"\r\n\r\nanna@example.com\r\n--x--\r\n'
    by_parts = portal.raw(f"/rest/1/{CODE}/user.get", parts, "multipart/form-data; boundary=x")
    assert by_parts["result"] == by_json["result"]


def test_lists_come_in_pages_of_fifty(portal: Portal, server: PortalServer) -> None:
    for n in range(60):
        server.add_user(f"u{n}@example.com", "U")
    first = portal("user.get")
    assert (len(first["result"]), first["total"], first["next"]) == (50, 61, 50)
    second = portal("user.get", {"start": 50})
    assert len(second["result"]) == 11
    assert "next" not in second


def test_a_wrong_code_a_missing_right_and_an_unknown_method_are_refused_with_either_status(
    portal: Portal, server: PortalServer
) -> None:
    for contested in (Contested(), Contested(403, 401, 400)):
        server.contested = contested
        assert portal.error("no.such") == "ERROR_METHOD_NOT_FOUND"
        assert portal.status == contested.method_not_found
        server.remove_scope("im")
        assert portal.error("im.notify", {"USER_ID": 1, "MESSAGE": "x"}) == "insufficient_scope"
        assert portal.status == contested.insufficient_scope
        server.revoke()
        assert portal.error("profile") == "INVALID_CREDENTIALS"
        assert portal.status == contested.invalid_credentials
        server.restore()


def test_too_many_requests_are_turned_away_and_not_carried_out() -> None:
    clock = [0.0]
    with PortalServer(monotonic=lambda: clock[0]) as server:
        portal = Portal(server)
        for _ in range(50):
            portal.result("server.time")
        assert portal.error("server.time") == "QUERY_LIMIT_EXCEEDED"
        assert portal.status == 503
        assert not server.calls[-1].executed
        clock[0] += 0.5
        assert portal.result("server.time")


def test_a_method_that_took_too_much_time_rests_and_the_others_go_on() -> None:
    clock = [0.0]
    with PortalServer(monotonic=lambda: clock[0]) as server:
        server.limits.cost["profile"] = 300
        portal = Portal(server)
        assert [portal("profile")["time"]["operating"] for _ in range(2)] == [300, 600]
        assert portal.error("profile") == "OPERATION_TIME_LIMIT"
        assert portal.status == 429
        assert portal.result("server.time")
        clock[0] += 601
        assert portal.result("profile")


def test_checklists_read_their_parameters_by_order(portal: Portal, task: int) -> None:
    """T7."""
    root = portal.result("task.checklistitem.add", {"TASKID": task, "FIELDS": {"TITLE": "Why", "PARENT_ID": 0}})
    point = portal.result("task.checklistitem.add", {"a": task, "b": {"TITLE": "Sum", "PARENT_ID": root}})
    assert portal.result("task.checklistitem.complete", {"TASKID": task, "ITEMID": point}) is True
    assert portal.result("task.checklistitem.complete", {"ITEMID": point, "TASKID": task}) is False
    swapped = {"FIELDS": {"TITLE": "Sum"}, "TASKID": task}
    assert portal.error("task.checklistitem.add", swapped)
    rows = portal.result("task.checklistitem.getlist", {"TASKID": task})
    assert [(row["TITLE"], int(row["PARENT_ID"]), row["IS_COMPLETE"]) for row in rows] == [
        ("Why", 0, "N"),
        ("Sum", root, "Y"),
    ]


def test_a_point_without_a_parent_gets_a_list_that_the_portal_makes_itself(portal: Portal, task: int) -> None:
    portal.result("task.checklistitem.add", {"TASKID": task, "FIELDS": {"TITLE": "Sum"}})
    rows = portal.result("task.checklistitem.getlist", {"TASKID": task})
    assert [row["TITLE"] for row in rows] == ["BX_CHECKLIST_1", "Sum"]


def test_a_meeting_keeps_its_people_unless_it_is_said_to_be_a_meeting_again(portal: Portal, anna: int) -> None:
    """T8."""
    place = {"type": "user", "ownerId": 1}
    section = portal.result("calendar.section.add", {**place, "name": "Payments"})
    day = {"from": "2026-12-15", "to": "2026-12-15", "skip_time": "Y"}
    meeting = {**place, **day, "section": section, "name": "Pay", "is_meeting": "Y", "attendees": [anna]}
    event = portal.result("calendar.event.add", meeting)
    portal.result("calendar.event.update", {"id": event, **place, "from": "2026-12-16", "to": "2026-12-16"})
    (row,) = portal.result("calendar.event.get", {**place, "from": "2026-12-01", "to": "2026-12-31"})
    assert [a["id"] for a in row["ATTENDEE_LIST"]] == [anna]
    assert (row["DATE_FROM"], row["DATE_FROM_TS_UTC"]) == ("16.12.2026", "1797379200")
    portal.result("calendar.event.update", {"id": event, **place, "is_meeting": "Y"})
    assert portal.result("calendar.event.getbyid", {"id": event})["ATTENDEE_LIST"] == []


def test_no_error_of_the_calendar_has_a_code(portal: Portal) -> None:
    for method, params in (
        ("calendar.event.add", {}),
        ("calendar.event.delete", {"id": 1}),
        ("calendar.section.add", {"type": "user", "ownerId": 7, "name": "x"}),
    ):
        assert portal.error(method, params) == ""
        assert portal.status == 400


def test_an_idempotency_key_carries_a_request_out_once_a_day(server: PortalServer, portal: Portal, anna: int) -> None:
    """T14."""
    fields = {"title": "Pay", "creatorId": 1, "responsibleId": anna}
    first = portal.result("tasks.task.add", {"fields": fields}, v3=True, key="mailflow-1")
    again = portal.result("tasks.task.add", {"fields": fields}, v3=True, key="mailflow-1")
    assert first == again
    assert portal.headers["Idempotent-Replayed"] == "true"
    other = portal.error("tasks.task.add", {"fields": {**fields, "title": "Other"}}, v3=True, key="mailflow-1")
    assert portal.status == 422
    assert "IDEMPOTENCYKEYREUSED" in other["code"]
    assert len(server.tasks) == 1
    server.clock = lambda: NOON + timedelta(hours=25)
    portal.result("tasks.task.add", {"fields": fields}, v3=True, key="mailflow-1")
    assert len(server.tasks) == 2


def test_the_older_interface_knows_no_idempotency_key(server: PortalServer, portal: Portal, anna: int) -> None:
    for _ in range(2):
        portal.result("tasks.task.add", {"fields": {"TITLE": "Pay", "RESPONSIBLE_ID": anna}}, key="mailflow-1")
    assert len(server.tasks) == 2


def test_a_closed_task_cannot_be_completed_again(portal: Portal, task: int) -> None:
    assert portal.result("tasks.task.complete", {"taskId": task})["task"]["status"] == "5"
    assert portal.error("tasks.task.complete", {"taskId": task}) == "1048582"


@pytest.mark.parametrize(("linked", "kept"), [("true", 1), ("false", 0)])
def test_a_task_is_bound_to_an_item_only_where_the_process_links_tasks(
    portal: Portal, server: PortalServer, anna: int, linked: str, kept: int
) -> None:
    kind = process(portal, linkedUserFields={"TASKS_TASK|UF_CRM_TASK": linked})
    made = item(portal, kind, title="INV")
    binding = f"T{kind['entityTypeId']:x}_{made['id']}"
    portal.result("tasks.task.add", {"fields": {"TITLE": "P", "RESPONSIBLE_ID": anna, "UF_CRM_TASK": [binding]}})
    assert len(server.tasks[0]["ufCrmTask"]) == kept


def test_an_item_knows_its_fields_and_passes_over_strange_ones(portal: Portal) -> None:
    kind = process(portal, isObserversEnabled="N")
    name = f"UF_CRM_{kind['id']}_NAME"
    field = {"entityId": f"CRM_{kind['id']}", "fieldName": name, "userTypeId": "string"}
    portal.result("userfieldconfig.add", {"moduleId": "crm", "field": field})
    assert portal.error("userfieldconfig.add", {"moduleId": "crm", "field": field}) == ""
    made = item(portal, kind, title="INV", strange=1, observers=[1], **{name: "ООО"})
    assert made[name] == "ООО"
    assert "strange" not in made
    assert made["observers"] is None


def test_an_update_that_changes_nothing_saves_nothing(portal: Portal, server: PortalServer) -> None:
    kind = process(portal)
    made = item(portal, kind, title="INV")
    server.clock = lambda: NOON + timedelta(hours=1)
    where = {"entityTypeId": kind["entityTypeId"], "id": made["id"]}
    same = portal.result("crm.item.update", {**where, "fields": {"title": "INV"}})["item"]
    assert same["updatedTime"] == made["updatedTime"]
    other = portal.result("crm.item.update", {**where, "fields": {"title": "Other"}})["item"]
    assert other["updatedTime"] != made["updatedTime"]


def test_whether_items_are_found_by_xml_id_can_be_switched(portal: Portal, server: PortalServer) -> None:
    kind = process(portal)
    item(portal, kind, title="INV", xmlId="mailflow:INV")
    asked = {"entityTypeId": kind["entityTypeId"], "filter": {"=xmlId": "mailflow:INV"}}
    assert len(portal.result("crm.item.list", asked)["items"]) == 1
    server.crm.xml_id_filters = False
    assert portal.error("crm.item.list", asked) == "INVALID_ARG_VALUE"


def test_a_post_without_readers_is_for_everybody_and_a_message_alone_drops_the_title(
    portal: Portal, server: PortalServer
) -> None:
    post = portal.result("log.blogpost.add", {"POST_TITLE": "INV", "POST_MESSAGE": "text"})
    assert server.posts[0]["dest"] == ["UA"]
    portal.result("log.blogpost.update", {"POST_ID": post, "POST_MESSAGE": "other"})
    assert server.posts[0]["title"] == ""


def test_the_same_comment_is_taken_once(portal: Portal, server: PortalServer) -> None:
    post = portal.result("log.blogpost.add", {"POST_TITLE": "INV", "POST_MESSAGE": "text", "DEST": ["U1"]})
    portal.result("log.blogcomment.add", {"POST_ID": post, "TEXT": "ok"})
    answer = portal("log.blogcomment.add", {"POST_ID": post, "TEXT": "ok"})
    assert (answer["error"], answer["error_description"]) == ("", "Duplicate comment")
    assert len(server.comments) == 1


def test_a_notification_with_a_tag_takes_the_place_of_the_one_before(
    portal: Portal, server: PortalServer, anna: int
) -> None:
    for text in ("first", "second"):
        portal.result("im.notify.system.add", {"USER_ID": anna, "MESSAGE": text, "TAG": "T", "CLIENT_ID": "mailflow"})
    assert [notice["message"] for notice in server.notices] == ["second"]
    portal.result("im.notify.system.add", {"USER_ID": anna, "MESSAGE": "third", "TAG": "T"})
    assert len(server.notices) == 2


def test_a_stage_under_way_is_not_taken_after_the_final_ones(portal: Portal) -> None:
    kind = process(portal)
    (category,) = portal.result("crm.category.list", {"entityTypeId": kind["entityTypeId"]})["categories"]
    entity = f"DYNAMIC_{kind['entityTypeId']}_STAGE_{category['id']}"
    stage = {"ENTITY_ID": entity, "STATUS_ID": "CHECKED", "NAME": "Checked", "SORT": 40}
    assert portal.error("crm.status.add", {"fields": stage}) == ""
    assert portal.result("crm.status.add", {"fields": {**stage, "SORT": 39}})
    assert portal.result("crm.status.add", {"fields": {**stage, "STATUS_ID": "LOST", "SEMANTICS": "F"}})


def test_a_folder_in_the_bin_is_still_known_and_its_name_is_free(portal: Portal) -> None:
    folder = {"id": 5, "data": {"NAME": "mailflow"}}
    made = portal.result("disk.folder.addsubfolder", folder)["ID"]
    portal.result("disk.folder.markdeleted", {"id": made})
    assert portal.result("disk.folder.get", {"id": made})["DELETED_TYPE"] == "3"
    assert portal.result("disk.folder.getchildren", {"id": 5}) == []
    assert portal.result("disk.folder.addsubfolder", folder)["ID"] != made


def test_a_second_file_of_the_same_name_is_refused(portal: Portal) -> None:
    upload = {"id": 5, "data": {"NAME": "a.pdf"}, "fileContent": ["a.pdf", PDF], "generateUniqueName": False}
    assert portal.result("disk.folder.uploadFile", upload)["NAME"] == "a.pdf"
    assert portal.error("disk.folder.uploadFile", upload) == "DISK_OBJ_22000"


def test_a_list_has_each_code_once_and_an_update_overwrites_the_element(portal: Portal, server: PortalServer) -> None:
    where = {"IBLOCK_TYPE_ID": "lists", "IBLOCK_CODE": "invoices"}
    portal.result("lists.add", {**where, "FIELDS": {"NAME": "Invoices"}})
    field = portal.result("lists.field.add", {**where, "FIELDS": {"NAME": "Sum", "TYPE": "S"}})
    element = {**where, "ELEMENT_CODE": "INV", "FIELDS": {"NAME": "INV", field: "1"}}
    portal.result("lists.element.add", element)
    assert portal.error("lists.element.add", element) == "ERROR_ELEMENT_ALREADY_EXISTS"
    portal.result("lists.element.update", {**where, "ELEMENT_CODE": "INV", "FIELDS": {"NAME": "INV"}})
    assert field not in server.elements[0]


def test_a_batch_runs_its_commands_and_tells_each_ones_end(portal: Portal, anna: int) -> None:
    commands = {
        "u": "user.get?FILTER[EMAIL]=anna%40example.com",
        "again": "user.get?FILTER[ID]=$result[u][0][ID]",
        "no": "no.such",
        "inner": "batch",
    }
    answer = portal.result("batch", {"halt": 0, "cmd": commands})
    assert answer["result"]["again"] == answer["result"]["u"]
    assert answer["result_error"]["no"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert answer["result_error"]["inner"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    halted = portal.result("batch", {"halt": 1, "cmd": {"no": "no.such", "t": "server.time"}})
    assert halted["result"] == []
    assert portal.error("batch", {"cmd": {str(n): "server.time" for n in range(51)}}) == "ERROR_BATCH_LENGTH_EXCEEDED"


@pytest.mark.parametrize(
    ("kind", "executed"),
    [("drop_after", True), ("error_500_after", True), ("html_502", True), ("truncated", True), ("drop_before", False)],
)
def test_a_fault_happens_before_or_after_the_call_is_carried_out(
    portal: Portal, server: PortalServer, kind: str, executed: bool
) -> None:
    server.faults.next("log.blogpost.add", kind)
    with pytest.raises((OSError, ValueError, http.client.HTTPException, AssertionError)):
        portal.result("log.blogpost.add", {"POST_TITLE": "INV", "POST_MESSAGE": "text"})
    assert len(server.posts) == executed
    assert portal.result("log.blogpost.add", {"POST_TITLE": "INV", "POST_MESSAGE": "text"})
    assert server.created("INV")["post"] == 1 + executed


def test_a_renamed_portal_says_where_it_is_now(portal: Portal, server: PortalServer) -> None:
    server.faults.next("*", "redirect")
    assert portal("server.time") is None
    assert portal.status == 302
    assert portal.headers["Location"].endswith(f"/rest/1/{CODE}/server.time")


def test_a_portal_that_is_away_answers_nobody(portal: Portal, server: PortalServer) -> None:
    server.faults.away = True
    with pytest.raises((OSError, http.client.HTTPException)):
        portal("server.time")
    assert server.calls == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[B]bold[/B] & <i>", "<strong>bold</strong> &amp; &lt;i&gt;"),
        ("[quote]a[/quote]", "<blockquote>a</blockquote>"),
        ("[B]open", "<strong>open</strong>"),
        ("[/B] [URL=x]y[/URL]", "[/B] [URL=x]y[/URL]"),
    ],
)
def test_the_page_shows_its_two_codes_and_everything_else_as_text(text: str, html: str) -> None:
    assert str(bb_to_html(text)) == html


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_shows_what_people_wrote_as_text_only(language: str) -> None:
    with PortalServer(language=language, clock=lambda: NOON) as server:
        server.limits.off()
        portal = Portal(server)
        kind = process(portal)
        item(portal, kind, title="<script>alert(1)</script>", opportunity=5, currencyId="RUB", closedate="2026-12-15")
        portal.result("log.blogpost.add", {"POST_TITLE": "<b>x", "POST_MESSAGE": "<img src=x>", "DEST": ["U1"]})
        page = portal_page(server)
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
