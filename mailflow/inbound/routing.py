"""What a mail is, found by asking in order; the first question that is answered decides (house: a mail's way in)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailflow.approval.company import Company
from mailflow.approval.decision import AskHelp, AskStatus, Reading, Unclear
from mailflow.approval.reference import Reference
from mailflow.approval.submission import Form
from mailflow.approval.wording import Keywords
from mailflow.inbound.answer import read_answer
from mailflow.inbound.authenticity import sender_is_authentic
from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.calendar_reply import CalendarReply, read_reply
from mailflow.inbound.correlation import Clues, clues
from mailflow.inbound.delivery_report import DeliveryReport, read_report
from mailflow.inbound.message import File, InboundMessage, invoice_files
from mailflow.inbound.submission_form import read_form


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
    """A report that a mail of ours did not arrive."""

    report: DeliveryReport


@dataclass(frozen=True)
class Automatic:
    """Written by a machine; `reference` says to which mail of ours, where that is known."""

    sign: str
    reference: Reference | None


@dataclass(frozen=True)
class Answered:
    """A person's answer to a mail of ours. `body` is the whole text, the quotation too."""

    sender: str
    reference: Reference
    reading: Reading
    form: Form
    files: tuple[File, ...]
    body: str


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


Intent = Ignored | Quarantined | Rsvp | Bounced | Automatic | Answered | Enquired | Unmatched | Submitted


@dataclass(frozen=True)
class Reader:
    """How mail is read in this company: its people, its extra keywords, whether a sender must be authenticated.

    `sender_check` is "reference" or "dmarc", `trusted_authserv` the authserv-ids that count for it (RFC 8601).
    """

    company: Company
    keywords: Keywords
    sender_check: str
    trusted_authserv: tuple[str, ...] = ()

    def route(self, message: InboundMessage, reference: Reference | None, today: date) -> Intent:
        """What the mail is. `reference` is the mail of ours that its clues lead to."""
        if message.sender == self.company.mailbox:
            return Ignored("a mail of our own")
        if report := read_report(message):
            return Bounced(report)
        if reply := read_reply(message):
            return Rsvp(reply)
        if sign := automatic_reason(message):
            return Automatic(sign, reference)
        if message.sender is None:
            return Quarantined(f"the mail has no usable From address ({message.sender_problem})")
        if not self.company.knows(message.sender):
            return Quarantined(f"{message.sender} is not among the people of the settings")
        if doubt := sender_is_authentic(message, self.sender_check, self.trusted_authserv):
            return Quarantined(f"it is not certain that {message.sender} wrote this: {doubt}")
        return self._persons_mail(message, message.sender, reference, today)

    def _persons_mail(self, message: InboundMessage, sender: str, reference: Reference | None, today: date) -> Intent:
        reading = read_answer(message, self.keywords, today)
        form, files = read_form(reading.text, today), invoice_files(message)
        if reference:
            return Answered(sender, reference, reading, form, files, message.text)
        if isinstance(reading.command, AskStatus | AskHelp):
            return Enquired(sender, reading.command)
        if not files and not form.says_something:
            if names_a_reference(clues(message)):
                return Unmatched(sender, "unknown_reference", reading.line)
            if not isinstance(reading.command, Unclear):
                return Unmatched(sender, "no_reference", reading.line)
        if self.company.may_submit(sender):
            return Submitted(sender, message.subject, form, files)
        return Unmatched(sender, "no_reference", reading.line)


def names_a_reference(found: Clues) -> bool:
    """Whether the writer had one of our mails before him, though we may not know which."""
    return bool(found.subject or found.quoted)
