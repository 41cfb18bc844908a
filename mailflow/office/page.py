"""The page that shows a company at a glance: payment calendar, invoices by status, every mailbox side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import jinja2
from babel.dates import format_date
from babel.dates import format_datetime as format_when

from mailflow.approval.company import Company
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.office.archive import SavedMail
from mailflow.office.received import ReceivedMail

FILENAME = "mailboxes.html"
BOARD = (Status.INCOMPLETE, Status.IN_APPROVAL, Status.TO_PAY, Status.PAID, Status.REJECTED, Status.WITHDRAWN)
_ALWAYS_SHOWN = (Status.INCOMPLETE, Status.IN_APPROVAL, Status.TO_PAY, Status.PAID)
_LEAST_WEEKS = 3
_LOCALE = "en_GB"


@dataclass(frozen=True)
class Mailbox:
    """One column of the page."""

    name: str
    address: str
    role: str
    mails: tuple[SavedMail, ...]


@dataclass(frozen=True)
class Day:
    """One cell of the payment calendar."""

    date: date
    today: bool
    payments: tuple[Invoice, ...]


def write_page(
    output: Path, mailboxes: Sequence[Mailbox], invoices: Sequence[Invoice], company: Company, now: datetime
) -> Path:
    """Writes the page into the output folder, beside the saved mails it links to; needs no network, runs anywhere."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": _money,
        "day": lambda day: format_date(day, "EEE d MMM", locale=_LOCALE),
        "month": lambda day: format_date(day, "MMM", locale=_LOCALE),
        "clock": lambda moment: format_when(moment, "HH:mm", tzinfo=company.timezone, locale=_LOCALE),
        "local_date": company.today,
        "words": lambda code: str(code).replace("_", " "),
        "size": _size,
    }
    page = environment.get_template("mailboxes.html.j2").render(
        mailboxes=mailboxes,
        weeks=payment_weeks(invoices, company.today(now)),
        board=_board(invoices),
        person=company.person,
        invite_words=_invite_words,
        now=now.astimezone(company.timezone),
    )
    path = output / FILENAME
    path.write_text(page, encoding="utf-8")
    return path


def payment_weeks(invoices: Sequence[Invoice], today: date) -> list[list[Day]]:
    """Whole weeks from the first payment, or this week, to the last one; at least three."""
    due: dict[date, list[Invoice]] = {}
    for invoice in invoices:
        if invoice.payment and invoice.status in (Status.TO_PAY, Status.PAID):
            due.setdefault(invoice.payment.due, []).append(invoice)
    first = min([today, *due])
    monday = first - timedelta(days=first.weekday())
    weeks = max(_LEAST_WEEKS, (max([today, *due]) - monday).days // 7 + 1)
    days = [monday + timedelta(days=n) for n in range(7 * weeks)]
    cells = [Day(day, day == today, tuple(due.get(day, ()))) for day in days]
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _board(invoices: Sequence[Invoice]) -> dict[Status, list[Invoice]]:
    by_status = {status: [i for i in invoices if i.status is status] for status in BOARD}
    return {status: found for status, found in by_status.items() if found or status in _ALWAYS_SHOWN}


def _invite_words(mail: ReceivedMail) -> str:
    """What a calendar client would call the mail (RFC 5546 section 3.2)."""
    event = mail.event
    if event is None or mail.method == "CANCEL":
        return "calendar: cancelled"
    if mail.method == "REPLY":
        return "calendar: " + " ".join(str(a.params.get("PARTSTAT", "")).lower() for a in event.attendees)
    return "calendar: update" if event.get("SEQUENCE", 0) else "calendar: invitation"


def _money(amount: Money | None) -> str:
    return f"{amount.amount:,} {amount.currency}".replace(",", "\N{NARROW NO-BREAK SPACE}") if amount else "?"


def _size(count: int) -> str:
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
