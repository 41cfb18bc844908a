"""mailflow as a daemon: started, known to be waiting, ended by its process id."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.company import ENVIRONMENT, Company
from benchmarks.spending import TOP, environment_of

WAITING = b"mailflow is running"
"""What the daemon logs when its first poll is done."""


@dataclass(frozen=True)
class Daemon:
    """A running daemon, and the seconds until it had polled once."""

    process: int
    started_within: float


@contextmanager
def daemon(one: Company) -> Iterator[Daemon]:
    """Returns when it waits for mail. Raises RuntimeError with its last words where it ends before."""
    began = time.perf_counter()
    command = [sys.executable, *one.command("run")]
    process = subprocess.Popen(command, cwd=TOP, env=environment_of(**ENVIRONMENT), stderr=subprocess.PIPE)
    assert process.stderr
    words = b""
    try:
        while WAITING not in (line := process.stderr.readline()):
            words += line
            if not line:
                raise RuntimeError(f"the daemon ended: {words[-2000:].decode()}")
        started_within = time.perf_counter() - began
        threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop it
        yield Daemon(process.pid, started_within)
    finally:
        process.terminate()
        process.wait()
