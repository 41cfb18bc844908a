"""What is noticed without anybody deciding: calendar answers, bounces, absences, silence (process sections 2, 4, 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.effects import Effect, Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Caution, Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.opening import request
from mailflow.approval.reference import Asks


def record_rsvp(invoice: Invoice, uid: str, attendee: str, partstat: str, sequence: int) -> Outcome:
    """A calendar answer is recorded and decides nothing; the accountant's 'declined' is asked about.

    An answer to an older SEQUENCE than ours is only noted (RFC 5546 section 2.1.4).
    """
    known = next((i for i in invoice.invites if (i.uid, i.attendee) == (uid, attendee) and not i.cancelled), None)
    entry = Entry("rsvp", attendee, {"partstat": partstat, "sequence": sequence})
    if known is None or sequence < known.sequence or known.partstat == partstat:
        return Outcome(invoice, (), (entry,))
    answered = replace(
        invoice, invites=tuple(replace(i, partstat=partstat) if i is known else i for i in invoice.invites)
    )
    asked_about = partstat == "DECLINED" and attendee == invoice.accountant and invoice.status is Status.TO_PAY
    effects = (Mail(attendee, Message.INVITE_DECLINED, answered, asks=Asks.PAYMENT),) if asked_about else ()
    return Outcome(answered, effects, (entry,))


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


def record_absence(invoice: Invoice, person: str, reason: str) -> Outcome:
    """An automatic answer is never a decision; it is noted."""
    return Outcome(invoice, (), (Entry("automatic_answer", person, {"sign": reason}),))


def remind_approver(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """An approver who has not answered is asked again after the hours of the settings; None where it is not time."""
    index = invoice.asked_step
    if invoice.status is not Status.IN_APPROVAL or index is None:
        return None
    told_at = invoice.steps[index].told_at
    if told_at is None or now - told_at < company.remind_after:
        return None
    reminded = invoice.with_step(index, told_at=now)
    entry = Entry("reminded", "mailflow", {"person": reminded.steps[index].approver})
    return Outcome(reminded, (request(reminded, index, Message.APPROVAL_REMINDER),), (entry,))
