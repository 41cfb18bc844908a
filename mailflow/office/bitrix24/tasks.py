"""Tasks and their checklists, which read parameters by their order (Bitrix24 REST: tasks, task.checklistitem)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, matches, whole
from mailflow.office.bitrix24.drive import Drive
from mailflow.office.bitrix24.envelope import Listed
from mailflow.office.bitrix24.people import People
from mailflow.office.bitrix24.refusal import Refusal, required

WAITING, COMPLETED = 2, 5
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)")
_FILTERS = ("ID", "TITLE", "RESPONSIBLE_ID", "STATUS", "REAL_STATUS", "CREATED_BY", "GROUP_ID", "PARENT_ID")
_KNOWN = (
    *("TITLE", "DESCRIPTION", "RESPONSIBLE_ID", "CREATED_BY", "DEADLINE", "XML_ID", "PRIORITY", "GROUP_ID"),
    *("PARENT_ID", "AUDITORS", "ACCOMPLICES", "UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "TASK_CONTROL", "TAGS"),
)
_LEVELS = 3


class Tasks:
    """`takes_tasks` says whether a task may be bound to a CRM object; other bindings are dropped without a word."""

    def __init__(self, desk: Desk, people: People, drive: Drive, takes_tasks: Callable[[str], bool]) -> None:
        self._desk = desk
        self._people = people
        self._drive = drive
        self._takes_tasks = takes_tasks
        self.tasks: list[dict[str, Any]] = []

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "tasks.task.add": ("task", self._add),
            "tasks.task.get": ("task", lambda params, owner: {"task": _answer(self.found(params.get("taskId")))}),
            "tasks.task.list": ("task", self._list),
            "tasks.task.update": ("task", self._update),
            "tasks.task.complete": ("task", self._complete),
            "tasks.task.renew": ("task", self._renew),
            "tasks.task.delete": ("task", self._delete),
            "tasks.task.files.attach": ("task", self._attach),
            "task.checklistitem.add": ("task", self._item_add),
            "task.checklistitem.getlist": ("task", self._item_list),
            "task.checklistitem.complete": ("task", self._item_complete),
        }

    def make(self, fields: dict[str, Any], owner: int) -> dict[str, Any]:
        """A task of fields in capitals."""
        if not str(fields.get("TITLE") or "").strip():
            raise Refusal("ERROR_CORE", "Не указано название задачи.<br>")
        if not self._people.is_there(fields.get("RESPONSIBLE_ID")):
            raise Refusal("ERROR_CORE", "Не найден исполнитель.<br>")
        task: dict[str, Any] = {
            "id": self._desk.new_id(),
            "title": "",
            "description": "",
            "status": WAITING,
            "responsibleId": 0,
            "createdBy": owner,
            "createdDate": self._desk.now(),
            "deadline": None,
            "xmlId": None,
            "auditors": [],
            "accomplices": [],
            "closedBy": 0,
            "closedDate": None,
            "ufCrmTask": [],
            "ufTaskWebdavFiles": [],
            "checklist": [],
        }
        self.set(task, fields)
        self.tasks.append(task)
        self._desk.note("task", task["title"], task["description"], task["xmlId"])
        return task

    def set(self, task: dict[str, Any], fields: dict[str, Any]) -> None:
        """Changes fields in capitals; raises Refusal for wrong values."""
        for name, value in fields.items():
            if name not in _KNOWN:
                continue
            if name == "DEADLINE" and value and not _TIME.fullmatch(str(value)):
                raise Refusal("ERROR_CORE", "DEADLINE must be a time with an offset")
            if name in ("AUDITORS", "ACCOMPLICES", "UF_CRM_TASK", "UF_TASK_WEBDAV_FILES"):
                if not isinstance(value, list):
                    raise Refusal("100", f"{name} must be a list")
                if name == "UF_CRM_TASK":
                    value = [binding for binding in value if self._takes_tasks(str(binding))]
                if name == "UF_TASK_WEBDAV_FILES":
                    self._check_files(value)
            if name in ("RESPONSIBLE_ID", "CREATED_BY", "GROUP_ID", "PARENT_ID"):
                value = whole(value)
            task[_camel(name)] = value

    def found(self, task_id: object) -> dict[str, Any]:
        """A task; raises Refusal where there is none."""
        found = next((task for task in self.tasks if task["id"] == whole(task_id)), None)
        if found is None:
            raise Refusal("0", "Задача не найдена или недоступна")
        return found

    def close(self, task: dict[str, Any], by: int) -> None:
        """The task is done."""
        task |= {"status": COMPLETED, "closedBy": by, "closedDate": self._desk.now()}

    def reopen(self, task: dict[str, Any]) -> None:
        """It is not done after all."""
        task |= {"status": WAITING, "closedBy": 0, "closedDate": None}

    def _add(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        required(params, "fields")
        return {"task": _answer(self.make(params["fields"], owner))}

    def _list(self, params: dict[str, Any], owner: int) -> Listed:
        rows = [{name: task[_camel(name)] for name in ("ID", "TITLE", "STATUS")} | _ids(task) for task in self.tasks]
        wanted = params.get("filter") or {}
        found = [_answer(task) for task, row in zip(self.tasks, rows, strict=True) if matches(row, wanted, _FILTERS)]
        return Listed(found, params.get("start"), lambda rows: {"tasks": rows})

    def _update(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        required(params, "taskId", "fields")
        task = self.found(params["taskId"])
        self.set(task, params["fields"])
        return {"task": _answer(task)}

    def _complete(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        task = self.found(params.get("taskId"))
        if task["status"] == COMPLETED:
            raise Refusal("1048582", "Действие над задачей не разрешено")
        self.close(task, owner)
        return {"task": _answer(task)}

    def _renew(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        task = self.found(params.get("taskId"))
        self.reopen(task)
        return {"task": _answer(task)}

    def _delete(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        self.tasks.remove(self.found(params.get("taskId")))
        return {"task": True}

    def _attach(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        task = self.found(params.get("taskId"))
        self._check_files([f"n{params.get('fileId')}"])
        task["ufTaskWebdavFiles"] = [*task["ufTaskWebdavFiles"], f"n{params['fileId']}"]
        return {"attachmentId": self._desk.new_id()}

    def _check_files(self, files: list[Any]) -> None:
        for file in files:
            if not re.fullmatch(r"n\d+", str(file)) or not self._drive.has(int(str(file)[1:])):
                raise Refusal("ERROR_CORE", f"{file} is no file of the Drive")

    def _item_add(self, params: dict[str, Any], owner: int) -> Any:
        values = list(params.values())
        if len(values) != 2 or not isinstance(values[1], dict):
            raise Refusal("ERROR_CORE", "TASKS_ERROR_EXCEPTION_#256; Wrong arguments")
        task, fields = self.found(values[0]), values[1]
        if not str(fields.get("TITLE") or "").strip():
            raise Refusal("ERROR_CORE", "TASKS_ERROR_EXCEPTION_#8; Empty title")
        items = task["checklist"]
        parent = whole(fields.get("PARENT_ID", -1), -1)
        roots = [item for item in items if not whole(item["PARENT_ID"])]
        if parent == 0 and "PARENT_ID" in fields:
            return self._new_item(task, fields["TITLE"], 0, fields)
        if parent not in [int(item["ID"]) for item in items]:
            parent = int(roots[0]["ID"]) if roots and parent < 0 else self._new_item(task, "BX_CHECKLIST_1", 0, {})
        if self._depth(items, parent) >= _LEVELS:
            raise Refusal("ERROR_CORE", "TASKS_ERROR_EXCEPTION_#8; Too deep")
        return self._new_item(task, fields["TITLE"], parent, fields)

    def _new_item(self, task: dict[str, Any], title: str, parent: int, fields: dict[str, Any]) -> int:
        new_id = self._desk.new_id()
        task["checklist"].append(
            {
                "ID": str(new_id),
                "TASK_ID": str(task["id"]),
                "PARENT_ID": str(parent) if parent else 0,
                "TITLE": title,
                "SORT_INDEX": str(len(task["checklist"])),
                "IS_COMPLETE": "N",
                "IS_IMPORTANT": fields.get("IS_IMPORTANT", "N"),
                "TOGGLED_BY": None,
                "TOGGLED_DATE": "",
                "MEMBERS": [],
                "ATTACHMENTS": [],
            }
        )
        self._desk.note("checklist", title)
        return new_id

    def _depth(self, items: list[dict[str, Any]], item_id: int) -> int:
        depth, parents = 0, {int(item["ID"]): whole(item["PARENT_ID"]) for item in items}
        while item_id:
            depth, item_id = depth + 1, parents.get(item_id, 0)
        return depth

    def _item_list(self, params: dict[str, Any], owner: int) -> list[Any]:
        values = list(params.values())
        return list(self.found(values[0] if values else None)["checklist"])

    def _item_complete(self, params: dict[str, Any], owner: int) -> bool:
        values = list(params.values())
        task = next((t for t in self.tasks if values and t["id"] == whole(values[0])), None)
        items = task["checklist"] if task and len(values) > 1 else []
        item = next((i for i in items if i["ID"] == str(values[1])), None)
        if item is None:
            return False
        item |= {"IS_COMPLETE": "Y", "TOGGLED_BY": str(owner), "TOGGLED_DATE": self._desk.now()}
        return True


def _ids(task: dict[str, Any]) -> dict[str, Any]:
    return {"RESPONSIBLE_ID": task["responsibleId"], "CREATED_BY": task["createdBy"], "REAL_STATUS": task["status"]}


def _camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(other.capitalize() for other in others)


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    """As v2 answers: ids and numbers as text, without what must be selected."""
    texts = ("id", "title", "description", "status", "responsibleId", "createdBy", "closedBy")
    plain = {name: str(task[name]) for name in texts}
    return {
        **plain,
        **{name: task[name] for name in ("createdDate", "deadline", "closedDate", "xmlId", "accomplices")},
        "auditors": [str(user) for user in task["auditors"]],
        "group": [],
        "auditorsData": {},
        "action": {"complete": task["status"] != COMPLETED},
        "checkListCanAdd": True,
    }
