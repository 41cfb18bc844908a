"""One cell of the fault matrix: a server, a kind of fault, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.trials.story import Story

SERVERS = ("imap", "smtp", "postgresql", "sqlite", "bitrix24")
KINDS = (
    "refused",
    "cut before",
    "cut middle",
    "cut after",
    "reset",
    "silent",
    "slow",
    "garbage",
    "4xx",
    "5xx",
    "login refused",
    "certificate wrong",
    "restarted",
    "killed",
    "disk full",
)


class Said(Enum):
    """Where a pass tells of a fault."""

    AS_TROUBLE = "among the troubles of the pass"
    OF_ONE = "there, or in the log where it concerns one mail alone, which waits"
    IF_HINDERED = "there or in the log, unless everything was done in the same pass all the same"
    NOWHERE = "nowhere, for nothing was hindered"


@dataclass(frozen=True)
class Cell:
    """`strike` breaks something, and puts into the story's `undo` what mends it beside the proxies and the sink.

    `says` is a pattern for the sentence that tells of it. `check` finds the same while it lasts, unless `checks` is
    another pattern, or None where it does not last or no `check` could see it. `remains`: what the fault has become
    when `check` looks. `adds`: kinds of mail that are written because of the fault. `passes` are made while it lasts:
    the first may find no more than its connection gone. `pauses`: minutes after the mending, and after that, until
    the two passes in which everything must be done; the first pauses of mailflow's are 1 and 2 minutes. `by_hand`:
    the administrator orders between them that what was refused for good be tried again. `seconds` is what a pass may
    take, much more than it needs.
    """

    server: str
    kind: str
    strike: Callable[[Story], object]
    says: str
    said: Said = Said.AS_TROUBLE
    checks: str | None = ""
    remains: Callable[[Story], object] = lambda story: None
    variant: str = ""
    adds: frozenset[str] = frozenset()
    by_hand: bool = False
    passes: int = 1
    pauses: tuple[float, float] = (2, 5)
    tls: bool = False
    seconds: float = 10.0

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.server, self.kind, self.variant) if part)
