"""Mailbox -> inbox: every new mail is recorded and synced before anything else; settled ones are filed away.

The mail stays where it is until it is settled, so a crash at any moment leaves it in the inbox folder, known or
unknown, and never lost (process section 6).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from mailflow.errors import MailflowError, PermanentFailure, TransientFailure
from mailflow.inbound.message import content_digest, parse_header
from mailflow.inbound.routing import Router
from mailflow.jobs.limits import ALWAYS_KEPT, NO_MORE_THAN, Limits
from mailflow.observation import noted
from mailflow.ports import FetchedMail, Location, Mailbox
from mailflow.store.engine import Store
from mailflow.store.inbox import InboxState, Recorded
from mailflow.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

RECORDED_AT_ONCE = 25
BYTES_AT_ONCE = 4_000_000
FILED_AT_ONCE = 100


@dataclass(frozen=True)
class Identity:
    """What a mail is told from others by, and shown to the administrator as; and the queue it waits in."""

    message_id: str | None
    digest: str
    sender: str
    subject: str
    queue: str


def _identity(raw: bytes, router: Router) -> Identity:
    """A mail that breaks the reader is recorded all the same, and comes to its end where mail is understood."""
    try:
        message = parse_header(raw)
        queue = router.queue_of(message)
        return Identity(message.message_id, content_digest(raw), message.sender or "", message.subject, queue)
    except Exception:
        log.exception("the header of a mail cannot be read")
        return Identity(None, hashlib.sha256(raw).hexdigest(), "", "", "")


def _header_of(raw: bytes) -> bytes:
    return raw[:ALWAYS_KEPT].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


class _Known:
    """Whether a mail at a place has been recorded; what is there to be filed away is asked for once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _places(self) -> frozenset[Location]:
        with self._store.begin() as uow:
            return uow.inbox.lying()

    def __call__(self, location: Location) -> bool:
        return location in self._places


def _batches(mails: Iterator[FetchedMail]) -> Iterator[list[FetchedMail]]:
    """As many as one transaction records; what was read before the server broke off is recorded all the same."""
    batch: list[FetchedMail] = []
    weight = 0
    try:
        for mail in mails:
            batch.append(mail)
            weight += len(mail.raw)
            if len(batch) == RECORDED_AT_ONCE or weight > BYTES_AT_ONCE:
                yield batch
                batch, weight = [], 0
    except TransientFailure:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


@dataclass(frozen=True)
class Intake:
    """Reads and clears the inbox folder. `processed` and `quarantine` are the folders that settled mails go to."""

    store: Store
    mailbox: Mailbox
    router: Router
    processed: str
    quarantine: str
    limits: Limits = NO_MORE_THAN

    def watches(self) -> bool:
        """Whether the mailbox is ours to look after: one mailflow's at a time, the next one's when that dies."""
        return self.store.watches()

    def run_once(self, now: datetime, so_far: Callable[[int], None] = lambda count: None) -> int:
        """Records what is new; returns how many mails that were. `so_far` hears after every few how many those are.

        Raises TransientFailure, after all others were recorded, for one that the database does not take.
        """
        count, untaken = 0, ""
        for batch in _batches(self.mailbox.fetch_new(_Known(self.store))):
            try:
                count += self._record_all(batch, now)
            except MailflowError:
                for fetched in batch:
                    try:
                        count += self._record_all([fetched], now)
                    except PermanentFailure as failure:
                        place = fetched.location
                        untaken = f"mail {place.uid} of {place.folder} cannot be recorded: {failure}"
            so_far(count)
        if untaken:
            raise TransientFailure(untaken)
        return count

    def file_away(self) -> int:
        """Moves every settled mail out of the inbox folder; one that is gone is filed all the same.

        Only whoever watches the mailbox, by what the database says before each command: of two that move the same mail
        at the same moment Dovecot lets both, and it lies there twice.
        """
        with self.store.begin() as uow:
            waiting = uow.inbox.to_file()
        moved = 0
        for folder in (self.processed, self.quarantine):
            settled = [location for location, state in waiting if self._folder(state) == folder]
            for start in range(0, len(settled), FILED_AT_ONCE):
                if not self.watches():
                    return moved
                batch = settled[start : start + FILED_AT_ONCE]
                self.mailbox.file_away(batch, folder)
                with self.store.begin() as uow:
                    uow.inbox.filed(batch)
                    uow.commit()
                moved += len(batch)
        return moved

    def _record_all(self, batch: Sequence[FetchedMail], now: datetime) -> int:
        """In one transaction; how many of them are news."""
        with self.store.begin() as uow:
            said = [self._record(uow, fetched, now) for fetched in batch]
            uow.commit()
        for recorded, sender in said:
            news = "" if recorded.news else " (known already)"
            facts = noted("mail_received", mail=recorded.id, sender=sender, known=not recorded.news)
            log.info("received mail %s from %s%s", recorded.id, sender or "nobody", news, extra=facts)
        return sum(recorded.news for recorded, _ in said)

    def _record(self, uow: UnitOfWork, fetched: FetchedMail, now: datetime) -> tuple[Recorded, str]:
        known_by = _identity(fetched.raw, self.router)
        if self.limits.too_much(uow, known_by.queue, min(fetched.arrived_at or now, now), fetched.size):
            fetched = replace(fetched, raw=_header_of(fetched.raw), complete=False)
            known_by = _identity(fetched.raw, self.router)
        recorded = uow.inbox.record(
            fetched,
            known_by.message_id,
            known_by.digest,
            known_by.sender,
            known_by.subject,
            now,
            known_by.queue,
        )
        return recorded, known_by.sender

    def _folder(self, state: InboxState) -> str:
        return self.quarantine if state is InboxState.QUARANTINED else self.processed
