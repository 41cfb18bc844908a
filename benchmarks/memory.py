"""Memory at its largest: a mail of 27 MB, and a backlog of usual ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.company import opaque, submission
from benchmarks.daemon import daemon
from benchmarks.processes import use_of
from benchmarks.spending import output
from benchmarks.start import STACK
from benchmarks.table import Line

FILE_BYTES = 20_000_000


def measure(bench: Bench) -> Iterator[Line]:
    """Of all processes together, over idle, beside the mail's size; after a backlog, beside the bare imports."""
    bench.say("memory")
    one = bench.company()
    large = submission("large", b"PK" + os.urandom(FILE_BYTES))
    with daemon(one) as running:
        bench.dovecot.deliver(one.user, submission("small", b"PK"))
        bench.sink.wait_for(2)
        time.sleep(2)
        idle = use_of(running.process)
        bench.dovecot.deliver(one.user, large)
        bench.sink.wait_for(4, seconds=180)
        time.sleep(2)
        peak = use_of(running.process)
    bench.sink.take()
    yield Line(
        f"memory, a mail of {len(large) / 1e6:.0f} MB: largest over idle",
        "MB",
        peak.largest - idle.resident,
        len(large) / 1e6,
        "the mail",
    )

    count = 30 if bench.quick else 200
    one = bench.company()
    for index in range(count):
        bench.dovecot.deliver(one.user, submission(f"memory-{index}", opaque()))
    with daemon(one) as running:
        bench.sink.wait_for(2 * count, seconds=180)
        backlog = use_of(running.process)
    bench.sink.take()
    bare = float(
        output("-c", f"{STACK}\nprint(next(line for line in open('/proc/self/status') if 'VmHWM' in line).split()[1])")
    )
    what = f"memory, a backlog of {count} submissions: largest of all processes"
    yield Line(what, "MB", backlog.largest, bare / 1000, "bare imports")
