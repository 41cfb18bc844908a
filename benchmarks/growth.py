"""What a mail costs where there are the invoices of years."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from benchmarks.bench import Bench
from benchmarks.company import FIRST, Company, approval, opaque, submission
from benchmarks.filling import filled, template
from benchmarks.spending import Spent
from benchmarks.table import Line, compared
from benchmarks.throughput import Round

FEW = 100


def measure(bench: Bench) -> Iterator[Line]:
    """Submissions and replies, beside the same with FEW invoices."""
    sizes = [FEW, 10_000] if bench.quick else [FEW, 10_000, 1_000_000]
    rounds, count = (1, 12) if bench.quick else (3, 50)
    source = template(bench)
    companies = {}
    for size in sizes:
        bench.say(f"growth, a database with {size:,} invoices")
        file = bench.folder / f"{size}.db"
        filled(source, file, size)
        companies[size] = bench.company(database=f"sqlite:///{file}")
    submissions: dict[int, list[Spent]] = {size: [] for size in sizes}
    replies: dict[int, list[Spent]] = {size: [] for size in sizes}
    for number in range(rounds):
        bench.say(f"growth, round {number + 1} of {rounds}")
        for size, one in companies.items():
            cost, reply = _round(bench, one, f"growth{size}round{number}", count)
            submissions[size].append(cost)
            replies[size].append(reply)
    for size in sizes[1:]:
        for what, costs in (("submission", submissions), ("reply", replies)):
            for word, seconds in (("CPU", attrgetter("cpu")), ("by the clock", attrgetter("wall"))):
                many, few = ([seconds(cost) * 1000 for cost in costs[those]] for those in (size, FEW))
                yield compared(f"{what} where there are {size:,} invoices: {word}", "ms", many, few, f"{FEW} invoices")
        (bench.folder / f"{size}.db").unlink()


def _round(bench: Bench, one: Company, name: str, count: int) -> tuple[Spent, Spent]:
    near = Round(bench, name, count, bench.dovecot.imap_port, bench.sink.port)
    cost, asked = near.mailflow([submission(f"{name}-{i}", opaque()) for i in range(count)], one)
    reply, _ = near.mailflow([approval(mail) for mail in asked if mail.recipient == FIRST], one)
    return cost, reply
