"""The departments of the portal, and whom they lead to (process section 2, по иерархии; Bitrix24 REST: department)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailflow.approval.route_entry import Verdict


class HierarchySource(StrEnum):
    """Who knows the heads."""

    SETTINGS = "settings"
    BITRIX24 = "bitrix24"


class WhenAway(StrEnum):
    """What becomes of an invoice whose heads cannot be read at the moment."""

    LAST_KNOWN = "last_known"
    WAIT = "wait"


@dataclass(frozen=True)
class Department:
    """`parent` is None at the top, `head` where nobody leads it."""

    id: int
    name: str
    parent: int | None = None
    head: int | None = None


@dataclass(frozen=True)
class Member:
    """Somebody with an account in the portal. The address is lower case, "" where there is none."""

    id: int
    email: str
    name: str
    active: bool
    departments: tuple[int, ...]


@dataclass(frozen=True)
class Structure:
    """The whole company as the portal had it at `read_at`."""

    read_at: datetime
    departments: Mapping[int, Department]
    members: Mapping[int, Member]

    def member(self, address: str) -> Member | None:
        """The one active person with this address; None where there is none, or more than one."""
        found = [m for m in self.members.values() if m.active and m.email == address]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class Chain:
    """Whom a route leads to, in order.

    `verdicts` are what the conditions of the settings came to, `notes` what was decided on the way, for the history;
    `problem` is why it leads to nobody although somebody ought to be there, and `who` whom that concerns: a matter for
    the administrator, never a silent skip.
    """

    approvers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    who: str = ""
    verdicts: tuple[Verdict, ...] = ()


def chain_above(submitter: str, structure: Structure, primary: int | None) -> Chain:
    """The heads from the submitter's department upwards, each once, never the submitter.

    `primary` is the department of somebody who is in several; without it the deepest counts.
    """
    everybody = [m for m in structure.members.values() if m.active and m.email == submitter]
    if len(everybody) != 1:
        return Chain(problem="two_accounts" if everybody else "no_account", who=submitter)
    person = everybody[0]
    start, notes = _department_of(person, structure, primary)
    approvers: list[str] = []
    for department in _upwards(start, structure):
        head = structure.members.get(department.head) if department.head else None
        if head is None:
            notes.append(f"{'unknown' if department.head else 'no'} head: {department.name}")
        elif not head.active:
            notes.append(f"inactive head: {department.name}, {head.name}")
        elif head.id == person.id:
            notes.append(f"own head: {department.name}")
        elif not head.email:
            return Chain(notes=tuple(notes), problem="no_address", who=head.name or f"{head.id}")
        elif head.email not in approvers and head.email != submitter:
            approvers.append(head.email)
    return Chain(tuple(approvers), tuple(notes))


def _department_of(person: Member, structure: Structure, primary: int | None) -> tuple[int | None, list[str]]:
    mine = [d for d in person.departments if d in structure.departments]
    if primary in mine:
        return primary, [f"department: {structure.departments[primary].name}"] if len(mine) > 1 else []
    if not mine:
        return None, ["no department"]
    deepest = max(mine, key=lambda d: (len(list(_upwards(d, structure))), -d))
    return deepest, [f"deepest of {len(mine)} departments: {structure.departments[deepest].name}"] if mine[1:] else []


def _upwards(start: int | None, structure: Structure) -> Iterator[Department]:
    """The department and those above it; a cycle ends where it would begin again."""
    visited: set[int] = set()
    here = structure.departments.get(start) if start is not None else None
    while here is not None and here.id not in visited:
        visited.add(here.id)
        yield here
        here = structure.departments.get(here.parent) if here.parent is not None else None
