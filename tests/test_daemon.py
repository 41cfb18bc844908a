"""The daemon: wakes when mail comes, goes on when the servers do not, stops when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailflow.office.bitrix24.server import PortalServer
from mailflow.office.mail_server import MailServer
from mailflow.office.papers import Paper
from mailflow.office.person import Person
from tests.servers.fault_proxy import FaultProxy, Refuse
from tests.settings_file import write_settings_file
from tests.stories.conftest import PEOPLE, SETTINGS

TOP = Path(__file__).parents[1]
USERS = {f"{name}@example.com": "secret" for name in (*PEOPLE, "finance")}
BODY = "Counterparty: Romashka\nAmount: 100 EUR\nPay date: in 10 days"


@contextmanager
def daemon(
    folder: Path, imap_port: int, smtp_port: int, command: str = "run", more: str = ""
) -> Iterator[subprocess.Popen[str]]:
    settings = SETTINGS.format(
        database=f"sqlite:///{folder}/mailflow.db",
        imap=imap_port,
        smtp=smtp_port,
        sequence="olga@example.com",
        more=more,
        check="sender_check: reference",
        approval="",
        payment="",
    )
    write_settings_file(folder / "settings.yaml", settings)
    process = subprocess.Popen(
        [sys.executable, TOP / "run.py", "--settings", folder / "settings.yaml", command],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ivan(server: MailServer) -> Person:
    return colleague(server, "ivan")


def colleague(server: MailServer, name: str) -> Person:
    ports = server.imap_port, server.smtp_port
    return Person(f"{name}@example.com", name.title(), "secret", server.host, *ports, "finance@example.com")


def test_it_wakes_when_mail_comes_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    with MailServer(USERS) as server, daemon(tmp_path, server.imap_port, server.smtp_port) as process:
        person = ivan(server)
        person.submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
        assert person.wait_for(lambda mail: "INV-2026-0001" in mail.subject, timeout=20)
        began = time.monotonic()
        person.submit("Toner", BODY, [Paper("b.pdf", "application/pdf", b"%PDF-1 second")])
        assert person.wait_for(lambda mail: "INV-2026-0002" in mail.subject, timeout=20)
        assert time.monotonic() - began < 10, "waited for the next poll instead of being woken"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


def test_edited_settings_are_in_force_after_sighup_and_wrong_ones_are_mailed_to_the_administrator(
    tmp_path: Path,
) -> None:
    with MailServer(USERS) as server, daemon(tmp_path, server.imap_port, server.smtp_port) as process:
        submitter, file = ivan(server), tmp_path / "settings.yaml"
        right = file.read_text(encoding="utf-8")
        submitter.submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
        assert colleague(server, "olga").wait_for(lambda mail: "INV-2026-0001" in mail.subject, timeout=60)

        write_settings_file(file, right.replace("sequence: [olga@", "sequence: [petr.example.com, olga@"))
        process.send_signal(signal.SIGHUP)
        told = colleague(server, "admin").wait_for(lambda mail: "settings are wrong" in mail.subject, timeout=60)
        assert "approval.sequence[1], line" in told.text

        write_settings_file(file, right.replace("sequence: [olga@", "sequence: [petr@"))
        process.send_signal(signal.SIGHUP)
        assert process.stderr
        said = ""
        while "is in force from now on" not in said:
            said += process.stderr.readline()
        submitter.submit("Toner", BODY.replace("100", "200"), [Paper("b.pdf", "application/pdf", b"%PDF-1 second")])
        assert colleague(server, "petr").wait_for(lambda mail: "INV-2026-0002" in mail.subject, timeout=45)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        said += process.stderr.read()
    assert said.count("is wrong; what was right before stays in force") == 1
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_portal_that_is_slow_to_answer_holds_up_no_mail(tmp_path: Path) -> None:
    with PortalServer() as portal, MailServer(USERS) as server:
        portal.faults.next("*", "delay:25", 20)
        settings = f"bitrix24: {{webhook: '{portal.webhook}'}}"
        with daemon(tmp_path, server.imap_port, server.smtp_port, more=settings) as process:
            person = ivan(server)
            person.submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
            assert person.wait_for(lambda mail: "INV-2026-0001" in mail.subject, timeout=20)
            assert portal.calls == []
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0


def test_it_waits_for_a_mail_server_that_is_away_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with MailServer(USERS) as first:
        ports = first.imap_port, first.smtp_port
    with daemon(tmp_path, *ports) as process:
        time.sleep(4)
        assert process.poll() is None
        with MailServer(USERS, *ports) as server:
            person = ivan(server)
            person.submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
            assert person.wait_for(lambda mail: "INV-" in mail.subject, timeout=30)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=15) == 0
        assert process.stderr
        said = process.stderr.read()
        assert "Traceback" not in said
        assert said.count("cannot be reached") < 10


@pytest.mark.slow
def test_a_server_that_is_away_for_ten_seconds_is_named_once_and_so_is_its_return(tmp_path: Path) -> None:
    with MailServer(USERS) as server, FaultProxy(server.imap_port) as imap, FaultProxy(server.smtp_port) as smtp:
        imap.strike(Refuse())
        smtp.strike(Refuse())
        with daemon(tmp_path, imap.port, smtp.port) as process:
            person = ivan(server)
            person.submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
            for line in (imap, smtp):
                time.sleep(10)
                line.heal()
            assert person.wait_for(lambda mail: "INV-2026-0001" in mail.subject, timeout=60)
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        assert process.stderr
        said = process.stderr.read()
    assert said.count(f"IMAP server 127.0.0.1:{imap.port}") == 1
    assert said.count(f"SMTP server 127.0.0.1:{smtp.port}") == 1
    assert said.count("everything can be reached again") == 1
    assert "Traceback" not in said


def test_once_ends_with_75_where_something_waits_for_a_retry(tmp_path: Path) -> None:
    with MailServer(USERS) as server:
        ports = server.imap_port, server.smtp_port
        ivan(server).submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
        with daemon(tmp_path, server.imap_port, 1, "once") as process:
            assert process.wait(timeout=60) == 75
    with daemon(tmp_path, *ports, "once") as process:
        assert process.wait(timeout=60) == 75
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


def test_killed_in_the_middle_the_next_pass_goes_on_at_once(tmp_path: Path) -> None:
    """What the killed one had taken in hand is free as soon as it is gone."""
    with MailServer(USERS) as server:
        person = ivan(server)
        for number in range(10):
            content = f"%PDF-1 {number}".encode()
            person.submit(f"Paper {number}", BODY, [Paper("a.pdf", "application/pdf", content)])
        killed = 0
        for _ in range(40):
            with daemon(tmp_path, server.imap_port, server.smtp_port, "once") as process:
                try:
                    code = process.wait(timeout=0.5 * 1.15**killed)
                except subprocess.TimeoutExpired:
                    process.kill()
                    killed += 1
                    continue
                assert code == 0
                break
        else:
            pytest.fail("it never came to an end")
        subjects = [mail.subject for mail in person.inbox()]
        assert killed > 1
        assert len({mail.message_id for mail in person.inbox()}) == 10
        assert len(subjects) - 10 <= killed, "only what was being handed over may come twice"
