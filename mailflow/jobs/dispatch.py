"""Outbox -> world: effects, handed over and settled (house: an effect's way out)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from mailflow.approval import noticing
from mailflow.approval.company import Company
from mailflow.approval.effects import Entry, Invitation, Mail, Message
from mailflow.errors import (
    BrokenOff,
    DatabaseAway,
    InDoubt,
    MailflowError,
    PermanentFailure,
    ServerAway,
    TransientFailure,
)
from mailflow.jobs.company_now import company_now
from mailflow.jobs.digest_answer import numbers_of
from mailflow.jobs.identity import SIGN_IN, Mint
from mailflow.jobs.lines import Lines
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.retry import next_delivery
from mailflow.jobs.weight import at_once
from mailflow.observation import noted, step
from mailflow.outbound.mail import Identity, complete, draft_invitation, draft_mail, files_of
from mailflow.outbound.ready_to_pay import NOTHING_WANTED, ReadyToPay
from mailflow.ports import Envelope
from mailflow.store.engine import Store
from mailflow.store.outbox import OutboxEntry, OutboxState, World, kind_of
from mailflow.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mailflow.outbound.templating import Templates

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=30)
"""Longer than a mail may take to be handed over, the ten minutes for the answer included (RFC 5321 section 4.5.3.2)."""

WAVES = 8
"""Of so many mails for each line one batch is made, written in one transaction."""

BYTES_AT_ONCE = 8_000_000
"""Of files, in the mails that are put together before they go out; a single larger mail goes alone."""

BATCH_LASTS = 240.0
"""Seconds after which the rest of a batch is left for later: the last wave has to end before LEASE does."""

COPY_COMES_WITHIN = timedelta(minutes=2)
"""So long the copy of a mail in doubt is waited for before the mail is repeated."""


@dataclass(frozen=True)
class Dispatch:
    """Delivers the outbox. `invite_at` is the time of day of the calendar event.

    `copies`: every mail goes to the mailbox itself too, and what has come back from there is not sent again.
    `templates` gives those that mails are written by, the same each time; it is asked when there is a mail to write.
    `ready_to_pay`: what the accountant's mail carries to pay by; `board`: the address that people see the board under.
    """

    store: Store
    company: Company
    templates: Callable[[], Templates]
    lines: Lines
    outgoing: Outgoing
    invite_at: time
    copies: bool = False
    ready_to_pay: ReadyToPay = NOTHING_WANTED
    board: str = ""

    def resume(self, now: datetime) -> None:
        """What we were sending when something broke is in doubt."""
        with self.store.begin() as uow:
            uow.outbox.give_back(in_doubt_until(now, self.copies), World.MAIL)
            uow.commit()

    def take_over(self, now: datetime) -> None:
        """What one had in hand that is gone is anybody's; what it was sending is in doubt."""
        self.store.take_over(now, in_doubt_until(now, self.copies))

    def run_once(self, now: datetime, looked: bool = True) -> int | None:
        """Delivers the oldest entries that are due: how many were delivered or given up, None where nothing was due.

        `looked`: whether the mailbox has just been read. Before that, no copy that is lacking says anything.
        Raises ServerAway where nothing can be delivered now, BrokenOff where the server broke off over one of them.
        """
        claimed_at, most = monotonic(), WAVES * len(self.lines)
        with self.store.begin() as uow:
            entries = uow.outbox.claim_batch(now, LEASE, most, in_doubt_too=looked or not self.copies)
            if not entries:
                return None
            arrived = {entry.id for entry in entries if self._has_come_back(uow, entry, now)}
            company = company_now(self.company, uow)
            drafts = [(entry, *self._drafted(entry, company)) for entry in entries if entry.id not in arrived]
            uow.outbox.keep_drafts({entry.id: draft for entry, draft, _ in drafts if draft and entry.draft is None})
            uow.commit()
        done = len(arrived) + sum(self._put_off(entry, error, now) for entry, _, error in drafts if error)
        waiting = [(entry, draft) for entry, draft, error in drafts if not error]
        ready: dict[int, Envelope | Exception] = {}
        try:
            while waiting and monotonic() < claimed_at + BATCH_LASTS:
                if not ready:
                    count = at_once((_weight(entry) for entry, _ in waiting), BYTES_AT_ONCE)
                    ready = self._envelopes(waiting[:count])
                wave = [entry for entry, _ in waiting[: min(len(ready), len(self.lines))]]
                waiting = waiting[len(wave) :]
                done += self._hand_over(wave, {entry.id: ready.pop(entry.id) for entry in wave}, now)
        except TransientFailure:
            self._let_go([entry for entry, _ in waiting])
            raise
        self._let_go([entry for entry, _ in waiting])
        return done

    def _has_come_back(self, uow: UnitOfWork, entry: OutboxEntry, now: datetime) -> bool:
        """Where the mailbox has a mail's copy, it has arrived."""
        if not (self.copies and uow.inbox.holds_copy(entry.message_id, self.company.mailbox)):
            return False
        note_delivered(uow, [(entry, "its copy has come to the mailbox")], now)
        return True

    def _drafted(self, entry: OutboxEntry, company: Company) -> tuple[bytes, str]:
        """The mail as it goes out at every try, and what hinders it from being written."""
        if entry.draft is not None:
            return entry.draft, ""
        try:
            draft = self._draft(entry, company)
        except TransientFailure as failure:
            return b"", str(failure)
        except Exception as failure:  # one mail that cannot be written must not hold up the others
            log.exception("mail %s to %s could not be written", entry.id, entry.recipient)
            return b"", f"{type(failure).__name__}: {failure}"
        return draft, ""

    @step("draft")
    def _draft(self, entry: OutboxEntry, company: Company) -> bytes:
        identity = identity_of(entry, self.outgoing.mint)
        match entry.effect:
            case Invitation():
                return draft_invitation(entry.effect, identity, company, self.templates(), self.invite_at)
            case Mail():
                return draft_mail(self._with_link(entry.effect), identity, company, self.templates(), self.ready_to_pay)
            case _:
                raise TypeError(f"{entry.message_id} is no mail")

    def _with_link(self, mail: Mail) -> Mail:
        """A link that signs in is made anew for its mail, since it is kept nowhere."""
        if mail.message is not Message.SIGN_IN:
            return mail
        token = self.outgoing.mint.link(SIGN_IN, str(mail.extra["about"]))
        return replace(mail, extra={**mail.extra, "link": f"{self.board}/sign-in/{token}"})

    def _hand_over(
        self, wave: Sequence[OutboxEntry], mails: Mapping[int, Envelope | Exception], now: datetime
    ) -> int:
        """As many mails as there are lines, and what came of it written down before any other is sent."""
        ready = {entry_id: mail for entry_id, mail in mails.items() if isinstance(mail, Envelope)}
        answers: dict[int, str | Exception] = {i: mail for i, mail in mails.items() if isinstance(mail, Exception)}
        answers |= dict(zip(ready, self.lines.send_all(list(ready.values())), strict=True)) if ready else {}
        taken = [(entry, answer) for entry in wave if isinstance(answer := answers[entry.id], str)]
        self._write_down(taken, now)
        done = len(taken)
        for entry in wave:
            if isinstance(failure := answers[entry.id], Exception):
                done += self._not_sent(entry, failure, now)
        for failure in answers.values():
            if isinstance(failure, ServerAway | BrokenOff):
                raise failure
        return done

    def _write_down(self, taken: Sequence[tuple[OutboxEntry, str]], now: datetime) -> None:
        """What arrived, in one transaction; where that fails, each in its own, for what is not is sent again.

        Two daemons that hold invoices and wait for each other's are what PostgreSQL ends by refusing one of them.
        Raises what hindered one, after the others.
        """
        try:
            self._note(taken, now)
            return
        except MailflowError as error:
            log.debug("these mails are written down one by one: %s", error)
        hindered: MailflowError | None = None
        for one in taken:
            try:
                self._note([one], now)
            except DatabaseAway:
                raise
            except MailflowError as failure:
                hindered = failure
        if hindered:
            raise hindered

    def _note(self, taken: Sequence[tuple[OutboxEntry, str]], now: datetime) -> None:
        with self.store.begin() as uow:
            note_delivered(uow, taken, now)
            uow.commit()

    def _envelopes(self, drafts: Sequence[tuple[OutboxEntry, bytes]]) -> dict[int, Envelope | Exception]:
        """The mails as they go out, by their entries' ids, or what hinders one from being put together."""
        ready: dict[int, Envelope | Exception] = {}
        lacking = frozenset[str]().union(*(files_of(draft) for _, draft in drafts))
        files: dict[str, bytes] = {}
        if lacking:
            with self.store.begin() as uow:
                files = uow.files.several(lacking)
        for entry, draft in drafts:
            try:
                ready[entry.id] = self._envelope(entry, draft, files)
            except Exception as failure:  # noqa: BLE001 - one mail that nobody foresaw must not hold up the others
                ready[entry.id] = failure
        return ready

    def _not_sent(self, entry: OutboxEntry, failure: Exception, now: datetime) -> bool:
        """Whether that was this mail's end."""
        match failure:
            case ServerAway():
                self._let_go([entry], str(failure))
                return False
            case InDoubt():
                return self._doubt(entry, str(failure), now)
            case TransientFailure():
                return self._put_off(entry, str(failure), now)
            case PermanentFailure():
                return self._give_up(entry, str(failure), now)
        log.error("mail %s to %s could not be sent", entry.id, entry.recipient, exc_info=failure)
        return self._doubt(entry, f"{type(failure).__name__}: {failure}", now)

    def _envelope(self, entry: OutboxEntry, draft: bytes, files: Mapping[str, bytes]) -> Envelope:
        copy_to = self.company.mailbox if self.copies else None
        return Envelope(self.company.mailbox, entry.recipient, complete(draft, files), copy_to)

    def _let_go(self, entries: Sequence[OutboxEntry], error: str = "") -> None:
        """They were not tried, which is nothing that these mails could help: they are as they were."""
        if not entries:
            return
        with self.store.begin() as uow:
            for entry in entries:
                was = OutboxState.UNKNOWN if entry.again else OutboxState.PENDING
                uow.outbox.let_go(entry.id, error or entry.last_error, was)
            uow.commit()

    def _doubt(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        again_at = next_delivery(entry.attempts + 1, entry.created_at, now)
        if again_at is None:
            return self._give_up(entry, f"not delivered in five days: {error}", now)
        doubt = _noted("effect_in_doubt", entry)
        log.warning("%s to %s may have been taken: %s", kind_of(entry.effect), entry.recipient, error, extra=doubt)
        with self.store.begin() as uow:
            uow.outbox.doubt(entry.id, error, max(again_at, in_doubt_until(now, self.copies)))
            uow.commit()
        return False

    def _put_off(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        again_at = next_delivery(entry.attempts + 1, entry.created_at, now)
        if again_at is None:
            return self._give_up(entry, f"not delivered in five days: {error}", now)
        facts = _noted("effect_put_off", entry, until=again_at.isoformat(timespec="seconds"))
        log.warning("%s to %s waits until %s: %s", kind_of(entry.effect), entry.recipient, again_at, error, extra=facts)
        with self.store.begin() as uow:
            uow.outbox.retry(entry.id, error, again_at)
            uow.commit()
        return False

    def _give_up(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        """A mail that the server refuses is dead; its invoice shows it, and people are told as of a bounce."""
        dead = _noted("effect_dead", entry)
        log.error("%s to %s cannot be delivered: %s", kind_of(entry.effect), entry.recipient, error, extra=dead)
        with self.store.begin() as uow:
            uow.outbox.dead(entry.id, now, error)
            kind = kind_of(entry.effect)
            for number in numbers_of(uow, entry) if kind != Message.NOT_DELIVERED else ():
                if invoice := uow.invoices.get(number):
                    outcome = noticing.record_bounce(invoice, entry.recipient, kind, True, error, self.company)
                    self.outgoing.record(uow, outcome, None, now)
            uow.commit()
        return True


def _weight(entry: OutboxEntry) -> int:
    return sum(file.size for file in entry.effect.attachments) if isinstance(entry.effect, Mail) else 0


def note_delivered(uow: UnitOfWork, arrived: Sequence[tuple[OutboxEntry, str]], now: datetime) -> None:
    """Mails have arrived; beside each stands by what we know."""
    uow.outbox.delivered({entry.id: answer for entry, answer in arrived}, now)
    for entry, _ in arrived:
        if entry.number:
            sent = Entry("mail_sent", "mailflow", {"to": entry.recipient, "message": kind_of(entry.effect)})
            uow.history.append(entry.number, sent, now, entry.message_id, None)
        facts = _noted("effect_sent", entry)
        log.info("sent %s to %s %s", kind_of(entry.effect), entry.recipient, entry.number or "", extra=facts)


def _noted(event: str, entry: OutboxEntry, **facts: object) -> dict[str, object]:
    kind, attempt = kind_of(entry.effect), entry.attempts + 1
    return noted(
        event, effect=entry.id, kind=kind, recipient=entry.recipient, invoice=entry.number, attempt=attempt, **facts
    )


def identity_of(entry: OutboxEntry, mint: Mint) -> Identity:
    """The identity that was fixed when the entry was written; its token is made anew, since it is kept nowhere.

    An entry of an older mailflow still has it.
    """
    facts = entry.identity
    return Identity(
        message_id=entry.message_id,
        date=datetime.fromisoformat(facts["date"]),
        token=facts["token"] if "token" in facts else mint.token(facts["about"]),
        in_reply_to=facts["in_reply_to"],
        references=tuple(facts["references"]),
        answers=facts["answers"],
    )


def in_doubt_until(now: datetime, copies: bool) -> datetime:
    """When a mail in doubt may be repeated: where its copy would come to the mailbox, not before it could be there."""
    return now + COPY_COMES_WITHIN if copies else now
