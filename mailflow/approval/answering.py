"""An answer to one of our mails: whose it is to act on, by what the mail asked and who wrote (process section 3).

The order of questions: how it stands and help (anybody concerned), the submitter's own words, the accountant's, an
approver's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailflow.approval import opening
from mailflow.approval.company import Company
from mailflow.approval.deciding import decide
from mailflow.approval.decision import Answer, AskHelp, AskStatus, DuplicateOk, Unclear, Undo, Withdraw
from mailflow.approval.effects import Entry, Mail, Message, Outcome
from mailflow.approval.holding import undo
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import FINAL, Status
from mailflow.approval.past import Past
from mailflow.approval.paying import pay_request, settle
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.replying import is_open, iso, refuse_ended, unclear, why_unclear
from mailflow.errors import Refusal


def record_answer(
    invoice: Invoice, reference: Reference, answer: Answer, past: Past | None, company: Company, now: datetime
) -> Outcome:
    """What an answer comes to. Raises Refusal where it changes nothing and the sender is told why.

    `past` knows earlier invoices; None where there are none.
    """
    command = answer.reading.command
    if isinstance(command, AskHelp):
        return Outcome(invoice, (Mail(answer.sender, Message.HELP),))
    if isinstance(command, AskStatus) and answer.sender in (*invoice.people, company.administrator):
        return status_report(invoice, answer.sender)
    if answer.sender != reference.person:
        raise Refusal("wrong_person", {"by": reference.person})
    if isinstance(command, Undo):
        return undo(invoice, reference, answer, company, now)
    if _is_submitters(invoice, reference, answer):
        return _hear_submitter(invoice, reference, answer, past, company, now)
    if reference.asks is Asks.PAYMENT:
        return settle(invoice, reference, answer, company, now)
    if reference.asks is Asks.APPROVAL:
        return decide(invoice, reference, answer, company, now)
    return _ask_again(invoice, reference, answer)


def status_report(invoice: Invoice, asker: str) -> Outcome:
    """STATUS: how the invoice stands, to somebody concerned."""
    return Outcome(invoice, (Mail(asker, Message.STATUS, invoice),), (Entry("status_asked", asker),))


def _is_submitters(invoice: Invoice, reference: Reference, answer: Answer) -> bool:
    if answer.sender != invoice.submitter:
        return False
    return reference.asks not in (Asks.APPROVAL, Asks.PAYMENT) or isinstance(answer.reading.command, Withdraw)


def _ask_again(invoice: Invoice, reference: Reference, answer: Answer) -> Outcome:
    """A decision in reply to a mail that asked for none: it may not have shown what would be decided on.

    Whoever is asked now gets the question again, under a reference of its own; everybody else is told how it stands.
    """
    index = invoice.asked_step
    if index is not None and invoice.steps[index].approver == answer.sender:
        return unclear(invoice, replace(reference, asks=Asks.APPROVAL, step=index), answer, "not_the_request")
    if invoice.status is Status.TO_PAY and invoice.accountant == answer.sender:
        return unclear(invoice, replace(reference, asks=Asks.PAYMENT, step=None), answer, "not_the_request")
    refuse_ended(invoice, answer.sender)
    decided = next((s for s in reversed(invoice.steps) if s.approver == answer.sender and s.decided_at), None)
    if decided:
        raise Refusal("already_decided", {"by": answer.sender, "at": iso(decided.decided_at)})
    raise Refusal("not_asked")


def _hear_submitter(
    invoice: Invoice, reference: Reference, answer: Answer, past: Past | None, company: Company, now: datetime
) -> Outcome:
    command = answer.reading.command
    if isinstance(command, Withdraw):
        if invoice.status in FINAL:
            refuse_ended(invoice, answer.sender)
        return opening.withdraw(invoice, command.reason, answer.reading.line)
    if isinstance(command, DuplicateOk):
        return _hear_repeat(invoice, reference, command.reason, answer, company, now)
    if reference.asks is Asks.ANSWER and is_open(invoice, reference):
        return _pass_answer(invoice, reference, answer, now)
    if invoice.status in FINAL:
        refuse_ended(invoice, answer.sender)
    waits_for_nothing = invoice.status is Status.INCOMPLETE and not invoice.problems and not _is_held(invoice)
    if not (answer.form.says_something or answer.attachments or waits_for_nothing):
        why = command.why if isinstance(command, Unclear) and command.why != "no_keyword" else "nothing_new"
        return unclear(invoice, _still_asking(invoice, reference), answer, why)
    if invoice.status is Status.INCOMPLETE:
        return opening.complete(invoice, answer.form, answer.attachments, past, company, now)
    corrected = opening.correct(invoice, answer.form, answer.attachments, past, company, now)
    return corrected or unclear(invoice, _still_asking(invoice, reference), answer, "nothing_new")


def _hear_repeat(
    invoice: Invoice, reference: Reference, reason: str, answer: Answer, company: Company, now: datetime
) -> Outcome:
    if invoice.status is not Status.INCOMPLETE or invoice.repeat is None or invoice.repeat.reason:
        raise Refusal("cannot_now", {"status": invoice.status.value})
    if not reason:
        return unclear(invoice, _still_asking(invoice, reference), answer, "reason_missing")
    return opening.accept_repeat(invoice, reason, company, now)


def _is_held(invoice: Invoice) -> bool:
    """Whether the invoice waits for a DUPLICATE OK."""
    return invoice.repeat is not None and not invoice.repeat.reason


def _pass_answer(invoice: Invoice, reference: Reference, answer: Answer, now: datetime) -> Outcome:
    """The answer, and the request again, to the one who asked; the step stays open, its hours begin anew."""
    text = answer.reading.text.strip()
    if not text and not answer.attachments:
        return unclear(invoice, reference, answer, why_unclear(answer.reading.command))
    extra = {"question": invoice.question, "answer": text}
    if reference.step is None:
        again = replace(pay_request(invoice, Message.ANSWER), extra=extra)
    else:
        again = replace(opening.request(invoice, reference.step, Message.ANSWER), extra=extra)
    passed = replace(again, attachments=(*invoice.attachments, *answer.attachments))
    confirmed = Mail(
        answer.sender,
        Message.DECISION_TAKEN,
        invoice,
        extra={"what": "answer", "line": answer.reading.line, "text": text, "next": passed.to, "due": None},
    )
    answered = replace(invoice, question="")
    if reference.step is not None and invoice.steps[reference.step].awaits_answer:
        answered = answered.with_step(
            reference.step, asked_at=now, told_at=now, awaits_answer=False, nobody_else=False
        )
    return Outcome(answered, (confirmed, passed), (Entry("answer", answer.sender, {"text": text}),))


def _still_asking(invoice: Invoice, reference: Reference) -> Reference:
    """The reference under which the submitter may answer again: by what the invoice lacks now."""
    asks = {Status.INCOMPLETE: Asks.COMPLETION, Status.REJECTED: Asks.CORRECTION}.get(invoice.status, Asks.NOTHING)
    return replace(reference, asks=asks, step=None)
