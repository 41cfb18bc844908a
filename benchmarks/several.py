"""Several mailflows on one mailbox and one PostgreSQL, which share a backlog."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.burst import NUMBER, each_once, name_of
from benchmarks.company import FIRST, SECOND, SUBMITTER, approval, submission
from benchmarks.daemon import daemon
from benchmarks.sink import Arrived
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
    count = 30 if bench.quick else 600
    alone: dict[str, float] = {}
    for daemons in (1, 2) if bench.quick else (1, 2, 4):
        bench.say(f"several, {daemons} on one backlog of {count}")
        for kind, seconds in _backlogs(bench, postgres, f"several-{daemons}", daemons, count).items():
            each = seconds / count
            beside = alone.setdefault(kind, each)
            what = f"{daemons} daemon{'s' * (daemons > 1)}, PostgreSQL, a backlog of {count} {kind}"
            note = f"{1 / each:.0f}/s, nothing twice"
            yield Line(f"{what}: by the clock", "ms", each * 1000, beside * 1000, "one daemon", note=note)


def _backlogs(bench: Bench, postgres: Postgres, name: str, daemons: int, count: int) -> dict[str, float]:
    """Seconds from a backlog's arrival to its last mail, with daemons that wait for it: submissions, then replies."""
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

        def seconds_for(mails: list[bytes]) -> tuple[float, list[Arrived]]:
            began = time.monotonic()
            for mail in mails:
                bench.dovecot.deliver(name, mail)
            bench.sink.wait_for(2 * count, seconds=600)
            time.sleep(1)
            sent = bench.sink.take()
            return max(mail.at for mail in sent) - began, sent

        took, sent = seconds_for([submission(each, each.encode()) for each in names])
        each_once(sent, names, (SUBMITTER, FIRST))
        asked = [mail for mail in sent if mail.recipient == FIRST]
        again, sent = seconds_for([approval(mail) for mail in asked])
        each_once(sent, [name_of(mail, NUMBER) for mail in asked], (FIRST, SECOND), NUMBER)
    postgres.drop(database)
    return {"submissions": took, "replies": again}
