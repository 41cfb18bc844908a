"""An attempt on an invoice: a mail goes the whole way from its bytes to the decision, and what came of it is told.

The way is the real one (reading, router, processing, store), without a network; it is taken back after each attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from mailflow.approval.effects import Mail, Message
from mailflow.approval.invoice import Invoice
from mailflow.approval.wording import KEYWORDS
from mailflow.bootstrap import outgoing_of, templates_of
from mailflow.company_settings import company_of
from mailflow.documents.reading import read_file
from mailflow.inbound.message import content_digest
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.inbound.routing import Router
from mailflow.jobs.dispatch import identity_of
from mailflow.jobs.limits import Limits
from mailflow.jobs.processing import Processing
from mailflow.outbound.mail import draft_mail
from mailflow.ports import FetchedMail, Location
from mailflow.settings import load_settings
from mailflow.store.engine import open_store
from tests.settings_file import write_settings_file

SETTINGS = """
language: en
timezone: Europe/Moscow
database: sqlite:///{database}
mailbox:
  address: finance@firm.example
  imap: {{host: 127.0.0.1, port: 993, security: tls, username: finance, password: secret}}
  smtp: {{host: 127.0.0.1, port: 465, security: tls, username: finance, password: secret}}
  sender_check: dmarc
  trusted_authserv: [mx.firm.example]
administrator: admin@firm.example
submitters: ["@firm.example"]
people:
  - {{email: ivan@firm.example, name: Ivan Petrov, language: en}}
  - {{email: olga@firm.example, name: Olga Kim, language: en}}
  - {{email: petr@firm.example, name: Petr Vlasov, language: en}}
  - {{email: buh@firm.example, name: Anna Belova, language: en}}
approval: {{sequence: [olga@firm.example]}}
payment: {{accountant: buh@firm.example}}
"""
IVAN, OLGA, PETR, ANNA, ADMIN = (f"{name}@firm.example" for name in ("ivan", "olga", "petr", "buh", "admin"))
EVIL = "mallory@evil.example"
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
PASS = "mx.firm.example; dmarc=pass header.from=firm.example"
CHECKS = ("reference", "dmarc")

DECIDES_NOTHING = frozenset(
    {"automatic_answer", "delivery_problem", "held", "not_delivered", "refused", "rsvp", "status_asked", "unclear"}
)
"""The lines of a history that note something and change nothing."""


@dataclass(frozen=True)
class Attempt:
    """What came of a mail. `done`: the events that changed the invoice; `recipients`: whom we would write to."""

    done: tuple[str, ...]
    recipients: tuple[str, ...]
    state: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Request:
    """A mail of ours: what an answer to it needs, and its bytes."""

    message_id: str
    token: str
    raw: bytes


@dataclass
class Target:
    """A company with one invoice, INV-2026-0001, that waits for the approval of one person: Olga."""

    folder: Path
    head: Sequence[str] = ()
    """More fields of the mail that brought the invoice."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        file = write_settings_file(self.folder / "settings.yaml", SETTINGS.format(database=self.folder / "mailflow.db"))
        self._settings = load_settings(file, {})
        self.company = company_of(self._settings)
        self.templates = templates_of(self._settings)
        self.store = open_store(self._settings.database.get_secret_value())
        self._received = 0
        self.receive(submission(self.head))

    @property
    def request(self) -> Request:
        """The newest mail that asks for Olga's approval."""
        return self.request_of("INV-2026-0001")

    def request_of(self, number: str) -> Request:
        """The newest mail that asks for Olga's approval of an invoice."""
        return self._sent(number, OLGA, Message.APPROVAL_REQUEST)

    @property
    def pay_request(self) -> Request:
        """The mail that asks the accountant to pay."""
        return self._sent("INV-2026-0001", ANNA, Message.PAY_REQUEST)

    @property
    def acknowledgement(self) -> Request:
        """The mail that told Ivan of his invoice's number."""
        return self._sent("INV-2026-0001", IVAN, Message.ACKNOWLEDGEMENT)

    def attempt(self, raw: bytes, check: str = "dmarc") -> Attempt:
        """Tries a mail under a sender check, and takes all of it back."""
        tried = self._processing(check).rehearse(raw, NOW)
        is_ours = tried.settled.number == "INV-2026-0001"
        return Attempt(
            tuple(line.event for line in tried.history if is_ours and line.event not in DECIDES_NOTHING),
            tuple(mail.recipient for mail in tried.mails),
            tried.settled.state.value,
            tried.settled.kind,
            tried.settled.reason,
        )

    def receive(self, raw: bytes, check: str = "dmarc") -> None:
        """Receives a mail for good."""
        self._received += 1
        read = read_mail(raw, KEYWORDS, NOW.date()).message
        fetched = FetchedMail(Location("INBOX", 1, self._received), raw, len(raw))
        queue = self._processing(check).router.queue_of(read)
        with self.store.begin() as uow:
            uow.inbox.record(fetched, read.message_id, content_digest(raw), read.sender or "", read.subject, NOW, queue)
            uow.commit()
        self.work(check)

    def work(self, check: str = "dmarc") -> None:
        """Reads whatever waits."""
        while self._processing(check).run_once(NOW):
            pass

    def events(self, number: str = "INV-2026-0001") -> list[str]:
        """The history of an invoice."""
        with self.store.begin() as uow:
            return [line.event for line in uow.history.of(number)]

    def invoice(self) -> Invoice:
        """The invoice as it is."""
        with self.store.begin() as uow:
            (invoice,) = uow.invoices.all()
        return invoice

    def _processing(self, check: str) -> Processing:
        router = Router(self.company, check, ("mx.firm.example",))
        outgoing = outgoing_of(self._settings, self.company, self.store)
        return Processing(self.store, _read, read_file, router, outgoing, lambda: self.templates, self.limits)

    def _sent(self, number: str, to: str, message: Message) -> Request:
        with self.store.begin() as uow:
            sent = [uow.outbox.by_message_id(known) for known in uow.outbox.thread(number, to)]
        entry = [e for e in sent if e and isinstance(e.effect, Mail) and e.effect.message is message][-1]
        assert isinstance(entry.effect, Mail)
        identity = identity_of(entry, outgoing_of(self._settings, self.company, self.store).mint)
        asked = replace(entry.effect, attachments=())
        return Request(identity.message_id, identity.token, draft_mail(asked, identity, self.company, self.templates))


def submission(head: Sequence[str] = ()) -> bytes:
    """Ivan's invoice."""
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nCounterparty: Romashka LLC\r\nAmount: 125 000.00 RUB\r\n"
        "Pay date: 15.12.2026\r\n\r\n--b\r\nContent-Type: application/pdf\r\n"
        'Content-Disposition: attachment; filename="invoice.pdf"\r\n\r\n%PDF-1.4 one\r\n--b--\r\n'
    )
    kind = 'Content-Type: multipart/mixed; boundary="b"'
    return mail(kind, *head, sender=f"From: {IVAN}", subject="Paper", body=body)


def mail(
    *head: str | bytes,
    sender: str | bytes = f"From: Olga Kim <{OLGA}>",
    results: Sequence[str] = (PASS,),
    subject: str = "Re: approval",
    body: str | bytes = "APPROVE\r\n",
) -> bytes:
    """A mail; `sender` is the whole From line or what stands in its place, `results` the Authentication-Results."""
    lines = [
        *(f"Authentication-Results: {value}" for value in results),
        sender,
        "To: finance@firm.example",
        f"Subject: {subject}",
        *head,
        "",
        "",
    ]
    return b"\r\n".join(map(_bytes, lines)) + _bytes(body)


def reply(request: Request, *head: str | bytes, **parts: object) -> bytes:
    """A mail that answers a request by every clue: In-Reply-To and the reference in its subject."""
    subject = f"Re: [INV-2026-0001 #{request.token}] Approve"
    return mail(f"In-Reply-To: {request.message_id}", *head, **{"subject": subject, **parts})  # type: ignore[arg-type]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


def _read(raw: bytes, today: date) -> ReadMail:
    return read_mail(raw, KEYWORDS, today)
