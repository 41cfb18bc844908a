"""A child of this process that is killed, or meets an error, at exactly one system call (Debian: strace).

    calls = traced(work, WRITES)                       # every durable step of an undisturbed run: ("fdatasync", 3), ...
    disturbed(work, Kill("fdatasync", 3))
    disturbed(work, Error("pwrite64", 20, "ENOSPC"))

The child is forked, so it has imported everything already: a run begins within a few milliseconds.
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
from pathlib import Path

import pytest

from mailflow.errors import MailflowError

WRITES = "write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,rename,renameat2,unlink,unlinkat,sendto,sendmsg"
DONE, PUT_OFF, BROKEN = 0, 75, 70
_CALL = re.compile(r"\d+ +(\w+)\(")
_SECONDS_TO_ATTACH = 10
_LONGEST_RUN = 60


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


def traced(work: Callable[[], None], calls: str = WRITES) -> list[tuple[str, int]]:
    """The calls that a run makes, each with its place among those of its name."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        ended = _run(work, ["-e", f"trace={calls}", "-o", log.name])
        assert ended == DONE, f"the undisturbed run ended with {ended}"
        seen: Counter[str] = Counter()
        found = []
        for line in log:
            if call := _CALL.match(line):
                seen[call[1]] += 1
                found.append((call[1], seen[call[1]]))
    return found


def disturbed(work: Callable[[], None], by: Kill | Error) -> int:
    """How a run ended: DONE, PUT_OFF (an error with words), BROKEN (any other), or minus the signal that killed it."""
    return _run(work, ["-e", f"trace={by.call}", "-e", by.injection, "-o", "/dev/null"])


def undisturbed(work: Callable[[], None]) -> int:
    """The same without strace."""
    return _ended(_forked(work))


def _run(work: Callable[[], None], options: list[str]) -> int:
    child = _forked(work, waits=True)
    os.waitpid(child, os.WUNTRACED)
    tracer = subprocess.Popen(["strace", "-f", "-qqq", "-p", str(child), *options], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _SECONDS_TO_ATTACH
        while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
            assert time.monotonic() < end, "strace did not attach"
            time.sleep(0.001)
        os.kill(child, signal.SIGCONT)
        return _ended(child)
    finally:
        tracer.wait(10)


def _forked(work: Callable[[], None], waits: bool = False) -> int:
    child = os.fork()
    if child:
        return child
    code = BROKEN
    try:
        if waits:
            os.kill(os.getpid(), signal.SIGSTOP)
        work()
        code = DONE
    except MailflowError:
        code = PUT_OFF
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
