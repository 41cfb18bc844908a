"""The payment calendar: what is to be paid when, as values, as JSON and as iCalendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.terminal import one_line


@dataclass(frozen=True)
class DuePayment:
    """One payment of the calendar: due on a day, or paid; `shifts` counts the days it moved unpaid.

    `invite_uid` and `sequence` are those of the invites that its people got (RFC 5545).
    """

    number: str
    due: date
    amount: Money
    counterparty: str
    status: Status
    shifts: int
    invite_uid: str
    sequence: int

    def is_overdue(self, today: date) -> bool:
        """Whether its day is over, or it came to today because its day was over."""
        late = self.due <= today if self.shifts else self.due < today
        return self.status is Status.TO_PAY and late


def payment_of(invoice: Invoice) -> DuePayment | None:
    """The payment of an invoice, where the accountant has been asked for it or has made it."""
    payment, amount = invoice.payment, invoice.amount
    if payment is None or amount is None or invoice.status not in (Status.TO_PAY, Status.PAID):
        return None
    uid, sequence = next(((i.uid, i.sequence) for i in invoice.invites), (invoice.number, 0))
    return DuePayment(
        invoice.number, payment.due, amount, invoice.counterparty, invoice.status, payment.shifts, uid, sequence
    )


def payments_of(invoices: Iterable[Invoice]) -> list[DuePayment]:
    """The payments asked for and those made, by day and number."""
    found = [payment for invoice in invoices if (payment := payment_of(invoice))]
    return sorted(found, key=lambda payment: (payment.due, payment.number))


def sums(payments: Iterable[DuePayment]) -> dict[str, Decimal]:
    """How much in each currency, by the currency's code."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in payments:
        totals[payment.amount.currency] += payment.amount.amount
    return dict(sorted(totals.items()))


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


def to_ics(payments: Iterable[DuePayment], organizer: str, now: datetime) -> bytes:
    """A calendar to subscribe to or import (RFC 5545; METHOD:PUBLISH, RFC 5546 section 3.2.1), an all-day event each.

    UIDs stay the same from one file to the next, so that importing again updates; they are not those of the invites,
    whose answers an import must not overwrite.
    """
    from icalendar import Calendar, Event, vCalAddress

    calendar = Calendar()
    calendar.add("prodid", "-//mailflow//payment calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for payment in payments:
        event = Event()
        event.add("uid", f"calendar-{payment.invite_uid}")
        event.add("dtstamp", now)
        event.add("sequence", payment.sequence)
        event.add("organizer", vCalAddress(f"mailto:{organizer}"))
        event.add("dtstart", payment.due)
        event.add("dtend", payment.due + timedelta(days=1))
        done = "Paid" if payment.status is Status.PAID else "Pay"
        event.add("summary", one_line(f"{done} {payment.amount} to {payment.counterparty} ({payment.number})"))
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
