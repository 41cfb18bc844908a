"""What a further mail costs in a backlog: three programs, one after the other, in rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from json import dumps
from operator import attrgetter
from pathlib import Path
from statistics import fmean, median

from benchmarks.bench import Bench
from benchmarks.company import ENVIRONMENT, FIRST, Company, approval, opaque, pdf, submission
from benchmarks.peer import issue, resolution
from benchmarks.sink import Arrived
from benchmarks.spending import Spent, output
from benchmarks.table import Line, compared

WARM_UP = 2
"""Mails of a first run, whose cost is start-up and is taken off."""

ROWS_OF_SUBMISSION, ROWS_OF_REPLY = 14, 10
"""Rows that mailflow writes or changes for a mail, beside the mail itself and its file."""

ENCODED = 137_000
"""Bytes of the file in a mail."""


@dataclass
class Series:
    """What a mail cost each program, a value a round."""

    mailflow: list[Spent] = field(default_factory=list)
    raw: list[Spent] = field(default_factory=list)
    each: list[Spent] = field(default_factory=list)
    roundup: list[Spent] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Line]:
    """Submissions with a file, the replies to them, submissions with a PDF that is read."""
    rounds, count = (1, 30) if bench.quick else (3, 100)
    submissions, replies, read = Series(), Series(), Series()
    for number in range(rounds):
        bench.say(f"throughput, round {number + 1} of {rounds}")
        one = Round(bench, f"t{number}", count, bench.dovecot.imap_port, bench.sink.port)
        run(one, submissions, replies, read)
    yield from _lines("submission, 137 KB", submissions)
    yield from _lines("reply, 2 KB, the file goes on", replies)
    yield from _lines("submission, 137 KB, a PDF that is read", read)


@dataclass
class Round:
    """Mailboxes and databases of one round, and the ports of the servers or of a line to them."""

    bench: Bench
    name: str
    count: int
    imap: int
    smtp: int
    connections: int = 3

    @cached_property
    def ours(self) -> Company:
        """The mailflow of the round."""
        return self.company()

    @cached_property
    def tracker(self) -> Path:
        """The tracker of the round, where roundup is installed."""
        assert self.bench.roundup
        return self.bench.roundup.tracker(self.name, self.smtp)

    def company(self) -> Company:
        """Another mailflow."""
        return self.bench.company(imap=self.imap, smtp=self.smtp, connections=self.connections)

    def mailflow(self, mails: list[bytes], one: Company | None = None) -> tuple[Spent, list[Arrived]]:
        """mailflow, which sends two mails for each."""
        one = one or self.ours
        cost, sent = self._cost(one.user, mails, lambda: self.bench.once(one))
        expect(sent, 2 * len(mails))
        return cost, sent

    def raw(self, mails: list[bytes], sent: list[Arrived], rows: int, each: bool = False) -> Spent:
        """The raw loop, with mails out as mailflow sent them."""
        name = f"{self.name}-raw-{each:d}"
        self._deliver(name, mails)
        where = (self.imap, self.smtp, name, self.bench.folder / f"{name}.db")
        plan = ("--rows", rows, "--mails", _plan(sent, len(mails)), *(["--each"] if each else []))
        said = output("-m", "benchmarks.raw_loop", *where, *plan, **ENVIRONMENT)
        expect(self.bench.sink.take(), len(sent))
        wall, cpu = map(float, said.split())
        return Spent(wall / len(mails), cpu / len(mails))

    def roundup(self, mails: list[bytes]) -> tuple[Spent, list[Arrived]]:
        """roundup, which sends one mail for each."""
        roundup = self.bench.roundup
        assert roundup
        cost, sent = self._cost(self.tracker.name, mails, lambda: roundup.poll(self.tracker, self.imap))
        expect(sent, len(mails))
        return cost, sent

    def _cost(self, user: str, mails: list[bytes], run: Callable[[], Spent]) -> tuple[Spent, list[Arrived]]:
        """What each further mail costs."""
        runs = []
        for part in (mails[:WARM_UP], mails[WARM_UP:]):
            self._deliver(user, part)
            runs.append(run())
        return runs[1].less(runs[0], len(mails) - 2 * WARM_UP), self.bench.sink.take()

    def _deliver(self, user: str, mails: list[bytes]) -> None:
        for mail in mails:
            self.bench.dovecot.deliver(user, mail)


def run(one: Round, submissions: Series, replies: Series, read: Series | None = None) -> None:
    """A round of all programs, kind by kind."""
    invoices = [submission(f"{one.name}-{i}", opaque()) for i in range(one.count)]
    papers = [submission(f"{one.name}-p{i}", pdf(f"{one.name}-p{i}"), "invoice.pdf") for i in range(one.count)]
    issues = [issue(f"{one.name}-{i}", opaque()) for i in range(one.count)]

    cost, asked = one.mailflow(invoices)
    submissions.mailflow.append(cost)
    submissions.raw.append(one.raw(invoices, asked, ROWS_OF_SUBMISSION))
    submissions.each.append(one.raw(invoices, asked, ROWS_OF_SUBMISSION, each=True))
    if read:
        read.mailflow.append(one.mailflow(papers, one.company())[0])
        read.raw.append(submissions.raw[-1])
        read.each.append(submissions.each[-1])

    answers = [approval(mail) for mail in asked if mail.recipient == FIRST]
    cost, sent = one.mailflow(answers)
    replies.mailflow.append(cost)
    replies.raw.append(one.raw(answers, sent, ROWS_OF_REPLY))
    replies.each.append(one.raw(answers, sent, ROWS_OF_REPLY, each=True))

    if one.bench.roundup:
        cost, asked = one.roundup(issues)
        submissions.roundup.append(cost)
        replies.roundup.append(one.roundup([resolution(mail) for mail in asked])[0])
        if read:
            read.roundup.append(cost)


def _plan(sent: list[Arrived], count: int) -> str:
    """What goes out for each mail, in JSON: to whom, so many bytes of text, and whether the file."""
    sizes: dict[str, list[int]] = {}
    for mail in sent:
        sizes.setdefault(mail.recipient, []).append(mail.size)
    means = [fmean(those) for those in sizes.values() if len(those) == count]
    return dumps([[round(mean - ENCODED) if mean > ENCODED else round(mean), mean > ENCODED] for mean in means])


def expect(sent: list[Arrived], count: int) -> None:
    """Raises RuntimeError where a mail was lost or went twice."""
    if len(sent) != count:
        raise RuntimeError(f"{len(sent)} mails were sent, not {count}: the figure would be worth nothing")


def _lines(what: str, series: Series) -> Iterator[Line]:
    for word, figures in (("CPU", attrgetter("cpu")), ("by the clock", attrgetter("wall"))):
        ours, raw, each, peer = (
            [figures(spent) * 1000 for spent in those]
            for those in (series.mailflow, series.raw, series.each, series.roundup)
        )
        note = f"{1000 / median(ours):.0f}/s" if word == "by the clock" else ""
        yield compared(f"{what}: {word}", "ms", ours, raw, "raw, commits of 50", peer, note)
        yield compared(f"{what}: {word}", "ms", ours, each, "raw, commits of 1")
