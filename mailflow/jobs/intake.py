"""Mailbox -> inbox: every new mail is recorded and synced before anything else; settled ones are filed away.

The mail stays where it is until it is settled, so a crash at any moment leaves it in the inbox folder, known or
unknown, and never lost (process section 6).
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from mailflow.errors import PermanentFailure, TransientFailure
from mailflow.inbound.message import content_digest, parse_header
from mailflow.inbound.routing import Router
from mailflow.jobs.limits import ALWAYS_KEPT, NO_MORE_THAN, Limits
from mailflow.ports import FetchedMail, Location, Mailbox
from mailflow.store.engine import Store
from mailflow.store.inbox import InboxState

log = logging.getLogger(__name__)


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

    def run_once(self, now: datetime) -> int:
        """Records what is new; returns how many mails that were.

        Raises TransientFailure, after all others were recorded, for one that the database does not take.
        """
        count, untaken = 0, ""
        for fetched in self.mailbox.fetch_new(self._known):
            try:
                count += self._record(fetched, now)
            except PermanentFailure as failure:
                untaken = f"mail {fetched.location.uid} of {fetched.location.folder} cannot be recorded: {failure}"
        if untaken:
            raise TransientFailure(untaken)
        return count

    def file_away(self) -> int:
        """Moves every settled mail out of the inbox folder; one that is gone is filed all the same.

        Only whoever watches the mailbox, by what the database says before each mail: of two that move the same mail at
        the same moment Dovecot lets both, and it lies there twice.
        """
        with self.store.begin() as uow:
            waiting = uow.inbox.to_file()
        for moved, (location, state) in enumerate(waiting):
            if not self.watches():
                return moved
            self.mailbox.file_away(location, self._folder(state))
            with self.store.begin() as uow:
                uow.inbox.filed(location)
                uow.commit()
        return len(waiting)

    def _known(self, location: Location) -> bool:
        with self.store.begin() as uow:
            return uow.inbox.known(location)

    def _record(self, fetched: FetchedMail, now: datetime) -> bool:
        known_by = _identity(fetched.raw, self.router)
        with self.store.begin() as uow:
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
            uow.commit()
        news = "" if recorded.news else " (known already)"
        log.info("received mail %s from %s%s", recorded.id, known_by.sender or "nobody", news)
        return recorded.news

    def _folder(self, state: InboxState) -> str:
        return self.quarantine if state is InboxState.QUARANTINED else self.processed
