"""Where the time of the hot path goes: `python -m benchmarks.profile submission|reply [COUNT]`.

One pass over a backlog in this process under cProfile, after a pass that has warmed everything up: the functions with
the most time of their own, then those with the most time in all. The profiler makes small functions look dearer than
they are, and sees this thread alone; what the process that reads mail used is said in the first line.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import time
from pathlib import Path

from benchmarks.bench import bench
from benchmarks.company import ENVIRONMENT, FIRST, approval, opaque, submission
from mailflow import bootstrap
from mailflow.settings import load_settings

WARM_UP = 5
SHOWN = 35


def main(kind: str, count: int = 100) -> None:
    """Prints the profile of so many submissions, or of the replies to as many."""
    with bench(quick=True) as prepared:
        one = prepared.company()
        application = bootstrap.build(load_settings(one.settings, ENVIRONMENT))

        def take(mails: list[bytes]) -> None:
            for mail in mails:
                prepared.dovecot.deliver(one.user, mail)
            application.pass_once()

        mails = [submission(f"profiled-{index}", opaque()) for index in range(WARM_UP + count)]
        if kind == "reply":
            take(mails)
            mails = [approval(mail) for mail in prepared.sink.take() if mail.recipient == FIRST]
        take(mails[:WARM_UP])
        for mail in mails[WARM_UP:]:
            prepared.dovecot.deliver(one.user, mail)
        profiler, reader, began, cpu = cProfile.Profile(), _reader(), time.perf_counter(), time.process_time()
        profiler.runcall(application.pass_once)
        wall, cpu, reader = time.perf_counter() - began, time.process_time() - cpu, _reader() - reader
        application.close()
    each = " ".join(
        f"{seconds / count * 1000:.2f} ms {what}"
        for seconds, what in (
            (wall, "by the clock,"),
            (cpu, "CPU under the profiler,"),
            (reader, "CPU of the process that reads mail"),
        )
    )
    sys.stdout.write(f"{count} of kind {kind}, each: {each}\n")
    statistics = pstats.Stats(profiler, stream=sys.stdout).strip_dirs()
    statistics.sort_stats("tottime").print_stats(SHOWN)
    statistics.sort_stats("cumulative").print_stats(SHOWN)


def _reader() -> float:
    """Seconds of CPU that the process which reads mail has used so far."""
    ticks = 0
    for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("ascii").split():
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            ticks += sum(map(int, Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
