"""A child of this process that is killed, or meets an error, at exactly one system call (Debian: strace).

    points = traced(work, WRITES)                      # every durable step of an undisturbed run
    disturbed(work, Kill("fdatasync", 3))
    disturbed(work, Error("pwrite64", 20, "ENOSPC"))

The child is forked, so it has imported everything already: a run begins within a few milliseconds. It ends with the
number that its work gives.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

WRITES = "write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,rename,renameat2,unlink,unlinkat,sendto,sendmsg"
KILLED = -signal.SIGKILL
BROKEN = 70
"""How a child ends that let an exception out, or did not end by itself."""

_CALL = re.compile(r"\d+ +(\w+)\((?:\d+<([^>]*)>)?")
_SECONDS_TO_ATTACH = 10
_LONGEST_RUN = 60

Work = Callable[[], int]


@dataclass(frozen=True)
class Point:
    """The nth use of a system call in a run, and on what: a file or socket by name."""

    call: str
    nth: int
    on: str = ""


@dataclass(frozen=True)
class Kill:
    """SIGKILL at the nth use of a system call, before it does anything."""

    call: str
    nth: int

    @property
    def injection(self) -> str:
        return f"inject={self.call}:signal=SIGKILL:when={self.nth}"


@dataclass(frozen=True)
class Error:
    """The nth use of a system call fails with an error; with `lasting` every later one does too."""

    call: str
    nth: int
    errno: str
    lasting: bool = False

    @property
    def injection(self) -> str:
        return f"inject={self.call}:error={self.errno}:when={self.nth}{'+' if self.lasting else ''}"


def require_strace() -> None:
    """Skips where a process may not be traced, and fails there where the environment says CI=true."""
    reason = ""
    if shutil.which("strace") is None:
        reason = "strace is not installed (Debian, Ubuntu: apt install strace)"
    elif subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        reason = "processes may not be traced here (ptrace)"
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def traced(work: Work, calls: str = WRITES) -> list[Point]:
    """The calls that an undisturbed run makes, in order."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        ended = _run(work, ["-y", "-e", f"trace={calls}", "-o", log.name])
        assert ended == 0, f"the undisturbed run ended with {ended}"
        seen: Counter[str] = Counter()
        points = []
        for line in log:
            if call := _CALL.match(line):
                seen[call[1]] += 1
                points.append(Point(call[1], seen[call[1]], call[2] or ""))
    return points


def turning(points: list[Point]) -> list[Point]:
    """Of the same call on the same file again and again the first and the last two.

    Between them lies what SQLite does not look at until the last one is written: the rest of a transaction, the rest
    of a checkpoint.
    """
    series = (list(alike) for _, alike in groupby(points, key=lambda point: (point.call, point.on)))
    return [point for alike in series for point in (alike if len(alike) < 4 else [alike[0], *alike[-2:]])]


def spread(points: list[Point], step: int) -> list[Point]:
    """One in `step` of them, out of the middle of each stretch, and at least one."""
    count = max(1, len(points) // step)
    return [points[(2 * nth + 1) * len(points) // (2 * count)] for nth in range(count)] if points else []


def disturbed(work: Work, by: Kill | Error) -> int:
    """How a run ended: the number that the work gave, BROKEN, or KILLED."""
    return _run(work, ["-e", f"trace={by.call}", "-e", by.injection, "-o", "/dev/null"])


def undisturbed(work: Work) -> int:
    """The same without strace."""
    return _ended(_forked(work))


def _run(work: Work, options: list[str]) -> int:
    child = _forked(work, waits=True)
    os.waitpid(child, os.WUNTRACED)
    tracer = subprocess.Popen(["strace", "-f", "-qqq", "-p", str(child), *options], stderr=subprocess.DEVNULL)
    try:
        _wait_for_tracer(child)
        os.kill(child, signal.SIGCONT)
        return _ended(child)
    finally:
        tracer.wait(10)


def _wait_for_tracer(child: int) -> None:
    end = time.monotonic() + _SECONDS_TO_ATTACH
    while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("strace did not attach")
        time.sleep(0.001)


def _forked(work: Work, waits: bool = False) -> int:
    child = os.fork()
    if child:
        return child
    code = BROKEN
    try:
        if waits:
            os.kill(os.getpid(), signal.SIGSTOP)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _ended(child: int) -> int:
    end = time.monotonic() + _LONGEST_RUN
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return BROKEN
