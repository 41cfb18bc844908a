"""Thousands of mails at once: how fast, and that each is answered exactly once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from benchmarks.bench import Bench
from benchmarks.company import FIRST, SUBMITTER, submission
from benchmarks.sink import Arrived
from benchmarks.table import Line
from benchmarks.throughput import ROWS_OF_SUBMISSION, Round


def measure(bench: Bench) -> Iterator[Line]:
    """Submissions with a small file, beside the raw loop."""
    count = 100 if bench.quick else 5000
    bench.say(f"burst, {count:,} mails")
    names = [f"burst-{index}" for index in range(count)]
    mails = [submission(name, name.encode()) for name in names]
    one = Round(bench, "burst", count, bench.dovecot.imap_port, bench.sink.port)
    ours, sent = one.mailflow(mails)
    each_once(sent, names)
    raw = one.raw(mails, sent, ROWS_OF_SUBMISSION)
    what = f"burst of {count:,} mails, each answered once"
    note = f"{1 / ours.wall:.0f}/s"
    yield Line(f"{what}: by the clock", "ms", ours.wall * 1000, raw.wall * 1000, "raw, commits of 50", note=note)
    yield Line(f"{what}: CPU", "ms", ours.cpu * 1000, raw.cpu * 1000, "raw, commits of 50")


def each_once(sent: Iterable[Arrived], names: list[str]) -> None:
    """Raises RuntimeError unless submitter and approver got one mail each about every submission."""
    came = Counter((mail.recipient, _name(mail)) for mail in sent)
    wanted = Counter((person, name) for person in (SUBMITTER, FIRST) for name in names)
    if came != wanted:
        raise RuntimeError(f"lost: {list((wanted - came).items())[:5]}, twice: {list((came - wanted).items())[:5]}")


def _name(mail: Arrived) -> str:
    """Of the submission that a mail is about, as its subject says."""
    said = re.search(r"Supplier (\S+) LLC", str(mail.message()["Subject"]))
    return said[1] if said else ""
