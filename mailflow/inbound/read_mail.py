"""What all the readers find in a mail; apart from them, for whoever handles it need not know how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailflow.approval.decision import NumberedAnswer, Reading
    from mailflow.approval.rsvp import CalendarReply
    from mailflow.approval.submission import Form
    from mailflow.inbound.correlation import Clues
    from mailflow.inbound.delivery_report import DeliveryReport
    from mailflow.inbound.message import File, InboundMessage


@dataclass(frozen=True)
class ReadMail:
    """A mail and what every reader finds in it; None where a reader finds nothing of its kind.

    `sha256` is that of its bytes (hex); `automatic`: by what it can be told that a machine wrote it; `is_absence`:
    that machine says that somebody is away; `numbered` are the lines of the answer, should it answer a digest.
    """

    message: InboundMessage
    sha256: str
    clues: Clues
    report: DeliveryReport | None
    calendar_reply: CalendarReply | None
    automatic: str | None
    is_absence: bool
    answer: Reading
    numbered: tuple[NumberedAnswer, ...]
    form: Form
    files: tuple[File, ...]
