"""Outbox -> world: one effect, handed over and settled (house: an effect's way out)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from mailflow.approval import noticing
from mailflow.approval.company import Company
from mailflow.approval.effects import Entry, Invitation, Message, PortalChange
from mailflow.errors import PermanentFailure, ServerAway, TransientFailure
from mailflow.jobs.company_now import company_now
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.retry import next_delivery
from mailflow.outbound.mail import Identity, write_invitation, write_mail
from mailflow.outbound.templating import Templates
from mailflow.ports import Envelope, MailTransport
from mailflow.store.engine import Store
from mailflow.store.outbox import OutboxEntry, kind_of

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)


@dataclass(frozen=True)
class Dispatch:
    """Delivers the outbox. `invite_at` is the time of day of the calendar event."""

    store: Store
    company: Company
    templates: Templates
    transport: MailTransport
    outgoing: Outgoing
    invite_at: time

    def run_once(self, now: datetime) -> bool | None:
        """Delivers the oldest entry that is due: True delivered or given up, False put off, None nothing was due.

        Raises ServerAway where nothing can be delivered now.
        """
        with self.store.begin() as uow:
            entry = uow.outbox.claim_due(now, LEASE)
            uow.commit()
        if entry is None:
            return None
        try:
            answer = self.transport.send(Envelope(self.company.mailbox, entry.recipient, self._write(entry)))
        except ServerAway as failure:
            self._put_off(entry, str(failure), now)
            raise
        except TransientFailure as failure:
            return self._put_off(entry, str(failure), now)
        except PermanentFailure as failure:
            return self._give_up(entry, str(failure), now)
        except Exception as failure:  # one mail that cannot be written must not hold up the others
            log.exception("mail %s to %s could not be written", entry.id, entry.recipient)
            return self._put_off(entry, f"{type(failure).__name__}: {failure}", now)
        with self.store.begin() as uow:
            uow.outbox.delivered(entry.id, now, answer)
            if entry.number:
                sent = Entry("mail_sent", "mailflow", {"to": entry.recipient, "message": kind_of(entry.effect)})
                uow.history.append(entry.number, sent, now, entry.message_id, None)
            uow.commit()
        log.info("sent %s to %s %s", kind_of(entry.effect), entry.recipient, entry.number or "")
        return True

    def _write(self, entry: OutboxEntry) -> bytes:
        identity = identity_of(entry)
        if isinstance(entry.effect, PortalChange):
            raise TypeError(f"{entry.message_id} is no mail")
        with self.store.begin() as uow:
            company = company_now(self.company, uow)
            if isinstance(entry.effect, Invitation):
                return write_invitation(entry.effect, identity, company, self.templates, self.invite_at)
            files = {a.sha256: uow.files.read(a.sha256) for a in entry.effect.attachments}
        return write_mail(entry.effect, identity, company, self.templates, files)

    def _put_off(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        again_at = next_delivery(entry.attempts + 1, entry.created_at, now)
        if again_at is None:
            return self._give_up(entry, f"not delivered in five days: {error}", now)
        log.warning("%s to %s waits until %s: %s", kind_of(entry.effect), entry.recipient, again_at, error)
        with self.store.begin() as uow:
            uow.outbox.retry(entry.id, error, again_at)
            uow.commit()
        return False

    def _give_up(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        """A mail that the server refuses is dead; its invoice shows it, and people are told as of a bounce."""
        log.error("%s to %s cannot be delivered: %s", kind_of(entry.effect), entry.recipient, error)
        with self.store.begin() as uow:
            uow.outbox.dead(entry.id, now, error)
            invoice = uow.invoices.get(entry.number) if entry.number else None
            kind = kind_of(entry.effect)
            if invoice and kind != Message.NOT_DELIVERED:
                outcome = noticing.record_bounce(invoice, entry.recipient, kind, True, error, self.company)
                self.outgoing.record(uow, outcome, None, now)
            uow.commit()
        return True


def identity_of(entry: OutboxEntry) -> Identity:
    """The identity that was fixed when the entry was written."""
    facts = entry.identity
    return Identity(
        message_id=entry.message_id,
        date=datetime.fromisoformat(facts["date"]),
        token=facts["token"],
        in_reply_to=facts["in_reply_to"],
        references=tuple(facts["references"]),
        answers=facts["answers"],
    )
