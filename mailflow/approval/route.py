"""Who is asked, in which order (process section 2)."""

from __future__ import annotations

from mailflow.approval.company import Company
from mailflow.approval.submission import RouteKind


def chain(kind: RouteKind, submitter: str, company: Company) -> tuple[str, ...]:
    """The approvers of a route, each once, in order. The submitter may be among them: see `invoice.steps_for`."""
    people = company.sequence if kind is RouteKind.SEQUENTIAL else _upwards(submitter, company)
    return tuple(dict.fromkeys(people))


def _upwards(submitter: str, company: Company) -> list[str]:
    heads: list[str] = []
    head = company.person(submitter).manager
    while head and head not in heads:
        heads.append(head)
        head = company.person(head).manager
    return heads
