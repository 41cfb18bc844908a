"""What every answer may come to, whoever gave it: a confirmation, a question passed on, a refusal, 'please again'."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailflow.approval.conditions import Condition
from mailflow.approval.decision import Answer, Command, Unclear
from mailflow.approval.effects import Effect, Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Invoice, Rejection, StepStatus
from mailflow.approval.lifecycle import FINAL, Event, Status
from mailflow.approval.opening import cancel_invites
from mailflow.approval.reference import Asks, Reference
from mailflow.errors import Refusal


def is_open(invoice: Invoice, reference: Reference) -> bool:
    """Whether the question that a mail asked still waits for its answer."""
    if reference.revision != invoice.revision:
        return False
    match reference.asks:
        case Asks.APPROVAL:
            return reference.step is not None and invoice.asked_step == reference.step
        case Asks.PAYMENT:
            return invoice.status is Status.TO_PAY
        case Asks.COMPLETION:
            return invoice.status is Status.INCOMPLETE
        case Asks.CORRECTION:
            return invoice.status is Status.REJECTED
        case Asks.ANSWER if reference.step is not None:
            return invoice.asked_step == reference.step
        case Asks.ANSWER:
            return invoice.status is Status.TO_PAY
        case Asks.NOTHING | Asks.DIGEST:
            return False


def may_be_answered(invoice: Invoice, reference: Reference) -> bool:
    """Whether an answer to that mail could change something: decide, take a decision back, or the submitter's own."""
    if is_open(invoice, reference):
        return True
    if reference.asks is not Asks.NOTHING or invoice.status in FINAL:
        return False
    index = invoice.asked_step if invoice.on_hold else None
    decided = invoice.steps[index].approver if index is not None else None
    return reference.person in (invoice.submitter, decided)


def refuse_ended(invoice: Invoice, sender: str) -> None:
    """Raises Refusal where the invoice is at its end, or rejected: nobody can decide anything there."""
    if invoice.status is Status.PAID and invoice.payment:
        raise Refusal("paid", {"by": invoice.accountant, "at": iso(invoice.payment.paid_at)})
    if invoice.status is Status.WITHDRAWN:
        raise Refusal("withdrawn", {"by": invoice.submitter})
    if invoice.status is Status.REJECTED and invoice.rejection:
        code = "already_decided" if invoice.rejection.by == sender else "rejected"
        raise Refusal(code, {"by": invoice.rejection.by, "at": iso(invoice.rejection.at)})


def reject(invoice: Invoice, reason: str, answer: Answer, now: datetime) -> Outcome:
    """The end of this revision: the submitter gets 'Work on errors', all who were engaged are told."""
    told = [s.approver for s in invoice.steps if s.status is StepStatus.APPROVED]
    if invoice.status is Status.TO_PAY:
        told.append(invoice.accountant)
    rejected, cancellations = cancel_invites(
        invoice.after(Event.REJECTED, rejection=Rejection(answer.sender, reason, now))
    )
    effects: list[Effect] = [
        confirmation(rejected, answer, "reject", reason),
        Mail(
            rejected.submitter,
            Message.WORK_ON_ERRORS,
            rejected,
            asks=Asks.CORRECTION,
            extra={"points": points(reason)},
        ),
    ]
    effects += [Mail(p, Message.REJECTED, rejected) for p in dict.fromkeys(told) if p != answer.sender]
    entry = Entry("rejected", answer.sender, {"reason": reason, "line": answer.reading.line})
    return Outcome(rejected, (*effects, *cancellations), (entry,))


def points(reason: str) -> list[str]:
    """The reason as a checklist: one point a line or a numbered or bulleted item, never an empty one."""
    lines = [line.strip().lstrip("-*•–—").strip() for line in reason.splitlines()]
    parts = [part.strip() for line in lines for part in line.split(";")]
    return [_without_number(part) for part in parts if part] or [reason]


def pass_question(invoice: Invoice, reference: Reference, text: str, answer: Answer, now: datetime) -> Outcome:
    """QUESTION: text goes to the submitter; the step, or the payment, stays open."""
    asked = replace(invoice, question=text)
    if reference.step is not None:
        asked = asked.with_step(reference.step, told_at=now, awaits_answer=True)
    question = replace(question_to_submitter(asked, reference.step, answer.sender), attachments=answer.attachments)
    entry = Entry("question", answer.sender, {"text": text})
    effects = (confirmation(invoice, answer, "question", text, waits_for=invoice.submitter), question)
    return Outcome(asked, effects, (entry,))


def question_to_submitter(invoice: Invoice, step: int | None, asker: str) -> Mail:
    """The invoice's open question, to be answered by reply."""
    extra = {"from": asker, "question": invoice.question}
    return Mail(invoice.submitter, Message.QUESTION, invoice, asks=Asks.ANSWER, step=step, extra=extra)


def unclear(invoice: Invoice, reference: Reference, answer: Answer, why: str) -> Outcome:
    """Nothing is decided: the sender sees the line that was read and how to answer; what was asked stays asked."""
    mail = Mail(
        answer.sender,
        Message.UNCLEAR,
        invoice,
        asks=reference.asks,
        step=reference.step,
        extra={"line": answer.reading.line, "why": why},
    )
    return Outcome(invoice, (mail,), (_unclear(answer, why),))


def _unclear(answer: Answer, why: str) -> Entry:
    return Entry(
        "unclear", answer.sender, {"line": answer.reading.line, "why": why, "condition": Condition.KEYWORD.value}
    )


def why_unclear(command: Command) -> str:
    """Why a command that does not fit here decides nothing."""
    return command.why if isinstance(command, Unclear) else "no_keyword"


def confirmation(
    invoice: Invoice,
    answer: Answer,
    what: str,
    text: str = "",
    waits_for: str | None = None,
    due: str | None = None,
    until: datetime | None = None,
) -> Mail:
    """The confirmation that every decision gets, with the line that was taken as the decision.

    `until`: when it takes effect, where it can be taken back before.
    """
    facts = {"what": what, "line": answer.reading.line, "text": text, "next": waits_for, "due": due}
    if until:
        facts["until"] = iso(until)
    return Mail(answer.sender, Message.DECISION_TAKEN, invoice, extra=facts)


def _without_number(part: str) -> str:
    head, dot, tail = part.partition(" ")
    return tail.strip() if dot and head.rstrip(".)").isdigit() and head[-1] in ".)" else part


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 with offset, as facts and JSON have it."""
    return moment.isoformat() if moment else None
