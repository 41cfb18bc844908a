"""One seed: a company, some weeks of mail and of bad weather, then a calm in which everything must come to its end.

Several seeds share their opening, which is played once and kept: then every process is killed, and each seed goes on
from there in its own way.
"""

from __future__ import annotations

import logging
import pickle
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random

from mailflow.errors import TransientFailure
from tests.simulation.database import connection, copied, template
from tests.simulation.ledger import Ledger
from tests.simulation.mailbox import INBOX, PROCESSED, QUARANTINE, SimulatedMailbox
from tests.simulation.mailflows import Mailflow, Setting, start
from tests.simulation.model import FINAL, Ask, Model, Paper
from tests.simulation.people import Said, headers, written
from tests.simulation.scenario import PAUSES, Hand, Options, any_word, drawn, wanted
from tests.simulation.transport import SimulatedTransport
from tests.simulation.weather import Clock, Crashed, Weather

MORNING = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
MOSCOW = timedelta(hours=3)
ENDINGS = 8
"""So many seeds, one after the other, share an opening."""

CALM_ROUNDS = 40
SHOWN_STEPS = 60


@dataclass(frozen=True)
class Result:
    """What became of a seed; no problems: all that had to hold has held."""

    seed: int
    options: Options
    problems: tuple[str, ...]
    trace: tuple[str, ...]

    def __str__(self) -> str:
        told = [f"seed {self.seed}: {self.options}", *(f"  {line}" for line in self.trace[-SHOWN_STEPS:])]
        return "\n".join([*told, *(f"PROBLEM {problem}" for problem in self.problems)])


def run(seed: int) -> Result:
    """Plays a seed to its end, or to its first problem."""
    simulation = opening(seed // ENDINGS).once_more()
    simulation.end(seed)
    return Result(seed, simulation.options, tuple(simulation.problems), tuple(simulation.trace))


@dataclass(frozen=True)
class Opening:
    """A world as it stood when its processes were killed."""

    world: bytes
    database: sqlite3.Connection

    def once_more(self) -> Simulation:
        """The world, as it was."""
        copied(self.database, connection())
        simulation: Simulation = pickle.loads(self.world)
        return simulation


@lru_cache(maxsize=1)
def opening(seed: int) -> Opening:
    """Plays the opening of this seed."""
    copied(template(), connection())
    simulation = Simulation(seed)
    simulation.open()
    return Opening(pickle.dumps(simulation), copied(connection()))


class _Unforeseen(logging.Handler):
    """Hears of exceptions that a job has caught and that no weather explains."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error and not isinstance(error, TransientFailure):
            self._problems.append(f"{record.getMessage()}: {type(error).__name__}: {error}")


@contextmanager
def _errors_heard(problems: list[str]) -> Iterator[None]:
    """Nothing is logged; what mailflow would log as an error of its own is a problem."""
    logger, handler = logging.getLogger("mailflow"), _Unforeseen(problems)
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
        logger.setLevel(level)


class Simulation:
    """The world of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.options = drawn(self.random)
        self.trace: list[str] = []
        self.clock = Clock(MORNING)
        self.weather = Weather(Random(f"weather {seed}"), self.clock, self.options.weather, self.trace.append)
        self.mailbox = SimulatedMailbox(self.weather)
        self.transport = SimulatedTransport(self.weather, self.mailbox.arrive)
        self.model = Model(self.options.chain, self.trace)
        self.ledger = Ledger(self.mailbox, self.transport, self.model)
        self.hand = Hand(self.random)
        self.mailflows: list[Mailflow | None] = []
        self.read: dict[str, list[bytes]] = defaultdict(list)
        self.wrote: list[tuple[Said, bytes]] = []
        self.submitted = self._fetched = self._nested = self._at_work = 0
        self._finishes = False
        if self.options.two:
            self.weather.meanwhile = self._meanwhile

    @property
    def problems(self) -> list[str]:
        return self.model.problems

    def open(self) -> None:
        """The beginning, until every process is killed."""
        self._kill()
        with _errors_heard(self.problems), suppress(_Found):
            for _ in range(self.options.steps):
                self._step()
        self._kill()

    def end(self, seed: int) -> None:
        """What follows, in this seed's own way, to the end."""
        self.random.seed(f"people {seed}")
        self.weather.random.seed(f"weather {seed}")
        self._finishes = self.random.random() < 0.35
        with _errors_heard(self.problems), suppress(_Found):
            self._check()
            for _ in range(self.random.choice((0, 1, 1, 1, 2, 3))):
                self._step()
            self._calm()

    def _kill(self) -> None:
        self.mailflows = [None] * (2 if self.options.two else 1)
        self.trace.append("every process is killed")

    # ---- the weeks of bad weather ----

    def _step(self) -> None:
        self._later(self.random.choice(PAUSES))
        for _ in range(self.random.choice((1, 1, 2))):
            self._somebody_acts()
        self._pass(self.random.randrange(len(self.mailflows)))
        self._check()

    def _later(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        self.trace.append(f"--- {self.clock.now:%m-%d %H:%M}")

    def _somebody_acts(self) -> None:
        if self.submitted < self.options.invoices and (not self.submitted or self.random.random() < 0.5):
            return self._submit()
        chance = self.random.random()
        if chance < 0.66:
            return self._answer_what_is_asked()
        if chance < 0.80:
            return self._answer_anything()
        if chance < 0.88:
            return self._come_again()
        if chance < 0.94:
            return self._move_back()
        if chance < 0.97:
            self.trace.append("another UIDVALIDITY")
            self.mailbox.renumber()
        return None

    def _submit(self) -> None:
        self._send(self.hand.submission(self._today(), self.submitted), None)
        self.submitted += 1

    def _answer_what_is_asked(self) -> None:
        open_papers = [paper for paper in self.model.papers.values() if paper.status not in FINAL]
        if open_papers:
            paper = self.random.choice(open_papers)
            person, what = wanted(paper)
            self._answer_newest(paper, person, what)

    def _answer_newest(self, paper: Paper, person: str, what: str, word: str = "") -> bool:
        """Whether the person had a mail that asks this."""
        for raw in reversed(self._mails_of(person)):
            ask = self._ask_of(raw)
            if ask and (ask.number, ask.revision) == (paper.number, paper.revision) and what in (ask.what, ""):
                self._send(self.hand.answer(headers(raw)["message-id"], ask, person, self._today(), word), raw)
                return True
        return False

    def _answer_anything(self) -> None:
        """To any mail that ever came, late or unasked or in another's stead."""
        self._fetch_mail()
        mails = [(person, raw) for person, raws in self.read.items() for raw in raws if self._ask_of(raw)]
        if mails:
            person, raw = self.random.choice(mails)
            ask = self._ask_of(raw)
            assert ask is not None
            fits = self.random.random() < 0.5
            if self.random.random() < 0.3:
                person = self.hand.somebody_else(person)
            word = "" if fits else any_word(self.random, person)
            self._send(self.hand.answer(headers(raw)["message-id"], ask, person, self._today(), word), raw)

    def _come_again(self) -> None:
        """A mail that came is delivered once more, as it was or with a line on top."""
        if self.wrote:
            said, raw = self.random.choice(self.wrote)
            raw = b"Received: by another way\r\n" + raw if self.random.random() < 0.5 else raw
            self.trace.append(f"again: {said.key}")
            self.model.hears(raw, said)
            self.mailbox.arrive(raw)

    def _move_back(self) -> None:
        filed = [(folder, uid) for folder in (PROCESSED, QUARANTINE) for uid in self.mailbox.folders[folder]]
        if filed:
            folder, uid = self.random.choice(filed)
            self.trace.append(f"moved back from {folder}: {uid}")
            self.mailbox.move(folder, uid, INBOX)

    def _send(self, said: Said, ours: bytes | None) -> None:
        raw = written(said, ours, self.random)
        self.trace.append(f"{said}")
        self.model.hears(raw, said)
        self.wrote.append((said, raw))
        self.mailbox.arrive(raw)

    # ---- mailflow ----

    def _pass(self, which: int) -> None:
        self._at_work = which
        try:
            mailflow = self.mailflows[which] or self._start(which)
            for trouble in mailflow.run().troubles:
                self.trace.append(f"trouble: {trouble}")
        except Crashed:
            self.mailflows[which] = None
        except TransientFailure as failure:
            self.trace.append(f"broken off: {failure}")
        except Exception as error:  # whatever else a pass raises is what is looked for
            self.problems.append(f"a pass raised {type(error).__name__}: {error}")

    def _start(self, which: int) -> Mailflow:
        setting = Setting(self.options.chain, self.options.copies, self.options.plain)
        alone = not any(self.mailflows)
        started = start(setting, self.weather, self.mailbox, self.transport, self._look, alone)
        self.mailflows[which] = started
        return started

    def _meanwhile(self) -> None:
        """Sometimes the other mailflow has its turn while this one waits, and sometimes that takes long."""
        if self._nested or self.random.random() > 0.1:
            return
        self._nested = 1
        self._later(self.random.choice((0, 1, 11, 31)))
        self._pass(1 - self._at_work)
        self._nested, self._at_work = 0, 1 - self._at_work

    # ---- the calm ----

    def _calm(self) -> None:
        """Nothing fails any more; whoever owes an answer gives it, until nothing is left to do."""
        self.trace.append("=== calm")
        self.weather.clears_up()
        while self.submitted < self.options.invoices:
            self._submit()
        for _ in range(CALM_ROUNDS):
            self._later(61 if self._owed_answers() else 60 * 25)
            self._administrate()
            for which in range(len(self.mailflows)):
                self._pass(which)
            self._check()
            if not self.ledger.problems(finished=True):
                return
        self.problems.extend(self.ledger.problems(finished=True))

    def _owed_answers(self) -> bool:
        """Whether somebody had something to say."""
        said = [self._final_word(paper) for paper in self.model.papers.values() if paper.status not in FINAL]
        return any(said)

    def _final_word(self, paper: Paper) -> bool:
        person, what = wanted(paper)
        nobody = all(approver == paper.submitter for approver in self.options.chain)
        if nobody or not self._finishes:
            return self._answer_newest(paper, paper.submitter, "", "withdraw")
        word = {"approval": "approve", "payment": "paid"}.get(what, "duplicate_ok" if self._is_held(paper) else "lines")
        return self._answer_newest(paper, person, what, word)

    def _is_held(self, paper: Paper) -> bool:
        return paper.status == "incomplete" and paper.held and not paper.lacks

    def _administrate(self) -> None:
        """What could not be read is read again, what could not be sent is sent again."""
        mailflow = self.mailflows[0] or self._start(0)
        with mailflow.store.begin() as uow:
            for mail in uow.inbox.quarantined():
                if mail.kind == "failed":
                    self.ledger.once_more.add(mail.id)
                    uow.inbox.retry(mail.id, self.clock.now)
            for entry in uow.outbox.undelivered():
                if entry.state == "dead":
                    uow.outbox.redo(entry.id, self.clock.now)
            uow.commit()

    # ---- what everybody sees ----

    def _look(self) -> None:
        """After every commit; an error of the model itself is a problem too, and none of mailflow's business."""
        try:
            self.model.look()
            self.ledger.settle()
        except Exception as error:
            self.problems.append(f"the model cannot follow: {type(error).__name__}: {error}")
        if self.problems:
            raise Crashed("a problem ends the pass, which might have no end of its own")

    def _check(self) -> None:
        if not self.problems:
            self.problems.extend(self.ledger.problems(finished=False))
        if self.problems:
            raise _Found

    def _today(self) -> date:
        return (self.clock.now + MOSCOW).date()

    def _mails_of(self, person: str) -> list[bytes]:
        self._fetch_mail()
        return self.read[person]

    def _fetch_mail(self) -> None:
        for mail in self.transport.sent[self._fetched :]:
            self.read[mail.recipient].append(mail.raw)
        self._fetched = len(self.transport.sent)

    def _ask_of(self, raw: bytes) -> Ask | None:
        return self.model.asks.get(headers(raw)["message-id"])


class _Found(Exception):
    """The first problem ends the run."""
