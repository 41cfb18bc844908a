"""Servers with a private CA, and a terminal at which the wizard is answered."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

TOP = Path(__file__).parents[2]
FINANCE = "finance@company.invalid"


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    with Dovecot(certificates.good) as running:
        yield running


@pytest.fixture
def sink(certificates: Certificates) -> Iterator[SmtpSink]:
    with SmtpSink(certificates.good, implicit=True, users={FINANCE: PASSWORD}) as running:
        yield running


def _as_at_a_terminal() -> None:
    """Ctrl-C is heard also where the tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """Somebody at a terminal: waits for a question, types an answer. `shown` is all that stood there."""

    def __init__(self, folder: Path, program: str, *arguments: str, environment: dict[str, str]) -> None:
        self.process = pexpect.spawn(
            program,
            [*arguments],
            cwd=folder,
            env=environment,
            encoding="utf-8",
            timeout=60,
            dimensions=(60, 400),
            preexec_fn=_as_at_a_terminal,
        )
        self.process.delaybeforesend = None
        self.shown = ""

    def answer(self, question: str, typed: str = "") -> None:
        """Types an answer to the question; Enter alone takes the default."""
        self.see(question)
        self.process.sendline(typed)

    def see(self, text: str) -> None:
        """Waits until this stands there."""
        self.process.expect(re.escape(text))
        self.shown += str(self.process.before) + str(self.process.after)

    def interrupt(self, sees: str) -> None:
        """Ctrl-C, again where the terminal was just being set up for an answer, until this stands there."""
        for _ in range(10):
            self.process.sendintr()
            if self.process.expect([re.escape(sees), pexpect.TIMEOUT], timeout=3) == 0:
                return
        raise AssertionError(f"Ctrl-C does not lead to: {sees}")

    def end(self) -> int:
        """Waits until the program has ended; its exit code."""
        self.process.expect(pexpect.EOF)
        self.shown += str(self.process.before)
        self.process.close()
        return int(self.process.exitstatus if self.process.exitstatus is not None else -1)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(*arguments: str, language: str = "en_US.UTF-8") -> Terminal:
        environment = {**os.environ, "LANG": language, "LC_ALL": language, "TZ": "Europe/Moscow"}
        command = (sys.executable, str(TOP / "run.py"), *arguments)
        opened.append(Terminal(tmp_path, *command, environment=environment))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.process.close(force=True)
