"""One whole pass: read every new mail, do what is due by the clock, deliver; in rounds until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from mailflow.errors import TransientFailure
from mailflow.jobs.calendar_day import CalendarDay
from mailflow.jobs.daily_mails import DailyMails
from mailflow.jobs.dispatch import Dispatch
from mailflow.jobs.intake import Intake
from mailflow.jobs.processing import Processing

Done = TypeVar("Done")

Progress = Callable[[str, int], None]
"""Told what is being done ('received', 'processed', 'sent') and how many of it so far."""


@dataclass
class PassResult:
    """What a pass did, and what went wrong meanwhile, as sentences for people."""

    received: int = 0
    processed: int = 0
    sent: int = 0
    troubles: list[str] = field(default_factory=list)

    def __add__(self, later: PassResult) -> PassResult:
        return PassResult(
            self.received + later.received,
            self.processed + later.processed,
            self.sent + later.sent,
            list(dict.fromkeys([*self.troubles, *later.troubles])),
        )


@dataclass(frozen=True)
class WholePass:
    """The jobs in the order in which a mail meets them. A mailbox or server that is away stops only its own job."""

    intake: Intake
    processing: Processing
    calendar_day: CalendarDay
    daily_mails: DailyMails
    dispatch: Dispatch

    def run(
        self,
        clock: Callable[[], datetime],
        progress: Progress = lambda what, count: None,
        stops: Callable[[], bool] = lambda: False,
    ) -> PassResult:
        """Rounds until a round finds nothing to do; what an earlier pass left in hand, broken off, comes first.

        Once it `stops`, no further group of mails is taken in hand.
        """
        return _UnderWay(self, clock, progress, stops).run()


@dataclass(frozen=True)
class _UnderWay:
    """One pass, and what it has come to so far."""

    jobs: WholePass
    clock: Callable[[], datetime]
    progress: Progress
    stops: Callable[[], bool]
    result: PassResult = field(default_factory=PassResult)

    def run(self) -> PassResult:
        self.jobs.processing.resume()
        self.jobs.dispatch.resume(self.clock())
        self._guarded(self.jobs.intake.file_away)
        while self._round() and not self.result.troubles and not self.stops():
            pass
        return self.result

    def _round(self) -> bool:
        jobs, result = self.jobs, self.result
        before = (result.received, result.processed, result.sent)
        self._guarded(lambda: jobs.dispatch.take_over(self.clock()))
        looked = bool(self._guarded(self._receive))
        self._guarded(self._process)
        self._guarded(lambda: jobs.calendar_day.run_once(self.clock(), looked))
        self._guarded(lambda: jobs.daily_mails.run_once(self.clock()))
        self._guarded(lambda: self._deliver(looked))
        self._guarded(jobs.intake.file_away)
        return before != (result.received, result.processed, result.sent)

    def _receive(self) -> bool:
        """Whether the mailbox was read: by another mailflow where this one does not watch it."""
        if not self.jobs.intake.watches():
            return False
        before = self.result.received
        received = self.jobs.intake.run_once(self.clock(), lambda count: self.progress("received", before + count))
        self.result.received += received
        self.progress("received", self.result.received)
        return True

    def _process(self) -> None:
        while not self.stops() and (count := self.jobs.processing.run_once(self.clock())):
            self.result.processed += count
            self.progress("processed", self.result.processed)

    def _deliver(self, looked: bool) -> None:
        while not self.stops() and (delivered := self.jobs.dispatch.run_once(self.clock(), looked)) is not None:
            self.result.sent += delivered
            self.progress("sent", self.result.sent)

    def _guarded(self, job: Callable[[], Done]) -> Done | None:
        """What the job comes to, None where it is broken off."""
        try:
            return job()
        except TransientFailure as failure:
            if str(failure) not in self.result.troubles:
                self.result.troubles.append(str(failure))
            return None
