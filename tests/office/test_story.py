"""The story's clock, the teller, and the settings of the demo's company."""

import io
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from mailflow.office import staff
from mailflow.office.mail_server import MailServer
from mailflow.office.narrator import Narrator
from mailflow.office.story import DAYS, StoryClock, story_monday
from mailflow.settings import load_settings

ZONE = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize("today", [date(2026, 11, 16) + timedelta(days=n) for n in range(14)])
def test_the_story_plays_on_the_last_four_working_days_that_are_over(today: date) -> None:
    monday = story_monday(today)
    assert monday.weekday() == 0
    last_day = monday + timedelta(days=DAYS - 1)
    assert last_day < today <= last_day + timedelta(days=7)


def test_the_clock_of_the_story_moves_only_when_it_is_told() -> None:
    clock = StoryClock(date(2026, 11, 16), ZONE)
    clock.at(2, 0, 5)
    clock.later(10)
    assert clock() == datetime(2026, 11, 18, 0, 15, tzinfo=ZONE)
    assert clock.day(3) == date(2026, 11, 19)


def test_the_settings_of_the_company_are_real_settings(tmp_path: Path) -> None:
    webhook = "http://127.0.0.1:1/rest/1/demo/"
    with MailServer(staff.passwords()) as server:
        staff.write_settings(tmp_path / "settings.yaml", server, webhook)
        settings = load_settings(tmp_path / "settings.yaml", {})
    assert settings.mailbox.imap.port == server.imap_port
    assert settings.database.get_secret_value() == f"sqlite:///{tmp_path / 'mailflow.db'}"
    assert {person.language for person in settings.people} == {"en", "ru"}
    assert settings.bitrix24 is not None
    assert settings.bitrix24.webhook.get_secret_value() == webhook


def letter(sender: str, subject: str, text: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = "olga@example.com"
    mail["Subject"] = subject
    mail.set_content(text)
    return mail.as_bytes()


def told(*journal: bytes) -> str:
    written = io.StringIO()
    console = Console(file=written, width=120, markup=False)
    names = {"finance@example.com": "mailflow", "olga@example.com": "Olga", "ivan@example.com": "Ivan"}
    narrator = Narrator(console, names, StoryClock(date(2026, 11, 16), ZONE), "finance@example.com")
    narrator.mails(journal)
    narrator.mails(journal)
    return "\n".join(" ".join(line.split()) for line in written.getvalue().splitlines())


def test_each_mail_is_told_once_with_who_wrote_what_to_whom() -> None:
    ours = letter("finance@example.com", "[INV-2026-0001 #k7f3q9xw] Please decide", "long text")
    reply = letter("Ivan <ivan@example.com>", "Re: [INV-2026-0001 #k7f3q9xw] Please decide", "\nAPPROVE\n\n> quoted\n")
    assert told(ours, reply).splitlines() == [
        "09:00 mailflow → Olga Please decide INV-2026-0001",
        "09:00 Ivan → Olga “APPROVE”",
    ]


def test_what_a_mail_says_cannot_act_on_the_terminal() -> None:
    assert "\x1b" not in told(letter("ivan@example.com", "hello", "\x1b[2Jgone [bold]x[/bold]"))
    assert "[bold]x[/bold]" in told(letter("ivan@example.com", "hello", "\x1b[2Jgone [bold]x[/bold]"))
