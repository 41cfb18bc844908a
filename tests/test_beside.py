"""The portal is spoken to beside the mail: it holds nothing up, and no trouble there ends the talking."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mailflow.daemon import Beside
from mailflow.jobs.portal.result import PortalResult

LONG = 60.0


@pytest.fixture
def beside() -> Iterator[Callable[..., Beside]]:
    made: list[Beside] = []

    def make(run_round: Callable[[], PortalResult], seconds: float = LONG) -> Beside:
        made.append(Beside(run_round, seconds))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_it_begins_at_once_and_goes_on_when_it_is_woken(beside: Callable[..., Beside]) -> None:
    rounds = threading.Semaphore(0)

    def run_round() -> PortalResult:
        rounds.release()
        return PortalResult()

    portal = beside(run_round)
    portal.start(lambda: None)
    assert rounds.acquire(timeout=5)
    assert not rounds.acquire(timeout=0.2)
    portal.wake()
    assert rounds.acquire(timeout=5)


def test_what_was_done_in_the_portal_wakes_the_mail(beside: Callable[..., Beside]) -> None:
    woken = threading.Event()
    portal = beside(lambda: PortalResult(taken_over=1))
    portal.start(woken.set)
    assert woken.wait(5)


def test_a_round_that_breaks_is_said_once_and_the_next_one_is_run(
    beside: Callable[..., Beside], caplog: pytest.LogCaptureFixture
) -> None:
    rounds = threading.Semaphore(0)

    def run_round() -> PortalResult:
        rounds.release()
        raise RuntimeError("no such table")

    portal = beside(run_round, seconds=0.01)
    portal.start(lambda: None)
    assert all(rounds.acquire(timeout=5) for _ in range(5))
    portal.stop()
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert said == ["the portal could not be told anything: no such table"]


def test_stopping_waits_for_no_portal(beside: Callable[..., Beside]) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def run_round() -> PortalResult:
        begun.set()
        let_go.wait(LONG)
        return PortalResult()

    portal = beside(run_round)
    portal.start(lambda: None)
    assert begun.wait(5)
    start = time.monotonic()
    portal.stop()
    assert time.monotonic() - start < 1
    let_go.set()
