"""One transaction over everything that is remembered; it keeps nothing unless told to."""

from __future__ import annotations

from sqlmodel import Session

from mailflow.store.files import Files
from mailflow.store.history import History
from mailflow.store.inbox import Inbox
from mailflow.store.invoices import Invoices
from mailflow.store.outbox import Outbox
from mailflow.store.references import References


class UnitOfWork:
    """What a job reads and writes in one go."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.inbox = Inbox(session)
        self.invoices = Invoices(session)
        self.files = Files(session)
        self.outbox = Outbox(session)
        self.references = References(session)
        self.history = History(session)

    def commit(self) -> None:
        """Keeps everything, synced to the disk before this returns."""
        self._session.commit()
