"""Reads mail and files in a process of its own, within limits of time and memory: none can hang the daemon."""

from __future__ import annotations

import logging
import multiprocessing
import resource
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from mailflow.adapters import pipe
from mailflow.approval.document import ReadFile
from mailflow.approval.wording import Keywords
from mailflow.errors import PermanentFailure
from mailflow.inbound.read_mail import ReadMail
from mailflow.observation import step

LONGEST = 20.0
"""Seconds for one mail; the largest that is read takes about one."""

LONGEST_END = 2.0
"""Seconds that the process may take to end once it has closed its channel."""

LONGEST_FILE = 10.0
"""Seconds for one file of an invoice."""

QUIET = 60.0
"""Seconds without a mail after which the process ends, and its memory is free; the next mail starts another."""

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
_ENDED = _Broken("ended the process that did it")


class ReadingProcess:
    """Starts with the first mail, and ends when none comes for a while.

    A mail that was given up on takes its process with it; the next one gets another.
    """

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
        """The answer; where the process had nothing to do and ended just then, that of the next one."""
        answer = self._asked_once(question, seconds)
        if answer == _ENDED and self._ended_of_itself():
            self.close()
            return self._asked_once(question, seconds)
        return answer

    def _asked_once(self, question: _Mail | _File, seconds: float) -> Any:
        """Whatever breaks off an answer takes the process with it: the rest of that would be read as the next one."""
        try:
            channel = self._started()
            pipe.send(channel, question)
            return pipe.receive(channel) if channel.poll(seconds) else _TOO_SLOW
        except (EOFError, OSError):
            return _ENDED
        except BaseException:
            self.close()
            raise

    def _ended_of_itself(self) -> bool:
        """Whether the process has ended as one does that nobody asks; one that breaks ends in another way."""
        if self._process is None:
            return False
        self._process.join(LONGEST_END)
        return self._process.exitcode == 0

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
                args=(theirs, self._keywords, self._megabytes, self._read_scans, QUIET),
                name="reading",
                daemon=True,
            )
            self._process.start()
            theirs.close()
        return self._channel


def _serve(channel: Connection, keywords: Keywords, megabytes: int, read_scans: bool, quiet: float) -> None:
    """Reads one mail or file after the other, until none comes for `quiet` seconds or the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to hear
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    from mailflow.adapters.tesseract import read_scan
    from mailflow.documents import reading as documents
    from mailflow.inbound.reading import read_mail

    def read(question: _Mail | _File) -> ReadMail | ReadFile:
        match question:
            case _Mail(raw, today):
                return read_mail(raw, keywords, today)
            case _File(content):
                return documents.read_file(content, read_scan if read_scans else None)

    with suppress(EOFError, OSError):
        while channel.poll(quiet):
            _answer(channel, read)


def _answer(channel: Connection, read: Callable[[Any], object]) -> None:
    """One question; nothing of it is held while the next one is waited for."""
    question = pipe.receive(channel)
    try:
        answer = read(question)
    except MemoryError:
        answer = _OUT_OF_MEMORY
    except Exception as failure:  # noqa: BLE001 - it is the daemon's to say what becomes of the mail
        trace = traceback.format_exc()
        answer = _Broken(f"met something that it was not made for: {failure!r}", trace)
    pipe.send(channel, answer)
