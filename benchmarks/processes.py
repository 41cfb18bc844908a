"""A running process with all that it has started, as /proc sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Use:
    """Of a process and its descendants, added up: seconds of CPU, context switches, MB.

    `memory` is proportional: what several share counts once. `resident` counts it for each, as `largest` does, the sum
    of each one's peak.
    """

    cpu: float
    switches: int
    memory: float
    resident: float
    largest: float


def use_of(process: int) -> Use:
    """What they have used so far."""
    cpu, switches, memory, resident, largest = 0.0, 0, 0.0, 0.0, 0.0
    for one in _family(process):
        for task in Path(f"/proc/{one}/task").iterdir():
            cpu += int((task / "schedstat").read_text("ascii").split()[0]) / 1e9
            switches += sum(_numbers(task / "status", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"))
        memory += sum(_numbers(Path(f"/proc/{one}/smaps_rollup"), "Pss")) / 1000
        resident += sum(_numbers(Path(f"/proc/{one}/status"), "VmRSS")) / 1000
        largest += sum(_numbers(Path(f"/proc/{one}/status"), "VmHWM")) / 1000
    return Use(cpu, switches, memory, resident, largest)


def _family(process: int) -> list[int]:
    started = [
        int(child)
        for task in Path(f"/proc/{process}/task").iterdir()
        for child in (task / "children").read_text("ascii").split()
    ]
    return [process, *(one for child in started for one in _family(child))]


def _numbers(file: Path, *names: str) -> list[int]:
    """Nothing of a process that has ended and was not collected yet: it holds no memory."""
    try:
        text = file.read_text("ascii")
    except ProcessLookupError:
        return []
    lines = (line.partition(":") for line in text.splitlines())
    return [int(value.split()[0]) for name, _, value in lines if name in names]
