"""What a seed stands for: the company, the weather, and what its people do, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tests.simulation.model import Ask, Paper
from tests.simulation.people import BUH, COMPANY, DIRECTOR, IVAN, OLGA, PETR, STRANGER, VERA, Said

CHAINS = ((OLGA,), (OLGA,), (DIRECTOR,), (OLGA, DIRECTOR), (VERA, DIRECTOR), (VERA,), (IVAN, OLGA))
PAUSES = (1, 1, 5, 40, 60 * 5, 60 * 24, 60 * 25, 60 * 24 * 3)
"""Minutes between two steps."""

_ANSWERS = {
    "approval": ("approve",) * 6 + ("reject", "question", "delegate", "words"),
    "payment": ("paid",) * 4 + ("postpone", "reject", "question", "words"),
    "completion": ("lines",) * 4 + ("duplicate_ok", "withdraw", "words"),
    "correction": ("lines",) * 3 + ("withdraw", "words"),
    "answer": ("words",) * 3 + ("lines", "withdraw"),
    "nothing": ("words", "lines", "withdraw", "approve", "status"),
}
_WANTED = {"incomplete": "completion", "in_approval": "approval", "to_pay": "payment", "rejected": "correction"}


@dataclass(frozen=True)
class Options:
    """What is drawn once for an opening. `steps` are those of the opening."""

    chain: tuple[str, ...]
    invoices: int
    steps: int
    weather: str
    copies: bool
    plain: bool
    two: bool


def drawn(random: Random) -> Options:
    """The options of a seed."""
    return Options(
        chain=random.choice(CHAINS),
        invoices=random.choice((1, 1, 1, 1, 1, 2, 2, 3)),
        steps=random.choice((1, 1, 2, 2, 3, 3, 4, 6)),
        weather=random.choice(("calm", "rain", "rain", "storm", "storm")),
        copies=random.random() < 0.15,
        plain=random.random() < 0.95,
        two=random.random() < 0.2,
    )


def wanted(paper: Paper) -> tuple[str, str]:
    """Who owes an answer about an invoice, and what the mail must ask that is answered."""
    return paper.waits_for or paper.submitter, _WANTED[paper.status]


class Hand:
    """Writes down what people mean, each time as another mail."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._written = 0

    def submission(self, today: date, before: int) -> Said:
        """A new invoice; sometimes incomplete, with a day that is over, or with the file of an earlier one."""
        file = self._random.randrange(before) if before and self._random.random() < 0.15 else before
        amount = None if self._random.random() < 0.1 else self._amount()
        person = OLGA if self._random.random() < 0.1 else IVAN
        return Said(self._key(), person, "submit", None, self._day(today, -1, 4), amount, f"invoice {file}")

    def answer(self, ours: str, ask: Ask, person: str, today: date, word: str = "") -> Said:
        """What this person may say to a mail of ours; with `word` just that."""
        if not word and person == VERA and ask.what == "approval" and self._random.random() < 0.4:
            word = "away"
        word = word or self._random.choice(_ANSWERS[ask.what])
        value, amount = "", None
        if word == "delegate":
            value = self._random.choice((PETR, PETR, IVAN, OLGA, "nobody@elsewhere.example"))
        if word == "postpone":
            value = self._day(today, -1, 5)
        if word == "lines":
            value, amount = self._day(today, 1, 5), self._amount() if self._random.random() < 0.9 else None
        return Said(self._key(), person, word, ours, value, amount)

    def somebody_else(self, person: str) -> str:
        """Who may write in this person's stead: a colleague, or a stranger."""
        return self._random.choice([*sorted(COMPANY - {person}), STRANGER, STRANGER])

    def _key(self) -> str:
        self._written += 1
        return f"p{self._written}"

    def _amount(self) -> int:
        return 1000 + self._written

    def _day(self, today: date, first: int, last: int) -> str:
        return (today + timedelta(days=self._random.randint(first, last))).isoformat()


def any_word(random: Random, person: str) -> str:
    """Something that somebody says, fitting or not."""
    words = ("paid", "postpone", "reject") if person == BUH else ("approve", "reject", "delegate", "withdraw", "lines")
    return random.choice((*words, "question", "words", "status", "away"))
