"""How much memory processes take, as Linux counts it."""

from __future__ import annotations

import re
import resource
import subprocess
import time
from contextlib import suppress
from pathlib import Path

EVERY = 0.01
"""Seconds between two looks; the kernel itself remembers the highest mark of a process as long as it lives."""


def family(pid: int) -> list[int]:
    """A process and all its descendants that live now."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def highest_mark(pid: int) -> float:
    """The most memory that a process ever had resident, in MB; 0 where it is gone."""
    with suppress(OSError):
        if mark := re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()):
            return int(mark[1]) / 1000
    return 0.0


def resident(pid: int) -> float:
    """The memory that a process has resident now, in MB; 0 where it is gone."""
    with suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1_000_000
    return 0.0


def watched(process: subprocess.Popen[bytes]) -> dict[int, float]:
    """Waits for a process; the highest marks of it and of each of its descendants, in MB by process id."""
    marks: dict[int, float] = {}
    while process.poll() is None:
        for pid in family(process.pid):
            marks[pid] = max(marks.get(pid, 0.0), highest_mark(pid))
        time.sleep(EVERY)
    return marks
