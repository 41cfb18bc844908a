"""A company with a real database: invoices at every stage, mail in quarantine, mail that could not be sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mailflow.approval.answering import record_answer
from mailflow.approval.decision import Approve, Paid, Reject
from mailflow.approval.effects import Mail, Message, Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.reference import Asks
from mailflow.cli import cli
from mailflow.ports import FetchedMail, Location
from mailflow.store.engine import Store, open_store
from mailflow.store.inbox import InboxState
from mailflow.store.outbox import NewEntry
from tests.approval.company import ANNA, DMITRY, IVAN, NOON, OLGA, answer, company, opened, reference
from tests.settings_file import write_settings_file

SETTINGS = """\
timezone: Europe/Moscow
database: sqlite:///{database}
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: 1, security: tls, username: finance, password: imap-s3cret}}
  smtp: {{host: 127.0.0.1, port: 1, security: tls, username: finance, password: smtp-s3cret}}
  sender_check: reference
administrator: admin@example.com
submitters: ["@example.com"]
approval: {{sequence: [olga@example.com, dmitry@example.com]}}
payment: {{accountant: anna@example.com}}
"""

HOSTILE = b"""\
From: "Evil \x1b[2J" <evil@example.net>
To: finance@example.com
Subject: =?utf-8?b?G1syMG3QodGH0ZHRgg==?= [red]now[/red]
Message-ID: <evil@example.net>
Content-Type: text/plain; charset=utf-8

First line \x1b]0;owned\x07 \xc2\x9b31m
\xe2\x80\xaereversed
[bold]not bold[/bold]
""".replace(b"\n", b"\r\n")


@dataclass
class Company:
    """Settings in a folder, and commands run with them."""

    folder: Path
    store: Store

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["--settings", str(self.folder / "settings.yaml"), *arguments])

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def keep(self, *outcomes: Outcome) -> Invoice:
        """What the jobs would keep of these outcomes of one invoice."""
        with self.store.begin() as uow:
            uow.invoices.add(outcomes[0].invoice)
            for outcome in outcomes[1:]:
                saved = uow.invoices.get(outcome.invoice.number)
                assert saved is not None
                uow.invoices.save(replace(outcome.invoice, version=saved.version))
            for outcome in outcomes:
                for entry in outcome.history:
                    uow.history.append(outcome.invoice.number, entry, NOON, f"<{entry.event}@example.com>", None)
            uow.commit()
        return outcomes[-1].invoice

    def quarantined(self, raw: bytes = HOSTILE, uid: int = 1, subject: str = "Счёт \x1b[20m") -> int:
        with self.store.begin() as uow:
            mail = FetchedMail(Location("INBOX", 1, uid), raw, len(raw))
            recorded = uow.inbox.record(mail, "<evil@example.net>", f"digest{uid}", "evil@example.net", subject, NOON)
            uow.inbox.settle(recorded.id, InboxState.QUARANTINED, NOON, "stranger", "evil\x1b[0m is a stranger")
            uow.commit()
            return recorded.id

    def stuck(self, invoice: Invoice, dead: bool = False, number: int = 1) -> int:
        with self.store.begin() as uow:
            mail = Mail(invoice.submitter, Message.ACKNOWLEDGEMENT, invoice, extra={"heads_as_of": None})
            entry = NewEntry(f"mail:{mail.to}", invoice.number, mail.to, mail, {}, f"<ours{number}@example.com>", NOON)
            entry_id = uow.outbox.add(entry)
            if dead:
                uow.outbox.dead(entry_id, NOON, "550 5.1.1 no such user")
            else:
                uow.outbox.retry(entry_id, "451 try \x1b[1mlater", datetime.now(UTC) + timedelta(hours=9))
            uow.commit()
            return entry_id


@pytest.fixture
def office(tmp_path: Path) -> Company:
    write_settings_file(tmp_path / "settings.yaml", SETTINGS.format(database=tmp_path / "mailflow.db"))
    return Company(tmp_path, open_store(f"sqlite:///{tmp_path / 'mailflow.db'}"))


def renumbered(outcome: Outcome, number: str) -> Outcome:
    return replace(outcome, invoice=replace(outcome.invoice, number=number))


def decided(invoice: Invoice, person: str, command: Any) -> Outcome:
    asks, step = (Asks.PAYMENT, None) if person == ANNA else (Asks.APPROVAL, invoice.asked_step)
    return record_answer(
        invoice, reference(invoice, person, asks, step), answer(person, command, "line"), None, company(), NOON
    )


def in_approval(number: str = "INV-2026-0001", **fields: object) -> list[Outcome]:
    return [renumbered(opened(**fields), number)]  # type: ignore[arg-type]


def to_pay(number: str = "INV-2026-0002", due: date | None = None, **fields: object) -> list[Outcome]:
    story = in_approval(number, **fields)
    for person in (OLGA, DMITRY):
        story.append(decided(story[-1].invoice, person, Approve("fine")))
    if due:
        invoice = story[-1].invoice
        assert invoice.payment is not None
        story[-1] = replace(story[-1], invoice=replace(invoice, payment=replace(invoice.payment, due=due)))
    return story


def paid(number: str = "INV-2026-0003", **fields: object) -> list[Outcome]:
    story = to_pay(number, **fields)  # type: ignore[arg-type]
    return [*story, decided(story[-1].invoice, ANNA, Paid("PP 17"))]


def rejected(number: str = "INV-2026-0004") -> list[Outcome]:
    story = in_approval(number)
    return [*story, decided(story[-1].invoice, OLGA, Reject("no contract"))]


def incomplete(number: str = "INV-2026-0005") -> list[Outcome]:
    return in_approval(number, amount=None, counterparty=None)


Story = Callable[..., list[Outcome]]
__all__ = ["IVAN", "Company", "in_approval", "incomplete", "paid", "rejected", "to_pay"]
