"""The task 'Work on errors' as iCalendar to-dos (RFC 5545 section 3.6.2): one for the invoice, one below it a point."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from icalendar import Todo

from mailflow.approval.company import Company
from mailflow.approval.invoice import Invoice
from mailflow.outbound.addresses import ascii_address
from mailflow.outbound.cleaning import one_line
from mailflow.outbound.invite import new_calendar


def todo_calendar(invoice: Invoice, points: Sequence[str], summary: str, stamp: datetime, company: Company) -> bytes:
    """The checklist as a file to open with a calendar.

    UIDs follow from number and revision, so opening it twice adds nothing.
    """
    domain = company.mailbox.rpartition("@")[2]
    stem = f"{invoice.number}-r{invoice.revision}-errors".lower()
    parent = _todo(f"{stem}@{domain}", summary, stamp, company)
    calendar = new_calendar("PUBLISH")
    calendar.add_component(parent)
    for position, point in enumerate(points, start=1):
        child = _todo(f"{stem}-{position}@{domain}", point, stamp, company)
        child.add("related-to", str(parent["UID"]))
        calendar.add_component(child)
    return bytes(calendar.to_ical())


def _todo(uid: str, summary: str, stamp: datetime, company: Company) -> Todo:
    todo = Todo()
    todo.add("uid", uid)
    todo.add("dtstamp", stamp.astimezone(UTC))
    todo.add("organizer", f"mailto:{ascii_address(company.mailbox)}")
    todo.add("summary", one_line(summary))
    todo.add("status", "NEEDS-ACTION")
    return todo
