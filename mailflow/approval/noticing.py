"""What is noticed without anybody deciding: bounces, absences, silence (process sections 2, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.conditions import Condition
from mailflow.approval.deciding import cannot_decide
from mailflow.approval.effects import Effect, Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Caution, Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.opening import ask, hand_on, request
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.replying import may_be_answered


def record_bounce(
    invoice: Invoice, recipient: str, message: str, permanent: bool, reason: str, company: Company
) -> Outcome:
    """One of our mails did not arrive: the invoice shows it, administrator and submitter are told (section 6)."""
    details = {"recipient": recipient, "message": message, "reason": reason, "permanent": permanent}
    caution = Caution("not_delivered", f"{recipient} ({reason})")
    if not permanent or caution in invoice.warnings:
        return Outcome(invoice, (), (Entry("delivery_problem", recipient, details),))
    marked = replace(invoice, warnings=(*invoice.warnings, caution))
    extra = {
        "recipient": recipient,
        "message": message,
        "reason": reason,
        "deputy": company.person(recipient).deputy,
    }
    told = [p for p in dict.fromkeys([invoice.submitter, company.administrator]) if p != recipient]
    effects: tuple[Effect, ...] = tuple(Mail(p, Message.NOT_DELIVERED, marked, extra=extra) for p in told)
    return Outcome(marked, effects, (Entry("not_delivered", recipient, details),))


def record_automatic(
    invoice: Invoice, reference: Reference, person: str, sign: str, is_absence: bool, company: Company, now: datetime
) -> Outcome:
    """An automatic answer is never a decision; it is noted.

    An absence of the one whom the open step asks hands it on to the deputy of the settings at once (section 2).
    """
    noted = Entry("automatic_answer", person, {"sign": sign})
    deputy = company.person(person).deputy
    index = invoice.asked_step
    is_asked = index is not None and reference.asks is Asks.APPROVAL and invoice.steps[index].approver == person
    is_asked = is_asked and invoice.on_hold is None
    if not (is_absence and is_asked and deputy) or index is None or cannot_decide(invoice, deputy, company):
        return Outcome(invoice, (), (noted,))
    substituted = hand_on(invoice, index, deputy, now)
    asked, request = ask(substituted, index + 1, now, person)
    entry = Entry("substituted", "mailflow", {"from": person, "to": deputy})
    return Outcome(asked, (Mail(person, Message.REPLACED, asked, extra={"why": "absent"}), request), (noted, entry))


def record_held(
    invoice: Invoice, reference: Reference, address: str, condition: Condition, earlier: Iterable[Mapping[str, object]]
) -> Outcome:
    """An answer that is not, or not certainly, by whoever was asked: it is kept, and decides nothing.

    The person on record is asked by a mail of its own whether it was theirs, once for each question that is still open;
    `earlier` are the details of the lines 'held' that the history has. `address` is "" where the mail names no sender.
    """
    question = {
        "person": reference.person,
        "revision": reference.revision,
        "asks": reference.asks.value,
        "step": reference.step,
        "digest": reference.digest,
    }
    entry = Entry("held", address or "somebody", {**question, "condition": condition.value})
    told = any(question.items() <= dict(details).items() for details in earlier)
    if told or not may_be_answered(invoice, reference):
        return Outcome(invoice, (), (entry,))
    asks_to_decide = reference.asks in (Asks.APPROVAL, Asks.PAYMENT)
    mail = Mail(
        reference.person,
        Message.WAS_IT_YOU,
        invoice,
        asks=reference.asks,
        step=reference.step,
        extra={"from": address, "condition": condition.value},
        attachments=invoice.attachments if asks_to_decide else (),
    )
    return Outcome(invoice, (mail,), (entry,))


def remind_approver(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """An approver who has not answered is asked again after the hours of the settings; None where it is not time."""
    index = invoice.asked_step
    if invoice.status is not Status.IN_APPROVAL or index is None or invoice.on_hold:
        return None
    told_at = invoice.steps[index].told_at
    if told_at is None or now - told_at < company.remind_after:
        return None
    reminded = invoice.with_step(index, told_at=now)
    entry = Entry("reminded", "mailflow", {"person": reminded.steps[index].approver})
    return Outcome(reminded, (request(reminded, index, Message.APPROVAL_REMINDER),), (entry,))
