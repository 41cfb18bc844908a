"""Looks into a database while mailflow is not there, or works, in plain SQL; mends nothing that a kill has left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

_NUMBERS = (
    "inbox",
    "inbox_location WHERE filed",
    "inbox WHERE state IN ('received', 'failed')",
    "outbox WHERE state IN ('pending', 'sending', 'unknown')",
    "outbox WHERE state = 'delivered'",
    "invoice WHERE status = 'paid'",
)
_TO_BE_MOVED = """
SELECT inbox.id FROM inbox JOIN inbox_location ON inbox_location.inbox_id = inbox.id
WHERE NOT inbox_location.filed AND inbox.state NOT IN ('received', 'failed')
"""
_SENDING = "SELECT message_id FROM outbox WHERE state IN ('sending', 'unknown')"


@dataclass(frozen=True)
class Sight:
    """How many mails there are, were moved, still wait to be understood; how many still wait to be sent, were sent;
    how many invoices are paid.
    """

    recorded: int = 0
    filed: int = 0
    unread: int = 0
    unsent: int = 0
    sent: int = 0
    paid: int = 0

    def in_hand(self, delivered: int) -> int:
        """What there is still to do: mails, of so many that came, that have not been moved, and mails to be sent."""
        return delivered - self.filed + self.unread + self.unsent


class Watcher:
    """`in_doubt`: how often each mail was found as being sent, by its Message-ID. `in_motion`: how often each that came
    was found as being moved, by its id.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(_read_only(url), poolclass=NullPool)
        self.seen = Sight()
        self.in_doubt: Counter[str] = Counter()
        self.in_motion: Counter[int] = Counter()

    def look(self) -> Sight:
        """What is there now."""
        query = " UNION ALL ".join(f"SELECT {n}, count(*) FROM {what}" for n, what in enumerate(_NUMBERS))
        self.seen = Sight(*(count for _, count in sorted(self.rows(query))))
        return self.seen

    def doubt(self) -> None:
        """Notes what is being sent and moved; nobody is there who could be doing it."""
        self.in_doubt.update(message_id for (message_id,) in self.rows(_SENDING))
        self.in_motion.update(mail for (mail,) in self.rows(_TO_BE_MOVED))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def _read_only(url: str) -> str:
    """Whoever closes a SQLite database that he may write finishes what was broken off in it."""
    scheme, _, file = url.partition(":///")
    return f"sqlite:///file:{file}?mode=ro&uri=true" if scheme == "sqlite" else url
