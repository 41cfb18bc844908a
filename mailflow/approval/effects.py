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
    AWAITS_STRUCTURE = "awaits_structure"  # submitter: complete, but the portal with the heads is away
    ACKNOWLEDGEMENT = "acknowledgement"  # submitter: number, fields, chain
    APPROVAL_REQUEST = "approval_request"  # approver
    APPROVAL_REMINDER = "approval_reminder"  # approver
    APPROVAL_DIGEST = "approval_digest"  # approver, in the morning: all open requests, to be answered line by line
    DIGEST_TAKEN = "digest_taken"  # approver: what each line of the answer came to
    DECISION_TAKEN = "decision_taken"  # whoever decided anything: the line that was read, what follows
    WAS_IT_YOU = "was_it_you"  # whoever was asked: an answer came from elsewhere, and the question again
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
    PAYMENT_SUMMARY = "payment_summary"  # accountant, in the morning: today, overdue, the coming week
    STATUS = "status"  # whoever asked
    HELP = "help"  # whoever asked
    NOBODY_ELSE = "nobody_else"  # administrator: an approver is silent, and nobody may decide instead
    SETTINGS_WRONG = "settings_wrong"  # administrator: edited while mailflow runs, and wrong
    NOT_DELIVERED = "not_delivered"  # submitter, administrator: a mail of ours bounced
    MAIL_FAILED = "mail_failed"  # administrator: a mail could not be processed
    PORTAL_TROUBLE = "portal_trouble"  # administrator: Bitrix24 lets mailflow do nothing, or refuses something
    SIGN_IN = "sign_in"  # whoever wants to see the board: the link
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


class PortalKind(StrEnum):
    """What the portal shows of an invoice, by kind; each can be switched off by itself."""

    FILES = "files"
    RECORD = "record"
    FEED = "feed"
    TASKS = "tasks"
    CALENDAR = "calendar"
    NOTIFICATIONS = "notifications"
    TIMELINE = "timeline"


class RecordPlace(StrEnum):
    """Where the portal keeps the invoices."""

    SMART_PROCESS = "smart_process"
    LIST = "list"


class Showing(StrEnum):
    """One thing that is to be seen in the portal from now on, in the order in which a step shows them."""

    FILE = "file"  # a file of the invoice on the Drive
    RECORD = "record"  # the invoice's own record: made, or brought to how the invoice stands
    PAY_TASK = "pay_task"  # 'Pay the invoice', the accountant's
    REWORK_TASK = "rework_task"  # 'Work on errors', the submitter's
    CHECKLIST = "checklist"  # the reason of the rejection, point by point, in that task
    TASK_MOVED = "task_moved"
    TASK_ENDED = "task_ended"
    EVENT = "event"  # the meeting in the payment calendar
    EVENT_MOVED = "event_moved"
    EVENT_PAID = "event_paid"
    EVENT_REMOVED = "event_removed"
    POST = "post"  # its post in the Live Feed, one for each invoice
    READERS = "readers"  # who may read the post besides
    COMMENT = "comment"  # under the post
    NOTICE = "notice"  # a notification for one person
    TIMELINE = "timeline"  # a comment in the record's timeline

    @property
    def is_new_thing(self) -> bool:
        """Whether it is something that was not in the portal before, and is worth a line in the history."""
        return self in (
            Showing.FILE, Showing.RECORD, Showing.PAY_TASK, Showing.REWORK_TASK, Showing.EVENT, Showing.POST
        )  # fmt: skip

    @property
    def kind(self) -> PortalKind:
        """The switch that it hangs on."""
        return _KINDS[self]


_KINDS = {
    Showing.FILE: PortalKind.FILES,
    Showing.RECORD: PortalKind.RECORD,
    Showing.PAY_TASK: PortalKind.TASKS,
    Showing.REWORK_TASK: PortalKind.TASKS,
    Showing.CHECKLIST: PortalKind.TASKS,
    Showing.TASK_MOVED: PortalKind.TASKS,
    Showing.TASK_ENDED: PortalKind.TASKS,
    Showing.EVENT: PortalKind.CALENDAR,
    Showing.EVENT_MOVED: PortalKind.CALENDAR,
    Showing.EVENT_PAID: PortalKind.CALENDAR,
    Showing.EVENT_REMOVED: PortalKind.CALENDAR,
    Showing.POST: PortalKind.FEED,
    Showing.READERS: PortalKind.FEED,
    Showing.COMMENT: PortalKind.FEED,
    Showing.NOTICE: PortalKind.NOTIFICATIONS,
    Showing.TIMELINE: PortalKind.TIMELINE,
}


@dataclass(frozen=True)
class PortalChange:
    """One change of what the portal shows, in absolute values, so that a repetition changes nothing more.

    `key` is unique among all changes of all invoices; `about` is the key of the task, event or post that the change
    belongs to, "" where it stands alone; `invoice` is as it stood when the change was decided on; `facts` are JSON
    values.
    """

    key: str
    shows: Showing
    invoice: Invoice
    facts: Mapping[str, object] = field(default_factory=dict)
    about: str = ""


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
