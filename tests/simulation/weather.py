"""What goes wrong, drawn from the seed: at every call to the outside, and around every commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from mailflow.errors import BrokenOff, InDoubt, PermanentFailure, ServerAway, TransientFailure

RATES = {"calm": 0.0, "rain": 0.02, "storm": 0.08}
"""How likely each call to the outside goes wrong."""


def nothing() -> None:
    """What happens where nothing happens."""


class Crashed(BaseException):
    """The process is gone, from one moment to the next."""


@dataclass
class Clock:
    """The time of the simulated world; it only goes forward."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Weather:
    """Decides, from the seed alone, what each call to the outside meets. `note` hears of everything."""

    random: Random
    clock: Clock
    kind: str
    note: Callable[[str], None]
    meanwhile: Callable[[], None] = nothing
    rate: float = field(init=False)

    def __post_init__(self) -> None:
        self.rate = RATES[self.kind]

    def clears_up(self) -> None:
        """From now on nothing goes wrong any more."""
        self.rate = 0.0
        self.meanwhile = nothing

    def draw(self, where: str, *mishaps: str) -> str:
        """Which of the mishaps happens here; "" for none."""
        if self.rate and self.random.random() < self.rate:
            mishap = self.random.choice(mishaps)
            self.note(f"{where}: {mishap}")
            return mishap
        return ""

    def let_others_work(self) -> None:
        """Another mailflow may get its turn while this one waits for the outside."""
        self.meanwhile()


def failure(mishap: str) -> Exception | Crashed:
    """What the ports raise for a mishap."""
    match mishap:
        case "crash" | "crash_after":
            return Crashed(mishap)
        case "away":
            return ServerAway("the server cannot be reached")
        case "broken_off":
            return BrokenOff("the connection ended")
        case "doubt" | "doubt_taken":
            return InDoubt("the answer was lost")
        case "refused":
            return PermanentFailure("550 no such mailbox")
        case _:
            return TransientFailure(f"not now: {mishap}")
