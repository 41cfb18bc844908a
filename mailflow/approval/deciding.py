"""What approvers decide, and what follows (process section 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.decision import Answer, Approve, Delegate, Question, Reading, Reject
from mailflow.approval.effects import Entry, Mail, Message, Outcome
from mailflow.approval.holding import put_on_hold
from mailflow.approval.invoice import HandedOn, Invoice, StepStatus
from mailflow.approval.lifecycle import Event, Status
from mailflow.approval.on_record import on_record
from mailflow.approval.opening import ask, hand_on, was_asked
from mailflow.approval.paying import to_payment
from mailflow.approval.reference import Reference
from mailflow.approval.replying import confirmation, iso, pass_question, refuse_ended, reject, unclear, why_unclear
from mailflow.approval.standing_in import cannot_decide
from mailflow.errors import Refusal


def decide(invoice: Invoice, reference: Reference, answer: Answer, company: Company, now: datetime) -> Outcome:
    """An approver's answer about a step. Raises Refusal where the step does not wait for this person any more."""
    index = open_step(invoice, reference, answer.sender, company)
    match answer.reading.command:
        case Approve(text) if company.hold:
            return put_on_hold(invoice, True, text, answer, company, now)
        case Reject(text) if text and company.hold:
            return put_on_hold(invoice, False, text, answer, company, now)
        case Approve(comment):
            return _approve(invoice, index, comment, answer, company, now)
        case Reject(reason) if reason:
            return _refuse(invoice, index, reason, answer, now)
        case Reject():
            return unclear(invoice, reference, answer, "reason_missing")
        case Question(text) if text:
            return pass_question(invoice, reference, text, answer, now)
        case Question():
            return unclear(invoice, reference, answer, "question_missing")
        case Delegate(address):
            heir = company.on_record(address or "")
            if problem := cannot_decide(invoice, heir, company):
                return unclear(invoice, reference, answer, problem)
            return _delegate(invoice, index, heir, answer, company, now)
        case command:
            return unclear(invoice, reference, answer, why_unclear(command))


def reassign(invoice: Invoice, old: str, new: str, company: Company, now: datetime) -> Outcome:
    """The administrator gives a running invoice another approver (process section 2).

    The one who was replaced can decide nothing any more and is told so; the history keeps both. Raises Refusal:
    not_asked where `old` has nothing left to decide, or the code of what is wrong with `new`.
    """
    open_ones = (StepStatus.ASKED, StepStatus.WAITING)
    invoice, old, new = on_record(invoice, company), company.on_record(old), company.on_record(new)
    index = next((i for i, s in enumerate(invoice.steps) if s.approver == old and s.status in open_ones), None)
    if invoice.status is not Status.IN_APPROVAL or index is None:
        raise Refusal("not_asked")
    if problem := cannot_decide(invoice, new, company):
        raise Refusal(problem)
    was_asked = invoice.steps[index].status is StepStatus.ASKED
    replaced = hand_on(invoice, index, new, HandedOn.REASSIGNED, now)
    entry = Entry("reassigned", company.administrator, {"from": old, "to": new})
    if not was_asked:
        return Outcome(replaced, (), (entry,))
    asked, request, told = ask(replaced, index + 1, company, now)
    return Outcome(asked, (Mail(old, Message.REPLACED, asked, extra={"why": "handed_on"}), request), (entry, *told))


def open_step(invoice: Invoice, reference: Reference, sender: str, company: Company) -> int:
    """The step that waits for this very answer; raises Refusal saying why there is none (process section 3).

    The sender is asked about again, though the route leaves out the submitter: an alias may have become known since.
    """
    index = reference.step
    if sender != reference.person:
        raise Refusal("wrong_person", {"by": reference.person})
    refuse_ended(invoice, sender)
    if reference.revision != invoice.revision or index is None or index >= len(invoice.steps):
        raise Refusal("changed_since" if reference.revision != invoice.revision else "not_asked")
    step = invoice.steps[index]
    if step.status is StepStatus.APPROVED:
        raise Refusal("already_decided", {"by": step.approver, "at": iso(step.decided_at)})
    if step.was_undone:
        raise Refusal("undone", {"at": iso(step.decided_at)})
    if step.status is StepStatus.DELEGATED:
        raise Refusal("replaced", {"by": step.delegated_to, "at": iso(step.decided_at)})
    if step.status is not StepStatus.ASKED:
        raise Refusal("not_yet")
    if reference.digest != invoice.digest:
        raise Refusal("changed_since")
    if company.is_same_person(sender, invoice.submitter):
        raise Refusal("own_invoice")
    if invoice.on_hold:
        raise Refusal("on_hold", {"at": iso(invoice.on_hold.until)})
    return index


def take_effect(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """A decision that could be taken back until now does what it says; None where there is none, or it is not time.

    It was confirmed when it was given.
    """
    waiting, index = invoice.on_hold, invoice.asked_step
    if waiting is None or index is None or now < waiting.until:
        return None
    ready, approver = replace(invoice, on_hold=None), invoice.steps[index].approver
    command = Approve(waiting.text) if waiting.approves else Reject(waiting.text)
    answer = Answer(approver, Reading(command, waiting.line, waiting.line))
    if waiting.approves:
        outcome = _approve(ready, index, waiting.text, answer, company, now)
    else:
        outcome = _refuse(ready, index, waiting.text, answer, now)
    decided, *others = outcome.history
    entry = replace(decided, details={**decided.details, "was_on_hold": True})
    told = tuple(e for e in outcome.effects if not (isinstance(e, Mail) and e.message is Message.DECISION_TAKEN))
    return replace(outcome, effects=told, history=(entry, *others))


def _refuse(invoice: Invoice, index: int, reason: str, answer: Answer, now: datetime) -> Outcome:
    """The step's approver says no."""
    return reject(invoice.with_step(index, **_decided(StepStatus.REJECTED, now, reason)), reason, answer, now)


def _approve(invoice: Invoice, index: int, comment: str, answer: Answer, company: Company, now: datetime) -> Outcome:
    """The step's approver says yes: the next one is asked, or the accountant."""
    decided = invoice.with_step(index, **_decided(StepStatus.APPROVED, now, comment))
    entry = Entry("approved", answer.sender, {"comment": comment, "line": answer.reading.line, "step": index})
    following = next((i for i, s in enumerate(decided.steps) if s.status is StepStatus.WAITING), None)
    if following is None:
        outcome = to_payment(decided, company, now)
        confirmed = confirmation(outcome.invoice, answer, "approve", comment, waits_for=invoice.accountant)
        return Outcome(outcome.invoice, (confirmed, *outcome.effects), (entry, *outcome.history))
    asked, request, told = ask(decided.after(Event.STEP_APPROVED), following, company, now)
    confirmed = confirmation(asked, answer, "approve", comment, waits_for=request.to)
    return Outcome(asked, (confirmed, request), (entry, *told, was_asked(request)))


def _delegate(invoice: Invoice, index: int, address: str, answer: Answer, company: Company, now: datetime) -> Outcome:
    handed = hand_on(invoice, index, address, HandedOn.DELEGATED, now)
    asked, request, told = ask(handed, index + 1, company, now)
    entry = Entry("delegated", answer.sender, {"to": address, "line": answer.reading.line})
    confirmed = confirmation(asked, answer, "delegate", address, waits_for=request.to)
    return Outcome(asked, (confirmed, request), (entry, *told))


def _decided(status: StepStatus, now: datetime, comment: str) -> dict[str, object]:
    return {"status": status, "decided_at": now, "comment": comment}
