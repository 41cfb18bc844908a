"""Several connections hand mails over side by side; a server that allows fewer gets all mails all the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from mailflow.errors import PermanentFailure, ServerAway
from mailflow.jobs import lines
from mailflow.jobs.lines import REST_SECONDS, Lines
from mailflow.ports import Envelope


def mail(recipient: str) -> Envelope:
    return Envelope("finance@example.com", recipient, b"Subject: x\r\n\r\n")


ANN, BOB, CARL = (mail(f"{name}@example.com") for name in ("ann", "bob", "carl"))


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
    assert Lines(Line(), Line(refused), Line()).send_all([ANN, BOB, CARL]) == [
        "250 ann@example.com", refused, "250 carl@example.com",
    ]  # fmt: skip


def test_mails_are_handed_over_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    class Waiting(Line):
        def send(self, envelope: Envelope) -> str:
            together.wait()
            return super().send(envelope)

    assert len(Lines(Waiting(), Waiting(), Waiting()).send_all([ANN, BOB, CARL])) == 3


def test_where_the_server_lets_us_have_no_further_connection_the_first_one_takes_its_mail_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(lines, "monotonic", lambda: now[0])
    now[0] = 1.0
    first, second = Line(), Line(ServerAway("421 too many connections"))
    both = Lines(first, second)
    assert len(both) == 2
    assert both.send_all([ANN, BOB]) == ["250 ann@example.com", "250 bob@example.com"]
    assert first.taken == ["ann@example.com", "bob@example.com"]
    assert len(both) == 1, "it is not asked for again at once"
    now[0] += REST_SECONDS
    assert len(both) == 2


def test_where_the_server_is_away_it_is_asked_for_no_mail_twice() -> None:
    away = ServerAway("it cannot be reached")
    assert Lines(Line(away), Line(away)).send_all([ANN, BOB]) == [away, away]
