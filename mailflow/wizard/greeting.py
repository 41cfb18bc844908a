"""A mail to the administrator: whether sending works, and what will happen to an invoice."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from mailflow.ports import Envelope
from mailflow.wizard.settings_file import Answers
from mailflow.wizard.texts import TEXTS


def greeting(answers: Answers, now: datetime) -> Envelope:
    """The mail, in the language that was chosen."""
    texts, domain = TEXTS[answers.language], answers.address.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = answers.address, answers.administrator, texts["test_subject"]
    mail["Date"], mail["Message-ID"] = format_datetime(now), make_msgid(domain=domain)
    mail["Auto-Submitted"] = "auto-generated"
    approvers, accountant = ", ".join(answers.approvers), answers.accountant
    mail.set_content(texts["test_body"].format(mailbox=answers.address, approvers=approvers, accountant=accountant))
    return Envelope(answers.address, answers.administrator, mail.as_bytes())
