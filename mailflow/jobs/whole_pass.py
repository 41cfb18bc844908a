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
        self.processing.resume()
        self.dispatch.resume(clock())
        result = PassResult()
        self._guarded(result, self.intake.file_away)
        while self._round(clock, result, progress, stops) and not result.troubles and not stops():
            pass
        return result

    def _round(
        self, clock: Callable[[], datetime], result: PassResult, progress: Progress, stops: Callable[[], bool]
    ) -> bool:
        before = (result.received, result.processed, result.sent)
        self._guarded(result, lambda: self.dispatch.take_over(clock()))
        looked = bool(self._guarded(result, lambda: self._receive(clock, result, progress)))
        self._guarded(result, lambda: self._process(clock, result, progress, stops))
        self._guarded(result, lambda: self.calendar_day.run_once(clock(), looked))
        self._guarded(result, lambda: self.daily_mails.run_once(clock()))
        self._guarded(result, lambda: self._deliver(clock, result, progress, stops, looked))
        self._guarded(result, self.intake.file_away)
        return before != (result.received, result.processed, result.sent)

    def _receive(self, clock: Callable[[], datetime], result: PassResult, progress: Progress) -> bool:
        """Whether the mailbox was read: by another mailflow where this one does not watch it."""
        if not self.intake.watches():
            return False
        before = result.received
        result.received += self.intake.run_once(clock(), lambda count: progress("received", before + count))
        progress("received", result.received)
        return True

    def _process(
        self, clock: Callable[[], datetime], result: PassResult, progress: Progress, stops: Callable[[], bool]
    ) -> None:
        while not stops() and (count := self.processing.run_once(clock())):
            result.processed += count
            progress("processed", result.processed)

    def _deliver(
        self,
        clock: Callable[[], datetime],
        result: PassResult,
        progress: Progress,
        stops: Callable[[], bool],
        looked: bool,
    ) -> None:
        while not stops() and (delivered := self.dispatch.run_once(clock(), looked)) is not None:
            result.sent += delivered
            progress("sent", result.sent)

    def _guarded(self, result: PassResult, job: Callable[[], Done]) -> Done | None:
        """What the job comes to, None where it is broken off."""
        try:
            return job()
        except TransientFailure as failure:
            if str(failure) not in result.troubles:
                result.troubles.append(str(failure))
            return None
