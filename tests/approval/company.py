"""The company that the tests of the centre play in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from mailflow.approval.company import Company, Person, UnpaidMovesTo
from mailflow.approval.decision import Answer, Command, Reading
from mailflow.approval.effects import Effect, Invitation, Mail, Message, Outcome
from mailflow.approval.invoice import Invoice, Repeat
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.opening import open_invoice
from mailflow.approval.past import Past
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.submission import Attachment, Form, RouteKind

IVAN, OLGA, DMITRY, ANNA, ADMIN = (f"{name}@example.com" for name in ("ivan", "olga", "dmitry", "anna", "admin"))
PETR = "petr@example.com"
NOON = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
PAY_DAY = date(2026, 12, 15)


def company(**changes: object) -> Company:
    people = [
        Person(IVAN, "Иван Петров", "ru", manager=OLGA),
        Person(OLGA, "Ольга", "ru", manager=DMITRY),
        Person(DMITRY, "Dmitry", "en"),
        Person(PETR, "Пётр", "ru"),
        Person(ANNA, "Анна", "ru"),
    ]
    rules: dict[str, object] = {
        "mailbox": "finance@example.com",
        "administrator": ADMIN,
        "accountant": ANNA,
        "language": "en",
        "timezone": ZoneInfo("Europe/Moscow"),
        "submitters": ("@example.com",),
        "sequence": (OLGA, DMITRY),
        "default_route": RouteKind.SEQUENTIAL,
        "remind_after": timedelta(hours=24),
        "unpaid_moves_to": UnpaidMovesTo.NEXT_DAY,
        "is_working_day": lambda day: day.weekday() < 5,
        "people": {p.email: p for p in people},
        **changes,
    }
    named = cast(Iterable[str | RouteEntry], rules["sequence"])
    rules["sequence"] = tuple(e if isinstance(e, RouteEntry) else RouteEntry(e) for e in named)
    return Company(**rules)  # type: ignore[arg-type]


def attachment(content: str = "invoice") -> Attachment:
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return Attachment(f"{content}.pdf", "application/pdf", len(content), sha256)


def form(**changes: object) -> Form:
    fields: dict[str, object] = {
        "counterparty": "ООО «Ромашка»",
        "amount": Money(Decimal("125000.00"), "RUB"),
        "pay_date": PAY_DAY,
        "comment": "Paper",
        **changes,
    }
    return Form(**fields)  # type: ignore[arg-type]


def opened(rules: Company | None = None, sender: str = IVAN, **changes: object) -> Outcome:
    return open_invoice(
        "INV-2026-0001", sender, "Paper for December", form(**changes), (attachment(),), None, rules or company(), NOON
    )


def answer(sender: str, command: Command, line: str = "line", **more: object) -> Answer:
    return Answer(sender, Reading(command, line, line), **more)  # type: ignore[arg-type]


def reference(invoice: Invoice, person: str, asks: Asks, step: int | None = None) -> Reference:
    return Reference("token", invoice.number, invoice.revision, asks, person, invoice.digest, step)


def reference_of(effect: Effect) -> Reference:
    assert effect.invoice is not None
    if isinstance(effect, Invitation):
        return reference(effect.invoice, effect.to, Asks.PAYMENT)
    return reference(effect.invoice, effect.to, effect.asks, effect.step)


def mail(outcome: Outcome, message: Message, to: str | None = None) -> Mail:
    found = [e for e in outcome.effects if isinstance(e, Mail) and e.message is message and to in (None, e.to)]
    assert len(found) == 1, (
        f"{message} to {to}: {[(e.to, getattr(e, 'message', 'invitation')) for e in outcome.effects]}"
    )
    return found[0]


def messages(outcome: Outcome) -> list[tuple[str, str]]:
    return [(e.message.value if isinstance(e, Mail) else f"invite {e.method}", e.to) for e in outcome.effects]


def repeats(number: str, status: Status = Status.PAID) -> Past:
    """A past in which every invoice has come before, under this number."""
    return Past(
        lambda invoice: (Repeat(number, status, file=invoice.attachments[0].sha256),) if invoice.attachments else (),
        lambda invoice: None,
    )
