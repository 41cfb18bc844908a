"""The payment calendar: what is to be paid when, as values, as JSON and as iCalendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailflow.approval.invoice import Invoice, is_late
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.outbound.formats import money
from mailflow.terminal import one_line

if TYPE_CHECKING:
    from icalendar import Event

REFRESHED_EVERY = timedelta(hours=1)
"""How often a calendar that is subscribed to is asked for again; Google and Outlook take longer, whatever they read."""

_CALLED_OFF = (Status.REJECTED, Status.WITHDRAWN)


@dataclass(frozen=True)
class DuePayment:
    """One payment of the calendar: due on a day, paid, or called off; `shifts` counts the days it moved unpaid.

    `invite_uid` and `sequence` are those of the invites that its people got (RFC 5545), `changed_at` is when anything
    about the payment was last told.
    """

    number: str
    due: date
    amount: Money
    counterparty: str
    status: Status
    shifts: int
    invite_uid: str
    sequence: int
    title: str
    changed_at: datetime

    @property
    def is_called_off(self) -> bool:
        """Whether it was refused or withdrawn after the accountant had been asked."""
        return self.status in _CALLED_OFF

    def is_overdue(self, today: date) -> bool:
        """Whether its day is over, or it came to today because its day was over."""
        return self.status is Status.TO_PAY and is_late(self.due, self.shifts, today)


def payment_of(invoice: Invoice) -> DuePayment | None:
    """The payment of an invoice, where the accountant was asked for it, whatever became of it."""
    payment, amount = invoice.payment, invoice.amount
    if payment is None or amount is None:
        return None
    uid, sequence = next(((i.uid, i.sequence) for i in invoice.invites), (invoice.number, 0))
    refused_at = invoice.rejection.at if invoice.rejection else payment.asked_at
    return DuePayment(
        number=invoice.number,
        due=payment.due,
        amount=amount,
        counterparty=invoice.counterparty,
        status=invoice.status,
        shifts=payment.shifts,
        invite_uid=uid,
        sequence=sequence,
        title=invoice.title,
        changed_at=max(payment.told_at, payment.paid_at or payment.told_at, refused_at),
    )


def payments_of(invoices: Iterable[Invoice], called_off_too: bool = False) -> list[DuePayment]:
    """The payments asked for and those made, by day and number."""
    found = [payment for invoice in invoices if (payment := payment_of(invoice))]
    wanted = [payment for payment in found if called_off_too or not payment.is_called_off]
    return sorted(wanted, key=lambda payment: (payment.due, payment.number))


def to_json(payments: Iterable[DuePayment]) -> list[dict[str, Any]]:
    """JSON values only."""
    return [
        {
            "number": p.number,
            "due": p.due.isoformat(),
            "amount": str(p.amount.amount),
            "currency": p.amount.currency,
            "counterparty": p.counterparty,
            "status": p.status.value,
            "shifts": p.shifts,
        }
        for p in payments
    ]


@dataclass(frozen=True)
class CalendarFace:
    """How a published calendar speaks: its organizer's address, its language, its words (`calendar` of `_words.j2`).

    `address` is where the board shows invoices, "" where there is none.
    """

    organizer: str
    language: str
    words: Mapping[str, str]
    timezone: str
    address: str = ""


def to_ics(payments: Iterable[DuePayment], face: CalendarFace) -> bytes:
    """A calendar to subscribe to or import (RFC 5545; METHOD:PUBLISH, RFC 5546 section 3.2.1), an all-day event each.

    The same payments are the same bytes. UIDs stay the same from one to the next, so that importing again updates; they
    are not those of the invites, whose answers an import must not overwrite. How often to ask again: RFC 7986
    section 5.7, and the X-PUBLISHED-TTL that Outlook reads.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//mailflow//payment calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", face.words["name"])
    calendar.add("x-wr-calname", face.words["name"])
    calendar.add("x-wr-timezone", face.timezone)
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{int(REFRESHED_EVERY.total_seconds()) // 3600}H")
    for payment in payments:
        calendar.add_component(_event(payment, face))
    return bytes(calendar.to_ical())


def _event(payment: DuePayment, face: CalendarFace) -> Event:
    from icalendar import Event, vCalAddress

    state = "cancelled" if payment.is_called_off else "paid" if payment.status is Status.PAID else "pay"
    amount, counterparty = money(payment.amount, face.language), one_line(payment.counterparty)
    about = [one_line(payment.title)]
    if payment.shifts:
        about.append(face.words["moved"] % payment.shifts)
    event = Event()
    event.add("uid", f"calendar-{payment.invite_uid}")
    event.add("dtstamp", payment.changed_at)
    event.add("last-modified", payment.changed_at)
    event.add("sequence", payment.sequence)
    event.add("organizer", vCalAddress(f"mailto:{face.organizer}"))
    event.add("dtstart", payment.due)
    event.add("dtend", payment.due + timedelta(days=1))
    event.add("summary", one_line(face.words[state] % {"amount": amount, "to": counterparty, "number": payment.number}))
    event.add("description", "\n".join(about))
    event.add("status", "CANCELLED" if payment.is_called_off else "CONFIRMED")
    event.add("categories", [face.words["category"]])
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    if face.address:
        event.add("url", f"{face.address}/invoices/{payment.number}")
    return event
