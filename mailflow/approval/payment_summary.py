"""The accountant's morning: what is to be paid today, what is overdue, what comes (process section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from mailflow.approval.company import Company
from mailflow.approval.effects import Mail, Message
from mailflow.approval.invoice import Invoice, Payment
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import totals

WEEK = timedelta(days=7)
FEWEST_WEEKS, MOST_WEEKS = 2, 5
"""How many weeks the calendar shows, this one included."""

_Due = tuple[Payment, Invoice]


def payment_summary(accountant: str, invoices: Iterable[Invoice], company: Company, moment: datetime) -> Mail | None:
    """The mail of a day, of the payments that had been asked for by its moment; None where there is nothing to pay."""
    today = company.today(moment)
    due = sorted(
        (
            (invoice.payment, invoice)
            for invoice in invoices
            if invoice.status is Status.TO_PAY and invoice.payment and invoice.payment.asked_at <= moment
        ),
        key=lambda found: (found[0].due, found[1].number),
    )
    if not due:
        return None
    late = [(payment, invoice) for payment, invoice in due if payment.is_late(today)]
    of_today = [(payment, invoice) for payment, invoice in due if payment.due == today and not payment.is_late(today)]
    coming = [(payment, invoice) for payment, invoice in due if today < payment.due <= today + WEEK]
    later = [(payment, invoice) for payment, invoice in due if payment.due > today + WEEK]
    groups = {"overdue": late, "today": of_today, "week": coming}
    extra = {
        "day": today.isoformat(),
        "groups": [
            {"name": name, "lines": [_line(*found) for found in group], "sums": _sums(group)}
            for name, group in groups.items()
        ],
        "later": {"count": len(later), "sums": _sums(later)},
        "weeks": _weeks(due, company, today),
    }
    return Mail(accountant, Message.PAYMENT_SUMMARY, extra=extra)


def _line(payment: Payment, invoice: Invoice) -> dict[str, object]:
    return {
        "number": invoice.number,
        "title": invoice.title,
        "counterparty": invoice.counterparty,
        "amount": str(invoice.amount or ""),
        "due": payment.due.isoformat(),
        "planned": invoice.pay_date.isoformat() if invoice.pay_date else "",
        "is_warned_of": bool(invoice.warnings),
    }


def _sums(due: Iterable[_Due]) -> list[str]:
    return [str(total) for total in totals(invoice.amount for _, invoice in due if invoice.amount)]


def _weeks(due: Sequence[_Due], company: Company, today: date) -> list[list[dict[str, object]]]:
    """The calendar: weeks from Monday to Sunday, from this one to that of the last payment, if it is not too far."""
    monday = today - timedelta(days=today.weekday())
    last = (due[-1][0].due - monday).days // 7 + 1
    count = min(MOST_WEEKS, max(FEWEST_WEEKS, last))
    days = [_day(due, company, today, monday + timedelta(days=n)) for n in range(7 * count)]
    return [days[start : start + 7] for start in range(0, len(days), 7)]


def _day(due: Sequence[_Due], company: Company, today: date, day: date) -> dict[str, object]:
    found = [(payment, invoice) for payment, invoice in due if payment.due == day]
    return {
        "day": day.isoformat(),
        "count": len(found),
        "sums": _sums(found),
        "is_today": day == today,
        "is_over": day < today,
        "is_off": not company.is_working_day(day),
    }
