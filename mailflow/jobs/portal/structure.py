"""The portal's users and departments, read whole every so often (Bitrix24 REST: user.get, department.get)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailflow.approval.structure import Department, Member, Structure
from mailflow.errors import TransientFailure
from mailflow.ports import Portal
from mailflow.store.engine import Store

READ_EVERY = timedelta(minutes=10)
_SELECTED = ("ID", "EMAIL", "NAME", "LAST_NAME", "ACTIVE", "UF_DEPARTMENT")
_MOST_PAGES = 1000


@dataclass(frozen=True)
class StructureReader:
    """Keeps what was read; what makes no sense never takes the place of what did."""

    store: Store
    portal: Portal

    def run_once(self, now: datetime) -> bool:
        """Reads the structure where it is time; whether it did. Raises what the portal raises."""
        with self.store.begin() as uow:
            read_at = uow.portal.structure_read_at()
        if read_at and timedelta(0) <= now - read_at < READ_EVERY:
            return False
        self.read(now)
        return True

    def read(self, now: datetime) -> None:
        """Reads the structure and keeps it. Raises what the portal raises, TransientFailure where it makes no sense."""
        in_order = {"sort": "ID", "order": "ASC"}
        found = [_department(row) for row in self._pages("department.get", in_order, "START")]
        people = [_member(row) for row in self._pages("user.get", {**in_order, "select": list(_SELECTED)}, "start")]
        departments, members = {d.id: d for d in found}, {m.id: m for m in people}
        if not departments or not members:
            raise TransientFailure(
                f"Bitrix24 shows {len(departments)} departments and {len(members)} users, so the heads stay as they"
                " were read before. The webhook's user must be able to see the whole company."
            )
        with self.store.begin() as uow:
            uow.portal.keep_structure(Structure(now, departments, members))
            uow.commit()

    def _pages(self, method: str, params: Mapping[str, Any], start: str) -> Iterator[Mapping[str, Any]]:
        place: int | None = 0
        for _ in range(_MOST_PAGES):
            answer = self.portal.call(method, {**params, start: place})
            yield from answer.result
            if answer.next is None or not answer.result:
                return
            place = answer.next


def _department(row: Mapping[str, Any]) -> Department:
    return Department(int(row["ID"]), str(row.get("NAME", "")), _id(row.get("PARENT")), _id(row.get("UF_HEAD")))


def _member(row: Mapping[str, Any]) -> Member:
    name = f"{row.get('NAME') or ''} {row.get('LAST_NAME') or ''}".strip()
    departments = row.get("UF_DEPARTMENT") or ()
    return Member(
        int(row["ID"]),
        str(row.get("EMAIL") or "").strip().lower(),
        name,
        row.get("ACTIVE") in (True, "Y", "true", 1, "1"),
        tuple(d for value in departments if (d := _id(value)) is not None),
    )


def _id(value: object) -> int | None:
    """An id; "", "0" and nothing at all mean that there is none."""
    text = str(value or "").strip()
    return int(text) if text.isdecimal() and int(text) else None
