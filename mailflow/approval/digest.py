"""The approver's digest: several open requests in one mail, answered line by line (process section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.daily import daily_of
from mailflow.approval.effects import Effect, Mail, Message, Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.reference import Asks

FEWEST = 2
"""One open request has its own mail; who wants the digest alone gets it for one too."""

MOST_BYTES = 10_000_000
"""So much of files comes with a digest, which mail servers take; for more there is another digest beside it."""


def open_requests(person: str, invoices: Iterable[Invoice], company: Company, moment: datetime) -> list[Invoice]:
    """What had been asked of somebody by that moment and still waits, the oldest first; none where they are too few."""
    waiting = [(asked_at, i.number, i) for i in invoices if (asked_at := _asked_at(i, person)) and asked_at <= moment]
    fewest = 1 if daily_of(person, company).only else FEWEST
    return [invoice for _, _, invoice in sorted(waiting, key=lambda w: w[:2])] if len(waiting) >= fewest else []


def portions(person: str, invoices: Sequence[Invoice], company: Company) -> list[list[Invoice]]:
    """The requests of each digest: all in one, but where their files come with it, no more than a mail may hold."""
    if not daily_of(person, company).only:
        return [list(invoices)] if invoices else []
    digests: list[list[Invoice]] = []
    room = 0
    for invoice in invoices:
        size = sum(attachment.size for attachment in invoice.attachments)
        if not digests or size > room:
            digests.append([])
            room = MOST_BYTES
        digests[-1].append(invoice)
        room -= size
    return digests


def digest_mail(
    person: str,
    invoices: Sequence[Invoice],
    alike: Mapping[str, Mapping[str, object]],
    company: Company,
    moment: datetime,
) -> Mail:
    """The requests with their numbers, from 1. Where nothing else brings the files, they come with it.

    `alike`: by the number of a request the facts of an invoice whose counterparty only looks like this one's.
    """
    items = [
        {**_item(position, invoice), "looks_like": alike.get(invoice.number)}
        for position, invoice in enumerate(invoices, 1)
    ]
    files = tuple(
        replace(attachment, filename=f"{position} {attachment.filename}")
        for position, invoice in enumerate(invoices, 1)
        for attachment in invoice.attachments
    )
    only = daily_of(person, company).only
    extra = {"day": company.today(moment).isoformat(), "items": items, "has_files": only}
    return Mail(person, Message.APPROVAL_DIGEST, asks=Asks.DIGEST, extra=extra, attachments=files if only else ())


def is_in_digest_alone(effect: Effect, company: Company) -> bool:
    """Whether a request is left to the digest, since the approver wants no other."""
    asks = isinstance(effect, Mail) and effect.message in (Message.APPROVAL_REQUEST, Message.APPROVAL_REMINDER)
    return asks and daily_of(effect.to, company).only and bool(daily_of(effect.to, company).days)


def line_of(outcome: Outcome, person: str) -> tuple[dict[str, object], tuple[Effect, ...]]:
    """What a line came to, as its own mail would have said it, and the effects without that mail."""
    told = [e for e in outcome.effects if _is_answer(e, person)]
    facts = dict(told[0].extra) if told and isinstance(told[0], Mail) else {}
    return facts, tuple(e for e in outcome.effects if not _is_answer(e, person))


def _is_answer(effect: Effect, person: str) -> bool:
    answers = (Message.DECISION_TAKEN, Message.UNCLEAR)
    return isinstance(effect, Mail) and effect.to == person and effect.message in answers


def _asked_at(invoice: Invoice, person: str) -> datetime | None:
    """Since when the invoice waits for this person's decision; None where it does not."""
    index = invoice.asked_step
    if index is None or invoice.on_hold or invoice.steps[index].approver != person:
        return None
    return invoice.steps[index].asked_at


def _item(position: int, invoice: Invoice) -> dict[str, object]:
    index = invoice.asked_step
    step = invoice.steps[index] if index is not None else None
    account = invoice.document.details.account if invoice.document else ""
    repeat = invoice.repeat
    return {
        "position": position,
        "number": invoice.number,
        "revision": invoice.revision,
        "title": invoice.title,
        "counterparty": invoice.counterparty,
        "amount": str(invoice.amount or ""),
        "pay_date": invoice.pay_date.isoformat() if invoice.pay_date else "",
        "account": account,
        "submitter": invoice.submitter,
        "comment": invoice.comment,
        "asked_at": step.asked_at.isoformat() if step and step.asked_at else "",
        "approved_by": list(invoice.approvers_so_far),
        "warnings": [{"code": w.code, "detail": w.detail} for w in invoice.warnings],
        "repeats": {"number": repeat.number, "reason": repeat.reason or ""} if repeat else None,
        "files": [a.filename for a in invoice.attachments],
    }
