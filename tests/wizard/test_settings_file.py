"""What the wizard writes is what mailflow reads, whatever was typed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import hypothesis
import jsonschema
import pytest
import yaml
from hypothesis import strategies as st

from mailflow.mail_services import ServerAddress
from mailflow.settings import Settings, load_settings
from mailflow.settings_schema import settings_schema
from mailflow.wizard.dialog import Back, Unfit, walk
from mailflow.wizard.reading import Reading
from mailflow.wizard.settings_file import Answers, environment_text, settings_text
from mailflow.wizard.texts import TEXTS
from mailflow.wizard.trial import Trial, is_theirs
from tests.settings_file import write_settings_file

TYPED = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff\x85"), min_size=1)


def answers(**changes: object) -> Answers:
    values: dict[str, object] = {
        "address": "finance@example.com",
        "imap": ServerAddress("imap.example.com", 993),
        "smtp": ServerAddress("smtp.example.com", 587, "starttls"),
        "username": "finance@example.com",
        "password": "s3cret",
        "timezone": "Europe/Moscow",
        "accountant": "anna@example.com",
        "approvers": ("olga@example.com",),
        "submitters": ("@example.com", "supplier@example.net"),
        "administrator": "admin@example.com",
        "trusted_authserv": "mx.example.com",
    }
    return Answers(**values | changes)  # type: ignore[arg-type]


def written(folder: Path, given: Answers) -> Settings:
    text = settings_text(given, "sqlite:///mailflow.db")
    write_settings_file(folder / ".env", environment_text(given))
    settings = load_settings(write_settings_file(folder / "settings.yaml", text), {})
    jsonschema.validate(yaml.safe_load(text), settings_schema())
    return settings


@hypothesis.settings(
    max_examples=50, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(TYPED, TYPED)
def test_a_password_and_a_name_are_read_as_they_were_typed(tmp_path: Path, password: str, company: str) -> None:
    hypothesis.assume(password.strip() == password and "${" not in company)
    settings = written(tmp_path, answers(password=password, company_name=company))
    for server in (settings.mailbox.imap, settings.mailbox.smtp):
        assert server.password is not None
        assert server.password.get_secret_value() == password
    assert settings.company_name == company


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("sender_check", ["dmarc", "reference"])
def test_both_languages_and_both_checks_can_be_written(tmp_path: Path, language: str, sender_check: str) -> None:
    trusted = "mx.example.com" if sender_check == "dmarc" else ""
    given = answers(language=language, sender_check=sender_check, trusted_authserv=trusted)
    settings = written(tmp_path, given)
    assert (settings.language, settings.mailbox.sender_check) == (language, sender_check)
    assert settings.submitters == ("@example.com", "supplier@example.net")


def test_with_oauth_no_password_is_written(tmp_path: Path) -> None:
    oauth = {"provider": "microsoft", "flow": "client_credentials", "client_id": "an-id", "tenant": "example.com"}
    given = answers(oauth=oauth, client_secret="client-s3cret", password="")
    settings = written(tmp_path, given)
    assert settings.mailbox.oauth is not None
    assert settings.mailbox.oauth.client_secret is not None
    assert settings.mailbox.oauth.client_secret.get_secret_value() == "client-s3cret"
    assert settings.mailbox.oauth.token_file == tmp_path / "mailflow-token.json"
    assert settings.mailbox.imap.password is None
    assert "client-s3cret" not in (tmp_path / "settings.yaml").read_text()


def test_everything_is_said_in_both_languages() -> None:
    assert set(TEXTS["en"]) == set(TEXTS["ru"])
    for name in TEXTS["en"]:
        places = [{part.partition("}")[0] for part in TEXTS[language][name].split("{")[1:]} for language in TEXTS]
        assert places[0] == places[1], name


def test_back_leads_to_the_last_step_that_asked_anything() -> None:
    seen: list[str] = []
    wishes = itertools.chain([Back], itertools.repeat(None))

    def step(name: str, asks: bool) -> bool:
        seen.append(name)
        if name == "third" and (wish := next(wishes)):
            raise wish
        return asks

    walk([lambda: step("first", True), lambda: step("second", False), lambda: step("third", True)])
    assert seen == ["first", "second", "third", "first", "second", "third"]


READING = Reading(lambda name, **values: TEXTS["en"][name].format(**values))


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        (READING.line, "Romashka ${NAME}"),
        (READING.word, "${HOME}"),
        (READING.word, "$\x07{HOME}"),
        (READING.address, "a${b}@example.com"),
        (READING.authserv, "${MX}"),
    ],
)
def test_what_the_settings_would_fill_in_is_asked_again_and_ends_no_dialog(
    read: Callable[[str], str], typed: str
) -> None:
    with pytest.raises(Unfit, match="take for a variable"):
        read(typed)


@hypothesis.settings(
    max_examples=50, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(st.text())
def test_whatever_a_terminal_brings_can_be_written(tmp_path: Path, typed: str) -> None:
    try:
        company = READING.line(typed)
    except Unfit:
        return
    assert written(tmp_path, answers(company_name=company)).company_name == company


def test_a_sign_in_that_was_given_up_for_a_password_is_not_kept(tmp_path: Path) -> None:
    staging = tmp_path / ".staging"
    staging.mkdir(0o700)
    trial = Trial(tmp_path / "settings.yaml", staging)
    oauth = {"provider": "google", "flow": "browser", "client_id": "mailflow"}
    trial.settings(answers(oauth=oauth, client_secret="client-s3cret"))
    write_settings_file(staging / "mailflow-token.json", "{}")
    trial.settings(answers())
    trial.put_in_place()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [".env", "settings.yaml"]


@pytest.mark.parametrize(
    ("authserv", "theirs"),
    [
        ("mx.example.com", True),
        ("example.com", True),
        ("MX.Hoster.net", True),
        ("mail.hoster.net", True),
        ("mx.evil.net", False),
        ("notexample.com", False),
        ("net", False),
        ("", False),
    ],
)
def test_who_verifies_mail_is_proposed_only_by_a_name_of_the_servers_own_domain(authserv: str, theirs: bool) -> None:
    """What outsiders wrote into their mails is in the mailbox too."""
    assert is_theirs(authserv, "finance@example.com", "mail.hoster.net") is theirs
