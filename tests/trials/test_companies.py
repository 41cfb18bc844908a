"""Two companies in one installation, in one daemon: neither sees the other, nor waits for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mailflow import bootstrap
from mailflow.installation import load_installation
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.settings_file import write_settings_file
from tests.trials.company import reply, submission, write_company
from tests.trials.test_take_over import BUSY, TAKEN_OVER_WITHIN, TOP, comes_true, daemon

NORTH, SOUTH = "north", "south"
NUMBER = f"INV-{bootstrap.utc_now().year}-0001"


class Group:
    """Both companies' mailboxes and settings; all their mail goes to one sink."""

    def __init__(self, folder: Path, database: str, dovecot: Dovecot, sink: SmtpSink, south_imap: int = 0) -> None:
        self.dovecot, self.sink = dovecot, sink
        self.settings = write_settings_file(
            folder / "settings.yaml", f"companies: [north.yaml, south.yaml]\ndatabase: {database}\n"
        )
        self.users = {name: f"{folder.name}-{name}"[-60:] for name in (NORTH, SOUTH)}
        for name, user in self.users.items():
            imap = south_imap if name == SOUTH and south_imap else dovecot.imap_port
            write_company(folder, name, imap=imap, smtp=sink.port, user=user)

    def mails(self, name: str, raw: bytes) -> None:
        """Somebody mails this to a company's mailbox."""
        self.dovecot.deliver(self.users[name], raw)

    def got(self, name: str) -> list[str]:
        """Who was sent mail in this company, in order."""
        to = [mail.recipients[0] for mail in self.sink.mails]
        return [person.partition("@")[0] for person in to if person.endswith(f"@{name}.example.com")]

    def shown(self, *command: str) -> object:
        """What a command says as JSON."""
        words = [sys.executable, TOP / "run.py", "--settings", self.settings, *command, "--json"]
        return json.loads(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    on_postgresql = request.param == "postgresql"
    return str(request.getfixturevalue("postgres_url")) if on_postgresql else f"sqlite:///{tmp_path}/mailflow.db"


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


def test_each_company_does_its_own_work_and_the_next_daemon_takes_both_over(
    tmp_path: Path, database: str, dovecot: Dovecot, sink: SmtpSink
) -> None:
    group = Group(tmp_path, database, dovecot, sink)
    with ExitStack() as stack:
        first = stack.enter_context(daemon(group.settings, "first"))
        for name in (NORTH, SOUTH):
            group.mails(name, submission(1, f"ivan@{name}.example.com"))
        sink.wait_for(4, BUSY)
        for name in (NORTH, SOUTH):
            assert sorted(group.got(name)) == ["ivan", "olga"]
        said = (tmp_path / "first").read_text("utf-8")
        assert " north: received mail 1 from ivan@north.example.com" in said
        assert " south: received mail 1 from ivan@south.example.com" in said
        shown = group.shown("list")
        assert isinstance(shown, dict)
        assert {name: [invoice["number"] for invoice in invoices] for name, invoices in shown.items()} == {
            NORTH: [NUMBER],
            SOUTH: [NUMBER],
        }
        stack.enter_context(daemon(group.settings, "second"))
        first.kill()
        for name in (NORTH, SOUTH):
            group.mails(name, submission(2, f"ivan@{name}.example.com"))
        sink.wait_for(8, TAKEN_OVER_WITHIN)
        for name in (NORTH, SOUTH):
            assert len(group.got(name)) == 4


def test_nobody_answers_in_another_company(tmp_path: Path, database: str, dovecot: Dovecot, sink: SmtpSink) -> None:
    """The very answer that would approve in the north is a stranger's in the south, and the other way round."""
    group = Group(tmp_path, database, dovecot, sink)
    companies = load_installation(group.settings, {}).companies
    with closing(bootstrap.build(companies[NORTH])) as north, closing(bootstrap.build(companies[SOUTH])) as south:
        group.mails(NORTH, submission(1, "ivan@north.example.com"))
        north.pass_once()
        (asked,) = [mail for mail in sink.mails if mail.recipients[0].startswith("olga@north")]
        approval = _approval(asked.raw)
        group.mails(SOUTH, approval)
        south.pass_once()
        with south.store.begin() as uow:
            assert not uow.invoices.all()
            (held,) = uow.inbox.quarantined()
            assert held.sender == "olga@north.example.com"
        with north.store.begin() as uow:
            (invoice,) = uow.invoices.all()
            assert not invoice.approvers_so_far
        group.mails(NORTH, approval)
        north.pass_once()
        with north.store.begin() as uow:
            (invoice,) = uow.invoices.all()
            assert invoice.approvers_so_far == ("olga@north.example.com",)


def test_a_company_whose_mail_server_is_away_holds_up_no_other(
    tmp_path: Path, database: str, dovecot: Dovecot, sink: SmtpSink
) -> None:
    group = Group(tmp_path, database, dovecot, sink, south_imap=1)
    with daemon(group.settings, "log"):
        began = time.monotonic()
        group.mails(NORTH, submission(1, "ivan@north.example.com"))
        sink.wait_for(2, BUSY)
        assert time.monotonic() - began < BUSY
        comes_true(
            lambda: " south: IMAP server 127.0.0.1:1" in (tmp_path / "log").read_text("utf-8"),
            "the log does not say whose mail server is away",
        )
    assert " north: IMAP" not in (tmp_path / "log").read_text("utf-8")


def test_a_company_whose_database_cannot_be_used_holds_up_no_other(
    tmp_path: Path, dovecot: Dovecot, sink: SmtpSink
) -> None:
    group = Group(tmp_path, f"sqlite:///{tmp_path}/mailflow.db", dovecot, sink)
    (tmp_path / "mailflow-south.db").write_text("this is no database", "utf-8")
    with daemon(group.settings, "log") as process:
        group.mails(NORTH, submission(1, "ivan@north.example.com"))
        sink.wait_for(2, BUSY)
        said = (tmp_path / "log").read_text("utf-8")
        assert " south: the work of this company cannot go on, and begins anew:" in said
        assert "Traceback" not in said
        process.terminate()
        assert process.wait(BUSY) == 0


def test_once_passes_through_all_and_says_what_each_has_done(
    tmp_path: Path, database: str, dovecot: Dovecot, sink: SmtpSink
) -> None:
    group = Group(tmp_path, database, dovecot, sink, south_imap=1)
    group.mails(NORTH, submission(1, "ivan@north.example.com"))
    once = [sys.executable, TOP / "run.py", "--settings", group.settings, "once"]
    done = subprocess.run(once, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 75
    assert "north: received 1, processed 1, sent 2" in done.stdout
    assert "south: nothing new" in done.stdout
    alone = subprocess.run([*once, "--company", "north"], capture_output=True, text=True, timeout=120, check=False)
    assert (alone.returncode, alone.stdout) == (0, "north: nothing new\n")


def _approval(asked: bytes) -> bytes:
    from email import message_from_bytes
    from email.policy import default

    ours = message_from_bytes(asked, policy=default)
    return reply(str(ours["Message-ID"]), str(ours["Subject"]), "olga@north.example.com", "СОГЛАСОВАНО")
