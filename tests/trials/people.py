"""The people of the company: they mail invoices, and each answers what asks something of them, once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import default

from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import ReceivedMail, SmtpSink
from tests.trials.audit import Sent
from tests.trials.company import BUH, DIRECTOR, OLGA, answer, submission

ANSWERS = {
    OLGA: ("Согласуйте счёт", "СОГЛАСОВАНО"),
    DIRECTOR: ("Please decide", "APPROVE"),
    BUH: ("Оплатить счёт", "ОПЛАЧЕНО"),
}
"""Who answers which subject with which words."""


FOLDERS = ("INBOX", "Processed", "Quarantine")


@dataclass
class People:
    """`delivered` is what they have mailed; `copies` how often each mail came to them, by its Message-ID."""

    dovecot: Dovecot
    user: str
    sink: SmtpSink
    delivered: list[bytes] = field(default_factory=list)
    submitted: int = 0
    copies: Counter[str] = field(default_factory=Counter)
    _read: int = 0

    def submit(self, count: int) -> None:
        """So many more invoices come."""
        for _ in range(count):
            self.submitted += 1
            self._mail(submission(self.submitted))

    def answer(self) -> None:
        """Everybody answers what has come since they last looked; a mail that has come before is left alone."""
        for mail, subject in self.read():
            asks, words = ANSWERS.get(mail.recipients[0], ("", ""))
            if asks and asks in subject:
                self._mail(answer(mail.raw, words))

    def read(self) -> list[tuple[ReceivedMail, str]]:
        """What has come for the first time since they last looked, with its subject."""
        arrived = self.sink.mails[self._read :]
        self._read += len(arrived)
        new = []
        for mail in arrived:
            header = BytesHeaderParser(policy=default).parsebytes(mail.raw)
            message_id = str(header["Message-ID"])
            if not self.copies[message_id]:
                new.append((mail, str(header["Subject"])))
            self.copies[message_id] += 1
        return new

    def received(self) -> list[Sent]:
        """Every mail that they were sent."""
        return [Sent(mail.recipients[0], mail.raw) for mail in self.sink.mails]

    def repeated(self) -> Counter[str]:
        """How often each mail came again."""
        return self.copies - Counter(self.copies.keys())

    def mailbox(self) -> dict[str, list[bytes]]:
        """What lies in each folder of the shared mailbox."""
        return {folder: self.dovecot.mails(self.user, folder) for folder in FOLDERS}

    def _mail(self, raw: bytes) -> None:
        self.delivered.append(raw)
        self.dovecot.deliver(self.user, raw)
