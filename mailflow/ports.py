"""The edges of the house: what the jobs ask of the outside, and the values that cross."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mailflow.errors import PortalRefused


@dataclass(frozen=True)
class Location:
    """Where a mail lies in the mailbox. A UID means nothing without its UIDVALIDITY (RFC 9051 section 2.3.1.1)."""

    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True)
class FetchedMail:
    """A mail as the server has it. `raw` are its bytes, or the header alone where `complete` is False (too large).

    `arrived_at` is when it came to the mailbox (RFC 9051 section 2.3.3), None where the server does not say.
    """

    location: Location
    raw: bytes
    size: int
    complete: bool = True
    arrived_at: datetime | None = None


class Mailbox(Protocol):
    """The shared mailbox. Every call raises TransientFailure where the server cannot be reached or says no for now."""

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        """The mails of the inbox folder that are not known yet, oldest first; marks nothing as seen."""

    def file_away(self, locations: Sequence[Location], folder: str) -> int:
        """Moves mails by one command, so no more than one can name; how many of them were still there."""

    def wait(self, seconds: float) -> bool:
        """Returns when something new may have come (True), at the latest after so many seconds (False)."""

    def wake(self) -> None:
        """Ends a wait at once; may be called from a signal handler."""

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""


@dataclass(frozen=True)
class Envelope:
    """One mail ready to go: SMTP sender and the single recipient, the message as bytes with CRLF (RFC 5321, 5322).

    `copy_to` gets the same, where the recipient does; that it is refused is no failure.
    """

    sender: str
    recipient: str
    message: bytes
    copy_to: str | None = None


class MailTransport(Protocol):
    """Hands mails to the SMTP server.

    `send` raises TransientFailure (try again: 4xx), ServerAway (no connection, no sign-in), InDoubt (the answer to the
    whole mail was lost), PermanentFailure (5xx), and returns the server's final answer where it took the mail.
    """

    def send(self, envelope: Envelope) -> str:
        """Hands over one mail; the text is the server's answer."""

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""


@dataclass(frozen=True)
class PortalAnswer:
    """What the portal answered: `result` as JSON has it; `total` and `next` of a list, None where there is none.

    `replayed`: the portal repeats the answer to an earlier request with the same Idempotency-Key.
    """

    result: Any
    total: int | None = None
    next: int | None = None
    replayed: bool = False


class Portal(Protocol):
    """The REST interface of a Bitrix24 portal, by an incoming webhook. Thread-safe.

    Every call raises ServerAway where the portal was not reached and nothing was done, PortalClosed (a ServerAway)
    where it lets us do nothing at all, Parked where this method must rest, InDoubt where nobody knows whether the call
    was carried out, PortalRefused where it says no to this call.
    """

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> PortalAnswer:
        """One call of the classic interface; the order of `params` is kept (some methods read by position)."""

    def call_v3(
        self, method: str, params: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> PortalAnswer:
        """One call of REST 3.0; with a key the portal carries it out once within 24 hours."""

    def batch(self, calls: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Mapping[str, PortalAnswer | PortalRefused]:
        """Up to 50 reading calls in one request, by a name each; each has its own answer or refusal."""

    def close(self) -> None:
        """Ends the connections; the next call opens new ones."""
