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
from mailflow.inbound.correlation import clues
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

    def route(
        self, message: InboundMessage, reference: Reference | None, names_own_invoice: bool, today: date
    ) -> Intent:
        """What the mail is.

        `reference` is the mail of ours that its clues lead to; `names_own_invoice`: its subject names an invoice that
        concerns the sender.
        """
        if message.sender == self.company.mailbox:
            return Ignored("a mail of our own")
        if report := read_report(message):
            return Bounced(report)
        doubt = self._doubt(message, reference)
        if reply := read_reply(message):
            return Ignored(f"a calendar answer; {doubt}") if doubt else Rsvp(reply)
        if sign := automatic_reason(message):
            return self._machines_mail(message, sign, reference, doubt)
        if message.sender is None or doubt:
            return Quarantined(doubt or "")
        return self._persons_mail(message, message.sender, reference, names_own_invoice, today)

    def _doubt(self, message: InboundMessage, reference: Reference | None) -> str | None:
        """Why the sender is not heard; whom we have asked is heard, whatever the settings say by now."""
        if message.sender is None:
            return f"the mail has no usable From address ({message.sender_problem})"
        if not self.company.knows(message.sender) and not (reference and reference.person == message.sender):
            return f"{message.sender} is not among the people of the settings"
        if why := sender_is_authentic(message, self.sender_check, self.trusted_authserv):
            return f"it is not certain that {message.sender} wrote this: {why}"
        return None

    def _machines_mail(
        self, message: InboundMessage, sign: str, reference: Reference | None, doubt: str | None
    ) -> Intent:
        """A machine decides nothing; but an invoice that a scanner sent for somebody is not lost either."""
        if reference is None and doubt is None and invoice_files(message):
            return Quarantined(f"a machine wrote it ({sign}), and a file came with it")
        return Automatic(sign, reference)

    def _persons_mail(
        self,
        message: InboundMessage,
        sender: str,
        reference: Reference | None,
        names_own_invoice: bool,
        today: date,
    ) -> Intent:
        reading = read_answer(message, self.keywords, today)
        form, files = read_form(reading.text, today), invoice_files(message)
        if reference:
            return Answered(sender, reference, reading, form, files, message.text)
        if isinstance(reading.command, AskStatus | AskHelp):
            return Enquired(sender, reading.command)
        if clues(message).subject or clues(message).quoted:
            return Unmatched(sender, "unknown_reference", reading.line)
        is_whole = bool(files) and form.says_something
        if not isinstance(reading.command, Unclear) or (names_own_invoice and not is_whole):
            return Unmatched(sender, "no_reference", reading.line)
        if self.company.may_submit(sender):
            return Submitted(sender, message.subject, form, files)
        return Unmatched(sender, "no_reference", reading.line)
