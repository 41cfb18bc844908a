"""What must happen in the world because of a decision: values, performed by somebody else (see jobs.dispatch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailflow.approval.invoice import Invoice
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Attachment


class Message(StrEnum):
    """The mails that mailflow writes; each is a folder of templates."""

    INCOMPLETE = "incomplete"  # submitter: what was understood, what is missing, a form
    REPEATED = "repeated"  # submitter: this file came before, DUPLICATE OK: reason goes on
    NO_APPROVER = "no_approver"  # submitter, administrator: the chain is empty
    ACKNOWLEDGEMENT = "acknowledgement"  # submitter: number, fields, chain
    APPROVAL_REQUEST = "approval_request"  # approver
    APPROVAL_REMINDER = "approval_reminder"  # approver
    DECISION_TAKEN = "decision_taken"  # whoever decided anything: the line that was read, what follows
    UNCLEAR = "unclear"  # whoever wrote it: the line that was read, how to answer
    REFUSED = "refused"  # whoever wrote it: why it changes nothing
    QUESTION = "question"  # submitter: an approver's or the accountant's question
    ANSWER = "answer"  # the one who asked: the submitter's answer, and the request again
    REPLACED = "replaced"  # approver: your request is void (changed, withdrawn, refused), why
    WORK_ON_ERRORS = "work_on_errors"  # submitter: rejected, reason, checklist, VTODO
    REJECTED = "rejected"  # earlier approvers, accountant: refused later, by whom, why
    APPROVED = "approved"  # submitter: all approved, goes to payment
    PAY_REQUEST = "pay_request"  # accountant: 'Pay the invoice'
    PAY_REMINDER = "pay_reminder"  # accountant
    INVITE = "invite"  # accountant, submitter: the calendar event, its updates and end
    INVITE_DECLINED = "invite_declined"  # accountant: POSTPONE or REJECT?
    PAID = "paid"  # submitter, approvers
    WITHDRAWN = "withdrawn"  # approvers, accountant: withdrawn by the submitter
    STATUS = "status"  # whoever asked
    HELP = "help"  # whoever asked
    NOT_DELIVERED = "not_delivered"  # submitter, administrator: a mail of ours bounced
    MAIL_FAILED = "mail_failed"  # administrator: a mail could not be processed
    QUARANTINED = "quarantined"  # administrator: mail waits in quarantine


class InviteMethod(StrEnum):
    """iTIP methods that mailflow sends (RFC 5546 section 3.2)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Mail:
    """One mail to one person.

    `invoice` is the invoice as it stood when the mail was decided on; `extra` are the message's own facts, JSON values
    only; `asks` and `step` say what a reply to it answers; `attachments` go with it.
    """

    to: str
    message: Message
    invoice: Invoice | None = None
    asks: Asks = Asks.NOTHING
    step: int | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Invitation:
    """One calendar mail to one attendee: the event as the invoice's payment and its invite stand."""

    to: str
    invoice: Invoice
    method: InviteMethod


Effect = Mail | Invitation


@dataclass(frozen=True)
class Entry:
    """One line of an invoice's history; the store adds number, time, message and hash. `details` hold JSON values."""

    event: str
    actor: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a decision comes to: the invoice as it is now, what must happen, what is remembered."""

    invoice: Invoice
    effects: tuple[Effect, ...] = ()
    history: tuple[Entry, ...] = ()
