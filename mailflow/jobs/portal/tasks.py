"""The tasks 'Pay the invoice' and 'Work on errors' with its checklist (Bitrix24 REST: tasks)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from mailflow.approval.effects import PortalChange
from mailflow.errors import InDoubt, PortalRefused
from mailflow.jobs.portal.bench import Bench, NotShown
from mailflow.jobs.portal.creation import Creation, Maker
from mailflow.jobs.portal.request import Request
from mailflow.outbound.cleaning import one_line, shortened
from mailflow.outbound.portal import record_key
from mailflow.outbound.portal_names import names_in
from mailflow.outbound.portal_texts import TITLE_LENGTH
from mailflow.store.portal import PortalObject

COMPLETED = 5
"""The status of a task that is done; 4 waits for its creator's control, and is not."""


class Task(Creation):
    """A task with the invoice's files, bound to its record; its mark is XML_ID.

    Where the portal has REST 3.0 it is made there, with an Idempotency-Key; files are attached afterwards, since 3.0
    takes none at the creation.
    """

    def __init__(self, texts: str) -> None:
        self._texts = texts

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """tasks.task.add. Raises NotShown where whoever should do it has no account."""
        responsible = bench.user(str(change.facts["responsible"]))
        if responsible is None:
            raise NotShown(f"{change.facts['responsible']} has no account in the portal")
        title = bench.texts.title(f"{self._texts}_title", change)
        description = bench.texts.text(self._texts, change)
        auditors = bench.users(cast(Iterable[str], change.facts["auditors"]))
        record = bench.made(record_key(change.invoice.number))
        bound = [f"{bench.setup.crm_binding}_{record.remote_id}"] if record and bench.setup.entity_type_id else []
        if bench.setup.rest3:
            fields: dict[str, Any] = {
                "title": title,
                "description": description,
                "creatorId": bench.setup.owner,
                "responsibleId": responsible,
                "deadline": change.facts["deadline"],
                "auditors": auditors,
                "xmlId": _xml_id(change),
                **({"crmItemIds": bound} if bound else {}),
            }
            return Request("tasks.task.add", {"fields": fields}, f"mailflow-{change.key.replace(':', '-')}")
        fields = {
            "TITLE": title,
            "DESCRIPTION": description,
            "CREATED_BY": bench.setup.owner,
            "RESPONSIBLE_ID": responsible,
            "DEADLINE": change.facts["deadline"],
            "AUDITORS": auditors,
            "XML_ID": _xml_id(change),
            **({"UF_CRM_TASK": bound} if bound else {}),
            **_files(bench, change),
        }
        return Request("tasks.task.add", {"fields": fields})

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By XML_ID among the tasks whose title names the invoice, whoever has them by now; else by the title."""
        fields = sent.request["params"]["fields"]
        title = fields.get("TITLE", fields.get("title"))
        asked = {
            "filter": {"TITLE": f"%{change.invoice.number}%"},
            "select": ["ID", "TITLE", "XML_ID", "STATUS"],
        }
        tasks = bench.portal.call("tasks.task.list", asked).result["tasks"]
        return [
            int(task["id"])
            for task in tasks
            if task.get("xmlId") == _xml_id(change) or (not task.get("xmlId") and task["title"] == title)
        ]

    def identity(self, result: Any) -> int:
        """The id within `task` (v2) or `item` (3.0)."""
        return int((result.get("task") or result["item"])["id"])

    def finish(self, bench: Bench, change: PortalChange, remote_id: int) -> None:
        """tasks.task.update with the files, for a task that was made without them."""
        files = _files(bench, change)
        if bench.setup.rest3 and files:
            bench.portal.call("tasks.task.update", {"taskId": remote_id, "fields": files})


def show_checklist(bench: Bench, change: PortalChange, maker: Maker) -> int:
    """The reason, point by point: what the task's checklist lacks is added, so it may be repeated."""
    task = bench.parent(change)
    with bench.store.begin() as uow:
        sent = uow.portal.get(change.key)
    if sent and sent.remote_id is None and bench.now < sent.sent_at + maker.settles_in:
        raise InDoubt(f"whether the portal has made {change.key} is not known yet")
    head = names_in(bench.company.language).checklist
    there = bench.portal.call("task.checklistitem.getlist", {"TASKID": task, "ORDER": {"ID": "ASC"}}).result
    roots = [int(item["ID"]) for item in there if item["TITLE"] == head and int(item["PARENT_ID"] or 0) == 0]
    root = min(roots) if roots else _add_item(bench, change, task, {"TITLE": head, "PARENT_ID": 0})
    known = {item["TITLE"] for item in there if int(item["PARENT_ID"] or 0) == root}
    for point in cast(Iterable[str], change.facts["points"]):
        title = shortened(one_line(point), TITLE_LENGTH)
        if title not in known:
            _add_item(bench, change, task, {"TITLE": title, "PARENT_ID": root, "IS_IMPORTANT": "Y"})
            known.add(title)
    with bench.store.begin() as uow:
        uow.portal.made(change.key, root)
        uow.commit()
    return root


def _add_item(bench: Bench, change: PortalChange, task: int, fields: dict[str, Any]) -> int:
    """task.checklistitem.add reads its parameters by their order."""
    request = Request("task.checklistitem.add", {"TASKID": task, "FIELDS": fields})
    with bench.store.begin() as uow:
        uow.portal.about_to_make(change.key, change.invoice.number, change.shows, request.document(), bench.now)
        uow.commit()
    return int(bench.portal.call(request.method, request.params).result)


def move_deadline(bench: Bench, change: PortalChange) -> None:
    """The task's new day; a task that is done stays as it is."""
    task = bench.parent(change)
    if _status(bench, change, task) != COMPLETED:
        bench.portal.call("tasks.task.update", {"taskId": task, "fields": {"DEADLINE": change.facts["deadline"]}})


def end_task(bench: Bench, change: PortalChange) -> None:
    """The task is over: completed, and named otherwise where it was not done but became void."""
    task = bench.parent(change)
    if _status(bench, change, task) == COMPLETED:
        return
    if change.facts["void"]:
        title = bench.texts.title("ended_task_title", change)
        bench.portal.call("tasks.task.update", {"taskId": task, "fields": {"TITLE": title}})
    bench.portal.call("tasks.task.complete", {"taskId": task})


def _status(bench: Bench, change: PortalChange, task: int) -> int:
    """The task's status; raises NotShown where somebody has deleted it."""
    try:
        found = bench.portal.call("tasks.task.get", {"taskId": task, "select": ["ID", "STATUS"]}).result
    except PortalRefused:
        raise bench.vanished(change.about) from None
    if not found or not found.get("task"):
        raise bench.vanished(change.about)
    return int(found["task"]["status"])


def _files(bench: Bench, change: PortalChange) -> dict[str, Any]:
    files = bench.drive_files(change)
    return {"UF_TASK_WEBDAV_FILES": [f"n{file}" for file in files]} if files else {}


def _xml_id(change: PortalChange) -> str:
    return f"mailflow:{change.key}"
