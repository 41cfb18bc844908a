"""A backlog over a line with a round trip of 20 ms to both servers: what counts there is how often one waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.bench import Bench
from benchmarks.company import FIRST, approval, opaque, submission
from benchmarks.delay_proxy import DelayProxy, Talk
from benchmarks.peer import issue, resolution
from benchmarks.sink import Arrived
from benchmarks.spending import Spent
from benchmarks.table import Line
from benchmarks.throughput import ROWS_OF_REPLY, ROWS_OF_SUBMISSION, Round

ROUND_TRIP = 0.02
CONNECTIONS = 4


@dataclass(frozen=True)
class Far:
    """What a mail costs over the line: seconds, commands of IMAP, round trips of SMTP."""

    wall: float
    commands: float
    round_trips: float


def measure(bench: Bench) -> Iterator[Line]:
    """Submissions, then the replies to them."""
    count = 10 if bench.quick else 200
    with DelayProxy(ROUND_TRIP, bench.dovecot.imap_port, bench.sink.port) as line:
        one = Round(bench, "distance", count, *line.ports, CONNECTIONS)
        start = _start(one, line)

        def far(cost: Spent) -> Far:
            imap, smtp = line.talks()
            return Far(cost.wall, imap.lines / count, smtp.round_trips / count)

        def mailflow(mails: list[bytes]) -> tuple[Far, list[Arrived]]:
            cost, sent = one.mailflow(mails)
            ours = far(cost)
            return replace(
                ours,
                commands=ours.commands - start[0].lines / count,
                round_trips=ours.round_trips - start[1].round_trips / count,
            ), sent

        bench.say("distance, submissions")
        invoices = [submission(f"distance-{i}", opaque()) for i in range(count)]
        ours, asked = mailflow(invoices)
        raw = far(one.raw(invoices, asked, ROWS_OF_SUBMISSION))
        peer, opened = (
            one.roundup([issue(f"distance-{i}", opaque()) for i in range(count)])
            if bench.roundup and not bench.quick
            else (None, [])
        )
        yield from _lines("submission", ours, raw, far(peer) if peer else None)

        bench.say("distance, replies")
        answers = [approval(mail) for mail in asked if mail.recipient == FIRST]
        ours, sent = mailflow(answers)
        raw = far(one.raw(answers, sent, ROWS_OF_REPLY))
        peer = one.roundup([resolution(mail) for mail in opened])[0] if opened else None
        yield from _lines("reply", ours, raw, far(peer) if peer else None)


def _start(one: Round, line: DelayProxy) -> list[Talk]:
    """What two runs say though there is no mail."""
    one.bench.once(one.ours)
    line.talks()
    for _ in range(2):
        one.bench.once(one.ours)
    return line.talks()


def _lines(what: str, ours: Far, raw: Far, peer: Far | None) -> Iterator[Line]:
    for name, unit, figure in (
        ("by the clock", "ms", lambda far: far.wall * 1000),
        ("IMAP commands a mail in", "", lambda far: far.commands),
        ("SMTP round trips a mail in", "", lambda far: far.round_trips),
    ):
        beside = figure(raw)
        yield Line(
            f"{what}, 20 ms away, {CONNECTIONS} SMTP connections: {name}",
            unit,
            figure(ours),
            beside,
            "raw",
            roundup=figure(peer) if peer else None,
        )
