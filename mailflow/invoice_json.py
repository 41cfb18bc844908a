"""An invoice as JSON has it: what `show --json` prints, and `list --json` an array of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any, Protocol

from mailflow.approval.invoice import Invoice


class Line(Protocol):
    """A line of an invoice's history."""

    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def event(self) -> str: ...  # noqa: D102
    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def details(self) -> Mapping[str, object]: ...  # noqa: D102
    @property
    def message_id(self) -> str | None: ...  # noqa: D102


class InPortal(Protocol):
    """How far the portal shows an invoice."""

    @property
    def item_id(self) -> int | None: ...  # noqa: D102
    @property
    def pending(self) -> int: ...  # noqa: D102


def invoice_to_json(
    invoice: Invoice, history: Iterable[Line], timezone: tzinfo, in_portal: InPortal | None = None
) -> dict[str, Any]:
    """JSON values only. Amounts are decimal strings, times ISO 8601 with the offset of the company's time zone."""

    def local(moment: datetime | None) -> str | None:
        return moment.astimezone(timezone).isoformat(timespec="seconds") if moment else None

    amount, rejection, payment, on_hold = invoice.amount, invoice.rejection, invoice.payment, invoice.on_hold
    document = invoice.document
    return {
        "number": invoice.number,
        "revision": invoice.revision,
        "status": invoice.status.value,
        "title": invoice.title,
        "counterparty": invoice.counterparty,
        "amount": str(amount.amount) if amount else None,
        "currency": amount.currency if amount else None,
        "pay_date": invoice.pay_date.isoformat() if invoice.pay_date else None,
        "comment": invoice.comment,
        "route": invoice.route.value,
        "submitter": invoice.submitter,
        "accountant": invoice.accountant,
        "attachments": [{"filename": a.filename, "size": a.size, "sha256": a.sha256} for a in invoice.attachments],
        "document": document
        and {
            "number": document.number,
            "issued": document.issued.isoformat() if document.issued else None,
            "due": document.due.isoformat() if document.due else None,
            "supplier": document.supplier,
            "account": document.details.account,
            "bank_code": document.details.bank_code,
            "tax_id": document.details.tax_id,
        },
        "sources": {field.value: source.value for field, source in invoice.sources.items()},
        "steps": [
            {
                "approver": step.approver,
                "status": step.status.value,
                "decided_at": local(step.decided_at),
                "comment": step.comment,
            }
            for step in invoice.steps
        ],
        "on_hold": on_hold
        and {
            "decision": "approve" if on_hold.approves else "reject",
            "line": on_hold.line,
            "until": local(on_hold.until),
        },
        "rejection": {"by": rejection.by, "reason": rejection.reason} if rejection else None,
        "payment": payment
        and {
            "due": payment.due.isoformat(),
            "shifts": payment.shifts,
            "paid_at": local(payment.paid_at),
            "reference": payment.reference,
        },
        "invites": [
            {"uid": i.uid, "attendee": i.attendee, "sequence": i.sequence, "partstat": i.partstat}
            for i in invoice.invites
        ],
        "bitrix24": in_portal
        and {"synced": not in_portal.pending, "item_id": in_portal.item_id, "pending": in_portal.pending},
        "warnings": [str(caution) for caution in invoice.warnings],
        "history": [
            {
                "at": local(line.at),
                "event": line.event,
                "actor": line.actor,
                "message_id": line.message_id,
                "details": dict(line.details),
            }
            for line in history
        ],
    }
