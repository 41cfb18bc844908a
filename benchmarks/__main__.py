"""What mailflow spends, each figure beside what it can be compared with: `make bench`.

`make bench ARGS=quick` takes few mails and about two minutes, `make bench ARGS="throughput idle"` some rows alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from benchmarks import burst, distance, growth, idle, latency, memory, polls, several, start, throughput
from benchmarks.bench import bench
from benchmarks.table import Line, as_markdown, machine, on_screen

ROWS = {
    "throughput": throughput,
    "distance": distance,
    "latency": latency,
    "polls": polls,
    "growth": growth,
    "start": start,
    "idle": idle,
    "memory": memory,
    "burst": burst,
    "several": several,
}
MARKDOWN = Path("bench.md")


def main(arguments: list[str]) -> None:
    """Measures, prints the table, and leaves it as Markdown too."""
    if unknown := set(arguments) - ROWS.keys() - {"quick"}:
        sys.exit(f"There is no {', '.join(sorted(unknown))}; there are: quick {' '.join(ROWS)}")
    picked = [name for name in ROWS if name in arguments] or list(ROWS)
    lines: list[Line] = []
    with bench("quick" in arguments) as prepared:
        for name in picked:
            lines += ROWS[name].measure(prepared)
    caption = f"{machine()}."
    if prepared.roundup is None:
        caption += " roundup is not installed: its columns are empty."
    Console(width=None if sys.stdout.isatty() else 160).print(on_screen(lines, "make bench", caption))
    MARKDOWN.write_text(as_markdown(lines, caption), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
