"""Thousands of mails at once: how fast, and that each is answered exactly once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

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
    each_once(sent, names, (SUBMITTER, FIRST))
    raw = one.raw(mails, sent, ROWS_OF_SUBMISSION)
    what = f"burst of {count:,} mails, each answered once"
    note = f"{1 / ours.wall:.0f}/s"
    yield Line(f"{what}: by the clock", "ms", ours.wall * 1000, raw.wall * 1000, "raw, commits of 50", note=note)
    yield Line(f"{what}: CPU", "ms", ours.cpu * 1000, raw.cpu * 1000, "raw, commits of 50")


NAME = re.compile(r"Supplier (\S+) LLC")
"""Of the submission that a mail is about, in its subject."""

NUMBER = re.compile(r"\[(INV-\S+)")


def each_once(
    sent: Iterable[Arrived], names: Collection[str], people: Collection[str], named: re.Pattern[str] = NAME
) -> None:
    """Raises RuntimeError unless each of these people got one mail about everything that is named."""
    came = Counter((mail.recipient, name_of(mail, named)) for mail in sent)
    wanted = Counter((person, name) for person in people for name in names)
    if came != wanted:
        raise RuntimeError(f"lost: {list((wanted - came).items())[:5]}, twice: {list((came - wanted).items())[:5]}")


def name_of(mail: Arrived, named: re.Pattern[str]) -> str:
    """What a mail is about, as its subject says."""
    said = named.search(str(mail.message()["Subject"]))
    return said[1] if said else ""
