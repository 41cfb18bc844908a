"""Mailbox -> inbox: every new mail is recorded and synced before anything else; settled ones are filed away.

The mail stays where it is until it is settled, so a crash at any moment leaves it in the inbox folder, known or
unknown, and never lost (process section 6).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from mailflow.inbound.message import content_digest, parse
from mailflow.ports import FetchedMail, Location, Mailbox
from mailflow.store.engine import Store
from mailflow.store.inbox import InboxState

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intake:
    """Reads and clears the inbox folder. `processed` and `quarantine` are the folders that settled mails go to."""

    store: Store
    mailbox: Mailbox
    processed: str
    quarantine: str

    def run_once(self, now: datetime) -> int:
        """Records what is new; returns how many mails that were."""
        return sum(self._record(fetched, now) for fetched in self.mailbox.fetch_new(self._known))

    def file_away(self) -> int:
        """Moves every settled mail out of the inbox folder; one that is gone is filed all the same."""
        with self.store.begin() as uow:
            waiting = uow.inbox.to_file()
        for location, state in waiting:
            self.mailbox.file_away(location, self._folder(state))
            with self.store.begin() as uow:
                uow.inbox.filed(location)
                uow.commit()
        return len(waiting)

    def _known(self, location: Location) -> bool:
        with self.store.begin() as uow:
            return uow.inbox.known(location)

    def _record(self, fetched: FetchedMail, now: datetime) -> bool:
        message = parse(fetched.raw)
        with self.store.begin() as uow:
            recorded = uow.inbox.record(
                fetched,
                message.message_id,
                content_digest(fetched.raw),
                message.sender or "",
                message.subject,
                now,
            )
            uow.commit()
        log.info("received mail %s from %s%s", recorded.id, message.sender, "" if recorded.news else " (known already)")
        return recorded.news

    def _folder(self, state: InboxState) -> str:
        return self.quarantine if state is InboxState.QUARANTINED else self.processed
