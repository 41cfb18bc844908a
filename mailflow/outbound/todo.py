"""'Work on errors' as a task list: one VTODO with one below it for each point (RFC 5545 section 3.6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from icalendar import Calendar, Todo

from mailflow.approval.company import Company
from mailflow.approval.invoice import Invoice
from mailflow.outbound.invite import clean

_TITLES = {"en": "Work on errors", "ru": "Работа над ошибками"}


def todo_of(invoice: Invoice, points: Sequence[str], company: Company, stamp: datetime, language: str) -> bytes:
    """The task list of one rejection."""
    domain = company.mailbox.rpartition("@")[2]
    stem = f"{invoice.number}-r{invoice.revision}-errors".lower()
    calendar = Calendar()
    calendar.add("prodid", "-//mailflow//invoice approval//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    title = f"{_TITLES.get(language, _TITLES['en'])}: {invoice.number}, {invoice.title}"
    parent = _todo(f"{stem}@{domain}", title, stamp)
    parent.add("description", clean("\n".join(f"- {point}" for point in points)))
    calendar.add_component(parent)
    for index, point in enumerate(points, 1):
        item = _todo(f"{stem}-{index}@{domain}", point, stamp)
        item.add("related-to", f"{stem}@{domain}")
        calendar.add_component(item)
    return bytes(calendar.to_ical())


def _todo(uid: str, title: str, stamp: datetime) -> Todo:
    todo = Todo()
    todo.add("uid", uid)
    todo.add("dtstamp", stamp)
    todo.add("summary", clean(title))
    todo.add("status", "NEEDS-ACTION")
    return todo
