"""A daemon whose mailbox another one watches leaves the mailbox alone, helps, and looks whether its turn has come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from mailflow import daemon
from mailflow.daemon import Daemon
from mailflow.errors import DatabaseAway
from mailflow.jobs.whole_pass import PassResult


@dataclass
class Box:
    """A mailbox that says what is done with it; nothing ever comes."""

    done: list[str] = field(default_factory=list)
    woken: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float) -> bool:
        self.done.append("waited")
        self.woken.wait(seconds)
        return False

    def wake(self) -> None:
        self.woken.set()

    def close(self) -> None:
        self.done.append("closed")


@dataclass
class Shift:
    """Runs a daemon until it has asked so often whether it watches, which these are the answers to."""

    answers: list[bool | Exception]
    box: Box = field(default_factory=Box)
    passes: int = 0

    def run(self) -> None:
        self.daemon = Daemon(self.one_pass, self.box, poll_seconds=1, watches=self.watches)  # type: ignore[arg-type]
        self.daemon.run()

    def one_pass(self) -> PassResult:
        self.passes += 1
        return PassResult()

    def watches(self) -> bool:
        answer = self.answers.pop(0)
        if not self.answers:
            self.daemon.stop()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "STANDS_BY", 0.01)
    monkeypatch.setattr(daemon, "LONGEST_PAUSE", 0.01)


def test_it_makes_pass_after_pass_without_the_mailbox() -> None:
    shift = Shift([False, False, False])
    shift.run()
    assert set(shift.box.done) == {"closed"}
    assert shift.passes == 3


def test_it_waits_at_the_mailbox_as_soon_as_its_turn_has_come() -> None:
    shift = Shift([False, True, True])
    shift.run()
    assert shift.box.done == ["closed", "waited", "waited"]


def test_it_leaves_the_mailbox_when_it_loses_the_watch() -> None:
    shift = Shift([True, False])
    shift.run()
    assert shift.box.done == ["waited", "closed"]


def test_a_database_that_cannot_say_who_watches_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    shift = Shift([DatabaseAway("The database cannot be used just now"), False, True])
    shift.run()
    assert shift.box.done == ["closed", "waited"]
    assert caplog.text.count("The database cannot be used just now") == 1
