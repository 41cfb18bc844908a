"""How much may come from one person, one domain of submitters, or all strangers together within an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailflow.store.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)
ALWAYS_KEPT = 100_000
"""Bytes: a mail as small as that is kept whole whatever came before it, as every decision is."""


@dataclass(frozen=True)
class Limits:
    """`mails`: beyond so many, new invoices wait in quarantine. `megabytes`: beyond, larger mails lose their body here,
    and wait in the mailbox's quarantine folder, where they lie whole.
    """

    mails: int = 1000
    megabytes: int = 2000

    def too_many(self, uow: UnitOfWork, queue: str, received_at: datetime) -> bool:
        """Whether more mails than that have come from the queue in the hour before."""
        return uow.inbox.arrived(queue, received_at, HOUR) > self.mails

    def too_much(self, uow: UnitOfWork, queue: str, received_at: datetime, size: int) -> bool:
        """Whether a mail of so many bytes goes beyond what is kept."""
        if size <= ALWAYS_KEPT:
            return False
        return uow.inbox.bytes_kept(queue, received_at, HOUR) + size > self.megabytes * 1_000_000


NO_MORE_THAN = Limits()
"""Where the settings say nothing."""
