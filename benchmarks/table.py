"""The one table: what mailflow spends beside what it is measured against in the same run."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from tests.servers.dovecot import require_dovecot
from tests.servers.postgres import client_program

HEADINGS = ("", "mailflow", "beside it", "times that", "roundup", "roundup / mailflow")


@dataclass(frozen=True)
class Line:
    """One comparison, of figures in the same unit. `ratio` is the median of the rounds, where there were several."""

    what: str
    unit: str
    mailflow: float
    beside: float | None = None
    beside_is: str = ""
    ratio: float | None = None
    roundup: float | None = None
    roundup_ratio: float | None = None
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        ratio = self.ratio or _divided(self.mailflow, self.beside)
        behind = self.roundup_ratio or _divided(self.roundup, self.mailflow)
        return (
            self.what,
            _said(self.mailflow, self.unit, self.note),
            _said(self.beside, self.unit, self.beside_is),
            _said(ratio),
            _said(self.roundup, self.unit),
            _said(behind),
        )


def compared(
    what: str,
    unit: str,
    ours: Sequence[float],
    beside: Sequence[float],
    beside_is: str = "",
    roundup: Sequence[float] = (),
    note: str = "",
) -> Line:
    """The medians of interleaved rounds, and the median of the ratios of each round."""
    return Line(
        what,
        unit,
        median(ours),
        median(beside) if beside else None,
        beside_is,
        _median_ratio(ours, beside),
        median(roundup) if roundup else None,
        _median_ratio(roundup, ours),
        note,
    )


def _median_ratio(some: Sequence[float], others: Sequence[float]) -> float | None:
    """None where there is nothing to divide by."""
    ratios = [one / other for one, other in zip(some, others, strict=False) if other > 0]
    return median(ratios) if ratios else None


def _figure(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def on_screen(lines: Iterable[Line], title: str, caption: str) -> Table:
    """The table as rich draws it."""
    table = Table(*HEADINGS, title=title, caption=caption, caption_justify="left")
    for line in lines:
        table.add_row(*line.cells())
    return table


def as_markdown(lines: Iterable[Line], caption: str) -> str:
    """The same, to be pasted into a README."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + f"\n\n{caption}\n"


def machine() -> str:
    """What the figures were taken on."""
    names = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("ascii"), re.MULTILINE)
    model = names[0] if names else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"Dovecot {_version(require_dovecot())}",
    ]
    with suppress(FileNotFoundError):
        parts.append(f"PostgreSQL {_version(client_program('postgres'))}")
    return ", ".join(parts) + f"; load {os.getloadavg()[0]:.1f}"


def _version(program: str | Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return next(word for word in said.split() if word[0].isdigit())


def _divided(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _said(value: float | None, unit: str = "", note: str = "") -> str:
    if value is None:
        return "-"
    return " ".join(part for part in (_figure(value), unit, f"({note})" if note else "") if part)
