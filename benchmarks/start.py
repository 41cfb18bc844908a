"""How long it takes to begin: commands, an empty pass, the daemon until it has polled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from benchmarks.bench import Bench
from benchmarks.company import ENVIRONMENT, Company
from benchmarks.daemon import daemon
from benchmarks.processes import use_of
from benchmarks.spending import Spent, python
from benchmarks.table import Line, compared

STACK = "import click, icalendar, imap_tools, jinja2, pydantic, schedule, sqlmodel, yaml"
"""The libraries that mailflow stands on, and nothing else."""


def measure(bench: Bench) -> Iterator[Line]:
    """Each beside the bare interpreter or the bare imports."""
    one = bench.company()
    bench.once(one)
    tracker = bench.roundup.tracker("start", bench.sink.port) if bench.roundup else None
    bare: list[Spent] = []
    stack: list[Spent] = []
    roundup: list[Spent] = []
    ours: dict[str, list[Spent]] = {}
    runs: dict[str, Callable[[], Spent]] = {
        "--help": lambda: python("run.py", "--help"),
        "list": lambda: python(*one.command("list"), **ENVIRONMENT),
        "once, nothing to do": lambda: bench.once(one),
        "daemon until it has polled": lambda: _daemon(one),
    }
    for number in range(2 if bench.quick else 10):
        bench.say(f"start, round {number + 1}")
        bare.append(python("-c", "pass"))
        stack.append(python("-c", STACK))
        if bench.roundup and tracker:
            roundup.append(bench.roundup.poll(tracker, bench.dovecot.imap_port))
        for what, run in runs.items():
            ours.setdefault(what, []).append(run())
    for what, spent in ours.items():
        beside, beside_is = (bare, "bare Python") if what == "--help" else (stack, "bare imports")
        peer = roundup if what.startswith("once") else []
        for word, seconds in (("CPU", attrgetter("cpu")), ("by the clock", attrgetter("wall"))):
            figures = ([seconds(each) * 1000 for each in those] for those in (spent, beside, peer))
            mine, theirs, peers = figures
            yield compared(f"start, {what}: {word}", "ms", mine, theirs, beside_is, peers)


def _daemon(one: Company) -> Spent:
    with daemon(one) as running:
        return Spent(running.started_within, use_of(running.process).cpu)
