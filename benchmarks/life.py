"""What one invoice's typical life costs on PostgreSQL: a submission, two approvals, a payment."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.bench import Bench
from benchmarks.company import ENVIRONMENT, FIRST, SECOND, Company, approval, pdf, submission
from benchmarks.sink import Arrived
from mailflow.bootstrap import build, utc_now
from mailflow.settings import load_settings
from tests.servers.postgres import Postgres

ROUNDS = 3
"""Of what is taken by the clock, the quickest counts: other work on the machine is none of ours."""

ACCOUNTANT = "anna@example.com"
SAY = {FIRST: ("Please decide", "APPROVE"), SECOND: ("Please decide", "APPROVE"), ACCOUNTANT: ("Pay the", "PAID")}
"""Who answers which subject with which words."""


@dataclass(frozen=True)
class Life:
    """Per invoice: CPU in ms, of mailflow and of the database; transactions, most of which only read; syncs of the
    database's log; KB of log and of tables; mails and their KB.

    `watch_ms`: by the clock, what reading and moving one mail takes whoever watches the mailbox.
    """

    cpu_ms: float
    database_cpu_ms: float
    transactions: float
    syncs: float
    log_kb: float
    kept_kb: float
    mails_in: float
    mails_out: float
    kb_in: float
    kb_out: float
    watch_ms: float


@dataclass(frozen=True)
class _Meter:
    transactions: int
    syncs: int
    log_bytes: int
    kept_bytes: int
    cpu: float


def measure_life(bench: Bench, postgres: Postgres, count: int) -> Life:
    """So many lives, in a pass for each turn; what an empty pass costs is taken off."""
    one = bench.company(user="life", database=postgres.new_database())
    bench.once(one)
    empty = bench.once(one).cpu
    mails = [submission(f"life-{n}", pdf(f"life-{n}"), "invoice.pdf") for n in range(count)]
    before, cpu, sent, received = _meter(postgres, one), 0.0, list[Arrived](), list[bytes]()
    while mails:
        received += mails
        for mail in mails:
            bench.dovecot.deliver(one.user, mail)
        cpu += bench.once(one).cpu - empty
        arrived = bench.sink.take()
        sent += arrived
        mails = [approval(mail, SAY[mail.recipient][1]) for mail in arrived if _asks(mail)]
    after = _meter(postgres, one)
    if len(received) != 4 * count:
        raise RuntimeError(f"{len(received)} mails came for {count} invoices, which is not a submission and 3 answers")
    return Life(
        cpu_ms=cpu * 1000 / count,
        database_cpu_ms=(after.cpu - before.cpu) * 1000 / count,
        transactions=(after.transactions - before.transactions) / count,
        syncs=(after.syncs - before.syncs) / count,
        log_kb=(after.log_bytes - before.log_bytes) / 1000 / count,
        kept_kb=(after.kept_bytes - before.kept_bytes) / 1000 / count,
        mails_in=len(received) / count,
        mails_out=len(sent) / count,
        kb_in=sum(map(len, received)) / 1000 / count,
        kb_out=sum(mail.size for mail in sent) / 1000 / count,
        watch_ms=min(_watch_ms(bench, postgres, f"watch{n}", max(count // ROUNDS, 1)) for n in range(ROUNDS)),
    )


def _asks(mail: Arrived) -> bool:
    return mail.recipient in SAY and SAY[mail.recipient][0] in str(mail.message()["Subject"])


def _watch_ms(bench: Bench, postgres: Postgres, user: str, count: int) -> float:
    """One mail in four is a submission, three are small; who wrote them is all one to reading and moving."""
    one = bench.company(user=user, database=postgres.new_database())
    for n in range(count):
        raw = submission(f"watch-{n}", pdf(f"watch-{n}"), "invoice.pdf")
        bench.dovecot.deliver(one.user, raw)
        for again in range(3):
            bench.dovecot.deliver(one.user, b"From: x@example.net\r\nSubject: %d.%d\r\n\r\nPAID\r\n" % (n, again))
    with closing(build(load_settings(one.settings, ENVIRONMENT))) as mailflow:
        intake, processing = mailflow.whole_pass.intake, mailflow.whole_pass.processing
        intake.watches()
        began = time.monotonic()
        intake.run_once(utc_now())
        read = time.monotonic() - began
        while processing.run_once(utc_now()):
            pass
        began = time.monotonic()
        intake.file_away()
        moved = time.monotonic() - began
    return (read + moved) * 1000 / (4 * count)


def _meter(postgres: Postgres, one: Company) -> _Meter:
    time.sleep(1.5)  # until the server has counted what its connections did
    name = one.database.rpartition("/")[2]
    with postgres.connect(name) as connection:
        connection.execute("CHECKPOINT")
        return _Meter(
            _number(connection, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"),
            _number(connection, "SELECT wal_sync FROM pg_stat_wal"),
            _number(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"),
            _number(connection, "SELECT pg_database_size(current_database())"),
            _cpu_of(_number(connection, "SELECT pg_backend_pid()")),
        )


def _number(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row
    return int(row[0])


def _cpu_of(backend: int) -> float:
    """Seconds of CPU that the whole server has taken: its parent process, those that have ended, those that work."""
    parent = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    ticks = sum(_ticks(int(child))[0] for child in children)
    return (ticks + sum(_ticks(parent))) / os.sysconf("SC_CLK_TCK")


def _ticks(process: int) -> tuple[int, int]:
    """Its own, and those of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
