"""Pairs of answers that contradict each other, and all that either order of the two may come to."""

from __future__ import annotations

from dataclasses import dataclass

from mailflow.approval.reference import Asks
from tests.trials.company import BUH, DIRECTOR, IVAN, OLGA, reply


@dataclass(frozen=True)
class Said:
    """One person's answer to the mail that asked for it."""

    sender: str
    to: Asks
    words: str


@dataclass(frozen=True)
class Ending:
    """What must be left of a pair: the decisions in the order of the history, the refusal, the invoice's status.

    `refused`: who is told that nothing has changed, why, and whose decision came before; None: nobody is.
    """

    decided: tuple[str, ...]
    refused: tuple[str, str, str] | None
    status: str


@dataclass(frozen=True)
class Pair:
    """Two answers, and the endings of which each must come to one: the first was faster, or the second.

    `decided` is what led to the moment when both answers are right.
    """

    answers: tuple[Said, Said]
    endings: tuple[Ending, Ending]
    decided: tuple[str, ...] = ()

    def mails(self, asked: dict[tuple[str, Asks], str]) -> tuple[bytes, bytes]:
        """The two mails; `asked` has the Message-ID of the mail of ours to a person that asks for this."""
        first, second = (
            reply(asked[said.sender, said.to], "the invoice", said.sender, said.words, again)
            for again, said in enumerate(self.answers)
        )
        return first, second


_APPROVE = Said(OLGA, Asks.APPROVAL, "APPROVE")
_PAID = Said(BUH, Asks.PAYMENT, "PAID 4711")
_WITHDRAW = Said(IVAN, Asks.NOTHING, "WITHDRAW")
_TO_PAY = ("approved", "approved")

PAIRS = {
    "approve and reject": Pair(
        (_APPROVE, Said(OLGA, Asks.APPROVAL, "REJECT: too dear")),
        (
            Ending(("approved",), (OLGA, "already_decided", OLGA), "in_approval"),
            Ending(("rejected",), (OLGA, "already_decided", OLGA), "rejected"),
        ),
    ),
    "approve and delegate": Pair(
        (_APPROVE, Said(OLGA, Asks.APPROVAL, f"DELEGATE: {BUH}")),
        (
            Ending(("approved",), (OLGA, "already_decided", OLGA), "in_approval"),
            Ending(("delegated",), (OLGA, "replaced", BUH), "in_approval"),
        ),
    ),
    "approve and withdraw": Pair(  # what has been approved may still be withdrawn
        (_APPROVE, _WITHDRAW),
        (
            Ending(("approved", "withdrawn"), None, "withdrawn"),
            Ending(("withdrawn",), (OLGA, "withdrawn", IVAN), "withdrawn"),
        ),
    ),
    "paid and reject": Pair(
        (_PAID, Said(BUH, Asks.PAYMENT, "REJECT: the account is closed")),
        (
            Ending((*_TO_PAY, "paid"), (BUH, "paid", BUH), "paid"),
            Ending((*_TO_PAY, "rejected"), (BUH, "already_decided", BUH), "rejected"),
        ),
        _TO_PAY,
    ),
    "paid and withdraw": Pair(
        (_PAID, _WITHDRAW),
        (
            Ending((*_TO_PAY, "paid"), (IVAN, "paid", BUH), "paid"),
            Ending((*_TO_PAY, "withdrawn"), (BUH, "withdrawn", IVAN), "withdrawn"),
        ),
        _TO_PAY,
    ),
}
APPROVERS = (OLGA, DIRECTOR)
