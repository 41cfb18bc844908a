"""What a process costs: seconds by the clock, and of CPU with everything that it has started and waited for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TOP = Path(__file__).parents[1]


def environment_of(**more: str) -> dict[str, str]:
    """This process's own, and more. What is measured runs from bytecode, as all that is installed does."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **more}


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of CPU."""

    wall: float
    cpu: float

    def less(self, other: Self, count: int) -> Spent:
        """What each of `count` further messages costs: this run without the other, shorter one."""
        return Spent((self.wall - other.wall) / count, (self.cpu - other.cpu) / count)


def spent(command: Sequence[object], **environment: str) -> Spent:
    """Runs a program of the project to its end. Raises RuntimeError with its words where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=TOP,
            env=environment_of(**environment),
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            raise RuntimeError(f"{command} ended with {process.returncode}: {words.read()[-2000:].decode()}")
    return Spent(wall, usage.ru_utime + usage.ru_stime)


def python(*arguments: object, **environment: str) -> Spent:
    """The same with a Python program of the project, in its environment."""
    return spent([sys.executable, *arguments], **environment)


def output(*arguments: object, **environment: str) -> str:
    """What a Python program of the project prints. Raises RuntimeError with its words where it fails."""
    command = [sys.executable, *(str(part) for part in arguments)]
    done = subprocess.run(
        command, cwd=TOP, env=environment_of(**environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
