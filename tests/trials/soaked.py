"""A mailflow in a process of its own that makes a pass whenever it is told the time, and says what it takes.

    python -m tests.trials.soaked SETTINGS

Each line of the standard input is a moment (ISO 8601), with ` measure` behind it where the figures are wanted; each is
answered by a line of JSON: what the pass did, and `figures`.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tests.trials.memory import family, resident

TOP = Path(__file__).parents[2]


@dataclass(frozen=True)
class Figures:
    """What the process holds: MB resident, of itself and of its children; open files; threads."""

    memory: float
    of_children: float
    files: int
    threads: int


@dataclass(frozen=True)
class Soaked:
    """The process, as the trial speaks to it."""

    process: subprocess.Popen[str]

    def pass_at(self, now: datetime, measure: bool = False) -> tuple[dict[str, object], Figures | None]:
        """What a pass at this moment did, and the figures after it where they are wanted."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{now.isoformat()}{' measure' if measure else ''}\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        figures = said.pop("figures")
        return said, Figures(**figures) if figures else None


@contextmanager
def soaked(settings_file: Path, log: Path) -> Iterator[Soaked]:
    """Starts one, and ends it."""
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.trials.soaked", settings_file],
            cwd=TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
    try:
        yield Soaked(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(60) == 0, log.read_text()[-2000:]
    finally:
        process.kill()
        process.wait()


def _figures() -> Figures:
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
    me, *children = family(os.getpid())
    return Figures(
        memory=resident(me),
        of_children=sum(map(resident, children)),
        files=len(list(Path("/proc/self/fd").iterdir())),
        threads=threading.active_count(),
    )


def main() -> None:
    from mailflow import bootstrap
    from mailflow.settings import load_settings

    application = bootstrap.build(load_settings(Path(sys.argv[1]), {}))
    try:
        for line in sys.stdin:
            moment, _, measure = line.strip().partition(" ")
            result = application.pass_once(datetime.fromisoformat(moment))
            said = asdict(result) | {"figures": asdict(_figures()) if measure else None}
            print(json.dumps(said), flush=True)
    finally:
        application.close()


if __name__ == "__main__":
    main()
