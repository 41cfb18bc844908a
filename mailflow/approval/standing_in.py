"""Who decides instead of somebody who is away or silent (process section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from mailflow.approval.company import Company, EscalateTo
from mailflow.approval.invoice import Invoice
from mailflow.approval.route import heads


def cannot_decide(invoice: Invoice, address: str, company: Company) -> str | None:
    """The code of what is wrong with an address on record as the next to decide; None where nothing is."""
    if not address:
        return "address_missing"
    if company.is_same_person(address, invoice.submitter):
        return "address_submitter"
    if any(company.is_same_person(step.approver, address) for step in invoice.steps):
        return "address_decided"
    return None if company.can_decide(address) else "address_unknown"


def stand_in(invoice: Invoice, person: str, company: Company, day: date) -> str | None:
    """The deputy of somebody who is away, or the deputy's deputy; None where nobody may decide who is there."""
    return _first_able(invoice, deputies(person, company, day), company, day)


def next_in_line(invoice: Invoice, person: str, company: Company, day: date) -> str | None:
    """Who is asked in the place of somebody who does not answer, as the settings say; None where nobody may be."""
    match company.escalate_to:
        case EscalateTo.DEPUTY:
            line: Iterable[str] = deputies(person, company, day)
        case EscalateTo.MANAGER:
            line = heads(person, company).approvers
        case address:
            line = (address, *deputies(address, company, day))
    return _first_able(invoice, line, company, day)


def deputies(person: str, company: Company, day: date) -> Iterator[str]:
    """The deputy on that day, the deputy's deputy and so on; a circle ends where it would begin again."""
    seen = {person}
    deputy = company.person(person).deputy_on(day)
    while deputy and deputy not in seen:
        yield deputy
        seen.add(deputy)
        deputy = company.person(deputy).deputy_on(day)


def _first_able(invoice: Invoice, line: Iterable[str], company: Company, day: date) -> str | None:
    there = (address for address in line if not company.person(address).absence(day))
    return next((address for address in there if not cannot_decide(invoice, address, company)), None)
