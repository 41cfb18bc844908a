"""Several mailflows on one mailbox and one PostgreSQL, which share a backlog."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.burst import each_once
from benchmarks.company import submission
from benchmarks.daemon import daemon
from benchmarks.table import Line
from tests.servers.postgres import Postgres, running_postgres


def measure(bench: Bench) -> Iterator[Line]:
    """One, two and four daemons; nothing where PostgreSQL is not installed."""
    try:
        with running_postgres(durable=True) as postgres:
            yield from _measure(bench, postgres)
    except FileNotFoundError:
        bench.say("several daemons: PostgreSQL is not installed")


def _measure(bench: Bench, postgres: Postgres) -> Iterator[Line]:
    count = 30 if bench.quick else 300
    alone = None
    for daemons in (1, 2) if bench.quick else (1, 2, 4):
        bench.say(f"several, {daemons} on one backlog of {count}")
        each = _backlog(bench, postgres, f"several-{daemons}", daemons, count) / count
        alone = alone or each
        what = f"{daemons} daemons on one backlog, PostgreSQL" if daemons > 1 else "1 daemon, PostgreSQL"
        note = f"{1 / each:.0f}/s, nothing twice"
        yield Line(f"{what}: by the clock", "ms", each * 1000, alone * 1000, "one daemon", note=note)


def _backlog(bench: Bench, postgres: Postgres, name: str, daemons: int, count: int) -> float:
    """Seconds from a backlog's arrival to its last mail, with daemons that wait for it."""
    database = postgres.new_database()
    companies = [bench.company(user=name, database=database) for _ in range(daemons)]
    bench.once(companies[0])
    names = [f"{name}-{index}" for index in range(count)]
    with ExitStack() as running:
        for one in companies:
            running.enter_context(daemon(one))
        for index in range(daemons):
            bench.dovecot.deliver(name, submission(f"{name}-warm-{index}", b"PK %d" % index))
        bench.sink.wait_for(2 * daemons)
        bench.sink.take()
        began = time.monotonic()
        for each in names:
            bench.dovecot.deliver(name, submission(each, each.encode()))
        bench.sink.wait_for(2 * count, seconds=600)
        time.sleep(1)
        sent = bench.sink.take()
    each_once(sent, names)
    postgres.drop(database)
    return max(mail.at for mail in sent) - began
