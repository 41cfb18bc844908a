"""`check` knows the big mail services, and says what each asks for where it lets nobody in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailflow import checking
from mailflow.errors import ServerAway, SignInRefused
from mailflow.settings import load_settings
from tests.settings_file import write_settings_file

SETTINGS = """\
database: sqlite:///{folder}/mailflow.db
mailbox:
  address: finance@example.com
  imap: {{host: {imap}, port: 993, username: finance, password: s3cret}}
  smtp: {{host: {smtp}, port: 465, username: finance, password: s3cret}}
  sender_check: reference
administrator: admin@example.com
submitters: ["@example.com"]
approval: {{sequence: [olga@example.com]}}
payment: {{accountant: anna@example.com}}
"""


class Refusing:
    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def probe(self) -> list[str]:
        raise self._failure


def helps(
    folder: Path, monkeypatch: pytest.MonkeyPatch, imap: str, smtp: str, failure: Exception | None = None
) -> list[str]:
    text = SETTINGS.format(folder=folder, imap=imap, smtp=smtp)
    settings = load_settings(write_settings_file(folder / "settings.yaml", text), {})
    refusing = Refusing(failure or SignInRefused("the sign-in is refused"))
    monkeypatch.setattr(checking, "mailbox_of", lambda settings: refusing)
    monkeypatch.setattr(checking, "transport_of", lambda settings: refusing)
    lines = checking.check_mail(settings)
    assert not any(line.ok for line in lines)
    return [line.how for line in lines]


@pytest.mark.parametrize(
    ("imap", "smtp", "said"),
    [
        ("imap.yandex.ru", "smtp.yandex.ru", "https://id.yandex.ru/security/app-passwords"),
        ("imap.mail.ru", "smtp.mail.ru", "password for external applications"),
        ("imap.gmail.com", "smtp.gmail.com", "https://myaccount.google.com/apppasswords"),
        ("outlook.office365.com", "smtp.office365.com", "Microsoft has switched IMAP with passwords off"),
        ("imappro.zoho.eu", "smtppro.zoho.eu", "Switch on IMAP"),
    ],
)
def test_a_refused_sign_in_is_followed_by_what_the_service_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imap: str, smtp: str, said: str
) -> None:
    assert all(said in how for how in helps(tmp_path, monkeypatch, imap, smtp))


def test_an_own_server_has_no_such_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert helps(tmp_path, monkeypatch, "imap.example.com", "smtp.example.com") == ["", ""]


def test_a_server_that_is_away_has_nothing_to_do_with_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = ServerAway("cannot be reached")
    assert helps(tmp_path, monkeypatch, "imap.gmail.com", "smtp.gmail.com", away) == ["", ""]
