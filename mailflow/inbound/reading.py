"""All that a mail says by itself, read once, whoever it is from and whatever it answers."""

from __future__ import annotations

import hashlib
from datetime import date

from mailflow.approval.wording import Keywords
from mailflow.inbound.absence import is_absence
from mailflow.inbound.answer import read_answer
from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.calendar_reply import read_reply
from mailflow.inbound.correlation import clues
from mailflow.inbound.delivery_report import read_report
from mailflow.inbound.message import invoice_files, parse
from mailflow.inbound.numbered_answer import read_numbered
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.submission_form import read_form


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
        numbered=read_numbered(message, keywords, today),
        form=read_form(answer.text, today),
        files=invoice_files(message),
    )
