"""Who is asked, in which order (process section 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.money import Money
from mailflow.approval.structure import Chain, HierarchySource, WhenAway, chain_above
from mailflow.approval.submission import RouteKind


def chain(kind: RouteKind, submitter: str, money: Money, payees: Collection[str], company: Company) -> Chain:
    """The approvers of a route, each once, in order. The submitter may be among those of `sequential`."""
    if kind is RouteKind.SEQUENTIAL:
        return _sequence(money, payees, company)
    return heads(submitter, company)


def heads(submitter: str, company: Company) -> Chain:
    """The heads above somebody, the nearest first."""
    by_settings = Chain(tuple(_upwards(submitter, company)))
    if company.hierarchy is HierarchySource.SETTINGS or company.structure is None:
        return by_settings
    found = chain_above(submitter, company.structure, company.person(submitter).department)
    if found.problem == "no_account" and by_settings.approvers:
        return replace(by_settings, notes=(f"no account in the portal: {submitter}; heads of the settings",))
    return replace(found, approvers=_each_once(found.approvers, company))


def asks_portal(kind: RouteKind, company: Company) -> bool:
    """Whether the heads of this route are those of the portal."""
    return kind is RouteKind.HIERARCHY and company.hierarchy is HierarchySource.BITRIX24


def awaits_structure(kind: RouteKind, company: Company, now: datetime) -> bool:
    """Whether the heads cannot be known now: never read, or too old where the settings want to wait."""
    if not asks_portal(kind, company):
        return False
    if company.structure is None:
        return True
    return company.when_portal_away is WhenAway.WAIT and is_old(company, now)


def is_old(company: Company, now: datetime) -> bool:
    """Whether the portal's structure was read longer ago than it should be."""
    return company.structure is not None and now - company.structure.read_at > company.structure_fresh_for


def with_second(chain: Chain, submitter: str, money: Money, company: Company) -> Chain:
    """The chain with the second approver behind it, where one person alone would decide about more than the limit.

    Where that makes no two either, the chain is empty and says why: four eyes are never fewer.
    """
    second = company.second_approver
    deciding = [a for a in chain.approvers if not company.is_same_person(a, submitter)]
    is_one = bool(deciding) and all(company.is_same_person(deciding[0], other) for other in deciding)
    if second is None or not second.is_wanted(money) or not is_one:
        return chain
    address = company.on_record(second.address)
    if any(company.is_same_person(address, person) for person in (*deciding, submitter)):
        return replace(chain, approvers=(), problem="second_approver", who=address)
    return replace(chain, approvers=(*chain.approvers, address), notes=(*chain.notes, f"second approver: {address}"))


def _sequence(money: Money, payees: Collection[str], company: Company) -> Chain:
    """The approvers of the settings whose conditions hold. Where they leave out everybody, the chain says so."""
    judged = [(entry.address, entry.verdict(money, payees)) for entry in company.sequence]
    approvers = _each_once((address for address, verdict in judged if not verdict or verdict.is_asked), company)
    verdicts = tuple(v for _, v in judged if v and v.is_asked == (company.on_record(v.approver) in approvers))
    return Chain(approvers, verdicts=verdicts, problem="" if approvers or not verdicts else "conditions")


def _each_once(approvers: Iterable[str], company: Company) -> tuple[str, ...]:
    return tuple(dict.fromkeys(company.on_record(approver) for approver in approvers))


def _upwards(submitter: str, company: Company) -> list[str]:
    heads: list[str] = []
    head = company.person(submitter).manager
    while head and head not in heads:
        heads.append(head)
        head = company.person(head).manager
    return heads
