"""What every row needs: the servers, a folder, how much time there is, and whom to compare with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import company
from benchmarks.company import ENVIRONMENT, Company
from benchmarks.peer import Roundup
from benchmarks.sink import Sink
from benchmarks.spending import Spent, python
from tests.servers.certificates import make_certificates
from tests.servers.dovecot import Dovecot


@dataclass
class Bench:
    """Real servers on 127.0.0.1. `quick` asks for few mails and rounds; `roundup` is None where it is not installed."""

    folder: Path
    dovecot: Dovecot
    sink: Sink
    roundup: Roundup | None
    quick: bool
    _names: Iterator[int] = field(default_factory=count)

    def company(self, **settings: object) -> Company:
        """Another company, with an empty mailbox and database where no others are named."""
        name = f"company{next(self._names)}"
        usual = {"user": name, "imap": self.dovecot.imap_port, "smtp": self.sink.port}
        return company.found(self.folder / name, **{**usual, **settings})  # type: ignore[arg-type]

    def once(self, one: Company) -> Spent:
        """One whole pass of a company's mailflow, as a program of its own."""
        return python(*one.command("once"), **ENVIRONMENT)

    def say(self, what: str) -> None:
        """What is being measured, for whoever waits."""
        sys.stderr.write(f"  {what}\n")


@contextmanager
def bench(quick: bool) -> Iterator[Bench]:
    """Starts the servers, and ends them."""
    with TemporaryDirectory(prefix="mailflow-bench-") as name, Sink() as sink:
        folder = Path(name)
        with Dovecot(make_certificates(folder).good) as dovecot:
            yield Bench(folder, dovecot, sink, Roundup.installed(folder), quick)
