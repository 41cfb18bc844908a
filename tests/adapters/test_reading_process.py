"""No mail hangs or exhausts the daemon: it is read in a process of its own, under a limit of time and memory."""

from __future__ import annotations

import base64
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import date
from multiprocessing.connection import Connection

import pytest

from mailflow.adapters import pipe, reading_process
from mailflow.adapters.reading_process import ReadingProcess
from mailflow.approval.decision import Approve
from mailflow.approval.wording import KEYWORDS
from mailflow.errors import PermanentFailure
from mailflow.inbound import reading
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail

TODAY = date(2026, 12, 1)
MAIL = b"From: olga@example.com\nSubject: Re: x\n\nAPPROVE\n"
ENOUGH = 800


def reads_badly(raw: bytes, keywords: object, today: date) -> ReadMail:
    """Instead of read_mail, in the process: does what the mail says."""
    if b"hang" in raw:
        time.sleep(60)
    if b"swell" in raw:
        bytearray(4 << 30)
    if b"crash" in raw:
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_mail(raw, KEYWORDS, today)


def serve_badly(*arguments: object) -> None:
    reading.read_mail = reads_badly  # type: ignore[assignment]
    reading_process._serve(*arguments)  # type: ignore[arg-type]


def ends_just_then(channel: Connection, *arguments: object) -> None:
    """Instead of _serve: ends when a mail has come, as if nobody had asked for a while, and has not read it."""
    channel.poll(30)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], ReadingProcess]]:
    made: list[ReadingProcess] = []

    def make(seconds: float) -> ReadingProcess:
        made.append(ReadingProcess(KEYWORDS, ENOUGH, seconds))
        return made[-1]

    yield make
    for process in made:
        process.close()


def test_what_is_read_there_is_what_is_read_here() -> None:
    process = ReadingProcess(KEYWORDS, ENOUGH)
    try:
        assert process.read(MAIL, TODAY) == read_mail(MAIL, KEYWORDS, TODAY)
    finally:
        process.close()


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (b"hang", "reading it took longer than 5 seconds"),
        (b"swell", "reading it took more than 800 MB of memory"),
        (b"crash", "reading it ended the process that did it"),
    ],
)
def test_a_mail_that_cannot_be_read_within_the_limits_is_given_up_on_and_the_next_one_is_read(
    what: bytes, why: str, reader: Callable[[float], ReadingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = reading_process._serve
    monkeypatch.setattr(reading_process, "_serve", serve_badly)
    process = reader(5)
    process.read(MAIL, TODAY)
    with pytest.raises(PermanentFailure, match=why):
        process.read(MAIL + what, TODAY)
    monkeypatch.setattr(reading_process, "_serve", serve)
    assert process.read(MAIL, TODAY).answer.command == Approve()


def test_closing_ends_the_process_even_in_the_middle_of_a_mail(
    reader: Callable[[float], ReadingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = reader(20)
    process.read(MAIL, TODAY)
    running = process._process
    assert running is not None
    process.close()
    assert running.exitcode == -signal.SIGKILL
    process.close()


def test_a_process_that_nobody_asks_ends_and_the_next_mail_is_read_by_another(
    reader: Callable[[float], ReadingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "QUIET", 0.1)
    process = reader(20)
    process.read(MAIL, TODAY)
    first = process._process
    assert first is not None
    first.join(20)
    assert first.exitcode == 0
    assert process.read(MAIL, TODAY).answer.command == Approve()


def test_a_mail_that_comes_in_the_very_moment_in_which_the_process_ends_is_read_by_the_next(
    reader: Callable[[float], ReadingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve, ended_of_itself = reading_process._serve, ReadingProcess._ended_of_itself

    def and_the_next_one_works(process: ReadingProcess) -> bool:
        monkeypatch.setattr(reading_process, "_serve", serve)
        return ended_of_itself(process)

    monkeypatch.setattr(reading_process, "_serve", ends_just_then)
    monkeypatch.setattr(ReadingProcess, "_ended_of_itself", and_the_next_one_works)
    assert reader(20).read(MAIL, TODAY).answer.command == Approve()


def test_an_answer_that_is_broken_off_in_its_middle_is_never_read_as_the_next_one(
    reader: Callable[[float], ReadingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of it in the pipe are bytes of a stranger's."""
    process = reader(30)
    file = b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(bytes(300_000))
    large = b"From: olga@example.com\nSubject: x\n" + file

    class OutOfMemory(pipe._Unpickler):
        def persistent_load(self, name: int) -> bytes:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(pipe, "_Unpickler", OutOfMemory)
        with pytest.raises(MemoryError):
            process.read(large, TODAY)
    assert process.read(MAIL, TODAY) == read_mail(MAIL, KEYWORDS, TODAY)


def test_a_mail_at_which_one_process_after_the_other_ends_is_given_up_on(
    reader: Callable[[float], ReadingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "_serve", ends_just_then)
    with pytest.raises(PermanentFailure, match="ended the process that did it"):
        reader(20).read(MAIL, TODAY)
