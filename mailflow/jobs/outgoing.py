"""Effects and history of one decision -> outbox and history rows, in the decision's own transaction."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailflow.approval.company import Company
from mailflow.approval.digest import is_in_digest_alone
from mailflow.approval.effects import Effect, Entry, Invitation, Mail, Message, Outcome, PortalChange, PortalKind
from mailflow.approval.invoice import Invoice
from mailflow.approval.reference import Asks, Reference, fingerprint
from mailflow.jobs.identity import Mint
from mailflow.outbound.portal import changes_after
from mailflow.store.outbox import PORTAL_CHANNEL, NewEntry, World, kind_of
from mailflow.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

EXPLANATIONS = frozenset({Message.REFUSED, Message.UNCLEAR, Message.HELP, Message.STATUS})
"""What is written to somebody because of what they wrote, and changes nothing. WAS_IT_YOU is sent once anyway."""

MOST_EXPLANATIONS = 30
MOST_ALIKE = 3
MOST_ALIKE_OF_NO_INVOICE = 10
"""Of those that say the same about the same line: a machine that answers every mail answers none that is not sent.
Somebody may have that many invoices to answer at once, and forget each time to answer our mail.
"""

ASK_FOR_MONEY = frozenset(
    {
        Message.APPROVAL_REQUEST,
        Message.APPROVAL_REMINDER,
        Message.ANSWER,
        Message.WAS_IT_YOU,
        Message.PAY_REQUEST,
        Message.PAY_REMINDER,
    }
)
"""What somebody decides or pays by: it warns of a counterparty whose name looks like another's."""


@dataclass(frozen=True)
class Trigger:
    """The mail that a decision answers: its writer on record, its Message-ID, the SHA-256 of its bytes.

    `address`: the one that was written from, where it is another than the writer's on record.
    `found_by`: the evidence that it answers the mail of ours that it was matched with; `sender_check`: by what its
    sender is believed.
    """

    sender: str
    message_id: str | None
    evidence: str
    found_by: str = ""
    sender_check: str = ""
    address: str = ""

    def witnessed(self, entry: Entry) -> Entry:
        """The line of the history with the evidence, where the writer of the mail is the one who acts."""
        if entry.actor != self.sender:
            return entry
        facts = {"found_by": self.found_by, "sender_check": self.sender_check, "address": self.address}
        return replace(entry, details={**entry.details, **{name: fact for name, fact in facts.items() if fact}})


@dataclass(frozen=True)
class Given:
    """What a mail that was written can be answered by: its reference's fingerprint, its Message-ID."""

    fingerprint: str
    message_id: str


@dataclass(frozen=True)
class Outgoing:
    """Writes what a decision came to; `shown` is what the portal is told of it, nothing where there is none."""

    company: Company
    mint: Mint
    shown: frozenset[PortalKind] = frozenset()

    def record(self, uow: UnitOfWork, outcome: Outcome, trigger: Trigger | None, now: datetime) -> Invoice:
        """Saves the invoice, its history and its effects."""
        return self._led_to(uow, uow.invoices.save(outcome.invoice), outcome, trigger, now)

    def open(self, uow: UnitOfWork, outcome: Outcome, trigger: Trigger | None, now: datetime) -> Invoice:
        """The same for an invoice that is new."""
        opened = replace(outcome.invoice, version=1)
        uow.invoices.add(opened)
        return self._led_to(uow, opened, outcome, trigger, now)

    def _led_to(
        self, uow: UnitOfWork, saved: Invoice, outcome: Outcome, trigger: Trigger | None, now: datetime
    ) -> Invoice:
        for entry in outcome.history:
            if trigger:
                uow.history.append(saved.number, trigger.witnessed(entry), now, trigger.message_id, trigger.evidence)
            else:
                uow.history.append(saved.number, entry, now, None, None)
        for effect in outcome.effects:
            self.enqueue(uow, effect, trigger, now)
        if self.shown:
            self.show(uow, changes_after(replace(outcome, invoice=saved), self.shown, self.company, now), now)
        return saved

    def show(self, uow: UnitOfWork, changes: Iterable[PortalChange], now: datetime) -> int:
        """Puts changes of what the portal shows into the outbox, how many; one that was written before is left out."""
        written = 0
        for change in changes:
            message_id = f"{PORTAL_CHANNEL}:{change.key}"
            if not uow.outbox.knows(message_id):
                uow.outbox.add(
                    NewEntry(
                        channel=PORTAL_CHANNEL,
                        number=change.invoice.number,
                        recipient="Bitrix24",
                        effect=change,
                        identity={},
                        message_id=message_id,
                        created_at=now,
                        world=World.PORTAL,
                    )
                )
                written += 1
        return written

    def enqueue(self, uow: UnitOfWork, effect: Effect, trigger: Trigger | None, now: datetime) -> Given | None:
        """Puts one effect into the outbox, with its identity and the reference that a reply will carry.

        None where it is not sent: a request that is left to the digest, or one explanation too many.

        Explanations about one thing are sent so often in an hour and no oftener: who writes back to each of them is a
        machine, or wants our mail to flood somebody.
        """
        if isinstance(effect, Mail) and effect.message in EXPLANATIONS:
            recent = uow.outbox.mails_since(EXPLANATIONS, effect.to, now - timedelta(hours=1))
            told = [mail for mail in recent if _number(mail) == _number(effect)]
            most_alike = MOST_ALIKE if effect.invoice else MOST_ALIKE_OF_NO_INVOICE
            if len(told) >= MOST_EXPLANATIONS or sum(_is_alike(mail, effect) for mail in told) >= most_alike:
                log.warning("%s has had enough explanations for an hour: this one is not sent", effect.to)
                return None
        if is_in_digest_alone(effect, self.company):
            return None
        about, reference, message_id = self._identity(uow, effect, trigger)
        invoice = effect.invoice
        number = invoice.number if invoice else None
        thread = uow.outbox.thread(number, effect.to) if number else []
        answered = trigger.message_id if trigger and trigger.sender == effect.to else None
        replied_to = answered or (thread[-1] if thread else None)
        identity = {
            "message_id": message_id,
            "date": now.isoformat(),
            "about": about,
            "in_reply_to": replied_to,
            "references": list(dict.fromkeys(filter(None, [*thread[:1], *thread[-1:], answered]))),
            "answers": answered is not None,
        }
        uow.outbox.add(
            NewEntry(
                channel=f"mail:{effect.to}",
                number=number,
                recipient=effect.to,
                effect=_enriched(uow, effect),
                identity=identity,
                message_id=message_id,
                created_at=now,
            )
        )
        return Given(reference, message_id)

    def enqueue_daily(
        self, uow: UnitOfWork, mail: Mail, moment: datetime, now: datetime, part: int = 0
    ) -> Given | None:
        """Puts the mail of a day, or a further `part` of it, into the outbox; None where it was written before.

        Its Message-ID follows from whom it goes to and the day, and there is one of it: that is the claim.
        """
        day = moment.astimezone(self.company.timezone).date().isoformat()
        facts = [mail.message.value, mail.to, day, *([part] if part else [])]
        about = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        nothing: dict[str, object] = {"in_reply_to": None, "references": [], "answers": False}
        entry = NewEntry(
            channel=f"mail:{mail.to}",
            number=None,
            recipient=mail.to,
            effect=mail,
            identity={"date": now.isoformat(), "about": about, **nothing},
            message_id=self.mint.message_id(about),
            created_at=now,
        )
        return Given(fingerprint(self.mint.token(about)), entry.message_id) if uow.outbox.add_once(entry) else None

    def _identity(self, uow: UnitOfWork, effect: Effect, trigger: Trigger | None) -> tuple[str, str, str]:
        """What the mail's names are made from, and of these the token's fingerprint and the Message-ID.

        Of effects that are alike the first gets the first, each next one the next; an invoice's is given out with it.
        """
        facts = [*_about(effect), trigger.evidence if trigger else _told(effect)]
        for nth in itertools.count():
            about = hashlib.sha256(json.dumps([*facts, nth]).encode()).hexdigest()
            reference, message_id = fingerprint(self.mint.token(about)), self.mint.message_id(about)
            if effect.invoice:
                is_new = uow.references.add(_reference(reference, effect.invoice, effect), message_id)
            else:
                is_new = uow.references.is_new(reference, message_id)
            if is_new:
                break
        return about, reference, message_id


def _number(mail: Mail) -> str | None:
    return mail.invoice.number if mail.invoice else None


def _is_alike(mail: Mail, other: Mail) -> bool:
    line = mail.extra.get("line")
    return line is not None and (mail.message, line) == (other.message, other.extra.get("line"))


def _about(effect: Effect) -> list[object]:
    """What an effect tells whom of which state of an invoice."""
    invoice = effect.invoice
    stands = [invoice.number, invoice.revision, invoice.digest] if invoice else []
    return [kind_of(effect), effect.to, *stands]


def _told(effect: Effect) -> object:
    """What tells apart mails that no mail led to: what was due on another day, or noticed of another thing."""
    if isinstance(effect, Mail):
        return dict(effect.extra)
    payment = effect.invoice.payment
    return payment.due.isoformat() if payment else ""


def _reference(fingerprint_of_token: str, invoice: Invoice, effect: Effect) -> Reference:
    if isinstance(effect, Invitation):
        asks, step = Asks.PAYMENT if effect.to == invoice.accountant else Asks.NOTHING, None
    else:
        asks, step = effect.asks, effect.step
    return Reference(fingerprint_of_token, invoice.number, invoice.revision, asks, effect.to, invoice.digest, step)


def _enriched(uow: UnitOfWork, effect: Effect) -> Effect:
    """The effect with the facts about other invoices that its mail shows."""
    if not isinstance(effect, Mail) or effect.invoice is None:
        return effect
    invoice, facts = effect.invoice, dict(effect.extra)
    if effect.message in ASK_FOR_MONEY and (alike := uow.invoices.look_alike(invoice.counterparty, invoice.number)):
        facts["looks_like"] = summary_of(alike)
    if "recent" in facts:
        facts["recent"] = [summary_of(i) for i in uow.invoices.of_counterparty(invoice.counterparty, invoice.number)]
    if effect.message is Message.REPEATED and invoice.repeat:
        earlier = uow.invoices.get(invoice.repeat.number)
        facts["earlier"] = summary_of(earlier) if earlier else None
    return replace(effect, extra=facts)


def summary_of(invoice: Invoice) -> dict[str, object]:
    """Another invoice, as mails show it beside their own."""
    return {
        "number": invoice.number,
        "status": invoice.status.value,
        "title": invoice.title,
        "counterparty": invoice.counterparty,
        "amount": str(invoice.amount or ""),
        "pay_date": invoice.pay_date.isoformat() if invoice.pay_date else "",
        "submitter": invoice.submitter,
    }
