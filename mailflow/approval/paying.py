"""From approved to paid: the accountant, the invites, the date that moves (process section 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from mailflow.approval.company import Company
from mailflow.approval.decision import Answer, Paid, Postpone, Question, Reading, Reject
from mailflow.approval.effects import Effect, Entry, Invitation, InviteMethod, Mail, Message, Outcome
from mailflow.approval.invoice import Invite, Invoice, Payment
from mailflow.approval.lifecycle import Event, Status
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.replying import confirmation, pass_question, refuse_ended, reject, unclear, why_unclear
from mailflow.errors import Refusal


def to_payment(invoice: Invoice, company: Company, now: datetime) -> Outcome:
    """All have approved: the accountant is asked to pay, both calendars get the pay date."""
    planned = invoice.pay_date
    if planned is None:
        raise ValueError(f"{invoice.number} has no pay date")
    today = company.today(now)
    due = planned if planned >= today else company.next_payment_day(planned, today)
    uid = f"{invoice.number}-r{invoice.revision}@{company.mailbox.rpartition('@')[2]}".lower()
    attendees = dict.fromkeys([invoice.accountant, invoice.submitter])
    payable = invoice.after(
        Event.ALL_APPROVED,
        payment=Payment(due=due, asked_at=now, told_at=now),
        invites=tuple(Invite(uid, attendee) for attendee in attendees),
    )
    mails = (
        Mail(payable.submitter, Message.APPROVED, payable),
        pay_request(payable, Message.PAY_REQUEST),
    )
    invitations = tuple(Invitation(attendee, payable, InviteMethod.REQUEST) for attendee in attendees)
    entry = Entry("payment_asked", "mailflow", {"accountant": payable.accountant, "due": due.isoformat()})
    return Outcome(payable, (*mails, *invitations), (entry,))


def settle(invoice: Invoice, reference: Reference, answer: Answer, company: Company, now: datetime) -> Outcome:
    """The accountant's answer. Raises Refusal where the payment does not wait for this person."""
    payment = _open_payment(invoice, reference, answer.sender)
    match answer.reading.command:
        case Paid(text):
            return _pay(invoice, payment, text, answer, now)
        case Reject(reason) if reason:
            return reject(invoice, reason, answer, now)
        case Reject():
            return unclear(invoice, reference, answer, "reason_missing")
        case Postpone(None, text):
            return unclear(invoice, reference, answer, "date_unreadable" if text else "date_missing")
        case Postpone(day) if day is not None:
            if day < company.today(now):
                return unclear(invoice, reference, answer, "date_past")
            return _postpone(invoice, payment, day, answer)
        case Question(text) if text:
            return pass_question(invoice, reference, text, answer, now)
        case Question():
            return unclear(invoice, reference, answer, "question_missing")
        case command:
            return unclear(invoice, reference, answer, why_unclear(command))


def paid_in_portal(invoice: Invoice, task: int, now: datetime) -> Outcome | None:
    """The accountant has completed 'Pay the invoice' in the portal: paid, as by PAID (process section 5).

    None where the invoice does not wait for its payment.
    """
    payment = invoice.payment
    if invoice.status is not Status.TO_PAY or payment is None:
        return None
    line = f"Bitrix24: ✔ {task}"
    outcome = _pay(invoice, payment, "", Answer(invoice.accountant, Reading(Paid(), line, line)), now)
    paid, *others = outcome.history
    entry = replace(paid, details={**paid.details, "source": "bitrix24", "task": task})
    return replace(outcome, history=(entry, *others))


def completed_by_another(invoice: Invoice, task: int, user: int, closed_at: str, now: datetime) -> Outcome | None:
    """Somebody else has completed the accountant's task: that pays nothing, and the accountant is asked again."""
    payment = invoice.payment
    if invoice.status is not Status.TO_PAY or payment is None:
        return None
    reminded = replace(invoice, payment=replace(payment, told_at=now))
    entry = Entry("portal_task_closed", "bitrix24", {"task": task, "by": user, "at": closed_at})
    return Outcome(reminded, (pay_request(reminded, Message.PAY_REMINDER),), (entry,))


def move_unpaid(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """A payment whose day has ended moves, in one step however long ago that was; None where none has ended.

    The updated invite tells the accountant, so it counts as a reminder.
    """
    payment, today = invoice.payment, company.today(now)
    if invoice.status is not Status.TO_PAY or payment is None or payment.due >= today:
        return None
    due = company.next_payment_day(payment.due, today)
    moved, invitations = _moved(invoice, replace(payment, due=due, told_at=now, shifts=payment.shifts + 1))
    entry = Entry("payment_moved", "mailflow", {"from": payment.due.isoformat(), "to": due.isoformat()})
    return Outcome(moved, invitations, (entry,))


def remind_accountant(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """On the pay date, and while it is overdue, the accountant is asked again after the hours of the settings."""
    payment = invoice.payment
    if invoice.status is not Status.TO_PAY or payment is None or payment.due > company.today(now):
        return None
    if not company.is_time_to_remind(payment.told_at, now):
        return None
    reminded = replace(invoice, payment=replace(payment, told_at=now))
    entry = Entry("reminded", "mailflow", {"person": invoice.accountant})
    return Outcome(reminded, (pay_request(reminded, Message.PAY_REMINDER),), (entry,))


def pay_request(invoice: Invoice, message: Message) -> Mail:
    """The mail that asks, or reminds, the accountant to pay."""
    return Mail(invoice.accountant, message, invoice, asks=Asks.PAYMENT, attachments=invoice.attachments)


def _open_payment(invoice: Invoice, reference: Reference, sender: str) -> Payment:
    if sender != invoice.accountant:
        raise Refusal("wrong_person", {"by": invoice.accountant})
    refuse_ended(invoice, sender)
    if invoice.status is not Status.TO_PAY or invoice.payment is None:
        raise Refusal("changed_since" if reference.revision != invoice.revision else "not_yet")
    if reference.revision != invoice.revision or reference.digest != invoice.digest:
        raise Refusal("changed_since")
    return invoice.payment


def _pay(invoice: Invoice, payment: Payment, text: str, answer: Answer, now: datetime) -> Outcome:
    paid, invitations = _updated_invites(
        invoice.after(Event.PAID, payment=replace(payment, paid_at=now, reference=text or None))
    )
    told = [p for p in dict.fromkeys([paid.submitter, *paid.approvers_so_far]) if p != answer.sender]
    effects: list[Effect] = [confirmation(paid, answer, "paid", text)]
    effects += [Mail(p, Message.PAID, paid, extra={"text": text}, attachments=answer.attachments) for p in told]
    files = [a.filename for a in answer.attachments]
    entry = Entry("paid", answer.sender, {"reference": text, "files": files, "line": answer.reading.line})
    return Outcome(paid, (*effects, *invitations), (entry,))


def _postpone(invoice: Invoice, payment: Payment, day: date, answer: Answer) -> Outcome:
    moved, invitations = _moved(invoice, replace(payment, due=day))
    entry = Entry("postponed", answer.sender, {"from": payment.due.isoformat(), "to": day.isoformat()})
    confirmed = confirmation(moved, answer, "postpone", due=day.isoformat())
    return Outcome(moved, (confirmed, *invitations), (entry,))


def _moved(invoice: Invoice, payment: Payment) -> tuple[Invoice, tuple[Invitation, ...]]:
    """The payment on another day: the same UID, SEQUENCE + 1, to both, who answer anew (RFC 5546 section 3.2.2.1)."""
    asked_anew = tuple(replace(i, partstat="NEEDS-ACTION") for i in invoice.invites)
    return _updated_invites(invoice.after(Event.MOVED, payment=payment, invites=asked_anew))


def _updated_invites(invoice: Invoice) -> tuple[Invoice, tuple[Invitation, ...]]:
    updated = replace(invoice, invites=tuple(replace(i, sequence=i.sequence + 1) for i in invoice.invites))
    return updated, tuple(Invitation(i.attendee, updated, InviteMethod.REQUEST) for i in updated.invites)
