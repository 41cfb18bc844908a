"""Users and departments (Bitrix24 REST: user, department)."""

from __future__ import annotations

from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, matches, upper, whole
from mailflow.office.bitrix24.envelope import Listed

OWNER = 1
"""The employee whom the webhook belongs to."""

_USER_FILTERS = ("ID", "EMAIL", "ACTIVE", "XML_ID", "UF_DEPARTMENT", "USER_TYPE", "NAME", "LAST_NAME")
_DEPARTMENT_FILTERS = ("ID", "NAME", "PARENT", "UF_HEAD")


class People:
    """Who works here, and under whom."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.users: list[dict[str, Any]] = []
        self.departments: list[dict[str, Any]] = []
        self.add_user("mailflow@portal.invalid", "mailflow", "", (), True, True)

    def add_user(
        self, email: str, name: str, last_name: str, departments: tuple[int, ...], active: bool, admin: bool
    ) -> int:
        """Somebody new; their id."""
        user_id = len(self.users) + 1
        self.users.append(
            {
                "ID": str(user_id),
                "ACTIVE": active,
                "NAME": name,
                "LAST_NAME": last_name,
                "EMAIL": email,
                "USER_TYPE": "employee",
                "UF_DEPARTMENT": list(departments),
                "TIME_ZONE": "",
                "WORK_POSITION": "",
                "ADMIN": admin,
            }
        )
        return user_id

    def add_department(self, name: str, parent: int | None, head: int | None) -> int:
        """A department; the root has no PARENT, one without a head no UF_HEAD."""
        department_id = len(self.departments) + 1
        row: dict[str, Any] = {"ID": str(department_id), "NAME": name, "SORT": 500}
        if parent:
            row["PARENT"] = str(parent)
        if head:
            row["UF_HEAD"] = str(head)
        self.departments.append(row)
        return department_id

    def is_there(self, user_id: object) -> bool:
        """Whether there is such a user."""
        return any(user["ID"] == str(user_id) for user in self.users)

    def name_of(self, user_id: object) -> str:
        """A user's name, for the page."""
        found = next((user for user in self.users if user["ID"] == str(user_id)), None)
        return f"{found['NAME']} {found['LAST_NAME']}".strip() if found else f"#{user_id}"

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "user.get": ("user_basic", self._get),
            "user.current": ("user_basic", lambda params, owner: _public(self.users[owner - 1])),
            "department.get": ("department", self._departments),
            "department.fields": ("department", lambda params, owner: dict.fromkeys(_DEPARTMENT_FILTERS, "")),
            "profile": ("basic", self._profile),
        }

    def _get(self, params: dict[str, Any], owner: int) -> Listed:
        asked = upper(params)
        found = [_public(user) for user in self.users if matches(user, asked.get("FILTER") or {}, _USER_FILTERS)]
        return Listed(found, asked.get("START"))

    def _departments(self, params: dict[str, Any], owner: int) -> Listed:
        asked = upper(params)
        wanted = {name: asked[name] for name in _DEPARTMENT_FILTERS if name in asked}
        found = [row for row in self.departments if matches(row, wanted, _DEPARTMENT_FILTERS)]
        descending = str(asked.get("ORDER", "ASC")).upper() == "DESC"
        return Listed(sorted(found, key=lambda row: whole(row["ID"]), reverse=descending), asked.get("START"))

    def _profile(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        user = self.users[owner - 1]
        names = ("ID", "ADMIN", "NAME", "LAST_NAME", "TIME_ZONE")
        return {name: user[name] for name in names} | {"PERSONAL_GENDER": ""}


def _public(user: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name != "ADMIN"}
