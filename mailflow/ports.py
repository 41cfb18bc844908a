"""The edges of the house: what the jobs ask of the outside, and the values that cross."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Location:
    """Where a mail lies in the mailbox. A UID means nothing without its UIDVALIDITY (RFC 9051 section 2.3.1.1)."""

    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True)
class FetchedMail:
    """A mail as the server has it. `raw` are its bytes, or the header alone where `complete` is False (too large)."""

    location: Location
    raw: bytes
    size: int
    complete: bool = True


class Mailbox(Protocol):
    """The shared mailbox. Every call raises TransientFailure where the server cannot be reached or says no for now."""

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        """The mails of the inbox folder that are not known yet, oldest first; marks nothing as seen."""

    def file_away(self, location: Location, folder: str) -> bool:
        """Moves one mail; False where it is no longer there."""

    def wait(self, seconds: float) -> bool:
        """Returns when something new may have come (True), at the latest after so many seconds (False)."""

    def wake(self) -> None:
        """Ends a wait at once; may be called from a signal handler."""

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""


@dataclass(frozen=True)
class Envelope:
    """One mail ready to go: SMTP sender and the single recipient, the message as bytes with CRLF (RFC 5321, 5322)."""

    sender: str
    recipient: str
    message: bytes


class MailTransport(Protocol):
    """Hands mails to the SMTP server.

    `send` raises TransientFailure (try again: 4xx, no connection), PermanentFailure (5xx), and returns the server's
    final answer where it took the mail.
    """

    def send(self, envelope: Envelope) -> str:
        """Hands over one mail; the text is the server's answer."""

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""
