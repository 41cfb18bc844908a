"""The company that the trials play in, and the mails that its people write, as bytes."""

from __future__ import annotations

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

from tests.servers.dovecot import PASSWORD
from tests.settings_file import write_settings_file

MAILBOX, ADMIN = "finance@example.com", "admin@example.com"
IVAN, OLGA, DIRECTOR, BUH = (f"{name}@example.com" for name in ("ivan", "olga", "director", "buh"))

SETTINGS = """\
language: en
timezone: Europe/Moscow
database: {database}
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: {imap}, security: none, username: {user}, password: '{password}'}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none, connections: {connections}}}
  sender_check: reference
  poll_seconds: 1
administrator: admin@example.com
submitters: ["@example.com"]
digest: false
people:
  - {{email: ivan@example.com, name: "Иван Петров", language: ru}}
  - {{email: olga@example.com, name: "Ольга Смирнова", language: ru}}
  - {{email: director@example.com, name: "Dmitry Orlov", language: en}}
  - {{email: buh@example.com, name: "Анна Белова", language: ru}}
approval: {{sequence: [olga@example.com, director@example.com]}}
payment: {{accountant: buh@example.com}}
{more}
"""


def write_settings(
    folder: Path,
    *,
    database: str,
    imap: int,
    smtp: int,
    user: str,
    password: str = PASSWORD,
    more: str = "",
    connections: int = 4,
) -> Path:
    """A settings.yaml in this folder. With one SMTP connection a pass makes the same calls in the same order."""
    facts = {"database": database, "imap": imap, "smtp": smtp, "user": user, "password": password}
    filled = SETTINGS.format(**facts, more=more, connections=connections)
    return write_settings_file(folder / "settings.yaml", filled)


def write_company(folder: Path, name: str, *, imap: int, smtp: int, user: str) -> Path:
    """One of several companies: the same people, in a domain of its own, in the common database."""
    text = SETTINGS.format(database="", imap=imap, smtp=smtp, user=user, password=PASSWORD, connections=1, more="")
    text = text.replace("database: \n", "").replace("example.com", f"{name}.example.com")
    return write_settings_file(folder / f"{name}.yaml", text)


def submission(number: int, sender: str = IVAN, pay_date: str = "in 30 days") -> bytes:
    """A complete invoice; the number makes it another one."""
    mail = _mail(sender, f"Paper {number}", f"<submission-{number}@{sender.partition('@')[2]}>")
    mail.set_content(f"Counterparty: Supplier {number} Ltd\nAmount: {1000 + number} EUR\nPay date: {pay_date}\n")
    content = f"%PDF-1.4 invoice {number}".encode()
    mail.add_attachment(content, maintype="application", subtype="pdf", filename=f"invoice-{number}.pdf")
    return mail.as_bytes()


def answer(sent: bytes, words: str, sender: str | None = None, again: int = 0) -> bytes:
    """What a mail client makes of a reply to a mail of ours; `again` makes it another mail with the same words."""
    ours = message_from_bytes(sent, policy=default)
    writer = sender or ours["To"].addresses[0].addr_spec
    return reply(str(ours["Message-ID"]), str(ours["Subject"]), writer, words, again)


def reply(message_id: str, subject: str, sender: str, words: str, again: int = 0) -> bytes:
    """The same, to a mail of ours of which only the Message-ID and the subject are known."""
    key = f"{message_id.strip('<>').partition('@')[0]}.{again}"
    mail = _mail(sender, f"Re: {subject}", f"<re.{key}@{sender.partition('@')[2]}>")
    mail["In-Reply-To"] = message_id
    mail["References"] = message_id
    mail.set_content(f"{words}\n")
    return mail.as_bytes()


def _mail(sender: str, subject: str, message_id: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    user, _, domain = sender.partition("@")
    mail["From"], mail["To"] = Address(user, user, domain), MAILBOX
    mail["Subject"], mail["Message-ID"] = subject, message_id
    mail["Date"] = "Tue, 01 Dec 2026 09:00:00 +0300"
    return mail
