"""After a restore: mail that was filed since the back-up, and so is unknown, goes back to where it is read again."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from mailflow.inbound.message import content_digest
from mailflow.ports import FetchedMail, Mailbox
from mailflow.store.engine import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rereading:
    """Looks through one folder of settled mail; `settled` is the mailbox with that folder selected."""

    store: Store
    settled: Mailbox
    inbox: str

    def run_once(self) -> int:
        """Moves what is not known back, oldest first; how many mails that were."""
        return sum(self._move_back(mail) for mail in self.settled.fetch_new(lambda location: False))

    def _move_back(self, mail: FetchedMail) -> bool:
        with self.store.begin() as uow:
            known = uow.inbox.by_digest(content_digest(mail.raw))
        if known or not self.settled.file_away([mail.location], self.inbox):
            return False
        log.info("mail %s of %s is unknown and goes back to %s", mail.location.uid, mail.location.folder, self.inbox)
        return True
