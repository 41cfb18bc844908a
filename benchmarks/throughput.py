"""200 submissions with a PDF and 200 replies, through a real Dovecot and an SMTP sink: mails a second, CPU a mail.

The sink and the table's printing run in this process; Dovecot's own CPU time is not counted.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mailflow import bootstrap
from mailflow.settings import load_settings
from tests.servers.certificates import make_certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

COUNT = 200
PDF = b"%PDF-1.4\n" + os.urandom(100_000)
SETTINGS = """
timezone: Europe/Moscow
database: sqlite:///{folder}/mailflow.db
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: {imap}, security: none, username: finance, password: "${{PASSWORD}}"}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}
  sender_check: reference
administrator: admin@example.com
submitters: ["@example.com"]
approval: {{sequence: [olga@example.com, director@example.com]}}
payment: {{accountant: anna@example.com}}
"""


def main() -> None:
    """Prints one row for the submissions and one for the replies."""
    table = Table("", "mails", "mails a second", "CPU ms a mail", "mails sent", title="Throughput")
    with tempfile.TemporaryDirectory() as name, SmtpSink() as sink:
        folder = Path(name)
        with Dovecot(make_certificates(folder).good) as dovecot:
            (folder / "settings.yaml").write_text(
                SETTINGS.format(folder=folder, imap=dovecot.imap_port, smtp=sink.port), encoding="utf-8"
            )
            settings = load_settings(folder / "settings.yaml", {"PASSWORD": PASSWORD})
            application = bootstrap.build(settings)
            application.pass_once()
            for index in range(COUNT):
                dovecot.deliver("finance", _submission(index))
            table.add_row("submissions, 137 KB", *_timed(application.pass_once, sink))
            requests = [mail.raw for mail in sink.mails if mail.recipients == ("olga@example.com",)]
            for raw in requests:
                dovecot.deliver("finance", _reply(raw))
            table.add_row("replies, 2 KB", *_timed(application.pass_once, sink))
            application.close()
    Console().print(table)


def _timed(work: Callable[[], object], sink: SmtpSink) -> tuple[str, ...]:
    sent, cpu, wall = len(sink.mails), time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return str(COUNT), f"{COUNT / wall:.0f}", f"{cpu / COUNT * 1000:.1f}", str(len(sink.mails) - sent)


def _submission(index: int) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "ivan@example.com", "finance@example.com"
    mail["Subject"], mail["Message-ID"] = f"Invoice {index}", f"<submission.{index}@example.com>"
    mail.set_content(f"Counterparty: Supplier {index} LLC\nAmount: {1000 + index}.00 EUR\nPay date: in 10 days\n")
    mail.add_attachment(PDF + str(index).encode(), maintype="application", subtype="pdf", filename="invoice.pdf")
    return mail.as_bytes()


def _reply(request: bytes) -> bytes:
    asked = message_from_bytes(request, policy=SMTP)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "olga@example.com", "finance@example.com"
    mail["Subject"], mail["Message-ID"] = f"Re: {asked['Subject']}", f"<re.{str(asked['Message-ID'])[1:]}"
    mail["In-Reply-To"] = asked["Message-ID"]
    text = asked.get_body(("plain",)).get_content()
    quoted = "".join(f"> {line}\n" for line in text.splitlines())
    mail.set_content(f"APPROVE\n\nOn Tue, 1 Dec 2026 at 10:00, Finance <finance@example.com> wrote:\n{quoted}")
    return mail.as_bytes()
