"""A server of the measurements in a process of its own, so that it takes nothing of what is measured.

It says its ports in its first line, then answers one line of standard input with one line, and ends with its input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Self

from benchmarks.spending import TOP

HOST = "127.0.0.1"


class Helper:
    """The process, as its user sees it."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._command = [sys.executable, "-m", module, *map(str, arguments)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports = [int(port) for port in self._line().split()]
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def ask(self, question: str) -> str:
        """Its answer."""
        assert self._process.stdin
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


async def serve(servers: list[asyncio.Server], answer: Callable[[str], str]) -> None:
    """The process itself, until its input ends."""
    ports = [str(server.sockets[0].getsockname()[1]) for server in servers]
    _say(" ".join(ports))
    questions = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := await questions.readline():
        _say(answer(question.decode().strip()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
