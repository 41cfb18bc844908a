"""What the people of the company do in a month, an hour at a time, by the numbers of a seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser

from tests.servers.smtp_sink import DROP, Fault, ReceivedMail
from tests.trials.company import ADMIN, BUH, IVAN, reply, submission

HOURS_A_MONTH = 30 * 24
WORKING_HOURS = range(6, 15)

SILENCE = ""
REPLIES: dict[str, list[tuple[str, int]]] = {
    "approval_request": [
        ("APPROVE", 60),
        ("REJECT: no contract; wrong sum", 10),
        ("QUESTION: what is it for?", 8),
        ("let me think", 7),
        (f"DELEGATE: {BUH}", 5),
        (SILENCE, 10),
    ],
    "approval_reminder": [("APPROVE", 9), (SILENCE, 1)],
    "answer": [("APPROVE", 1)],
    "unclear": [("APPROVE", 1)],
    "question": [("It is for the office.", 1)],
    "incomplete": [("Pay date: in 4 days", 9), ("WITHDRAW", 1)],
    "work_on_errors": [("Amount: 77 EUR", 2), ("WITHDRAW", 1)],
    "pay_request": [("PAID 4711", 6), ("POSTPONE: in 3 days", 1), ("REJECT: closed", 1), (SILENCE, 4)],
    "pay_reminder": [("PAID", 2), (SILENCE, 1)],
    "invite": [(SILENCE, 1)],
}
"""By the kind of our mail: what its reader may answer, and how often so."""

FAULTS = (
    Fault("connect", "421 4.3.2 too busy"),
    Fault("rcpt", "450 4.2.0 greylisted"),
    Fault("body", DROP),
    Fault("end", "451 4.3.0 try again"),
    Fault("answer", DROP),
)
NEWS = b"From: %s\r\nTo: finance@example.com\r\nMessage-ID: <%d@elsewhere.example>\r\nSubject: Offer %d\r\n\r\nBuy!\r\n"
AWAY = b"From: %s\r\nMessage-ID: <%d.away@example.com>\r\nSubject: Away\r\nAuto-Submitted: auto-replied\r\n\r\nOut.\r\n"


@dataclass
class Month:
    """The people. `kind_of` tells what a mail of ours is, by its Message-ID; None where nobody knows."""

    kind_of: Callable[[str], str | None]
    chance: random.Random
    invoices_an_hour: float
    hour: int = 0
    _later: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def get(self, sent: Iterable[ReceivedMail]) -> None:
        """The people have new mail, and will answer it, or not."""
        for mail in sent:
            header = BytesHeaderParser().parsebytes(mail.raw)
            message_id, reader = str(header["Message-ID"]), mail.recipients[0]
            replies = REPLIES.get(self.kind_of(message_id) or "")
            if replies is None or reader == ADMIN:
                continue
            (words,) = self.chance.choices([words for words, _ in replies], [often for _, often in replies])
            if words != SILENCE:
                when = self.hour + self.chance.randint(1, 8)
                self._later[when].append(reply(message_id, "the invoice", reader, words))

    def next_hour(self) -> list[bytes]:
        """The mails that are written in the next hour: answers that were due, new invoices, what nobody asked for."""
        self.hour += 1
        mails = self._later.pop(self.hour, [])
        if self.hour % 24 in WORKING_HOURS:
            if self.chance.random() < self.invoices_an_hour:
                mails.append(submission(self.hour, pay_date=self.chance.choice(["in 1 days", "in 5 days", "soon"])))
            if self.chance.random() < 0.1:
                mails.append(NEWS % (b"shop@elsewhere.example", self.hour, self.hour))
            if self.chance.random() < 0.05:
                mails.append(AWAY % (IVAN.encode(), self.hour))
            if mails and self.chance.random() < 0.05:
                mails.append(mails[0])
        return mails

    def trouble(self) -> Fault | None:
        """What goes wrong at the SMTP server in this hour; mostly nothing."""
        return self.chance.choice(FAULTS) if self.chance.random() < 0.05 else None

    def breaks_down(self) -> bool:
        """Whether the IMAP server is down for this hour."""
        return self.chance.random() < 0.004
