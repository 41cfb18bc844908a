"""What an answer asks for, once its visible text has been read (process section 3).

A command is what the writer said, not what follows from it: who wrote it, about what, and whether it still counts is
decided in `steps`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from mailflow.approval.submission import Attachment, Form


@dataclass(frozen=True)
class Approve:
    """APPROVE; what stands after the keyword is a comment."""

    comment: str = ""


@dataclass(frozen=True)
class Reject:
    """REJECT: reason; an empty reason is asked for."""

    reason: str = ""


@dataclass(frozen=True)
class Question:
    """QUESTION: text, to the submitter."""

    text: str = ""


@dataclass(frozen=True)
class Delegate:
    """DELEGATE: address; None where no single address stands there."""

    address: str | None = None


@dataclass(frozen=True)
class Withdraw:
    """WITHDRAW, by the submitter."""

    reason: str = ""


@dataclass(frozen=True)
class AskStatus:
    """STATUS; `number` where the line names one."""

    number: str | None = None


@dataclass(frozen=True)
class AskHelp:
    """HELP."""


@dataclass(frozen=True)
class Paid:
    """PAID, by the accountant; what stands after it is the payment reference."""

    reference: str = ""


@dataclass(frozen=True)
class Postpone:
    """POSTPONE: date; None where the date is missing or cannot be read, `text` is what stood there."""

    date: date | None = None
    text: str = ""


@dataclass(frozen=True)
class DuplicateOk:
    """DUPLICATE OK: reason, by the submitter; an empty reason is asked for."""

    reason: str = ""


@dataclass(frozen=True)
class Undo:
    """UNDO, by an approver whose decision has not taken effect yet."""


@dataclass(frozen=True)
class Unclear:
    """No decision can be read without guessing.

    `why`: no_keyword, both_keywords, negation, condition, question, mixed_script, glued, hidden_text, parts_differ,
    damaged_text, empty; in an answer to a digest no_number, number_twice, number_unknown too.
    """

    why: str


Command = (
    Approve
    | Reject
    | Question
    | Delegate
    | Withdraw
    | AskStatus
    | AskHelp
    | Paid
    | Postpone
    | DuplicateOk
    | Undo
    | Unclear
)


@dataclass(frozen=True)
class Reading:
    """A command with the very line it was read from; `text` is the whole visible answer."""

    command: Command
    line: str
    text: str


@dataclass(frozen=True)
class NumberedAnswer:
    """One line of an answer to a digest: the numbers that it is about, none where it names none."""

    numbers: tuple[int, ...]
    reading: Reading


@dataclass(frozen=True)
class Answer:
    """A person's reply to one of our mails: who wrote it, what was read, the labelled lines and files it holds."""

    sender: str
    reading: Reading
    form: Form = field(default_factory=Form)
    attachments: tuple[Attachment, ...] = ()
