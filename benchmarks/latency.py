"""From a mail in the mailbox to the next mail at the SMTP server, while mailflow waits in IDLE.

Beside it is what a bare client on the same mailbox sees: nobody can be faster by IDLE than the server tells of mail.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles

from benchmarks.bench import Bench
from benchmarks.company import FIRST, SECOND, approval, submission
from benchmarks.daemon import daemon
from benchmarks.sink import Arrived
from benchmarks.table import Line

QUIET = 1.3
"""Seconds after which the server has told of everything that came and went before."""


@contextmanager
def watching(bench: Bench, user: str) -> Iterator[list[float]]:
    """A bare client in IDLE: the moments when it hears that mail is there."""
    heard: list[float] = []
    client = bench.dovecot.client(user).client
    client.sock.settimeout(None)

    def listen() -> None:
        while line := client.readline():
            if line.endswith(b" EXISTS\r\n"):
                heard.append(time.monotonic())

    client.send(b"idle IDLE\r\n")
    client.readline()
    listening = threading.Thread(target=listen)
    listening.start()
    yield heard
    client.sock.shutdown(socket.SHUT_RDWR)
    listening.join()
    client.shutdown()


def measure(bench: Bench) -> Iterator[Line]:
    """Submission to request, reply to the next request: median and 95 of 100."""
    count = 3 if bench.quick else 30
    one = bench.company()
    waits: dict[str, list[tuple[float, float]]] = {"submission": [], "reply": []}
    with daemon(one), watching(bench, one.user) as heard:

        def next_mail(kind: str, mail: bytes, to: str) -> Arrived:
            time.sleep(QUIET + random.random())
            heard.clear()
            began = time.monotonic()
            bench.dovecot.deliver(one.user, mail)
            bench.sink.wait_for(2)
            sent = bench.sink.take()
            waits[kind].append((min(mail.at for mail in sent) - began, heard[0] - began))
            return next(mail for mail in sent if mail.recipient == to)

        bench.say(f"latency, {count} submissions and replies")
        next_mail("submission", submission("latency-first", b"PK"), FIRST)  # starts what reads mail
        waits["submission"].clear()
        for number in range(count):
            asked = next_mail("submission", submission(f"latency-{number}", b"PK %d" % number), FIRST)
            next_mail("reply", approval(asked), SECOND)
    for kind, pairs in waits.items():
        ours, notices = (sorted(one * 1000 for one in column) for column in zip(*pairs, strict=True))
        for name, part in (("median", 49), ("95 of 100", 94)):
            mine, theirs = (quantiles(those, n=100, method="inclusive")[part] for those in (ours, notices))
            note = f"{mine - theirs:+.0f}"
            yield Line(f"{kind} to next mail, IDLE: {name}", "ms", mine, theirs, "the server's notice", note=note)
