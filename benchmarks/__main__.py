"""What mailflow spends, each figure beside what it can be compared with: `make bench`.

`make bench ARGS=quick` takes few mails and a few minutes, `make bench ARGS="throughput idle"` some rows alone. What
is measured so far is left in bench.md too.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks import (
    burst,
    distance,
    documents,
    growth,
    idle,
    latency,
    memory,
    polls,
    several,
    start,
    throughput,
)
from benchmarks.bench import bench
from benchmarks.table import Line, as_markdown, machine, on_screen

ROWS = (throughput, distance, latency, polls, growth, idle, start, memory, burst, several, documents)
NAMED = {rows.__name__.rpartition(".")[2]: rows for rows in ROWS}
MARKDOWN = Path("bench.md")


def main(arguments: list[str]) -> int:
    """Measures, prints the table, and leaves it as Markdown too; 1 where something could not be measured."""
    if unknown := set(arguments) - NAMED.keys() - {"quick"}:
        sys.exit(f"There is no {', '.join(sorted(unknown))}; there are: quick {' '.join(NAMED)}")
    picked = [name for name in NAMED if name in arguments] or list(NAMED)
    lines: list[Line] = []
    failures: list[str] = []
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that every server ends too

    def facts() -> str:
        said = [f"{machine()}; {(time.monotonic() - began) / 60:.0f} minutes.", *failures]
        return "\n".join(said if prepared.roundup else [*said, "roundup is not installed, so its columns are empty."])

    with bench("quick" in arguments) as prepared:
        for name in picked:
            try:
                lines.extend(NAMED[name].measure(prepared))
            except Exception as failure:  # noqa: BLE001 - the other rows are worth having
                failures.append(f"Not measured, {name}: {failure}")
                prepared.sink.take()
            MARKDOWN.write_text(as_markdown(lines, facts()), "utf-8")
    Console(width=None if sys.stdout.isatty() else 170).print(on_screen(lines, "make bench", facts()))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
