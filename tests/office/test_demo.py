"""The demo plays the whole process on mail servers of its own and leaves what everybody saw."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import icalendar
import lxml.html
import pytest
from imap_tools import MailBoxUnencrypted

from mailflow.demo import play
from mailflow.errors import PermanentFailure
from mailflow.office import staff
from mailflow.office.person import Person
from mailflow.settings import load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert play(folder, stay=False) == 0
    return folder


def mails_of(output: Path, address: str) -> list[str]:
    folder = output / "mails" / address.replace("@", "-at-")
    return [str(message_from_bytes(p.read_bytes(), policy=SMTP)["Subject"]) for p in sorted(folder.glob("*.eml"))]


def test_everybody_has_mails_about_their_own_invoices_and_the_administrator_has_none(output: Path) -> None:
    for employee in (staff.IVAN, staff.MARIA, staff.OLGA, staff.DANIEL, staff.ANNA, staff.FINANCE):
        assert mails_of(output, employee.address), employee.name
    assert mails_of(output, staff.ADMINISTRATOR.address) == []
    assert all("INV-2" in subject for subject in mails_of(output, staff.IVAN.address))


def test_the_payment_that_was_late_moved_in_both_calendars_under_one_uid(output: Path) -> None:
    for address in (staff.ANNA.address, staff.IVAN.address):
        folder = output / "invites" / address.replace("@", "-at-")
        events = [icalendar.Calendar.from_ical(p.read_bytes()).events[0] for p in sorted(folder.glob("*.ics"))]
        paper = [event for event in events if "0001" in event["UID"]]
        assert len({event["UID"] for event in paper}) == 1
        assert [event["SEQUENCE"] for event in paper] == sorted({event["SEQUENCE"] for event in paper})
        days = [str(event["DTSTART"].dt)[:10] for event in paper]
        assert days[0] < days[-1]


def test_the_page_shows_all_seven_mailboxes_and_the_four_invoices(output: Path) -> None:
    page = lxml.html.parse(str(output / "mailboxes.html")).getroot()
    assert len(page.xpath("//article")) == len(staff.EVERYBODY)
    assert len(page.find_class("invoice")) == 4
    assert len(page.find_class("paid")) == 2


def test_a_folder_with_settings_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("language: en\n")
    (tmp_path / "mailflow.db").write_text("precious")
    with pytest.raises(PermanentFailure, match="not written by the demo"):
        play(tmp_path, stay=False)
    assert (tmp_path / "mailflow.db").read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mailflow.db", "settings.yaml"]


def test_a_company_that_stays_open_answers_whoever_joins_and_closes_cleanly(output: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "again", tmp_path / "said.txt"
    shutil.copytree(output, folder)
    command = [sys.executable, "run.py", "demo", "--stay", "--output", str(folder)]
    with log.open("w") as said:
        unbuffered = os.environ | {"PYTHONUNBUFFERED": "1"}
        company = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, env=unbuffered)
    try:
        wait_until(lambda: company.poll() is not None or "Ctrl-C closes" in log.read_text())
        text = log.read_text()
        assert company.poll() is None, text
        mailbox = load_settings(folder / "settings.yaml", {}).mailbox
        assert staff.MARIA.password in text
        assert f"port {mailbox.imap.port}" in text
        assert f"port {mailbox.smtp.port}" in text
        ports = (mailbox.imap.host, mailbox.imap.port, mailbox.smtp.port)
        maria = Person(staff.MARIA.address, "Maria", staff.MARIA.password, *ports, mailbox.address)
        before = len(maria.inbox())
        maria.submit("What can I write?", "HELP\n")
        wait_until(lambda: len(maria.inbox()) > before)
        company.terminate()
        assert company.wait(10) == 0, log.read_text()
    finally:
        company.kill()
        company.wait()
    text = log.read_text()
    assert "What can I write?" in text
    assert "Traceback" not in text
    assert text.rstrip().endswith("The company has closed.")
    with pytest.raises(ConnectionRefusedError):
        MailBoxUnencrypted(mailbox.imap.host, mailbox.imap.port, timeout=1)


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_missing_extra_is_named_in_one_sentence() -> None:
    script = (
        "import sys; sys.modules['pymap'] = None\n"
        "from mailflow.errors import PermanentFailure\n"
        "try:\n    import mailflow.office.mail_server\n"
        "except PermanentFailure as failure:\n    print(failure)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "needs the package pymap" in said.stdout
    assert "make install" in said.stdout
