"""What a million invoices a day would take, worked out from what one costs.

python -m benchmarks.million                        with the figures that were measured last
python -m benchmarks.million --measure 50           measures them first, with so many invoices (two minutes)
python -m benchmarks.million --cpu-ms 30 --syncs 12
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from benchmarks.life import Life

MEASURED = Life(
    cpu_ms=143,
    database_cpu_ms=29,
    transactions=21.2,
    syncs=7.53,
    log_kb=502,
    kept_kb=469,
    mails_in=4,
    mails_out=15,
    kb_in=142,
    kb_out=556,
    watch_ms=2.42,
)
"""Figures of `--measure`, from the machine that the README names."""

INVOICES = 1_000_000
HOURS = 10
"""Of a working day, over which the invoices of a day come."""

PEAK = 2.0
"""How much busier the busiest hour is than those."""

BUSY = 0.7
"""So much of a core may be taken at the peak: above it queues grow."""


@dataclass(frozen=True)
class Need:
    """One resource: how much of it, and by which formula."""

    what: str
    amount: str
    formula: str


def needs(life: Life, invoices: int = INVOICES) -> list[Need]:
    """What that many invoices a day need at the peak."""
    rate = invoices / HOURS / 3600 * PEAK
    cores = rate * life.cpu_ms / 1000 / BUSY
    database = rate * life.database_cpu_ms / 1000 / BUSY
    mails, mailbox = rate * life.mails_in, 1000 * BUSY / life.watch_ms
    return [
        Need("invoices a second at the peak", _figure(rate), f"{invoices:,} / {HOURS} h x {PEAK:g}"),
        Need("mails in and out a second", f"{_figure(mails)} and {_figure(rate * life.mails_out)}", "rate x mails"),
        Need("daemons, a core each", str(math.ceil(cores)), f"rate x {_figure(life.cpu_ms)} ms of CPU / {BUSY:g}"),
        Need("cores of PostgreSQL", str(math.ceil(database)), f"rate x {_figure(life.database_cpu_ms)} ms / {BUSY:g}"),
        Need("transactions a second", _figure(rate * life.transactions), f"rate x {_figure(life.transactions)}"),
        Need(
            "syncs of its log a second", _figure(rate * life.syncs), f"rate x {_figure(life.syncs)}, or fewer together"
        ),
        Need("its log, MB a second", _figure(rate * life.log_kb / 1000), f"rate x {_figure(life.log_kb)} KB"),
        Need(
            "its disk, TB a year", _figure(invoices * life.kept_kb * 250 / 1e9), f"{_figure(life.kept_kb)} KB, 250 days"
        ),
        Need(
            "network in and out, MB a second",
            f"{_figure(rate * life.kb_in / 1000)} and {_figure(rate * life.kb_out / 1000)}",
            "rate x KB of mail",
        ),
        Need(
            "mailboxes, each watched by one daemon",
            str(math.ceil(mails / mailbox)),
            f"mails in / ({_figure(mailbox)} a second at {_figure(life.watch_ms)} ms a mail read and moved)",
        ),
    ]


def _figure(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def as_markdown(found: Sequence[Need]) -> str:
    """To be pasted into the README."""
    rows = ["| at the peak | needed | worked out as |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {need.what} | {need.amount} | {need.formula} |" for need in found)])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=INVOICES)
    parser.add_argument("--measure", type=int, metavar="COUNT")
    for each in fields(Life):
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=float)
    given = vars(parser.parse_args())
    life = _measured(given["measure"]) if given["measure"] else MEASURED
    named = {each.name: given[each.name] for each in fields(Life) if given[each.name] is not None}
    life = Life(**{**asdict(life), **named})
    sys.stdout.write(f"{life}\n\n{as_markdown(needs(life, given['invoices']))}\n")


def _measured(count: int) -> Life:
    from benchmarks.bench import bench
    from benchmarks.life import measure_life
    from tests.servers.postgres import running_postgres

    with bench(quick=True) as prepared, running_postgres(durable=True) as postgres:
        return measure_life(prepared, postgres, count)


if __name__ == "__main__":
    main()
