"""Decisions that can be taken back for a while: nobody is asked or told before they take effect (process section 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.decision import Answer
from mailflow.approval.effects import Entry, Outcome
from mailflow.approval.invoice import HandedOn, Invoice, OnHold
from mailflow.approval.opening import ask, hand_on
from mailflow.approval.reference import Reference
from mailflow.approval.replying import confirmation
from mailflow.errors import Refusal


def put_on_hold(
    invoice: Invoice, approves: bool, text: str, answer: Answer, company: Company, now: datetime
) -> Outcome:
    """The open step's approver has decided; that it takes effect is up to the clock."""
    until = now + company.hold
    waiting = replace(invoice, on_hold=OnHold(approves, text, answer.reading.line, until))
    what = "approve" if approves else "reject"
    confirmed = confirmation(waiting, answer, f"{what}_on_hold", text, until=until)
    details = {"decision": what, "text": text, "line": answer.reading.line, "until": until.isoformat()}
    return Outcome(waiting, (confirmed,), (Entry("put_on_hold", answer.sender, details),))


def undo(invoice: Invoice, reference: Reference, answer: Answer, company: Company, now: datetime) -> Outcome:
    """UNDO: the decision is as if it had never been given, and the approver is asked anew, as a step of its own.

    The mail that was answered is spent: a copy of that answer must not decide again. Raises Refusal where nothing of
    this person's is on hold, or it was about the invoice as it had been.
    """
    index = invoice.asked_step
    if invoice.on_hold is None or index is None or invoice.steps[index].approver != answer.sender:
        raise Refusal("nothing_to_undo")
    if reference.revision != invoice.revision:
        raise Refusal("changed_since")
    handed = hand_on(invoice, index, answer.sender, HandedOn.DELEGATED, now)
    asked, request, told = ask(handed, index + 1, company, now)
    entry = Entry("undone", answer.sender, {"line": answer.reading.line})
    return Outcome(asked, (confirmation(asked, answer, "undo"), request), (entry, *told))
