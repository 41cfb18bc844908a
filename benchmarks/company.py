"""The company of the measurements: its settings, the mails that it gets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from secrets import token_hex

from benchmarks.sink import Arrived
from tests.documents.papers.pdf import Page, write_pdf
from tests.servers.dovecot import PASSWORD

SUBMITTER, FIRST, SECOND = "ivan@example.com", "olga@example.com", "director@example.com"
FILE_BYTES = 100_000
"""Of the invoice's file, which makes a mail of 137 KB."""

_SETTINGS = """\
timezone: Europe/Moscow
database: {database}
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: {imap}, security: none, username: {user}, password: "${{PASSWORD}}"}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none, connections: {connections}}}
  sender_check: reference
  poll_seconds: {poll_seconds}
administrator: admin@example.com
submitters: ["@example.com"]
approval: {{sequence: [{first}, {second}]}}
payment: {{accountant: anna@example.com}}
max_mails_an_hour: 1000000
max_mb_an_hour: 1000000
"""


@dataclass(frozen=True)
class Company:
    """A mailflow with a mailbox and a database of its own."""

    settings: Path
    user: str
    database: str

    def command(self, *arguments: str) -> tuple[str, ...]:
        """`run.py` with these settings, to be given to Python."""
        return "run.py", "--settings", str(self.settings), *arguments


ENVIRONMENT = {"PASSWORD": PASSWORD}


def found(
    folder: Path,
    user: str,
    imap: int,
    smtp: int,
    *,
    database: str = "",
    poll_seconds: int = 60,
    connections: int = 3,
) -> Company:
    """Writes the settings of a company; its database is SQLite where no other is named."""
    folder.mkdir(exist_ok=True)
    database = database or f"sqlite:///{folder}/mailflow.db"
    settings = folder / "settings.yaml"
    settings.write_text(
        _SETTINGS.format(
            database=database,
            imap=imap,
            smtp=smtp,
            connections=connections,
            user=user,
            first=FIRST,
            second=SECOND,
            poll_seconds=poll_seconds,
        ),
        "utf-8",
    )
    settings.chmod(0o600)
    return Company(settings, user, database)


def submission(name: str, file: bytes, filename: str = "invoice.docx") -> bytes:
    """An invoice with everything in the mail's text; names of other words are other invoices."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = SUBMITTER, "finance@example.com"
    mail["Subject"], mail["Message-ID"] = f"Invoice {name}", f"<submission.{name}@example.com>"
    mail.set_content(f"Counterparty: Supplier {name} LLC\nAmount: 1000.00 EUR\nPay date: in 10 days\n")
    mail.add_attachment(file, maintype="application", subtype="octet-stream", filename=filename)
    return mail.as_bytes()


def opaque() -> bytes:
    """A file that says nothing to any reader."""
    return b"PK" + os.urandom(FILE_BYTES - 2)


class _Padded(Page):
    """A page with a comment of random digits, so that the file has its size and differs from every other."""

    def content(self) -> bytes:
        """What is drawn, then the comment."""
        return super().content() + b"\n%" + token_hex((FILE_BYTES - 2500) // 2).encode()


def pdf(name: str) -> bytes:
    """A bill of one page that can be read, of the same size."""
    page = _Padded()
    lines = ("Invoice", f"Supplier: Supplier {name} LLC", "Description   Quantity   Sum", "Paper A4   10   1000.00 EUR")
    for row, line in enumerate((*lines, "Total: 1000.00 EUR")):
        page.text(40, 60 + 20 * row, line)
    return write_pdf([page])


def approval(request: Arrived, words: str = "APPROVE") -> bytes:
    """A reply to a request, which is quoted below."""
    asked = request.message()
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = request.recipient, "finance@example.com"
    mail["Subject"], mail["Message-ID"] = f"Re: {asked['Subject']}", f"<re.{str(asked['Message-ID'])[1:]}"
    mail["In-Reply-To"] = asked["Message-ID"]
    body = asked.get_body(("plain",))
    assert body
    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
    mail.set_content(f"{words}\n\nOn Tue, 1 Dec 2026 at 10:00, Finance <finance@example.com> wrote:\n{quoted}")
    return mail.as_bytes()
