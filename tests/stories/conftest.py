"""A company at work: real IMAP and SMTP on loopback, real mail clients, the whole of mailflow, a clock that obeys."""

from __future__ import annotations

import itertools
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted

from mailflow import bootstrap
from mailflow.approval.invoice import Invoice
from mailflow.jobs.whole_pass import PassResult
from mailflow.office.mail_server import MailServer
from mailflow.office.papers import Paper
from mailflow.office.person import Person
from mailflow.office.received import ReceivedMail
from mailflow.settings import load_settings
from mailflow.store.history import HistoryLine
from mailflow.store.inbox import InboxMail
from tests.settings_file import write_settings_file

SETTINGS = """
language: en
timezone: Europe/Moscow
database: {database}
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: {imap}, security: none, username: finance@example.com, password: secret}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none, username: finance@example.com, password: secret}}
  {check}
administrator: admin@example.com
submitters: ["@example.com"]
digest: false
people:
  - {{email: ivan@example.com, name: "Иван Петров", language: ru, manager: olga@example.com}}
  - {{email: olga@example.com, name: "Ольга Смирнова", language: ru, manager: director@example.com,
     aliases: [olga@home.example]}}
  - {{email: director@example.com, name: "Dmitry Orlov", language: en}}
  - {{email: petr@example.com, name: "Пётр Власов", language: ru}}
  - {{email: buh@example.com, name: "Анна Белова", language: ru}}
  - {{email: gone@example.com, name: "Gone", language: en, deputy: petr@example.com}}
  - {{email: vera@example.com, name: "Vera Lind", language: en, deputy: petr@example.com}}
approval:
  sequence: [{sequence}]
  remind_after_hours: 24
  {approval}
payment: {{accountant: buh@example.com, unpaid_moves_to: next_day{payment}}}
max_message_mb: 2
{more}
"""
PEOPLE = {
    "ivan": ("Иван Петров", "ru"),
    "olga": ("Ольга Смирнова", "ru"),
    "director": ("Dmitry Orlov", "en"),
    "petr": ("Пётр Власов", "ru"),
    "vera": ("Vera Lind", "en"),
    "buh": ("Анна Белова", "ru"),
    "admin": ("Administrator", "en"),
    "stranger": ("Stranger", "en"),
}
MORNING = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
_papers = itertools.count(1)


def paper(text: str | None = None) -> Paper:
    content = f"%PDF-1.4 {text or f'invoice {next(_papers)}'}".encode()
    return Paper("счёт.pdf", "application/pdf", content)


@dataclass
class Office:
    """The company: its people, its mail server, its mailflow."""

    server: MailServer
    folder: Path
    sequence: str
    more: str
    database: str
    mailbox: str = ""
    check: str = "sender_check: reference"
    approval: str = ""
    payment: str = ""
    digest: str = "false"
    now: datetime = MORNING
    people: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people = {name: self._person(name) for name in PEOPLE}
        self.server.clock = lambda: self.now
        self.restart()

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    def restart(self) -> None:
        """mailflow is started anew, on the same database."""
        self.restart_with(lambda text: text)

    def restart_with(self, edit: Callable[[str], str]) -> None:
        """mailflow is started anew after the administrator has edited its settings."""
        if "mailflow" in vars(self):
            self.mailflow.close()
        file = self.folder / "settings.yaml"
        text = SETTINGS.format(
            database=self.database,
            imap=self.server.imap_port,
            smtp=self.server.smtp_port,
            sequence=self.sequence,
            more=self.more,
            check=self.check,
            approval=self.approval,
            payment=self.payment,
        )
        text = text.replace("digest: false", f"digest: {self.digest}")
        write_settings_file(file, edit(text.replace("mailbox:\n", f"mailbox:\n{self.mailbox}")))
        self.mailflow = bootstrap.build(load_settings(file, {}))

    def work(self, **later: float) -> PassResult:
        """One pass, some time later."""
        self.now += timedelta(minutes=1) + timedelta(**later)
        return self.mailflow.pass_once(self.now)

    def submit(self, **lines: str | None) -> Invoice:
        """Ivan mails a complete invoice, each of another sum; lines may be left out (None) or said otherwise."""
        fields: dict[str, str | None] = {
            "Контрагент": "ООО «Ромашка»",
            "Сумма": f"{125_000 + len(self.invoices())} руб.",
            "Дата оплаты": "15.12.2026",
            **lines,
        }
        body = "\n".join(f"{label}: {value}" for label, value in fields.items() if value is not None)
        self.ivan.submit("Бумага", body, [paper()])
        self.work()
        return self.invoices()[-1]

    def gets(self, name: str, *words: str) -> ReceivedMail:
        """The next unread mail of a person with all these words in its subject."""
        return self.people[name].wait_for(lambda mail: all(w in mail.subject for w in words), timeout=1)

    def mails(self, name: str) -> list[ReceivedMail]:
        return list(self.people[name].inbox())

    def invoices(self) -> list[Invoice]:
        with self.mailflow.store.begin() as uow:
            return uow.invoices.all()

    def invoice(self) -> Invoice:
        (only,) = self.invoices()
        return only

    def history(self, number: str = "INV-2026-0001") -> list[HistoryLine]:
        with self.mailflow.store.begin() as uow:
            assert uow.history.broken_link(number) is None
            return uow.history.of(number)

    def quarantine(self) -> list[InboxMail]:
        with self.mailflow.store.begin() as uow:
            return uow.inbox.quarantined()

    def undelivered(self) -> int:
        with self.mailflow.store.begin() as uow:
            return len(uow.outbox.undelivered())

    def drop_in(self, raw: bytes) -> None:
        """Bytes straight into the shared mailbox."""
        self.server.deliver(raw, "finance@example.com")

    def send_raw(self, message: EmailMessage, sender: str) -> None:
        with smtplib.SMTP(self.server.host, self.server.smtp_port) as smtp:
            smtp.sendmail(sender, ["finance@example.com"], message.as_bytes(policy=SMTP))

    def folder_count(self, name: str) -> int:
        with self.shared_mailbox() as box:
            box.folder.set(name)
            return len(box.uids())

    def shared_mailbox(self) -> MailBoxUnencrypted:
        box = MailBoxUnencrypted(self.server.host, self.server.imap_port, timeout=5)
        box.login("finance@example.com", "secret")
        return box

    def _person(self, name: str) -> Person:
        display, language = PEOPLE[name]
        return Person(
            address=f"{name}@{'elsewhere.example' if name == 'stranger' else 'example.com'}",
            name=display,
            password="secret",
            host=self.server.host,
            imap_port=self.server.imap_port,
            smtp_port=self.server.smtp_port,
            writes_to="finance@example.com",
            language=language,
            clock=lambda: self.now,
        )


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Opens a company whose sequence or further settings differ."""
    users = {f"{name}@example.com": "secret" for name in (*PEOPLE, "finance")} | {
        "stranger@elsewhere.example": "secret"
    }
    with MailServer(users) as server:
        opened: list[Office] = []

        def opener(
            sequence: str = "olga@example.com, director@example.com",
            more: str = "",
            database: str | None = None,
            mailbox: str = "",
            check: str = "sender_check: reference",
            approval: str = "",
            payment: str = "",
        ) -> Office:
            database = database or f"sqlite:///{tmp_path}/mailflow.db"
            opened.append(Office(server, tmp_path, sequence, more, database, mailbox, check, approval, payment))
            return opened[-1]

        yield opener
        for office in opened:
            office.mailflow.close()


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()


def day(month: int, number: int) -> date:
    return date(2026, month, number)
