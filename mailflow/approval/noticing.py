"""What is noticed without anybody deciding: bounces, absences, silence (process sections 2, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.conditions import Condition
from mailflow.approval.digest import is_in_digest_alone
from mailflow.approval.effects import Effect, Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Caution, HandedOn, Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.opening import ask, hand_on, request, substituted
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.replying import may_be_answered, question_to_submitter
from mailflow.approval.standing_in import next_in_line, stand_in


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
    index = invoice.asked_step
    is_asked = index is not None and reference.asks is Asks.APPROVAL and invoice.steps[index].approver == person
    deputy = stand_in(invoice, person, company, company.today(now)) if is_absence and is_asked else None
    if index is None or deputy is None or invoice.on_hold:
        return Outcome(invoice, (), (noted,))
    return _replaced(invoice, index, deputy, HandedOn.ABSENT, (noted, substituted(person, deputy)), company, now)


def replace_absent(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """Somebody who has been asked is away from today on: the deputy decides instead; None where nobody is or may."""
    index, day = invoice.asked_step, company.today(now)
    if index is None or invoice.on_hold:
        return None
    person = invoice.steps[index].approver
    away = company.person(person).absence(day)
    deputy = stand_in(invoice, person, company, day) if away else None
    if away is None or deputy is None:
        return None
    history = (substituted(person, deputy, away.last),)
    return _replaced(invoice, index, deputy, HandedOn.AWAY, history, company, now)


def escalate(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """Somebody else decides where an approver has not answered in the hours of the settings; None where it is not time.

    Where nobody may decide instead the administrator is told, once, and the approver goes on being reminded. Whoever
    waits for the submitter's answer to a question is not silent.
    """
    index, day = invoice.asked_step, company.today(now)
    if index is None or invoice.on_hold or company.escalate_after is None or not company.is_working_day(day):
        return None
    step = invoice.steps[index]
    if step.awaits_answer or step.asked_at is None or company.working_time(step.asked_at, now) < company.escalate_after:
        return None
    if other := next_in_line(invoice, step.approver, company, day):
        entry = Entry("escalated", "mailflow", {"from": step.approver, "to": other})
        return _replaced(invoice, index, other, HandedOn.SILENT, (entry,), company, now)
    if step.nobody_else:
        return None
    extra = {"person": step.approver, "since": step.asked_at.isoformat()}
    told = invoice.with_step(index, nobody_else=True)
    entry = Entry("not_escalated", "mailflow", {"person": step.approver})
    return Outcome(told, (Mail(company.administrator, Message.NOBODY_ELSE, told, extra=extra),), (entry,))


def _replaced(
    invoice: Invoice,
    index: int,
    other: str,
    why: HandedOn,
    history: tuple[Entry, ...],
    company: Company,
    now: datetime,
) -> Outcome:
    """Another one is asked from now on, and both know."""
    person = invoice.steps[index].approver
    asked, request, told = ask(hand_on(invoice, index, other, why, now), index + 1, company, now)
    return Outcome(asked, (Mail(person, Message.REPLACED, asked, extra={"why": why.value}), request), (*history, *told))


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
    """An approver who has not answered is asked again after the hours of the settings; None where it is not time.

    Where the approver waits for an answer of the submitter's, the submitter is asked that again too.
    """
    index = invoice.asked_step
    if invoice.status is not Status.IN_APPROVAL or index is None or invoice.on_hold:
        return None
    told_at = invoice.steps[index].told_at
    if told_at is None or not company.is_time_to_remind(told_at, now):
        return None
    reminded = invoice.with_step(index, told_at=now)
    reminder = request(reminded, index, Message.APPROVAL_REMINDER)
    reminders = [] if is_in_digest_alone(reminder, company) else [reminder]
    if invoice.steps[index].awaits_answer:
        reminders.append(question_to_submitter(reminded, index, reminder.to))
    if not reminders:
        return None
    history = (Entry("reminded", "mailflow", {"person": one.to}) for one in reminders)
    return Outcome(reminded, tuple(reminders), tuple(history))
