"""What waiting costs: a daemon that has read a mail, with nothing to do since; beside a bare client in IDLE.

The process that reads mail ends in the quiet, so the measuring begins after that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench
from benchmarks.company import submission
from benchmarks.daemon import daemon
from benchmarks.processes import use_of
from benchmarks.spending import TOP
from benchmarks.start import STACK
from benchmarks.table import Line
from mailflow.adapters.reading_process import QUIET
from tests.servers.dovecot import HOST, PASSWORD

BARE_CLIENT = f"""
{STACK}
import sys
client = imap_tools.MailBoxUnencrypted({HOST!r}, int(sys.argv[1])).login_utf8(sys.argv[2], {PASSWORD!r}).client
client.send(b"a IDLE\\r\\n")
while client.readline():
    print("waiting", flush=True)
"""


def measure(bench: Bench) -> Iterator[Line]:
    """CPU and wake-ups of an hour, memory."""
    seconds = 60 if bench.quick else 120
    bench.say(f"idle, {seconds} seconds")
    one = bench.company()
    bench.once(one)  # makes the database, which no later start does
    bench.dovecot.deliver(one.user, submission("idle", b"PK"))
    with daemon(one) as running, _bare_client(bench) as bare_client:
        bench.sink.wait_for(2)
        bench.sink.take()
        time.sleep(QUIET + 5)
        before = use_of(running.process), use_of(bare_client)
        time.sleep(seconds)
        mailflow, client = zip(before, (use_of(running.process), use_of(bare_client)), strict=True)
    poll = None
    if bench.roundup:
        tracker = bench.roundup.tracker("idle", bench.sink.port)
        poll = [bench.roundup.poll(tracker, bench.dovecot.imap_port).cpu * 1000 for _ in range(2)][1]
    beside = "a bare client in IDLE"
    minutes = seconds / 60
    ours, bare = ((later.cpu - earlier.cpu) * 1000 / minutes for earlier, later in (mailflow, client))
    yield Line("idle: CPU a minute", "ms", ours, bare, beside, roundup=poll, note=f"{ours * 60 / 1000:.2g} s an hour")
    ours, bare = ((later.switches - earlier.switches) / minutes for earlier, later in (mailflow, client))
    yield Line("idle: wake-ups a minute", "", ours, bare, beside, note=f"{ours * 60:.0f} an hour")
    yield Line("idle: memory of all processes", "MB", mailflow[1].memory, client[1].memory, beside)


@contextmanager
def _bare_client(bench: Bench) -> Iterator[int]:
    command = [sys.executable, "-c", BARE_CLIENT, str(bench.dovecot.imap_port), "bare"]
    process = subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        yield process.pid
    finally:
        process.terminate()
        process.communicate()
