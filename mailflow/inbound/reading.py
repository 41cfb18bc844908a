"""All that a mail says by itself, read once, whoever it is from and whatever it answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from mailflow.approval.decision import Reading
from mailflow.approval.rsvp import CalendarReply
from mailflow.approval.submission import Form
from mailflow.approval.wording import Keywords
from mailflow.inbound.absence import is_absence
from mailflow.inbound.answer import read_answer
from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.calendar_reply import read_reply
from mailflow.inbound.correlation import Clues, clues
from mailflow.inbound.delivery_report import DeliveryReport, read_report
from mailflow.inbound.message import File, InboundMessage, invoice_files, parse
from mailflow.inbound.submission_form import read_form


@dataclass(frozen=True)
class ReadMail:
    """A mail and what every reader finds in it; None where a reader finds nothing of its kind.

    `sha256` is that of its bytes (hex); `automatic`: by what it can be told that a machine wrote it; `is_absence`:
    that machine says that somebody is away.
    """

    message: InboundMessage
    sha256: str
    clues: Clues
    report: DeliveryReport | None
    calendar_reply: CalendarReply | None
    automatic: str | None
    is_absence: bool
    answer: Reading
    form: Form
    files: tuple[File, ...]


def read_mail(raw: bytes, keywords: Keywords, today: date) -> ReadMail:
    """Reads any bytes. `today` is the day in the company's time zone, for dates without a year."""
    message = parse(raw)
    answer = read_answer(message, keywords, today)
    automatic = automatic_reason(message, answer.text)
    return ReadMail(
        message=message,
        sha256=hashlib.sha256(raw).hexdigest(),
        clues=clues(message),
        report=read_report(message),
        calendar_reply=read_reply(message),
        automatic=automatic,
        is_absence=automatic is not None and is_absence(message, answer.text),
        answer=answer,
        form=read_form(answer.text, today),
        files=invoice_files(message),
    )
