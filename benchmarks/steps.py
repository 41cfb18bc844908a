"""What the frequent things cost on this machine; orders of size, to compare before and after a change."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

REPLY = b"""\
From: olga@example.com
To: finance@example.com
Subject: Re: [INV-2026-0001 #k7f3q9xw] Paper
Message-ID: <1@example.com>
In-Reply-To: <2@example.com>
Content-Type: text/plain; charset=utf-8

APPROVE, thank you

On Tue, 1 Dec 2026 at 10:00, Finance wrote:
> --- Please type your reply above this line ---
> Please decide
""".replace(b"\n", b"\r\n")


def cost(what: str, work: Callable[[], object], times: int) -> None:
    """Prints the CPU time and the wall time of one turn, without the first."""
    work()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        work()
    each = [
        (after - before) / times * 1000 for before, after in ((cpu, time.process_time()), (wall, time.perf_counter()))
    ]
    sys.stdout.write(f"{what:<48} {each[0]:9.3f} ms CPU {each[1]:9.3f} ms wall\n")


def main() -> None:
    """Runs every measurement."""
    from mailflow.approval.effects import Entry
    from mailflow.approval.invoice import Invoice
    from mailflow.approval.submission import Form
    from mailflow.inbound.answer import read_answer
    from mailflow.inbound.message import parse
    from mailflow.settings import load_settings
    from mailflow.store.engine import open_store

    cost(
        "run.py --help (wall only)", lambda: subprocess.check_output([sys.executable, "run.py", "--help"], cwd=TOP), 10
    )
    secrets = {"IMAP_PASSWORD": "x", "SMTP_PASSWORD": "x"}
    cost("read the settings", lambda: load_settings(TOP / "settings.yaml", secrets), 50)
    cost("read a reply", lambda: read_answer(parse(REPLY)), 500)
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/mailflow.db")

        def keep() -> None:
            with store.begin() as uow:
                number = uow.invoices.next_number(2026)
                uow.invoices.add(Invoice(number, "ivan@example.com", "anna@example.com", now, Form(title="Paper")))
                uow.history.append(number, Entry("opened", "ivan@example.com"), now, "<1@example.com>", None)
                uow.commit()

        def read() -> None:
            with store.begin() as uow:
                uow.invoices.all()

        cost("keep an invoice, synced to the disk", keep, 500)
        cost("read 500 invoices", read, 5)
        store.close()


if __name__ == "__main__":
    main()
