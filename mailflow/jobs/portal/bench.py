"""What every kind of showing works with: the portal, how it is set up, the people, the words, what was made before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.approval.effects import PortalChange, Showing
from mailflow.errors import MailflowError, PermanentFailure
from mailflow.jobs.portal.people import People
from mailflow.jobs.portal.setup import Setup
from mailflow.outbound.portal import file_key
from mailflow.outbound.portal_texts import PortalTexts
from mailflow.ports import Portal
from mailflow.store.engine import Store
from mailflow.store.portal import PortalObject


class NotShown(MailflowError):
    """There is nothing to show here, for a reason that no repetition changes."""


class ParentRefused(PermanentFailure):
    """What it belongs to was refused: both are shown once the administrator has mended that."""


@dataclass
class Bench:
    """One change at work; `clock` goes on meanwhile. `missing` gathers the people without an account in the portal."""

    portal: Portal
    setup: Setup
    people: People
    texts: PortalTexts
    company: Company
    store: Store
    clock: Callable[[], datetime]
    missing: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """This very moment: what was sent is looked for so long after its sending, however long others took before."""
        return self.clock()

    def user(self, address: str) -> int | None:
        """A person's user id, None (and noted) where there is none."""
        found = self.people.id_of(address, self.now)
        if found is None:
            self.missing.add(address)
        return found

    def users(self, addresses: Iterable[str]) -> list[int]:
        """The user ids of those who have one, each once; the others are noted."""
        return list(dict.fromkeys(user for a in addresses if (user := self.user(a)) is not None))

    def made(self, key: str) -> PortalObject | None:
        """What the portal shows under a key, None where it shows nothing (any more)."""
        with self.store.begin() as uow:
            found = uow.portal.get(key)
        return found if found and found.remote_id is not None and not found.gone else None

    def read_file(self, sha256: str) -> bytes:
        """The bytes of a file of an invoice."""
        with self.store.begin() as uow:
            return uow.files.read(sha256)

    def parent(self, change: PortalChange) -> int:
        """The id of what a change belongs to.

        Raises NotShown where the portal was never to have it, ParentRefused where it has refused it.
        """
        found = self.made(change.about)
        if found is not None and found.remote_id is not None:
            return found.remote_id
        with self.store.begin() as uow:
            refused = [entry.effect for entry in uow.outbox.refused_by_portal(change.invoice.number)]
        if any(isinstance(effect, PortalChange) and _makes(effect, change.about) for effect in refused):
            raise ParentRefused(f"it belongs to {change.about}, which the portal has refused")
        raise NotShown(f"the portal shows no {change.about}")

    def drive_files(self, change: PortalChange) -> list[int]:
        """The Drive ids of the invoice's files."""
        keys = [file_key(change.invoice.number, a.sha256) for a in change.invoice.attachments]
        return [found.remote_id for key in keys if (found := self.made(key)) and found.remote_id is not None]

    def vanished(self, key: str) -> NotShown:
        """Somebody has deleted it in the portal: from now on nothing is shown there."""
        with self.store.begin() as uow:
            uow.portal.gone(key)
            uow.commit()
        return NotShown(f"{key} was deleted in the portal")


def _makes(change: PortalChange, key: str) -> bool:
    """Whether a change would have made the thing with this key; a record is made by the first of its changes."""
    return change.key == key or (change.shows is Showing.RECORD and change.about == key)
