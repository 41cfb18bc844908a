"""Several connections hand mails over side by side; a server that allows fewer gets all mails all the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from mailflow.errors import BrokenOff, PermanentFailure, ServerAway, SignInRefused
from mailflow.jobs import lines
from mailflow.jobs.lines import AGAIN_WITHIN, REST_SECONDS, Lines
from mailflow.ports import Envelope


def mail(recipient: str) -> Envelope:
    return Envelope("finance@example.com", recipient, b"Subject: x\r\n\r\n")


ANN, BOB, CARL, DORA = (mail(f"{name}@example.com") for name in ("ann", "bob", "carl", "dora"))


@dataclass
class Line:
    """A connection that takes everything, or fails as it is told to."""

    failure: Exception | None = None
    taken: list[str] = field(default_factory=list)

    def send(self, envelope: Envelope) -> str:
        if self.failure:
            raise self.failure
        self.taken.append(envelope.recipient)
        return f"250 {envelope.recipient}"

    def close(self) -> None:
        """Nothing is open."""


def test_each_mail_has_its_own_answer_in_the_order_of_the_mails() -> None:
    refused = PermanentFailure("550 no such mailbox")
    three = Lines(Line(), Line(refused), Line())
    three.send_all([DORA])
    assert three.send_all([ANN, BOB, CARL]) == [
        "250 ann@example.com", refused, "250 carl@example.com",
    ]  # fmt: skip


def test_mails_are_handed_over_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    class Waiting(Line):
        def send(self, envelope: Envelope) -> str:
            if envelope is not DORA:
                together.wait()
            return super().send(envelope)

    three = Lines(Waiting(), Waiting(), Waiting())
    three.send_all([DORA])
    assert three.send_all([ANN, BOB, CARL]) == [f"250 {name}@example.com" for name in ("ann", "bob", "carl")]


def test_where_the_server_lets_us_have_no_further_connection_the_first_one_takes_its_mail_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(lines, "monotonic", lambda: now[0])
    now[0] = 1.0
    first, second = Line(), Line(ServerAway("421 too many connections"))
    both = Lines(first, second)
    assert len(both) == 2
    both.send_all([CARL])
    assert both.send_all([ANN, BOB]) == ["250 ann@example.com", "250 bob@example.com"]
    assert first.taken == ["carl@example.com", "ann@example.com", "bob@example.com"]
    assert len(both) == 1, "it is not asked for again at once"
    now[0] += REST_SECONDS
    assert len(both) == 2


def test_where_the_server_is_away_it_is_asked_for_no_mail_twice() -> None:
    away = ServerAway("it cannot be reached")
    assert Lines(Line(away), Line(away)).send_all([ANN, BOB]) == [away, away]


def test_a_refused_sign_in_is_tried_by_one_line_alone_until_the_server_lets_us_in() -> None:
    tried: list[str] = []

    class Guarded(Line):
        def send(self, envelope: Envelope) -> str:
            tried.append(envelope.recipient)
            return super().send(envelope)

    refused = SignInRefused("535 wrong password")
    first = Guarded(refused)
    three = Lines(first, Guarded(refused), Guarded(refused))
    assert three.send_all([ANN, BOB, CARL]) == [refused] * 3
    assert three.send_all([ANN, BOB, CARL]) == [refused] * 3
    assert tried == ["ann@example.com"] * 2
    first.failure = None
    three.send_all([ANN])
    first.failure = refused
    three.send_all([ANN, BOB])
    assert len(tried) == 5, "whoever was let in before tries all lines once"
    three.send_all([ANN, BOB])
    assert len(tried) == 6


def test_a_server_that_breaks_off_over_the_very_first_mail_is_offered_no_other() -> None:
    second = Line()
    over_the_first, untried = Lines(Line(BrokenOff("421 shutting down")), second).send_all([ANN, BOB])
    assert isinstance(over_the_first, BrokenOff)
    assert isinstance(untried, ServerAway), "which costs it no try"
    assert second.taken == []


def test_a_mail_over_which_one_line_breaks_off_is_taken_by_the_first_and_the_line_does_not_rest() -> None:
    first = Line()
    both = Lines(first, Line(BrokenOff("421 too many messages in this connection")))
    both.send_all([CARL])
    assert both.send_all([ANN, BOB]) == ["250 ann@example.com", "250 bob@example.com"]
    assert len(both) == 2


def test_where_the_server_refuses_all_because_they_are_too_many_the_first_goes_on_alone() -> None:
    first, second = Line(), Line(ServerAway("432 too many"))
    both = Lines(first, second)
    both.send_all([CARL])
    first.failure = second.failure
    assert both.send_all([ANN, BOB]) == [first.failure] * 2
    assert len(both) == 1


def test_the_first_line_takes_no_mail_of_another_one_when_it_was_slow_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1.0]
    monkeypatch.setattr(lines, "monotonic", lambda: now[0])

    class Slow(Line):
        def send(self, envelope: Envelope) -> str:
            now[0] += AGAIN_WITHIN
            return super().send(envelope)

    away = ServerAway("421 too many connections")
    both = Lines(Slow(), Line(away))
    both.send_all([CARL])
    assert both.send_all([ANN, BOB]) == ["250 ann@example.com", away], "its lease would run out meanwhile"
    assert len(both) == 1
