"""Notifications (Bitrix24 REST: im). With a webhook a TAG works only together with a CLIENT_ID."""

from __future__ import annotations

from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, whole
from mailflow.office.bitrix24.people import People
from mailflow.office.bitrix24.refusal import Refusal


class Notices:
    """A new notification with the tag of an earlier one takes its place."""

    def __init__(self, desk: Desk, people: People) -> None:
        self._desk = desk
        self._people = people
        self.notices: list[dict[str, Any]] = []

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "im.notify": ("im", self._add),
            "im.notify.system.add": ("im", self._add),
            "im.notify.personal.add": ("im", self._add),
            "im.notify.delete": ("im", self._delete),
        }

    def _add(self, params: dict[str, Any], owner: int) -> int:
        user = whole(params.get("USER_ID", params.get("TO")))
        if not user:
            raise Refusal("USER_ID_EMPTY", "User ID is not specified")
        if not str(params.get("MESSAGE") or "").strip():
            raise Refusal("MESSAGE_EMPTY", "Message is empty")
        if not self._people.is_there(user):
            raise Refusal("USER_ID_EMPTY", "User is not found")
        tag = f"{params.get('CLIENT_ID')}|{params['TAG']}" if params.get("TAG") and params.get("CLIENT_ID") else ""
        if tag:
            self.notices = [n for n in self.notices if (n["user_id"], n["tag"]) != (user, tag)]
        notice: dict[str, Any] = {
            "id": self._desk.new_id(),
            "user_id": user,
            "message": str(params["MESSAGE"]),
            "tag": tag,
            "at": self._desk.now(),
        }
        self.notices.append(notice)
        self._desk.note("notice", notice["message"], tag)
        return int(notice["id"])

    def _delete(self, params: dict[str, Any], owner: int) -> bool:
        if not params.get("CLIENT_ID"):
            raise Refusal("ACCESS_DENIED", "Client ID not specified", 403)
        tag = f"{params['CLIENT_ID']}|{params.get('TAG')}"
        self.notices = [n for n in self.notices if n["tag"] != tag]
        return True
