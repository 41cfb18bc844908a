"""Wait, run what is due, stop cleanly."""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import schedule

from mailflow.errors import TransientFailure
from mailflow.jobs.whole_pass import PassResult
from mailflow.ports import Mailbox

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two tries to reach a mailbox that is away."""


@dataclass
class Daemon:
    """Runs a pass when the mailbox says that something came, and every `poll_seconds` besides."""

    run_pass: Callable[[], PassResult]
    mailbox: Mailbox
    poll_seconds: float
    _stopping: threading.Event = field(default_factory=threading.Event)
    _troubles: list[str] = field(default_factory=list)
    _failures: int = 0

    def run(self) -> None:
        """Until SIGTERM or SIGINT; a pass that has begun is finished first."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        scheduler = schedule.Scheduler()
        job = scheduler.every(round(self.poll_seconds)).seconds.do(self._pass)
        job.run()
        log.info("mailflow is running; stop it with SIGTERM or Ctrl-C")
        while not self._stopping.is_set():
            if self._something_came(scheduler.idle_seconds or 0):
                job.run()
            else:
                scheduler.run_pending()
        log.info("mailflow has stopped")

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopping.set()
        self.mailbox.wake()

    def _pass(self) -> None:
        try:
            result = self.run_pass()
        except Exception as failure:  # the daemon goes on, whatever one pass met
            log.error("this pass was broken off and is tried again: %s", failure, exc_info=not _expected(failure))
            self._failures += 1
            return
        self._report(result.troubles)

    def _report(self, troubles: list[str]) -> None:
        """Says a trouble when it begins and when it is over, not at every pass."""
        for trouble in troubles:
            if trouble not in self._troubles:
                log.error("%s", trouble)
        if self._troubles and not troubles:
            log.info("everything can be reached again")
        self._troubles = troubles
        self._failures = self._failures + 1 if troubles else 0

    def _something_came(self, seconds: float) -> bool:
        if self._failures:
            pause = min(LONGEST_PAUSE, 2.0 ** min(self._failures - 1, 6)) * random.uniform(0.5, 1)  # noqa: S311
            self._stopping.wait(pause)
            return not self._stopping.is_set()
        try:
            return self.mailbox.wait(max(0.0, seconds)) and not self._stopping.is_set()
        except TransientFailure as failure:
            self._report([str(failure)])
            return False


def _expected(failure: Exception) -> bool:
    return isinstance(failure, TransientFailure)
