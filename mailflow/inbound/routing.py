"""What a mail is, found by asking in order; the first question that is answered decides (house: a mail's way in)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailflow.approval.company import Company
from mailflow.approval.conditions import Condition
from mailflow.approval.decision import AskHelp, AskStatus, NumberedAnswer, Reading, Unclear
from mailflow.approval.reference import Reference
from mailflow.approval.rsvp import CalendarReply
from mailflow.approval.submission import Form
from mailflow.inbound.authenticity import sender_is_authentic
from mailflow.inbound.correlation import Match
from mailflow.inbound.list_mail import is_list_mail
from mailflow.inbound.message import File, InboundMessage
from mailflow.inbound.read_mail import ReadMail

if TYPE_CHECKING:
    from mailflow.inbound.delivery_report import DeliveryReport


@dataclass(frozen=True)
class Ignored:
    """Nothing to do, for this reason."""

    reason: str


@dataclass(frozen=True)
class Quarantined:
    """Nobody is answered; the administrator looks at it. `reason` is for people."""

    reason: str


@dataclass(frozen=True)
class Rsvp:
    """An answer to a calendar invite."""

    reply: CalendarReply


@dataclass(frozen=True)
class Bounced:
    """A report that a mail of ours did not arrive; `reference` is that mail's, where the report quotes it."""

    report: DeliveryReport
    reference: Reference | None = None


@dataclass(frozen=True)
class Automatic:
    """Written by a machine; `reference` says to which mail of ours, where that is known."""

    sign: str
    reference: Reference | None
    is_absence: bool = False


@dataclass(frozen=True)
class Answered:
    """A person's answer to a mail of ours. `body` is the whole text, the quotation too."""

    sender: str
    reference: Reference
    reading: Reading
    form: Form
    files: tuple[File, ...]
    body: str
    numbered: tuple[NumberedAnswer, ...] = ()


@dataclass(frozen=True)
class Held:
    """An answer to a mail of ours that may be somebody else's: it decides nothing, and whoever was asked is told.

    `sender` is "" where the mail names no single one; `condition` is what failed, `reason` says it for people.
    """

    sender: str
    reference: Reference
    condition: Condition
    reason: str


@dataclass(frozen=True)
class Enquired:
    """STATUS or HELP that answers no mail of ours."""

    sender: str
    command: AskStatus | AskHelp


@dataclass(frozen=True)
class Unmatched:
    """Somebody known answers something we cannot find; `code` is the explanation that is sent."""

    sender: str
    code: str
    line: str


@dataclass(frozen=True)
class Submitted:
    """A new invoice."""

    sender: str
    subject: str
    form: Form
    files: tuple[File, ...]


Intent = Ignored | Quarantined | Rsvp | Bounced | Automatic | Answered | Held | Enquired | Unmatched | Submitted


@dataclass(frozen=True)
class _Doubt:
    condition: Condition
    reason: str


_SENDER_PROBLEMS = {
    "missing": "the mail has no From address",
    "several": "the mail names more than one From address",
    "ambiguous": "the From address of the mail can be read in more than one way",
}


@dataclass(frozen=True)
class Router:
    """Whose mail is heard in this company.

    `sender_check` is "reference" or "dmarc", `trusted_authserv` the authserv-ids that count for it (RFC 8601).
    """

    company: Company
    sender_check: str
    trusted_authserv: tuple[str, ...] = ()

    def route(self, mail: ReadMail, match: Match | None, names_own_invoice: bool) -> Intent:
        """What the mail is.

        `match` is the mail of ours that its clues lead to; `names_own_invoice`: its subject names an invoice that
        concerns the sender.
        """
        message, reference = mail.message, match.reference if match else None
        if message.sender == self.company.mailbox:
            return Ignored("a mail of our own")
        if mail.report:
            return Bounced(mail.report, reference)
        sender = self.company.on_record(message.sender or "")
        doubt = self._doubt(message, sender, reference)
        if mail.calendar_reply:
            return self._calendar_reply(mail.calendar_reply, doubt)
        if mail.automatic:
            return self._machines_mail(mail, mail.automatic, reference, doubt)
        if doubt and reference:
            return Held(message.sender or "", reference, doubt.condition, doubt.reason)
        if doubt:
            return Quarantined(doubt.reason)
        return self._persons_mail(mail, sender, reference, names_own_invoice)

    def queue_of(self, message: InboundMessage) -> str:
        """The queue that a mail waits in, by its header: whoever forges a name waits among strangers."""
        sender = message.sender or ""
        doubted = self._doubt(message, self.company.on_record(sender), None)
        return "" if doubted else self.company.queue_of(sender)

    def _doubt(self, message: InboundMessage, sender: str, reference: Reference | None) -> _Doubt | None:
        """Why the sender is not heard; whom we have asked is heard, whatever the settings say by now."""
        if "unreadable" in message.defects:
            return _Doubt(Condition.SENDER, "the mail is too damaged to be read")
        if message.sender is None:
            return _Doubt(Condition.SENDER, _SENDER_PROBLEMS[message.sender_problem or "missing"])
        if not self.company.knows(sender) and not (reference and reference.person == sender):
            return _Doubt(Condition.SENDER, f"{message.sender} is not among the people of the settings")
        if why := sender_is_authentic(message, self.sender_check, self.trusted_authserv):
            return _Doubt(Condition.AUTHENTICITY, f"it is not certain that {message.sender} wrote this: {why}")
        return None

    def _calendar_reply(self, reply: CalendarReply, doubt: _Doubt | None) -> Intent:
        """An answer counts from the attendee alone; one in another's name is looked at by a person."""
        sender, attendee = self.company.on_record(reply.sender), self.company.on_record(reply.attendee)
        if sender != attendee:
            return Quarantined(f"a calendar answer in the name of {reply.attendee}, sent by {reply.sender or 'nobody'}")
        if doubt:
            return Ignored(f"a calendar answer; {doubt.reason}")
        return Rsvp(replace(reply, sender=sender, attendee=attendee))

    def _machines_mail(self, mail: ReadMail, sign: str, reference: Reference | None, doubt: _Doubt | None) -> Intent:
        """A machine decides nothing; but an invoice that a scanner sent for somebody is not lost either."""
        if reference is None and doubt is None and mail.files:
            return Quarantined(f"a machine wrote it ({sign}), and a file came with it")
        return Automatic(sign, reference, mail.is_absence and doubt is None)

    def _persons_mail(
        self, mail: ReadMail, sender: str, reference: Reference | None, names_own_invoice: bool
    ) -> Intent:
        answer = mail.answer
        if reference:
            return Answered(sender, reference, answer, mail.form, mail.files, mail.message.text, mail.numbered)
        if isinstance(answer.command, AskStatus | AskHelp):
            return Enquired(sender, answer.command)
        if mail.clues.subject or mail.clues.quoted:
            return Unmatched(sender, "unknown_reference", answer.line)
        is_whole = bool(mail.files) and mail.form.says_something
        if not isinstance(answer.command, Unclear) or (names_own_invoice and not is_whole):
            return Unmatched(sender, "no_reference", answer.line)
        if is_list_mail(mail.message) and not is_whole:
            return Quarantined("it came through a mailing list, and nothing in it says that it is an invoice")
        if self.company.may_submit(sender):
            return Submitted(sender, mail.message.subject, mail.form, mail.files)
        return Unmatched(sender, "no_reference", answer.line)
