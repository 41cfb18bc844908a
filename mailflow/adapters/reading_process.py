"""Reads mail in a process of its own, under a limit of time and memory: no mail can hang or exhaust the daemon."""

from __future__ import annotations

import logging
import multiprocessing
import resource
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from mailflow.approval.wording import Keywords
from mailflow.errors import PermanentFailure
from mailflow.inbound.reading import ReadMail, read_mail

LONGEST = 20.0
"""Seconds for one mail; the largest that is read takes about one."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Broken:
    """Why reading a mail came to nothing, as the end of 'reading it ...'."""

    what: str
    trace: str = ""


_OUT_OF_MEMORY = _Broken("out of memory")


class ReadingProcess:
    """Starts with the first mail; one that was given up on takes its process with it, the next mail gets another."""

    def __init__(self, keywords: Keywords, megabytes: int, seconds: float = LONGEST) -> None:
        self._keywords = keywords
        self._megabytes = megabytes
        self._seconds = seconds
        self._process: BaseProcess | None = None
        self._channel: Connection | None = None

    def read(self, raw: bytes, today: date) -> ReadMail:
        """What the mail says. Raises PermanentFailure where that cannot be found out within the limits."""
        answer = self._asked(raw, today)
        if isinstance(answer, ReadMail):
            return answer
        self.close()
        if answer.trace:
            log.error("a mail could not be read:\n%s", answer.trace)
        raise PermanentFailure(f"reading it {answer.what}")

    def _asked(self, raw: bytes, today: date) -> ReadMail | _Broken:
        try:
            channel = self._started()
            channel.send((raw, today))
            if not channel.poll(self._seconds):
                return _Broken(f"took longer than {self._seconds:g} seconds")
            answer: ReadMail | _Broken = channel.recv()
        except (EOFError, OSError):
            return _Broken("ended the process that did it")
        if answer == _OUT_OF_MEMORY:
            return _Broken(f"took more than {self._megabytes} MB of memory")
        return answer

    def close(self) -> None:
        """Ends the process, whatever it does."""
        if self._channel:
            self._channel.close()
        if self._process:
            self._process.kill()
            self._process.join()
        self._channel = self._process = None

    def _started(self) -> Connection:
        if self._channel is None:
            spawn = multiprocessing.get_context("spawn")
            self._channel, theirs = spawn.Pipe()
            self._process = spawn.Process(
                target=_serve, args=(theirs, self._keywords, self._megabytes), name="reading", daemon=True
            )
            self._process.start()
            theirs.close()
        return self._channel


def _serve(channel: Connection, keywords: Keywords, megabytes: int) -> None:
    """Reads one mail after the other until the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to hear
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    with suppress(EOFError, OSError):
        while True:
            raw, today = channel.recv()
            try:
                channel.send(read_mail(raw, keywords, today))
            except MemoryError:
                channel.send(_OUT_OF_MEMORY)
            except Exception as failure:  # noqa: BLE001 - it is the daemon's to say what becomes of the mail
                channel.send(_Broken(f"met something that it was not made for: {failure!r}", traceback.format_exc()))
