"""The SMTP server, simulated: what it took, and what nobody can know about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mailflow.ports import Envelope
from tests.simulation.people import headers
from tests.simulation.weather import Crashed, Weather, failure
from tests.trials.audit import Sent

LEASE_MINUTES = 30
"""So long another mailflow leaves a mail alone that is being sent (README, the life of a mail)."""

_BEFORE = ("away", "broken_off", "4xx", "refused", "doubt", "crash")
_AFTER = ("doubt_taken", "crash_after")


@dataclass
class SimulatedTransport:
    """Speaks as mailflow.ports.MailTransport.

    By Message-ID: `may_repeat` were being sent when something broke, `unsettled` are taken, but not written down as
    delivered yet, `refused` are those that the server refused. `copy` gets what goes to the shared mailbox itself.
    """

    weather: Weather
    copy: Callable[[bytes], None]
    sent: list[Sent] = field(default_factory=list)
    may_repeat: set[str] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    tried: int = 0

    def send(self, envelope: Envelope) -> str:
        self.tried += 1
        began = self.weather.clock.now
        this = headers(envelope.message)["message-id"]
        try:
            self.weather.let_others_work()
            return self._take(this, envelope)
        except Crashed:
            self.may_repeat.add(this)
            raise
        finally:
            if (self.weather.clock.now - began).total_seconds() >= 60 * LEASE_MINUTES:
                self.may_repeat.add(this)

    def database_fails(self) -> None:
        """Whatever is taken and not written down will be sent once more."""
        self.may_repeat |= self.unsettled

    def close(self) -> None:
        """There is no connection."""

    def _take(self, this: str, envelope: Envelope) -> str:
        mishap = self.weather.draw(f"send {self.tried} to {envelope.recipient}", *_BEFORE, *_AFTER)
        if mishap in ("doubt", "doubt_taken"):
            self.may_repeat.add(this)
        if mishap == "refused":
            self.refused.add(this)
        if mishap and mishap not in _AFTER:
            raise failure(mishap)
        self.sent.append(Sent(envelope.recipient, envelope.message))
        self.unsettled.add(this)
        if envelope.copy_to:
            self.copy(envelope.message)
        if mishap:
            raise failure(mishap)
        return f"250 taken as {self.tried}"
