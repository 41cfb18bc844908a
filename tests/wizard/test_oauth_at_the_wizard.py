"""A mailbox at Microsoft or Google: the wizard knows who takes no passwords, and starts the sign-in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailflow.adapters.oauth.token_endpoint import Tokens
from mailflow.bootstrap import access_tokens_of
from mailflow.cli import cli
from mailflow.errors import PermanentFailure
from mailflow.settings import MailboxSettings, load_settings
from mailflow.wizard import wizard

PEOPLE = ["", "anna@example.com", "olga@example.com", "@example.com", "admin@example.com", "Europe/Moscow"]


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> list[MailboxSettings]:
    """Whoever signs in is declined once, and let in then; the servers let everybody in."""
    asked: list[MailboxSettings] = []

    def sign_in(mailbox: MailboxSettings, said: Callable[[str], None], language: str) -> None:
        asked.append(mailbox)
        if len(asked) == 1:
            raise PermanentFailure(f"The sign-in was declined ({language}).")
        tokens = access_tokens_of(mailbox)
        assert tokens
        tokens.keep(Tokens("access", "refresh", 9e9, 9e9))

    monkeypatch.setattr(wizard, "sign_in", sign_in)
    monkeypatch.setattr(wizard, "probe", lambda settings: None)
    monkeypatch.setattr(wizard.checking, "check", lambda settings: [])
    return asked


def played(folder: Path, *typed: str) -> Result:
    return CliRunner().invoke(
        cli, ["--settings", str(folder / "settings.yaml"), "init"], input="".join(f"{line}\n" for line in typed)
    )


def test_microsoft_takes_no_password_so_somebody_signs_in(tmp_path: Path, signed_in: list[MailboxSettings]) -> None:
    asked = [
        "",
        "finance@outlook.com",
        "y",
        "",
        *["device", "an-id", "consumers"],
        "y",
        *[
            "2",
            "",
            "consumers",
            "",
        ],
    ]
    result = played(tmp_path, *asked, *PEOPLE, "dmarc", "", "y", "n")
    assert result.exit_code == 0, result.output
    assert "The sign-in was declined" in result.output
    assert "Password (" not in result.output
    oauth = load_settings(tmp_path / "settings.yaml", {}).mailbox.oauth
    assert oauth is not None
    assert (oauth.provider, oauth.flow, oauth.client_id, oauth.tenant) == ("microsoft", "browser", "an-id", "consumers")
    assert (tmp_path / "mailflow-token.json").is_file()
    assert not list(tmp_path.glob(".mailflow-init-*"))
    assert load_settings(tmp_path / "settings.yaml", {}).mailbox.trusted_authserv == ("outlook.com",)


def test_google_gives_the_choice_and_wants_a_secret(tmp_path: Path, signed_in: list[MailboxSettings]) -> None:
    asked = ["", "finance@gmail.com", "y", "", "oauth", *["an-id", "", "client-s3cret"], "y", *["", "client-s3cret"]]
    result = played(tmp_path, *asked, *PEOPLE, "dmarc", "", "y", "n")
    assert result.exit_code == 0, result.output
    assert "needs the client secret" in result.output
    assert "client-s3cret" not in result.output
    oauth = load_settings(tmp_path / "settings.yaml", {}).mailbox.oauth
    assert oauth is not None
    assert (oauth.provider, oauth.flow) == ("google", "browser")


def test_an_app_password_will_do_for_google(tmp_path: Path, signed_in: list[MailboxSettings]) -> None:
    tmp_path = tmp_path / "our company"
    result = played(tmp_path, "", "finance@gmail.com", "y", "", "1", "abcd efgh", *PEOPLE, "dmarc", "", "y", "n")
    assert result.exit_code == 0, result.output
    assert "https://myaccount.google.com/apppasswords" in result.output
    assert f"Next: python run.py --settings '{tmp_path}/settings.yaml' run" in result.output, "it can be pasted"
    settings = load_settings(tmp_path / "settings.yaml", {})
    assert settings.mailbox.oauth is None
    assert signed_in == []


def test_whoever_is_asked_in_russian_signs_in_in_russian(tmp_path: Path, signed_in: list[MailboxSettings]) -> None:
    result = played(tmp_path, "ru", "finance@outlook.com", "y", "", *["device", "an-id", "consumers"], "n")
    assert "The sign-in was declined (ru)" in result.output
