"""A pass is rounds until nothing is left to do; once mailflow is told to stop, no further group of mails is begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailflow.jobs.whole_pass import WholePass

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@dataclass
class Jobs:
    """Every job at once: three groups of mails wait to be decided on, and three to be sent."""

    done: list[str] = field(default_factory=list)

    def whole_pass(self) -> WholePass:
        return WholePass(self, Group(self, "processed"), Quiet(), Quiet(), Group(self, "sent"))  # type: ignore[arg-type]

    def watches(self) -> bool:
        return True

    def run_once(self, now: datetime, progress: Callable[[int], None]) -> int:
        self.done.append("looked")
        return 0

    def file_away(self) -> int:
        self.done.append("filed")
        return 0


@dataclass
class Group:
    """A job with three groups to do."""

    jobs: Jobs
    name: str
    left: int = 3

    def run_once(self, now: datetime, looked: bool = True) -> int | None:
        if not self.left:
            return None
        self.left -= 1
        self.jobs.done.append(self.name)
        return 10

    def resume(self, now: datetime | None = None) -> None:
        """Nothing was in hand."""

    def take_over(self, now: datetime) -> None:
        """Nobody died."""


class Quiet:
    """A job with nothing to do."""

    def run_once(self, now: datetime, looked: bool = True) -> int:
        return 0


def test_all_that_waits_is_done_and_then_looked_for_once_more() -> None:
    jobs = Jobs()
    result = jobs.whole_pass().run(lambda: NOW)
    assert (result.processed, result.sent) == (30, 30)
    assert jobs.done.count("looked") == 2


def test_once_it_is_told_to_stop_what_is_in_hand_is_finished_and_nothing_else_is_begun() -> None:
    jobs = Jobs()
    result = jobs.whole_pass().run(lambda: NOW, stops=lambda: "processed" in jobs.done)
    assert (result.processed, result.sent) == (10, 0)
    assert jobs.done == ["filed", "looked", "processed", "filed"]
