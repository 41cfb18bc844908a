"""Inbox -> invoice and outbox: one mail, one transaction (house: a mail's way in)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

from mailflow.approval import noticing, opening
from mailflow.approval.answering import record_answer, status_report
from mailflow.approval.company import Company
from mailflow.approval.conditions import REFUSED_FOR, Condition
from mailflow.approval.decision import Answer, AskHelp, AskStatus
from mailflow.approval.document import ReadFile
from mailflow.approval.effects import Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.on_record import on_record
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.rsvp import record_rsvp
from mailflow.approval.structure import HierarchySource
from mailflow.approval.submission import Attachment, Form
from mailflow.errors import DatabaseAway, MailflowError, Refusal, TransientFailure
from mailflow.inbound.correlation import Match, find_match
from mailflow.inbound.message import File, InboundMessage, content_digest, parse
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.routing import (
    Answered,
    Automatic,
    Bounced,
    Enquired,
    Held,
    Ignored,
    Intent,
    Quarantined,
    Router,
    Rsvp,
    Submitted,
    Unmatched,
)
from mailflow.jobs.company_now import company_now
from mailflow.jobs.digest_answer import DigestAnswer, numbers_of, questions
from mailflow.jobs.dispatch import identity_of, note_delivered
from mailflow.jobs.earlier import past
from mailflow.jobs.limits import HOUR, NO_MORE_THAN, Limits
from mailflow.jobs.outgoing import Outgoing, Trigger
from mailflow.jobs.retry import INBOX_PAUSES, next_reading
from mailflow.jobs.weight import at_once
from mailflow.observation import noted, step
from mailflow.outbound.mail import draft_mail
from mailflow.store.engine import Store
from mailflow.store.history import HistoryLine
from mailflow.store.inbox import InboxMail, InboxState
from mailflow.store.outbox import OutboxEntry
from mailflow.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mailflow.outbound.templating import Templates

log = logging.getLogger(__name__)

MOST_FILES_READ = 6
"""Of one mail: each may take ten seconds, and the mail is ours for the time of LEASE."""

BYTES_AT_ONCE = 4_000_000
READ_WITHIN = 20.0
"""Seconds: with what one more mail may take, less than LEASE."""

LEASE = timedelta(minutes=2)
MOST_GUESSES = 20
"""So many wrong references in an hour, and no reference is taken from a subject or quotation in that name: a Message-ID
is 128 bits, a reference 49."""
SUBMISSION = "submission"
NOTICES_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Settled:
    """How a mail ended: its state, what it was, why, and the invoice it was about."""

    state: InboxState
    kind: str
    reason: str = ""
    number: str | None = None


@dataclass(frozen=True)
class Rehearsal:
    """What a mail is, and what would follow if it came now; `history` and `mails` are what would be written.

    `earlier` is the same mail as it was received before, None where it never was.
    """

    read: ReadMail
    match: Match | None
    intent: Intent
    settled: Settled
    history: tuple[HistoryLine, ...]
    mails: tuple[OutboxEntry, ...]
    earlier: InboxMail | None


@dataclass(frozen=True)
class Processing:
    """Understands the recorded mails.

    `read` says what a mail's bytes mean on a day, or raises; `read_file` what a file's say. Of `at_once` mails one
    transaction is made.
    """

    store: Store
    read: Callable[[bytes, date], ReadMail]
    read_file: Callable[[bytes], ReadFile]
    router: Router
    outgoing: Outgoing
    templates: Callable[[], Templates]
    limits: Limits = NO_MORE_THAN
    at_once: int = 10

    @property
    def company(self) -> Company:
        """The company whose mail is read."""
        return self.router.company

    def resume(self) -> None:
        """What we had taken in hand when something broke waits again."""
        with self.store.begin() as uow:
            uow.inbox.give_back()
            uow.commit()

    def run_once(self, now: datetime) -> int:
        """Processes the oldest mails that wait, so many in one transaction; how many those were.

        Raises DatabaseAway where nothing can be processed now, which costs a mail no try.
        """
        with self.store.begin() as uow:
            mails = uow.inbox.claim_batch(now, LEASE, self.at_once)
            uow.commit()
        if not mails:
            return 0
        return self._as_known_now()._process_together(mails, now)

    def _process_together(self, mails: Sequence[InboxMail], now: datetime) -> int:
        """In one transaction; where any of them breaks it, each in its own, as if it had come alone."""
        if len(mails) > 1:
            try:
                return self._process(mails, now)
            except Exception as error:  # noqa: BLE001 - whatever a mail does to us, the next one goes on
                log.debug("these mails are processed one by one: %s", error)
        for mail in mails:
            self._process_alone(mail, now)
        return len(mails)

    def _read_some(self, mails: Sequence[InboxMail], raws: Mapping[int, bytes]) -> dict[int, ReadMail]:
        """As many of them as can be read within READ_WITHIN, by their id; the first always."""
        until = monotonic() + READ_WITHIN
        read: dict[int, ReadMail] = {}
        for mail in mails:
            if read and monotonic() > until:
                break
            read[mail.id] = self._read(raws[mail.id], self.company.today(mail.received_at))
        return read

    def _process_alone(self, mail: InboxMail, now: datetime) -> None:
        try:
            self._process([mail], now)
        except DatabaseAway as away:
            self._let_wait(mail, away, now)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a mail does to us, the next one goes on
            self._put_off(mail, error, now)

    def _as_known_now(self) -> Processing:
        """This, with the heads that the portal has, where it is the one to know them."""
        if self.company.hierarchy is HierarchySource.SETTINGS:
            return self
        with self.store.begin() as uow:
            company = company_now(self.company, uow)
        return replace(self, router=replace(self.router, company=company))

    def _process(self, mails: Sequence[InboxMail], now: datetime) -> int:
        """As many of them as memory and time allow, in one transaction; the others are let go. How many that were."""
        light = mails[: at_once((mail.size for mail in mails), BYTES_AT_ONCE)]
        with self.store.begin() as uow:
            raws = uow.inbox.raws([mail.id for mail in light])
        read = self._read_some(light, raws)
        with self.store.begin() as uow:
            settled = [(mail, self._settle_as(uow, mail, read[mail.id], now)) for mail in mails if mail.id in read]
            for late in mails[len(settled) :]:
                uow.inbox.let_go(late.id)
            uow.commit()
        for mail, end in settled:
            _log_settled(mail, end)
        return len(settled)

    @step("process")
    def _settle_as(self, uow: UnitOfWork, mail: InboxMail, read: ReadMail, now: datetime) -> Settled:
        settled = self._settle(uow, mail, read, now)
        uow.inbox.settle(mail.id, settled.state, now, settled.kind, settled.reason, settled.number)
        return settled

    def _read(self, raw: bytes, today: date) -> ReadMail:
        """What the mail says, and its files where somebody of the company sent them; no transaction waits for it."""
        read = self.read(raw, today)
        if not self.company.knows(self.company.on_record(read.message.sender or "")):
            return read
        said = [self.read_file(file.content) for file in read.files[:MOST_FILES_READ]]
        said += [ReadFile(trouble="too_many")] * (len(read.files) - len(said))
        files = tuple(replace(file, said=words) for file, words in zip(read.files, said, strict=True))
        return replace(read, files=files)

    def rehearse(self, raw: bytes, now: datetime) -> Rehearsal:
        """Does with a mail whatever would be done if it came now, and takes all of it back."""
        return self._as_known_now()._rehearse(raw, now)

    def _rehearse(self, raw: bytes, now: datetime) -> Rehearsal:
        read = self._read(raw, self.company.today(now))
        message = read.message
        mail = InboxMail(
            0, message.message_id, message.sender or "", message.subject, now, InboxState.RECEIVED, "", "", 0, None,
            len(raw), True, self.company.queue_of(message.sender or ""),
        )  # fmt: skip
        with self.store.begin() as uow:  # never committed
            earlier = uow.inbox.by_digest(content_digest(raw))
            waited = {entry.id for entry in uow.outbox.undelivered()}
            match, intent, trigger = self._understand(uow, read, mail)
            settled = self._act(uow, intent, mail, trigger, now)
            history = uow.history.of(settled.number) if settled.number else []
            mails = tuple(e for e in uow.outbox.undelivered() if e.id not in waited and isinstance(e.effect, Mail))
        with self.store.begin() as uow:
            known = len(uow.history.of(settled.number)) if settled.number else 0
        return Rehearsal(read, match, intent, settled, tuple(history[known:]), mails, earlier)

    def _settle(self, uow: UnitOfWork, mail: InboxMail, read: ReadMail, now: datetime) -> Settled:
        match, intent, trigger = self._understand(uow, read, mail)
        own = read.message.sender == self.company.mailbox  # whose next mail names the one before, arrived or not
        if match and not own and (answered := uow.outbox.undelivered_with(match.reference.fingerprint)):
            note_delivered(uow, [(answered, f"{read.message.sender or 'somebody'} has it")], now)
        if not mail.complete:
            return self._too_large(uow, mail, read.message, trigger, now)
        return self._act(uow, intent, mail, trigger, now)

    def _understand(self, uow: UnitOfWork, read: ReadMail, mail: InboxMail) -> tuple[Match | None, Intent, Trigger]:
        message = read.message
        look_up = uow.references.by_message_id, uow.references.by_token
        match = find_match(read.clues, *look_up, believe_tokens=False)
        guesses = cache(lambda: uow.inbox.guesses(mail.queue, mail.received_at, HOUR) >= MOST_GUESSES)
        if match is None and (read.clues.subject or read.clues.quoted):
            match = find_match(read.clues, *look_up, believe_tokens=not guesses())
        if match:
            asked = replace(match.reference, person=self.company.on_record(match.reference.person))
            match = replace(match, reference=asked)
        address = message.sender or ""
        sender = self.company.on_record(address)
        trigger = Trigger(
            sender,
            message.message_id,
            read.sha256,
            str(match or ""),
            self.router.sender_check,
            address if address != sender else "",
        )
        own = any(self._concerns(uow, number, sender) for number in read.clues.numbers)
        intent = self.router.route(read, match, own)
        if isinstance(intent, Unmatched) and guesses():
            intent = Quarantined(f"more than {MOST_GUESSES} wrong references came in an hour in the name of {sender}")
        return match, intent, trigger

    def _act(self, uow: UnitOfWork, intent: Intent, mail: InboxMail, trigger: Trigger, now: datetime) -> Settled:
        match intent:
            case Submitted():
                return self._open(uow, intent, mail, trigger, now)
            case Answered():
                return self._answer(uow, intent, mail, trigger, now)
            case Held():
                return self._hold(uow, intent, mail, trigger, now)
            case Enquired():
                return self._enquire(uow, intent, trigger, now)
            case Unmatched(sender, code, line):
                self._refuse(uow, sender, Refusal(code), line, None, trigger, now)
                return Settled(InboxState.REFUSED, "answer", code)
            case Rsvp():
                return self._rsvp(uow, intent, trigger, now)
            case Bounced():
                return self._bounce(uow, intent, mail, trigger, now)
            case Automatic():
                return self._note_automatic(uow, intent, trigger, now)
            case Quarantined(reason):
                self._announce_quarantine(uow, mail, reason, now)
                return Settled(InboxState.QUARANTINED, "unknown", reason)
            case Ignored(reason):
                return Settled(InboxState.IGNORED, "own", reason)

    def _open(self, uow: UnitOfWork, intent: Submitted, mail: InboxMail, trigger: Trigger, now: datetime) -> Settled:
        held_before = mail.kind == SUBMISSION  # and let go by the administrator
        if not held_before and self.limits.too_many(uow, mail.queue, mail.received_at):
            reason = f"more than {self.limits.mails} mails came from {mail.queue} in an hour"
            self._announce_quarantine(uow, mail, reason, now)
            return Settled(InboxState.QUARANTINED, SUBMISSION, reason)
        attachments = self._keep(uow, intent.files)
        number = uow.invoices.next_number(self.company.today(mail.received_at).year)
        outcome = opening.open_invoice(
            number, intent.sender, intent.subject, intent.form, attachments, past(uow), self.company, now
        )
        self.outgoing.open(uow, outcome, trigger, now)
        return Settled(InboxState.PROCESSED, SUBMISSION, number=number)

    def _answer(self, uow: UnitOfWork, intent: Answered, mail: InboxMail, trigger: Trigger, now: datetime) -> Settled:
        if intent.reference.asks is Asks.DIGEST:
            return self._answer_digest(uow, intent, trigger, now)
        invoice = self._invoice(uow, intent.reference.number)
        attachments = self._keep(uow, intent.files)
        form = self._with_filled_form(uow, intent, invoice, self.company.today(mail.received_at))
        answer = Answer(intent.sender, intent.reading, form, attachments)
        try:
            outcome = record_answer(invoice, intent.reference, answer, past(uow), self.company, now)
        except Refusal as refusal:
            self._refuse(uow, intent.sender, refusal, intent.reading.line, invoice, trigger, now)
            if refusal.code == "wrong_person":
                self._tell_who_was_asked(uow, intent.reference, intent.sender, Condition.SENDER, trigger, now)
            return Settled(InboxState.REFUSED, "answer", refusal.code, invoice.number)
        self.outgoing.record(uow, outcome, trigger, now)
        return Settled(InboxState.PROCESSED, "answer", number=invoice.number)

    def _answer_digest(self, uow: UnitOfWork, intent: Answered, trigger: Trigger, now: datetime) -> Settled:
        """One reply to many requests; a question about all of them is answered like one that answers nothing."""
        command = intent.reading.command
        if not intent.numbered and isinstance(command, AskHelp | AskStatus):
            return self._enquire(uow, Enquired(intent.sender, command), trigger, now)
        code = "wrong_person" if intent.sender != intent.reference.person else "no_numbers"
        if code == "wrong_person" or not intent.numbered:
            refusal = Refusal(code, {"by": intent.reference.person} if code == "wrong_person" else {})
            self._refuse(uow, intent.sender, refusal, intent.reading.line, None, trigger, now)
            if code == "wrong_person":
                self._tell_who_was_asked(uow, intent.reference, intent.sender, Condition.SENDER, trigger, now)
            return Settled(InboxState.REFUSED, "digest", code)
        answer = DigestAnswer(uow, self.outgoing, self.company, trigger, now)
        changed = answer.record(intent.reference, intent.numbered)
        return Settled(InboxState.PROCESSED if changed else InboxState.REFUSED, "digest")

    @staticmethod
    def _keep(uow: UnitOfWork, files: tuple[File, ...]) -> tuple[Attachment, ...]:
        """The files, kept, with what they say."""
        kept = []
        for file in files:
            size, sha256 = len(file.content), uow.files.keep(file.content)
            kept.append(Attachment(file.filename, file.media_type, size, sha256, file.said.facts, file.said.trouble))
        return tuple(kept)

    def _invoice(self, uow: UnitOfWork, number: str) -> Invoice:
        invoice = uow.invoices.get(number)
        if invoice is None:
            raise LookupError(f"{number} is referred to, but not there")
        return on_record(invoice, self.company)

    def _concerns(self, uow: UnitOfWork, number: str, sender: str) -> bool:
        invoice = uow.invoices.get(number)
        return invoice is not None and sender in on_record(invoice, self.company).people

    def _hold(self, uow: UnitOfWork, intent: Held, mail: InboxMail, trigger: Trigger, now: datetime) -> Settled:
        self._tell_who_was_asked(uow, intent.reference, intent.sender, intent.condition, trigger, now)
        self._announce_quarantine(uow, mail, intent.reason, now)
        return Settled(InboxState.QUARANTINED, "answer", intent.reason, intent.reference.number or None)

    def _tell_who_was_asked(
        self,
        uow: UnitOfWork,
        reference: Reference,
        address: str,
        condition: Condition,
        trigger: Trigger,
        now: datetime,
    ) -> None:
        for question in questions(uow, reference):
            invoice = self._invoice(uow, question.number)
            known = [line.details for line in uow.history.of(invoice.number) if line.event == "held"]
            outcome = noticing.record_held(invoice, question, address, condition, known)
            self.outgoing.record(uow, outcome, trigger, now)

    def _with_filled_form(self, uow: UnitOfWork, intent: Answered, invoice: Invoice, today: date) -> Form:
        """The answer's fields, and those that were filled in within the quotation of our form."""
        if intent.reference.asks is not Asks.COMPLETION or intent.sender != invoice.submitter:
            return intent.form
        message_id = uow.references.message_id_of(intent.reference.fingerprint)
        sent = uow.outbox.by_message_id(message_id) if message_id else None
        if sent is None or not isinstance(sent.effect, Mail):
            return intent.form
        try:
            ours = draft_mail(sent.effect, identity_of(sent, self.outgoing.mint), self.company, self.templates())
        except TransientFailure as failure:
            log.error("the form that was answered cannot be compared with the answer: %s", failure)
            return intent.form
        from mailflow.inbound.filled_form import filled_in  # reads forms, which else only the reading process does

        return filled_in(intent.form, intent.body, parse(ours).text, invoice.missing, today)

    def _enquire(self, uow: UnitOfWork, intent: Enquired, trigger: Trigger, now: datetime) -> Settled:
        if isinstance(intent.command, AskHelp):
            self.outgoing.enqueue(uow, Mail(intent.sender, Message.HELP), trigger, now)
            return Settled(InboxState.PROCESSED, "help")
        number = intent.command.number
        invoice = uow.invoices.get(number) if number else None
        if invoice and intent.sender in (*invoice.people, self.company.administrator):
            self.outgoing.record(uow, status_report(invoice, intent.sender), trigger, now)
            return Settled(InboxState.PROCESSED, "status", number=invoice.number)
        if number:
            self._refuse(uow, intent.sender, Refusal("unknown_reference"), f"STATUS {number}", None, trigger, now)
            return Settled(InboxState.REFUSED, "status", f"{number} is no invoice of {intent.sender}")
        concerned = {i.number: i for i in uow.invoices.of_submitter(intent.sender)}
        concerned |= {i.number: i for i in uow.invoices.asked_of(intent.sender)}
        extra = {"open": [_line(i) for _, i in sorted(concerned.items())]}
        self.outgoing.enqueue(uow, Mail(intent.sender, Message.STATUS, extra=extra), trigger, now)
        return Settled(InboxState.PROCESSED, "status")

    def _rsvp(self, uow: UnitOfWork, intent: Rsvp, trigger: Trigger, now: datetime) -> Settled:
        reply = intent.reply
        number = uow.references.number_of_uid(reply.uid)
        if number is None:
            return Settled(InboxState.IGNORED, "rsvp", "it answers no invite of ours")
        invoice = self._invoice(uow, number)
        self.outgoing.record(uow, record_rsvp(invoice, reply), trigger, now)
        return Settled(InboxState.PROCESSED, "rsvp", reply.partstat, number)

    def _bounce(self, uow: UnitOfWork, intent: Bounced, mail: InboxMail, trigger: Trigger, now: datetime) -> Settled:
        sent = _bounced_mail(uow, intent)
        if sent is None:
            return self._bounced_somewhere(uow, intent, mail, now)
        kind = sent.effect.message.value if isinstance(sent.effect, Mail) else Message.INVITE.value
        of_recipient = [f for f in intent.report.failures if f.recipient == sent.recipient]
        failure = max(of_recipient or intent.report.failures, key=lambda f: (f.given_up, f.permanent))
        reason = f"{failure.status} {failure.diagnostic}".strip()
        for number in numbers_of(uow, sent):
            invoice = self._invoice(uow, number)
            outcome = noticing.record_bounce(invoice, sent.recipient, kind, failure.given_up, reason, self.company)
            self.outgoing.record(uow, outcome, trigger, now)
        return Settled(InboxState.PROCESSED, "bounce", f"a mail to {sent.recipient} did not arrive", sent.number)

    def _bounced_somewhere(self, uow: UnitOfWork, intent: Bounced, mail: InboxMail, now: datetime) -> Settled:
        """The report does not say which mail: the administrator looks where it may be one of ours."""
        ours = [f.recipient for f in intent.report.failures if f.given_up and uow.outbox.has_written_to(f.recipient)]
        if not ours:
            return Settled(InboxState.IGNORED, "bounce", "it is about no mail of ours")
        reason = f"a mail to {', '.join(dict.fromkeys(ours))} did not arrive, and the report does not say which"
        self._announce_quarantine(uow, mail, reason, now)
        return Settled(InboxState.QUARANTINED, "bounce", reason)

    def _note_automatic(self, uow: UnitOfWork, intent: Automatic, trigger: Trigger, now: datetime) -> Settled:
        sign, reference = intent.sign, intent.reference
        if reference is None:
            return Settled(InboxState.IGNORED, "automatic", sign)
        for question in questions(uow, reference):
            invoice = self._invoice(uow, question.number)
            outcome = noticing.record_automatic(
                invoice, question, trigger.sender, sign, intent.is_absence, self.company, now
            )
            self.outgoing.record(uow, outcome, trigger, now)
        return Settled(InboxState.IGNORED, "automatic", sign, reference.number or None)

    def _too_large(
        self, uow: UnitOfWork, mail: InboxMail, message: InboundMessage, trigger: Trigger, now: datetime
    ) -> Settled:
        if self.limits.too_much(uow, mail.queue, mail.received_at, mail.size):
            who = mail.queue or "strangers"
            reason = f"more than {self.limits.megabytes} MB came from {who} in an hour: only its header was kept here"
            self._announce_quarantine(uow, mail, reason, now)
            return Settled(InboxState.QUARANTINED, "too_much", reason)
        reason = f"the mail is too large ({mail.size // 1_000_000} MB)"
        if message.sender and self.company.knows(trigger.sender):
            self._refuse(uow, trigger.sender, Refusal("too_large"), message.subject, None, trigger, now)
        self._announce_quarantine(uow, mail, reason, now)
        return Settled(InboxState.QUARANTINED, "too_large", reason)

    def _refuse(
        self,
        uow: UnitOfWork,
        sender: str,
        refusal: Refusal,
        line: str,
        invoice: Invoice | None,
        trigger: Trigger,
        now: datetime,
    ) -> None:
        facts = {"by": None, "at": None, "status": invoice.status.value if invoice else None, **refusal.facts}
        mail = Mail(sender, Message.REFUSED, invoice, extra={"code": refusal.code, "line": line, **facts})
        if invoice:
            condition = REFUSED_FOR.get(refusal.code)
            entry = Entry("refused", sender, {"code": refusal.code, "line": line, "condition": condition})
            self.outgoing.record(uow, Outcome(invoice, (mail,), (entry,)), trigger, now)
        else:
            self.outgoing.enqueue(uow, mail, trigger, now)

    def _announce_quarantine(self, uow: UnitOfWork, mail: InboxMail, reason: str, now: datetime) -> None:
        extra = {"id": mail.id, "from": mail.sender, "subject": mail.subject, "reason": reason}
        self._notify(uow, Message.QUARANTINED, extra, now)

    def _notify(self, uow: UnitOfWork, message: Message, extra: dict[str, object], now: datetime) -> None:
        """Tells the administrator, at most once an hour; what comes meanwhile is told of when the hour is over.

        One notice is enough for all of it: the command `quarantine list` shows them.
        """
        administrator = self.company.administrator
        told_at = uow.outbox.last_of(message, administrator)
        if told_at is None or told_at <= now:
            at = max(now, told_at + NOTICES_EVERY) if told_at else now
            self.outgoing.enqueue(uow, Mail(administrator, message, extra=extra), None, at)

    def _let_wait(self, mail: InboxMail, away: DatabaseAway, now: datetime) -> None:
        """For a short while, so that others come first where it is this mail after all that the database dies of."""
        with self.store.begin() as uow:
            uow.inbox.fail(mail.id, str(away), now + INBOX_PAUSES[0], mail.attempts)
            uow.commit()

    def _put_off(self, mail: InboxMail, error: Exception, now: datetime) -> None:
        attempts = mail.attempts + 1
        again_at = next_reading(attempts, now)
        facts = noted("mail_put_off", mail=mail.id, attempt=attempts, last=again_at is None)
        if isinstance(error, MailflowError):
            log.warning("mail %s could not be processed (try %s): %s", mail.id, attempts, error, extra=facts)
        else:
            log.error("mail %s could not be processed (try %s)", mail.id, attempts, exc_info=error, extra=facts)
        with self.store.begin() as uow:
            if again_at:
                uow.inbox.fail(mail.id, "".join(traceback.format_exception(error)), again_at, attempts)
            else:
                why = str(error) if isinstance(error, MailflowError) else type(error).__name__
                reason = f"it could not be processed in {attempts} tries: {why}"
                uow.inbox.settle(mail.id, InboxState.QUARANTINED, now, "failed", reason)
                extra = {
                    "id": mail.id,
                    "from": mail.sender,
                    "subject": mail.subject,
                    "received_at": mail.received_at.isoformat(),
                    "reason": reason,
                }
                self._notify(uow, Message.MAIL_FAILED, extra, now)
            uow.commit()


def _log_settled(mail: InboxMail, end: Settled) -> None:
    """Logs how a mail ended; a reason that is no code is words for people."""
    code = end.reason if end.reason.replace("_", "").isalpha() and end.reason.isascii() else ""
    facts = noted(
        "mail_processed", mail=mail.id, outcome=end.state.value, intent=end.kind, code=code, invoice=end.number
    )
    log.info("mail %s: %s, %s %s %s", mail.id, end.state, end.kind, end.number or "", end.reason, extra=facts)


def _bounced_mail(uow: UnitOfWork, intent: Bounced) -> OutboxEntry | None:
    """The mail that bounced: by its Message-ID, by its reference in what came back, or the only one it can be."""
    by_id = (uow.outbox.by_message_id(message_id) for message_id in intent.report.message_ids)
    if sent := next(filter(None, by_id), None):
        return sent
    if intent.reference and (message_id := uow.references.message_id_of(intent.reference.fingerprint)):
        return uow.outbox.by_message_id(message_id)
    recipients = {failure.recipient for failure in intent.report.failures if failure.recipient}
    waiting = [(invoice, person) for person in recipients for invoice in uow.invoices.asked_of(person)]
    if len(waiting) != 1:
        return None
    ((invoice, person),) = waiting
    asked = uow.outbox.thread(invoice.number, person)
    return uow.outbox.by_message_id(asked[-1]) if asked else None


def _line(invoice: Invoice) -> dict[str, object]:
    index = invoice.asked_step
    waits_for = invoice.steps[index].approver if index is not None else None
    return {
        "number": invoice.number,
        "status": invoice.status.value,
        "title": invoice.title,
        "counterparty": invoice.counterparty,
        "amount": str(invoice.amount or ""),
        "waits_for": waits_for,
    }
