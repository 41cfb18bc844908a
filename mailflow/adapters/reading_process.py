"""Reads mail and files in a process of its own, within limits of time and memory: none can hang the daemon."""

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
from typing import Any

from mailflow.approval.document import ReadFile
from mailflow.approval.wording import Keywords
from mailflow.errors import PermanentFailure
from mailflow.inbound.read_mail import ReadMail
from mailflow.observation import step

LONGEST = 20.0
"""Seconds for one mail; the largest that is read takes about one."""

LONGEST_FILE = 10.0
"""Seconds for one file of an invoice."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Mail:
    raw: bytes
    today: date


@dataclass(frozen=True)
class _File:
    content: bytes


@dataclass(frozen=True)
class _Broken:
    """Why reading a mail came to nothing, as the end of 'reading it ...'."""

    what: str
    trace: str = ""


_OUT_OF_MEMORY = _Broken("out of memory")
_TOO_SLOW = _Broken("took too long")


class ReadingProcess:
    """Starts with the first mail; one that was given up on takes its process with it, the next mail gets another."""

    def __init__(
        self, keywords: Keywords, megabytes: int, seconds: float = LONGEST, *, read_scans: bool = False
    ) -> None:
        self._keywords = keywords
        self._megabytes = megabytes
        self._seconds = seconds
        self._read_scans = read_scans
        self._process: BaseProcess | None = None
        self._channel: Connection | None = None

    @step("read")
    def read(self, raw: bytes, today: date) -> ReadMail:
        """What the mail says. Raises PermanentFailure where that cannot be found out within the limits."""
        answer = self._asked(_Mail(raw, today), self._seconds)
        if isinstance(answer, ReadMail):
            return answer
        self._give_up("a mail", answer)
        if answer == _TOO_SLOW:
            raise PermanentFailure(f"reading it took longer than {self._seconds:g} seconds")
        if answer == _OUT_OF_MEMORY:
            raise PermanentFailure(f"reading it took more than {self._megabytes} MB of memory")
        raise PermanentFailure(f"reading it {answer.what}")

    def read_file(self, content: bytes) -> ReadFile:
        """What a file of an invoice says; one that cannot be read within the limits says nothing, and why."""
        answer = self._asked(_File(content), min(LONGEST_FILE, self._seconds))
        if isinstance(answer, ReadFile):
            return answer
        self._give_up("a file", answer)
        return ReadFile(trouble={_TOO_SLOW: "too_slow", _OUT_OF_MEMORY: "too_large"}.get(answer, "damaged"))

    def _give_up(self, what: str, answer: _Broken) -> None:
        self.close()
        if answer.trace:
            log.error("%s could not be read:\n%s", what, answer.trace)

    def _asked(self, question: _Mail | _File, seconds: float) -> Any:
        try:
            channel = self._started()
            channel.send(question)
            return channel.recv() if channel.poll(seconds) else _TOO_SLOW
        except (EOFError, OSError):
            return _Broken("ended the process that did it")

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
                target=_serve,
                args=(theirs, self._keywords, self._megabytes, self._read_scans),
                name="reading",
                daemon=True,
            )
            self._process.start()
            theirs.close()
        return self._channel


def _serve(channel: Connection, keywords: Keywords, megabytes: int, read_scans: bool) -> None:
    """Reads one mail or file after the other until the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to hear
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    from mailflow.adapters.tesseract import read_scan
    from mailflow.documents import reading as documents
    from mailflow.inbound.reading import read_mail

    with suppress(EOFError, OSError):
        while True:
            question = channel.recv()
            try:
                if isinstance(question, _Mail):
                    channel.send(read_mail(question.raw, keywords, question.today))
                else:
                    channel.send(documents.read_file(question.content, read_scan if read_scans else None))
            except MemoryError:
                channel.send(_OUT_OF_MEMORY)
            except Exception as failure:  # noqa: BLE001 - it is the daemon's to say what becomes of the mail
                channel.send(_Broken(f"met something that it was not made for: {failure!r}", traceback.format_exc()))
