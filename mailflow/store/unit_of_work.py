"""One transaction over everything that is remembered; it keeps nothing unless told to."""

from __future__ import annotations

from sqlalchemy import Connection

from mailflow.observation import step
from mailflow.store.daemons import Daemons
from mailflow.store.files import Files
from mailflow.store.history import History
from mailflow.store.inbox import Inbox
from mailflow.store.invoices import Invoices
from mailflow.store.outbox import Outbox
from mailflow.store.portal import PortalMemory
from mailflow.store.references import References
from mailflow.store.register import Register
from mailflow.store.secret_addresses import Feeds, SignIns


class UnitOfWork:
    """What a job reads and writes in one go."""

    def __init__(self, connection: Connection, holder: str) -> None:
        self._connection = connection
        self.inbox = Inbox(connection, holder)
        self.invoices = Invoices(connection)
        self.files = Files(connection)
        self.outbox = Outbox(connection, holder)
        self.references = References(connection)
        self.history = History(connection)
        self.portal = PortalMemory(connection)
        self.daemons = Daemons(connection)
        self.feeds = Feeds(connection)
        self.sign_ins = SignIns(connection)

    @property
    def register(self) -> Register:
        """What the board shows, with what was written here."""
        self._flush()
        return Register(self._connection)

    @step("commit")
    def commit(self) -> None:
        """Keeps everything, synced to the disk before this returns."""
        self._flush()
        self._connection.commit()

    def _flush(self) -> None:
        self.inbox.flush()
        self.invoices.flush()
        self.history.flush()
