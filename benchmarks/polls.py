"""A poll of a mailbox with nothing new, on a connection that is open, after years of processed mail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

from imap_tools import MailBoxUnencrypted

from benchmarks.bench import Bench
from benchmarks.company import ENVIRONMENT
from benchmarks.delay_proxy import DelayProxy
from benchmarks.filling import filled, template
from benchmarks.table import Line
from mailflow import bootstrap
from mailflow.settings import load_settings
from tests.servers.dovecot import HOST, PASSWORD

MAILS_OF_AN_INVOICE = 3
FEW = 100


class Poll(NamedTuple):
    """Seconds by the clock and of CPU, bytes of IMAP in both directions."""

    wall: float
    cpu: float
    octets: float


def measure(bench: Bench) -> Iterator[Line]:
    """Beside a NOOP on a connection like it, and beside the same with FEW mails."""
    source = template(bench)
    roundup = None
    if bench.roundup:
        tracker = bench.roundup.tracker("polls", bench.sink.port)
        roundup = [bench.roundup.poll(tracker, bench.dovecot.imap_port) for _ in range(3)][-1]
    few = None
    for size in (FEW, 10_000) if bench.quick else (FEW, 10_000, 100_000):
        bench.say(f"polls, {size:,} processed mails")
        file = bench.folder / f"polls-{size}.db"
        filled(source, file, size // MAILS_OF_AN_INVOICE)
        user = f"polls-{size}"
        bench.dovecot.furnish(user, ("INBOX", "Processed", "Quarantine"), size)
        for index in range(size):
            bench.dovecot.deliver(user, b"Subject: processed\r\n\r\n%d\r\n" % index, "Processed")
        _indexed(bench, user)
        poll, noop = _polled(bench, user, f"sqlite:///{file}")
        file.unlink()
        few = few or poll
        what = f"poll, {size:,} processed mails"
        yield Line(
            f"{what}: CPU", "ms", poll.cpu * 1000, noop.cpu * 1000, "NOOP", roundup=roundup and roundup.cpu * 1000
        )
        yield Line(
            f"{what}: by the clock",
            "ms",
            poll.wall * 1000,
            noop.wall * 1000,
            "NOOP",
            roundup=roundup and roundup.wall * 1000,
        )
        if size > FEW:
            beside = f"{FEW} mails"
            yield Line(f"{what}: CPU", "ms", poll.cpu * 1000, few.cpu * 1000, beside)
            yield Line(f"{what}: by the clock", "ms", poll.wall * 1000, few.wall * 1000, beside)
            yield Line(f"{what}: IMAP", "bytes", poll.octets, few.octets, beside)


def _indexed(bench: Bench, user: str) -> None:
    """Lets the server read the folder for the first time, which takes it a while."""
    box = MailBoxUnencrypted(HOST, bench.dovecot.imap_port, timeout=300)
    box.login_utf8(user, PASSWORD, "Processed").logout()


def _polled(bench: Bench, user: str, database: str) -> tuple[Poll, Poll]:
    """A poll as the daemon makes it, and a NOOP, in turn."""
    times = 30 if bench.quick else 200
    with DelayProxy(0, bench.dovecot.imap_port) as line, bench.dovecot.client(user) as client:
        one = bench.company(user=user, database=database)
        application = bootstrap.build(load_settings(one.settings, ENVIRONMENT))
        application.pass_once()
        polls, noops = [], []
        for _ in range(times):
            polls.append(_timed(application.pass_once))
            noops.append(_timed(client.client.noop))
        application.close()
        one = bench.company(user=user, database=database, imap=line.ports[0])
        application = bootstrap.build(load_settings(one.settings, ENVIRONMENT))
        application.pass_once()
        line.talks()
        for _ in range(10):
            application.pass_once()
        octets = line.talks()[0].octets / 10
        application.close()
    (wall, cpu), (noop_wall, noop_cpu) = (
        [median(column) for column in zip(*those, strict=True)] for those in (polls, noops)
    )
    return Poll(wall, cpu, octets), Poll(noop_wall, noop_cpu, 0)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu
