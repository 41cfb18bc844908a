"""The README's first ten minutes, word by word: from an empty folder to the first paid invoice.

Its commands are taken from the README and run in a checkout of their own, with a real Dovecot and an SMTP server.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import SMTP, default
from pathlib import Path

import pytest

from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.wizard.conftest import FINANCE, TOP, Terminal
from tests.wizard.test_wizard import give_servers

README = (TOP / "README.md").read_text("utf-8")
WALK = README.partition("### The first ten minutes\n")[2].partition("Without a checkout")[0]
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", WALK, re.DOTALL) for line in block.splitlines()]
(INVOICE,) = re.findall(r"```\n(Counterparty: .*?)```", WALK, re.DOTALL)
IVAN, OLGA, ANNA = "ivan@company.invalid", "olga@company.invalid", "anna@company.invalid"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a newcomer has cloned; the environment is the one that is there."""
    folder = tmp_path / "mailflow"
    shutil.copytree(TOP, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "*.db*", "demo-output"))
    (folder / ".venv").symlink_to(sys.prefix)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(Path(sys._base_executable))  # type: ignore[attr-defined]
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A newcomer's: no environment is active, `python` is the system's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))}
    return {**inherited, "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": "Europe/Moscow"}


@pytest.fixture
def run(checkout: Path, environment: dict[str, str]) -> Callable[[str], str]:
    def run(command: str) -> str:
        words = shlex.split(command)
        done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def start(checkout: Path, environment: dict[str, str]) -> Iterator[Callable[[str], None]]:
    """Runs a daemon until the test is over; it ends cleanly by SIGTERM."""
    started: list[subprocess.Popen[bytes]] = []
    log = checkout.parent / "log"

    def start(command: str) -> None:
        with log.open("wb") as output:
            daemon = subprocess.Popen(shlex.split(command), cwd=checkout, env=environment, stdout=output, stderr=output)
        started.append(daemon)

    yield start
    for daemon in started:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(30) == 0, log.read_text()


def next_command(commands: list[str], ending: str) -> str:
    assert commands[0].endswith(ending), f"the README has {commands[0]!r} where {ending!r} was expected"
    return commands.pop(0)


def set_up(at: Terminal, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates) -> None:
    at.answer("Language")
    at.answer("Address of the shared mailbox", FINANCE)
    give_servers(at, dovecot, sink, certificates.ca_file)
    at.answer("User name to sign in with")
    at.answer("Password", PASSWORD)
    at.answer("company's name")
    at.answer("Accountant's address", ANNA)
    at.answer("Approvers' addresses", OLGA)
    at.answer("Who may submit")
    at.answer("Administrator's address")
    at.answer("Time zone")
    at.answer("Sender check [dmarc]")
    at.answer("Authentication-Results header", "mx.company.invalid")
    at.answer("Write company/settings.yaml? (Y/n)")
    at.answer("Send a test mail to anna@company.invalid? (Y/n)")
    at.see("Next: python run.py --settings company/settings.yaml run")
    assert at.end() == 0, at.shown


def received(sink: SmtpSink, person: str, subject: str, seconds: float = 60) -> Message:
    """The mail that somebody gets, with these words in its subject."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for mail in sink.mails:
            parsed = BytesParser(policy=default).parsebytes(mail.raw)
            if mail.recipients == (person,) and subject in parsed["Subject"]:
                return parsed
        time.sleep(0.1)
    subjects = [(mail.recipients, BytesParser(policy=default).parsebytes(mail.raw)["Subject"]) for mail in sink.mails]
    raise AssertionError(f"no {subject!r} for {person}: {subjects}")


def write(dovecot: Dovecot, person: str, text: str, answers: Message | None = None, attached: bytes = b"") -> None:
    """Somebody's mail, as the mailbox's own server delivers it, having verified who sent it."""
    mail = EmailMessage(policy=SMTP)
    mail["Authentication-Results"] = "mx.company.invalid; dmarc=pass header.from=company.invalid"
    mail["From"], mail["To"] = person, FINANCE
    mail["Subject"] = f"Re: {answers['Subject']}" if answers else "Paper for the office"
    mail["Message-ID"] = f"<{time.time_ns()}@company.invalid>"
    if answers:
        mail["In-Reply-To"] = answers["Message-ID"]
    mail.set_content(text)
    if attached:
        mail.add_attachment(attached, maintype="application", subtype="pdf", filename="invoice.pdf")
    dovecot.deliver(FINANCE, mail.as_bytes())


@pytest.mark.slow
def test_from_an_empty_folder_to_the_first_paid_invoice(
    checkout: Path,
    environment: dict[str, str],
    run: Callable[[str], str],
    start: Callable[[str], None],
    dovecot: Dovecot,
    sink: SmtpSink,
    certificates: Certificates,
) -> None:
    commands = list(COMMANDS)
    run(next_command(commands, "make install"))
    init = shlex.split(next_command(commands, " init"))
    at = Terminal(checkout, str(checkout.parent / "bin" / init[0]), *init[1:], environment=environment)
    set_up(at, dovecot, sink, certificates)
    run(next_command(commands, " check"))
    start(next_command(commands, " run"))

    write(dovecot, IVAN, INVOICE, attached=b"%PDF-1.4 any")
    number = re.search(r"INV-\d{4}-\d{4}", received(sink, IVAN, "INV-")["Subject"])
    assert number
    write(dovecot, OLGA, "APPROVE", received(sink, OLGA, number[0]))
    write(dovecot, ANNA, "PAID", received(sink, ANNA, number[0]))
    received(sink, IVAN, "aid")

    assert number[0] in run(next_command(commands, " list"))
    show = re.sub(r"INV-\d{4}-\d{4}", number[0], commands.pop(0))
    assert json.loads(run(f"{show} --json"))["status"] == "paid"
    assert commands == []
