"""REST 3.0: tasks, with errors of its own and the Idempotency-Key (Bitrix24 REST: rest-v3)."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailflow.office.bitrix24.desk import Desk, whole
from mailflow.office.bitrix24.refusal import Refusal
from mailflow.office.bitrix24.tasks import Tasks

PREFIX = "BITRIX_REST_V3_EXCEPTION_"
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_FOR = timedelta(hours=24)
_NAMES = {
    "title": "TITLE",
    "description": "DESCRIPTION",
    "responsibleId": "RESPONSIBLE_ID",
    "creatorId": "CREATED_BY",
    "deadline": "DEADLINE",
    "auditors": "AUDITORS",
    "accomplices": "ACCOMPLICES",
    "xmlId": "XML_ID",
    "crmItemIds": "UF_CRM_TASK",
}


@dataclass(frozen=True)
class Replay:
    """An answer that was given before."""

    result: Any


class Rest3:
    """What is migrated to 3.0, and the successful answers of a day by their key."""

    def __init__(self, desk: Desk, tasks: Tasks) -> None:
        self._desk = desk
        self._tasks = tasks
        self._kept: dict[tuple[str, ...], tuple[str, Any, datetime]] = {}

    def methods(self) -> dict[str, Callable[[dict[str, Any], int], Any]]:
        """By name; all need the scope `tasks`."""
        return {
            "tasks.task.add": self._add,
            "tasks.task.get": lambda params, owner: {"item": _item(self._found(params))},
            "tasks.task.list": self._list,
            "tasks.task.update": self._update,
            "tasks.task.delete": self._delete,
            "tasks.task.file.attach": self._attach,
            "tasks.task.chat.message.send": self._message,
        }

    def call(self, method: str, params: dict[str, Any], owner: int, webhook: str, key: str | None) -> Any | Replay:
        """The result, or the one of the first time. Raises Refusal."""
        act = self.methods().get(method)
        if act is None:
            raise Refusal(f"{PREFIX}METHODNOTFOUNDEXCEPTION", f"Method {method} is not found", 404)
        changes = not method.endswith((".get", ".list"))
        if key is None or not changes:
            return act(params, owner)
        if not _KEY.fullmatch(key):
            raise Refusal(f"{PREFIX}INVALIDIDEMPOTENCYKEYEXCEPTION", "The Idempotency-Key is not valid")
        place, body = (webhook, method, key), json.dumps(params)
        kept = self._kept.get(place)
        if kept and self._desk.clock() - kept[2] < _FOR:
            if kept[0] != body:
                said = "The Idempotency-Key was used with another request"
                raise Refusal(f"{PREFIX}IDEMPOTENCYKEYREUSEDEXCEPTION", said, 422)
            return Replay(copy.deepcopy(kept[1]))
        result = act(params, owner)
        self._kept[place] = (body, copy.deepcopy(result), self._desk.clock())
        return result

    def _add(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        fields = params.get("fields") or {}
        for name in ("title", "creatorId", "responsibleId"):
            if not fields.get(name):
                raise Refusal(f"{PREFIX}VALIDATION_DTOVALIDATIONEXCEPTION", f"{name} is required")
        return {"item": _item(self._tasks.make(self._known(fields), owner))}

    def _list(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        for condition in params.get("filter") or []:
            if condition[0] != "id":
                raise Refusal(f"{PREFIX}INVALIDFILTEREXCEPTION", f"{condition[0]} is not filterable")
        limit = whole((params.get("pagination") or {}).get("limit"), 50)
        return {"items": [_item(task) for task in self._tasks.tasks[:limit]]}

    def _update(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        self._tasks.set(self._found(params), self._known(params.get("fields") or {}))
        return {"result": True}

    def _delete(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        self._tasks.tasks.remove(self._found(params))
        return {"result": True}

    def _attach(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        task = self._found({"id": params.get("taskId")})
        files = [*task["ufTaskWebdavFiles"], *(f"n{file}" for file in params.get("fileIds") or [])]
        self._tasks.set(task, {"UF_TASK_WEBDAV_FILES": files})
        return {"result": True}

    def _message(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        fields = params.get("fields") or {}
        task = self._found({"id": fields.get("taskId")})
        task.setdefault("messages", []).append(str(fields.get("text") or ""))
        return {"result": True}

    def _known(self, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields:
            if name not in (*_NAMES, "needsControl", "priority", "groupId"):
                raise Refusal(f"{PREFIX}UNKNOWNDTOPROPERTYEXCEPTION", f"Unknown property {name}")
        return {_NAMES[name]: value for name, value in fields.items() if name in _NAMES}

    def _found(self, params: dict[str, Any]) -> dict[str, Any]:
        found = next((t for t in self._tasks.tasks if t["id"] == whole(params.get("id"))), None)
        if found is None:
            raise Refusal(f"{PREFIX}ENTITYNOTFOUNDEXCEPTION", "The task is not found")
        return found


def _item(task: dict[str, Any]) -> dict[str, Any]:
    status = {2: "pending", 3: "in_progress", 4: "supposedly_completed", 5: "completed", 6: "deferred"}
    names = ("id", "title", "description", "responsibleId", "deadline", "xmlId", "auditors")
    return {name: task[name] for name in names} | {
        "status": status[task["status"]],
        "creatorId": task["createdBy"],
        "chatId": task["id"] + 5000,
    }
