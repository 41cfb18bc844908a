"""`sign-in`: the administrator lets mailflow use the mailbox, and sees at once that both servers take it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailflow import signing_in
from mailflow.adapters.oauth.sign_in import DeviceCode
from mailflow.adapters.oauth.token_endpoint import Tokens
from mailflow.cli import cli
from mailflow.errors import ServerAway
from mailflow.settings import MailboxSettings
from tests.servers.authorization import AuthorizationServer
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.settings_file import write_settings_file

FINANCE = "finance@example.com"
SETTINGS = """\
database: sqlite:///{folder}/mailflow.db
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: {imap}, ca_file: {ca_file}, username: finance@example.com}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none, username: finance@example.com}}
  oauth:
    provider: other
    flow: {flow}
    client_id: mailflow-at-example
    client_secret: client-s3cret
    server: {{token_url: "{token}", device_url: "{device}", scopes: [imap, smtp, offline_access]}}
  sender_check: reference
administrator: admin@example.com
submitters: ["@example.com"]
approval: {{sequence: [olga@example.com]}}
payment: {{accountant: anna@example.com}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer(interval=0.1) as running:
        yield running


@pytest.fixture(scope="module")
def dovecot(server: AuthorizationServer, certificates: Certificates) -> Iterator[Dovecot]:
    with Dovecot(certificates.good, introspection_url=server.url("introspect")) as running:
        yield running


@pytest.fixture
def sink(server: AuthorizationServer) -> Iterator[SmtpSink]:
    with SmtpSink(mechanisms="XOAUTH2", user_of=server.user_of) as running:
        yield running


def settings_of(
    folder: Path, flow: str, server: AuthorizationServer, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> Path:
    text = SETTINGS.format(
        folder=folder,
        imap=dovecot.imaps_port,
        smtp=sink.port,
        ca_file=certificates.ca_file,
        flow=flow,
        token=server.url("token"),
        device=server.url("device"),
    )
    return write_settings_file(folder / "settings.yaml", text)


def run(settings: Path, command: str) -> Result:
    return CliRunner().invoke(cli, ["--settings", str(settings), command])


def test_somebody_enters_the_code_and_both_servers_take_the_token(
    tmp_path: Path, server: AuthorizationServer, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> None:
    settings = settings_of(tmp_path, "device", server, dovecot, sink, certificates)

    def enter() -> None:
        while not server.devices:
            time.sleep(0.05)
        server.enter_code(FINANCE)

    somebody = threading.Thread(target=enter)
    somebody.start()
    result = run(settings, "sign-in")
    somebody.join()
    assert result.exit_code == 0, result.output
    assert f"Open {server.url('enter')} in any browser and enter the code" in result.output
    assert f"signed in at 127.0.0.1:{dovecot.imaps_port} as {FINANCE}" in result.output
    kept = json.loads((tmp_path / "mailflow-token.json").read_text())["tokens"]
    assert kept["access_token"] not in result.output
    assert kept["refresh_token"] not in result.output

    server.revoke()
    result = run(settings, "check")
    assert result.exit_code == 1
    assert result.output.count("Run: python run.py sign-in") == 2


def test_an_application_of_its_own_needs_nobody(
    tmp_path: Path, server: AuthorizationServer, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> None:
    settings = settings_of(tmp_path, "client_credentials", server, dovecot, sink, certificates)
    assert run(settings, "check").exit_code == 0, "no sign-in comes before"
    assert run(settings, "sign-in").exit_code == 0
    settings.write_text(settings.read_text().replace("client-s3cret", "old-s3cret"))
    result = run(settings, "sign-in")
    assert result.exit_code == 1, "a secret that is wrong now is noticed though a token is kept"
    assert "invalid_client" in result.output
    assert "Check client_id, client_secret and tenant" in result.output


def test_a_sign_in_that_is_declined_ends_with_a_sentence(
    tmp_path: Path, server: AuthorizationServer, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> None:
    settings = settings_of(tmp_path, "device", server, dovecot, sink, certificates)

    def decline() -> None:
        while not server.devices or server.devices[-1].declined:
            time.sleep(0.05)
        server.enter_code(None)

    somebody = threading.Thread(target=decline)
    somebody.start()
    result = run(settings, "sign-in")
    somebody.join()
    assert result.exit_code == 1
    assert "The sign-in was declined" in result.output


def test_settings_with_passwords_have_nothing_to_sign_in_by(tmp_path: Path) -> None:
    text = """\
mailbox:
  address: finance@example.com
  imap: {host: 127.0.0.1, port: 1, username: finance, password: imap-s3cret}
  smtp: {host: 127.0.0.1, port: 1}
  sender_check: reference
administrator: admin@example.com
submitters: ["@example.com"]
approval: {sequence: [olga@example.com]}
payment: {accountant: anna@example.com}
"""
    result = run(write_settings_file(tmp_path / "settings.yaml", text), "sign-in")
    assert result.exit_code == 78
    assert "mailbox.oauth: is not there" in result.output


@pytest.mark.parametrize(("language", "asked", "warned"), [("en", "enter the code", "ends"), ("ru", "код", "кончится")])
def test_a_sign_in_that_cannot_be_renewed_says_so_in_the_language_of_who_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, asked: str, warned: str
) -> None:
    def by_device(endpoint: object, show: Callable[[DeviceCode], None]) -> Tokens:
        show(DeviceCode("https://login.example.com", "ABCD"))
        return Tokens("access", "", 9e9, 9e9)

    monkeypatch.setattr(signing_in, "by_device", by_device)
    oauth = {"provider": "microsoft", "flow": "device", "client_id": "mailflow", "token_file": tmp_path / "token.json"}
    server = {"host": "127.0.0.1", "port": 1, "username": FINANCE}
    mailbox = {"address": FINANCE, "oauth": oauth, "imap": server, "smtp": server, "sender_check": "reference"}
    said: list[str] = []
    signing_in.sign_in(MailboxSettings.model_validate(mailbox), said.append, language)
    assert "https://login.example.com" in said[0]
    assert asked in said[0]
    assert warned in said[1]


@pytest.mark.parametrize("flow", ["device", "browser"])
def test_nobody_is_asked_to_sign_in_where_it_could_not_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flow: str
) -> None:
    monkeypatch.setattr(signing_in, "by_device", pytest.fail)
    monkeypatch.setattr(signing_in, "by_browser", pytest.fail)
    oauth = {
        "provider": "microsoft",
        "flow": flow,
        "client_id": "mailflow",
        "token_file": tmp_path / "no" / "token.json",
    }
    server = {"host": "127.0.0.1", "port": 1, "username": FINANCE}
    mailbox = {"address": FINANCE, "oauth": oauth, "imap": server, "smtp": server, "sender_check": "reference"}
    with pytest.raises(ServerAway, match=r"cannot be kept in .*mailbox\.oauth\.token_file"):
        signing_in.sign_in(MailboxSettings.model_validate(mailbox), pytest.fail)
