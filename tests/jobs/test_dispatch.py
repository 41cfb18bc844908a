"""What is written down is sent once; where nobody can know whether it was, the same bytes go again (house)."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest

from mailflow.adapters.smtp import SmtpTransport
from mailflow.approval.effects import Mail, Message
from mailflow.approval.submission import Attachment
from mailflow.errors import BrokenOff, ServerAway, TransientFailure
from mailflow.jobs import dispatch
from mailflow.jobs.dispatch import COPY_COMES_WITHIN, Dispatch
from mailflow.jobs.identity import Mint
from mailflow.jobs.lines import Lines
from mailflow.jobs.outgoing import Outgoing
from mailflow.outbound.ready_to_pay import ReadyToPay
from mailflow.outbound.samples import READY_TO_PAY, sample_mails
from mailflow.outbound.templating import Templates
from mailflow.ports import FetchedMail, Location
from mailflow.settings import packaged_templates
from mailflow.store.engine import open_store
from mailflow.store.files import Files
from mailflow.store.outbox import OutboxEntry, OutboxState
from mailflow.store.unit_of_work import UnitOfWork
from tests.approval.company import NOON, OLGA, PETR, company
from tests.servers.smtp_sink import DROP, Fault, SmtpSink, Stage

SOON = NOON + timedelta(minutes=1)
LATER = NOON + timedelta(minutes=5)
FINANCE = "finance@example.com"
Open = Callable[..., "Desk"]


class Desk:
    """An outbox, a server that takes mail, and the dispatch between them."""

    def __init__(self, folder: Path, port: int, copies: bool = False) -> None:
        self.templates = folder / "templates"
        if not self.templates.exists():
            shutil.copytree(packaged_templates(), self.templates)
        self.store = open_store(f"sqlite:///{folder}/mailflow.db")
        self.transport = SmtpTransport("127.0.0.1", port, "none", timeout=2, timeout_after_data=2)
        self.outgoing = Outgoing(company(), Mint("example.com", self.store.identity_key()))
        templates = Templates(jinja2.FileSystemLoader(self.templates))
        self.dispatch = Dispatch(
            self.store, company(), lambda: templates, Lines(self.transport), self.outgoing, time(10), copies
        )

    def write(self, *recipients: str) -> None:
        with self.store.begin() as uow:
            for recipient in recipients:
                self.outgoing.enqueue(uow, Mail(recipient, Message.HELP), None, NOON)
            uow.commit()

    def entries(self) -> list[OutboxEntry]:
        with self.store.begin() as uow:
            return [entry for entry in map(uow.outbox.get, range(1, 10)) if entry]

    def states(self) -> list[str]:
        return [entry.state.value for entry in self.entries()]

    def deliver(self, now: datetime) -> None:
        while self.dispatch.run_once(now) is not None:
            pass

    def comes_back(self, raw: bytes) -> None:
        """The copy of a mail of ours is read in the mailbox."""
        message_id = self.entries()[0].message_id
        with self.store.begin() as uow:
            fetched = FetchedMail(Location("INBOX", 1, 1), raw, len(raw))
            uow.inbox.record(fetched, message_id, "digest", FINANCE, "subject", NOON)
            uow.commit()


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


@pytest.fixture
def open_desk(tmp_path: Path, sink: SmtpSink) -> Iterator[Open]:
    opened: list[Desk] = []

    def opener(port: int | None = None, copies: bool = False) -> Desk:
        opened.append(Desk(tmp_path, port or sink.port, copies))
        return opened[-1]

    yield opener
    for desk in opened:
        desk.transport.close()
        desk.store.close()


def test_a_mail_in_doubt_goes_again_byte_for_byte_though_templates_were_edited_meanwhile(
    open_desk: Open, sink: SmtpSink
) -> None:
    desk = open_desk()
    desk.write(OLGA)
    sink.plan(Fault("answer", DROP))
    desk.deliver(NOON)
    assert desk.states() == [OutboxState.UNKNOWN]
    (desk.templates / "ru" / "help" / "body.txt.j2").write_text("quite another text", encoding="utf-8")
    restarted = open_desk()
    restarted.deliver(LATER)
    assert restarted.states() == [OutboxState.DELIVERED]
    first, again = sink.mails
    assert first.raw == again.raw


def test_what_an_invoice_is_paid_by_goes_again_byte_for_byte_though_the_payer_has_changed_meanwhile(
    open_desk: Open, sink: SmtpSink
) -> None:
    desk = open_desk()
    asking = next(mail for mail in sample_mails("ru") if mail.message is Message.PAY_REQUEST and mail.invoice.document)
    with desk.store.begin() as uow:
        uow.invoices.add(asking.invoice)
        desk.outgoing.enqueue(uow, replace(asking, attachments=()), None, NOON)
        uow.commit()
    sink.plan(Fault("answer", DROP))
    replace(desk.dispatch, ready_to_pay=READY_TO_PAY).run_once(NOON)
    replace(open_desk().dispatch, ready_to_pay=ReadyToPay(qr=False)).run_once(LATER)
    first, again = sink.mails
    assert first.raw == again.raw
    assert b"image/png" in first.raw
    assert b"1c_to_kl_INV-2026-0001.txt" in first.raw


def test_a_mail_that_was_never_tried_is_written_by_the_templates_of_its_day(open_desk: Open, sink: SmtpSink) -> None:
    desk = open_desk()
    desk.write(PETR)
    for body in ("body.txt.j2", "body.html.j2"):
        (desk.templates / "ru" / "help" / body).write_text("a new text", encoding="utf-8")
    desk.deliver(NOON)
    assert b"a new text" in sink.mails[0].raw


def test_a_server_that_is_away_costs_a_mail_no_try_and_when_it_is_back_all_goes_at_once(
    open_desk: Open, sink: SmtpSink
) -> None:
    desk = open_desk(port=1)
    desk.write(OLGA, PETR)
    for minutes in range(300):
        with pytest.raises(ServerAway):
            desk.dispatch.run_once(NOON + timedelta(minutes=minutes))
    assert [(e.state, e.attempts) for e in desk.entries()] == [(OutboxState.PENDING, 0)] * 2
    assert "cannot be reached" in desk.entries()[0].last_error
    healed = open_desk()
    healed.deliver(NOON + timedelta(minutes=300))
    assert healed.states() == [OutboxState.DELIVERED] * 2


def test_a_refused_sign_in_is_not_tried_again_for_every_mail_that_waits(tmp_path: Path, open_desk: Open) -> None:
    with SmtpSink(users={"finance": "right"}) as guarded:
        desk = open_desk(port=guarded.port)
        desk.transport.username, desk.transport.password = "finance", "wrong"
        desk.write(OLGA, PETR)
        with pytest.raises(ServerAway, match="refused the sign-in"):
            desk.deliver(NOON)
        assert guarded.connections == 1


def test_a_mail_over_which_the_server_breaks_off_waits_and_holds_up_no_other(open_desk: Open, sink: SmtpSink) -> None:
    desk = open_desk()
    desk.write(OLGA, PETR)
    sink.plan(Fault("data", DROP))
    with pytest.raises(BrokenOff):
        desk.deliver(NOON)
    desk.deliver(NOON)
    assert [mail.recipients for mail in sink.mails] == [(PETR,)]
    desk.deliver(SOON)
    assert [mail.recipients for mail in sink.mails] == [(PETR,), (OLGA,)]


def test_what_was_being_sent_when_the_database_broke_is_in_doubt_at_the_next_pass(
    open_desk: Open, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    desk.write(OLGA)
    monkeypatch.setattr(dispatch, "note_delivered", fails)
    with pytest.raises(TransientFailure):
        desk.deliver(NOON)
    monkeypatch.undo()
    desk.deliver(SOON)
    assert len(sink.mails) == 1, "it is still held"
    desk.dispatch.resume(SOON)
    desk.deliver(SOON)
    first, again = sink.mails
    assert first.raw == again.raw
    assert desk.states() == [OutboxState.DELIVERED]


def test_a_database_that_fails_while_mails_are_written_costs_none_of_them_a_try(
    open_desk: Open, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    desk.write(OLGA, PETR)
    monkeypatch.setattr(dispatch, "company_now", fails)
    with pytest.raises(TransientFailure):
        desk.deliver(NOON)
    assert [(entry.state, entry.attempts) for entry in desk.entries()] == [(OutboxState.PENDING, 0)] * 2
    monkeypatch.undo()
    desk.deliver(NOON)
    assert len(sink.mails) == 2


def test_what_cannot_be_written_down_together_is_written_down_one_by_one_and_not_sent_again(
    open_desk: Open, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    lines = Lines(desk.transport, SmtpTransport("127.0.0.1", sink.port, "none", timeout=2, timeout_after_data=2))
    desk.dispatch = replace(desk.dispatch, lines=lines)
    desk.write(OLGA, PETR)
    note = dispatch.note_delivered

    def deadlocked(uow: UnitOfWork, arrived: Sequence[tuple[OutboxEntry, str]], now: datetime) -> None:
        note(uow, arrived, now)
        if len(arrived) > 1:
            raise TransientFailure("The database cannot be used just now: deadlock detected")

    monkeypatch.setattr(dispatch, "note_delivered", deadlocked)
    with closing(lines):
        desk.deliver(NOON)
    assert desk.states() == [OutboxState.DELIVERED] * 2
    assert len(sink.mails) == 2


@pytest.mark.parametrize(("together", "times"), [(4, 1), (2, 2), (1, 4)])
def test_files_are_read_for_as_many_mails_as_may_be_put_together_at_once(
    open_desk: Open, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, together: int, times: int
) -> None:
    desk, content, read = open_desk(), b"%PDF invoice", []
    monkeypatch.setattr(dispatch, "BYTES_AT_ONCE", together * len(content))
    asking = next(mail for mail in sample_mails("ru") if mail.message is Message.APPROVAL_REQUEST and mail.invoice)
    with desk.store.begin() as uow:
        uow.invoices.add(asking.invoice)
        file = Attachment("invoice.pdf", "application/pdf", len(content), uow.files.keep(content))
        for recipient in range(4):
            mail = replace(asking, to=f"approver{recipient}@example.com", attachments=(file,))
            desk.outgoing.enqueue(uow, mail, None, NOON)
        uow.commit()
    monkeypatch.setattr(Files, "several", noting(read, Files.several))
    desk.deliver(NOON)
    assert len(read) == times
    assert [b64encode(content) in mail.raw for mail in sink.mails] == [True] * 4


def noting(calls: list[object], work: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*arguments: object) -> Any:
        calls.append(arguments)
        return work(*arguments)

    return noted


def test_a_mail_that_nobody_foresaw_holds_up_no_other(
    open_desk: Open, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    desk.write(OLGA, PETR)
    monkeypatch.setattr(dispatch, "complete", breaks_for_one(OLGA))
    desk.deliver(NOON)
    assert desk.states() == [OutboxState.UNKNOWN, OutboxState.DELIVERED]
    assert desk.entries()[0].attempts == 1
    monkeypatch.undo()
    desk.deliver(SOON)
    assert desk.states() == [OutboxState.DELIVERED] * 2


def breaks_for_one(recipient: str) -> Callable[..., bytes]:
    def broken(draft: bytes, files: object) -> bytes:
        if recipient.encode() in draft:
            raise LookupError("a file is not there")
        return draft

    return broken


def test_a_server_that_was_away_for_a_week_and_hesitates_when_it_is_back_gets_the_mail_all_the_same(
    open_desk: Open, sink: SmtpSink
) -> None:
    desk = open_desk()
    desk.write(OLGA)
    sink.plan(Fault("rcpt", "450 4.2.0 greylisted"))
    back = NOON + timedelta(days=7)
    desk.deliver(back)
    assert desk.states() == [OutboxState.PENDING]
    desk.deliver(back + timedelta(minutes=5))
    assert desk.states() == [OutboxState.DELIVERED]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "end"])
def test_a_server_that_is_shutting_down_costs_one_mail_a_try_and_not_all(
    open_desk: Open, sink: SmtpSink, stage: Stage
) -> None:
    desk = open_desk()
    desk.write(OLGA, PETR)
    sink.plan(Fault(stage, "421 4.3.2 shutting down"))
    with pytest.raises(BrokenOff, match="421"):
        desk.deliver(NOON)
    assert sum(entry.attempts for entry in desk.entries()) == 1
    assert sink.connections == 1


def fails(*_: object) -> None:
    raise TransientFailure("The database cannot be used just now: disk is full")


class TestCopies:
    """With `keep_copies` the mailbox itself is the witness of what was sent."""

    def test_the_mailbox_gets_what_the_recipient_gets(self, open_desk: Open, sink: SmtpSink) -> None:
        desk = open_desk(copies=True)
        desk.write(OLGA)
        desk.deliver(NOON)
        assert sink.mails[0].recipients == (OLGA, FINANCE)

    def test_that_the_mailbox_is_full_is_no_failure(self, open_desk: Open, sink: SmtpSink) -> None:
        desk = open_desk(copies=True)
        desk.write(OLGA)
        sink.unknown.add(FINANCE)
        desk.deliver(NOON)
        assert desk.states() == [OutboxState.DELIVERED]
        assert sink.mails[0].recipients == (OLGA,)

    def test_where_the_recipient_is_refused_no_copy_says_otherwise(self, open_desk: Open, sink: SmtpSink) -> None:
        desk = open_desk(copies=True)
        desk.write(OLGA)
        sink.unknown.add(OLGA)
        desk.deliver(NOON)
        assert sink.mails == []
        assert desk.states() == [OutboxState.DEAD]

    def test_a_mail_in_doubt_whose_copy_has_come_is_not_sent_again(self, open_desk: Open, sink: SmtpSink) -> None:
        desk = open_desk(copies=True)
        desk.write(OLGA)
        sink.plan(Fault("answer", DROP))
        desk.deliver(NOON)
        desk.comes_back(sink.mails[0].raw)
        desk.deliver(NOON + COPY_COMES_WITHIN)
        assert desk.states() == [OutboxState.DELIVERED]
        assert len(sink.mails) == 1

    def test_a_mail_in_doubt_waits_while_the_mailbox_cannot_be_read_and_others_do_not(
        self, open_desk: Open, sink: SmtpSink
    ) -> None:
        desk = open_desk(copies=True)
        desk.write(OLGA)
        sink.plan(Fault("answer", DROP))
        assert desk.dispatch.run_once(NOON) == 0
        desk.write(PETR)
        tomorrow = NOON + timedelta(days=1)
        while desk.dispatch.run_once(tomorrow, looked=False) is not None:
            pass
        assert [mail.recipients[0] for mail in sink.mails] == [OLGA, PETR]
        assert desk.states() == [OutboxState.UNKNOWN, OutboxState.DELIVERED]
        desk.comes_back(sink.mails[0].raw)
        desk.deliver(tomorrow)
        assert len(sink.mails) == 2

    def test_a_mail_in_doubt_whose_copy_never_comes_is_sent_again_when_it_could_be_there(
        self, open_desk: Open, sink: SmtpSink
    ) -> None:
        desk = open_desk(copies=True)
        desk.write(OLGA)
        sink.plan(Fault("end", DROP))
        desk.deliver(NOON)
        desk.deliver(NOON + COPY_COMES_WITHIN - timedelta(seconds=1))
        assert sink.mails == []
        desk.deliver(NOON + COPY_COMES_WITHIN)
        assert len(sink.mails) == 1
