"""What must hold of mailbox, database and mails sent at every moment, and what besides once all has come to rest."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.database import connection
from tests.simulation.mailbox import INBOX, SimulatedMailbox
from tests.simulation.model import FINAL, Model
from tests.simulation.people import COMPANY, headers
from tests.simulation.transport import SimulatedTransport
from tests.trials.audit import Sent

WAITING = ("received", "failed")


class Ledger:
    """Compares the worlds. `once_more` are the ids of mails that the administrator let be read again."""

    def __init__(self, mailbox: SimulatedMailbox, transport: SimulatedTransport, model: Model) -> None:
        self.mailbox = mailbox
        self.transport = transport
        self.model = model
        self.once_more: set[int] = set()

    def problems(self, finished: bool) -> list[str]:
        """What does not hold, as sentences; `finished`: nothing may wait any more."""
        return [*self._mails(finished), *self._invoices(finished), *self._outbox(finished)]

    def settle(self) -> None:
        """After a commit: what is written down as delivered is not open any more."""
        for message_id in list(self.transport.unsettled):
            row = connection().execute("SELECT state FROM outbox WHERE message_id = ?", (message_id,)).fetchone()
            if row == ("delivered",):
                self.transport.unsettled.discard(message_id)

    def _mails(self, finished: bool) -> Iterator[str]:
        folders = self.mailbox.folders
        lies = Counter(raw for mails in folders.values() for raw in mails.values())
        if lies != Counter(self.mailbox.delivered):
            yield "a mail was lost, or lies in the mailbox twice"
        rows = (
            connection()
            .execute("SELECT r.raw, i.id, i.state, i.error FROM raw_mail r JOIN inbox i ON i.id = r.inbox_id")
            .fetchall()
        )
        recorded = {content(raw): (inbox_id, state) for raw, inbox_id, state, _ in rows}
        if len(recorded) < len(rows):
            yield "a mail has two records"
        new = {content(raw) for raw in folders[INBOX].values()}
        for raw in lies:
            inbox_id, state = recorded.get(content(raw), (None, "unknown"))
            if (state in (*WAITING, "unknown")) and content(raw) not in new and inbox_id not in self.once_more:
                yield f"mail {inbox_id} was moved away and is {state}"
            if finished and state in (*WAITING, "unknown"):
                yield f"mail {inbox_id} is still {state}"
            said = self.model.said.get(hashlib.sha256(raw).hexdigest())
            if finished and said and said.person in COMPANY and self.model.fates.get(said.key) != state:
                yield f"{said} ended as {state}, where it had to be {self.model.fates.get(said.key)}"
        for _, inbox_id, _, error in rows:
            if error and "TransientFailure" not in error:
                yield f"mail {inbox_id} failed: {error.strip().splitlines()[-1]}"
        if finished and new:
            yield f"{len(new)} mails still lie in INBOX"
        if finished and connection().execute("SELECT 1 FROM inbox_location WHERE NOT filed").fetchone():
            yield "a place is not cleared"

    def _invoices(self, finished: bool) -> Iterator[str]:
        rows = connection().execute("SELECT number, status, waits_for, due FROM invoice").fetchall()
        for number, status, waits_for, due in rows:
            paper = self.model.papers.get(number)
            if paper is None:
                yield f"{number} is there, and nobody has submitted it"
                continue
            day = paper.due.isoformat() if paper.due and paper.status == "to_pay" else None
            if (status, waits_for, due) != (paper.status, paper.waits_for, day):
                had_to_be = f"{paper.status}, {paper.waits_for}, {day}"
                yield f"{number} is {status}, {waits_for}, {due}, and had to be {had_to_be}"
            if finished and status not in FINAL:
                yield f"{number} has not come to its end"
        if len(rows) != len(self.model.papers):
            yield "an invoice is not there"

    def _outbox(self, finished: bool) -> Iterator[str]:
        taken: dict[str, list[Sent]] = defaultdict(list)
        for mail in self.transport.sent:
            taken[headers(mail.raw)["message-id"]].append(mail)
        rows = {
            message_id: (recipient, kind, state, error)
            for message_id, recipient, kind, state, error in connection().execute(
                "SELECT message_id, recipient, kind, state, last_error FROM outbox"
            )
        }
        told = Counter(
            row[0] for row in connection().execute("SELECT message_id FROM history WHERE event = 'mail_sent'")
        )
        numbered = {row[0] for row in connection().execute("SELECT message_id FROM outbox WHERE number IS NOT NULL")}
        for message_id, (recipient, kind, state, error) in rows.items():
            if recipient not in COMPANY:
                yield f"{kind} was written to {recipient}"
            if state == "delivered" and message_id not in taken:
                yield f"{kind} to {recipient} is said to be delivered and was not"
            if message_id in numbered and bool(told[message_id]) != (state == "delivered"):
                yield f"{kind} to {recipient} is {state}, and the history has it as sent {told[message_id]} times"
            if state == "dead" and message_id not in self.transport.refused and "five days" not in error:
                yield f"{kind} to {recipient} was given up, and nobody had refused it: {error}"
            if finished and state != "delivered":
                yield f"{kind} to {recipient} is still {state}: {error}"
        for message_id, mails in taken.items():
            recipient, kind, *_ = rows.get(message_id, ("", "a mail that nobody wrote"))
            if {mail.recipient for mail in mails} != {recipient}:
                yield f"{kind} to {recipient} was sent to {[mail.recipient for mail in mails]}"
            if len({mail.raw for mail in mails}) > 1:
                yield f"{kind} to {recipient} was repeated with other bytes"
            if len(mails) > 1 and message_id not in self.transport.may_repeat:
                yield f"{kind} to {recipient} was sent {len(mails)} times"


def content(raw: bytes) -> bytes:
    """The mail without the line that a server puts on top: the same mail by another way is the same."""
    return raw.partition(b"\r\n")[2] if raw.startswith(b"Received: ") else raw
