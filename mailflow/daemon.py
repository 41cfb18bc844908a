"""Wait, run what is due, stop cleanly."""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import schedule

from mailflow.errors import TransientFailure
from mailflow.jobs.portal.result import PortalResult
from mailflow.jobs.whole_pass import PassResult
from mailflow.observation import noted
from mailflow.ports import Mailbox
from mailflow.service_manager import ALIVE, READY, STOPPING, ServiceManager

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two tries to reach a mailbox that is away."""

STANDS_BY = 2.0
"""Seconds after which a daemon whose mailbox another one watches looks whether there is work, and who watches."""


@dataclass
class Troubles:
    """Says a trouble when it begins and when it is over, not at every pass."""

    _now: list[str] = field(default_factory=list)

    def are(self, troubles: list[str], unforeseen: Exception | None = None) -> bool:
        """What is wrong at the moment, as sentences for people; whether any of it is news.

        `unforeseen` is what led to it, where it tells the administrator more.
        """
        news = [trouble for trouble in troubles if trouble not in self._now]
        for trouble in news:
            log.error("%s", trouble, exc_info=unforeseen, extra=noted("trouble"))
        if self._now and not troubles:
            log.info("everything can be reached again", extra=noted("trouble_over"))
        self._now = troubles
        return bool(news)


def heed_signals(stop: Callable[[], None], look: Callable[[], None]) -> None:
    """SIGTERM and SIGINT mean stop from now on, SIGHUP means look."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, frame: stop())
    signal.signal(signal.SIGHUP, lambda signum, frame: look())


@dataclass
class Beside:
    """The portal in a thread of its own, so that a slow one holds up no mail: when told to, and every `seconds`."""

    run_round: Callable[[], PortalResult]
    seconds: float
    _troubles: Troubles = field(default_factory=Troubles)
    _woken: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, took_over: Callable[[], None]) -> None:
        """Begins; `took_over` is called where something that was done in the portal leads to mails."""
        name = f"{threading.current_thread().name} portal"
        threading.Thread(target=self._run, args=(took_over,), name=name, daemon=True).start()

    def wake(self) -> None:
        """There may be something new to show."""
        self._woken.set()

    def stop(self) -> None:
        """No further round; a call that never ends is not waited for, and is looked for after the next start."""
        self._stopping.set()
        self._woken.set()

    def _run(self, took_over: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                result = self.run_round()
                self._troubles.are(result.troubles)
                if result.taken_over:
                    took_over()
            except Exception as failure:  # noqa: BLE001 - the thread goes on, whatever one round met
                self._troubles.are([f"the portal could not be told anything: {failure}"], _unforeseen(failure))
            self._woken.wait(self.seconds)


class Observer(Protocol):
    """Is told how the daemon does; nothing of it hinders the daemon."""

    def start(self) -> None:
        """The daemon begins."""

    def within_a_pass(self) -> None:
        """A pass goes on, however long it takes."""

    def after_a_pass(self, troubles: Sequence[str]) -> None:
        """A pass has ended; `troubles` are what hindered it, as sentences."""

    def stop(self) -> None:
        """The daemon ends."""


@dataclass
class Daemon:
    """Runs a pass when the mailbox says that something came, and every `poll_seconds` besides.

    `manager` hears of every wait and of every pass, so a pass that is stuck lets its patience run out.
    Where `watches` says that another daemon has the mailbox, this one helps with what that one receives.
    `observers` are told how it does. `stopping` is set once it is to end, also for a pass that looks at it.
    """

    run_pass: Callable[[], PassResult]
    mailbox: Mailbox
    poll_seconds: float
    watches: Callable[[], bool] = lambda: True
    beside: Beside | None = None
    observers: Sequence[Observer] = ()
    manager: ServiceManager = field(default_factory=ServiceManager)
    stopping: threading.Event = field(default_factory=threading.Event)
    _troubles: Troubles = field(default_factory=Troubles)
    _failures: int = 0

    def run(self) -> None:
        """Until it is told to stop; what a pass has in hand by then is finished first."""
        try:
            for observer in self.observers:
                observer.start()
            self._work()
        finally:
            for observer in self.observers:
                observer.stop()

    def _work(self) -> None:
        scheduler = schedule.Scheduler()
        self.manager.tell(READY, "STATUS=The first pass")
        job = scheduler.every(round(self.poll_seconds)).seconds.do(self._pass)
        job.run()
        if self.beside:
            self.beside.start(self.mailbox.wake)
        log.info("mailflow is running; stop it with SIGTERM or Ctrl-C", extra=noted("started"))
        while not self.stopping.is_set():
            self.manager.tell(ALIVE)
            if self._something_came(scheduler.idle_seconds or 0):
                job.run()
            else:
                scheduler.run_pending()
        if self.beside:
            self.beside.stop()
        log.info("mailflow has stopped", extra=noted("stopped"))

    def wake(self) -> None:
        """A pass at once; may be called from a signal handler."""
        self.mailbox.wake()

    def stop(self) -> None:
        """No further pass; may be called from a signal handler and from another thread."""
        self.stopping.set()
        self.manager.tell(STOPPING)
        self.mailbox.wake()

    def _pass(self) -> None:
        try:
            result = self.run_pass()
        except Exception as failure:  # noqa: BLE001 - the daemon goes on, whatever one pass met
            self._report([f"this pass was broken off and is tried again: {failure}"], _unforeseen(failure))
            return
        self._report(result.troubles)
        if self.beside and (result.processed or result.sent):
            self.beside.wake()

    def _report(self, troubles: list[str], unforeseen: Exception | None = None) -> None:
        self._troubles.are(troubles, unforeseen)
        for observer in self.observers:
            observer.after_a_pass(troubles)
        self._failures = self._failures + 1 if troubles else 0
        self.manager.tell(f"STATUS={'Something is wrong, see the log' if troubles else 'Everything can be reached'}")

    def _something_came(self, seconds: float) -> bool:
        if self._failures:
            pause = min(LONGEST_PAUSE, 2.0 ** min(self._failures - 1, 6)) * random.uniform(0.5, 1)  # noqa: S311
            self.stopping.wait(pause)
            return not self.stopping.is_set()
        try:
            if self.watches():
                if self.manager.patience:
                    seconds = min(seconds, self.manager.patience / 3)
                return self.mailbox.wait(max(0.0, seconds)) and not self.stopping.is_set()
            self.mailbox.close()
            return not self.stopping.wait(STANDS_BY)
        except TransientFailure as failure:
            self._report([str(failure)])
            return False


def _unforeseen(failure: Exception) -> Exception | None:
    return None if isinstance(failure, TransientFailure) else failure
