"""`init` played at a pseudo-terminal against a real Dovecot and an SMTP server with a private CA."""

from __future__ import annotations

import signal
import stat
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from mailflow.settings import load_settings
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.wizard.conftest import FINANCE, Terminal

Open = Callable[..., Terminal]


def give_servers(terminal: Terminal, dovecot: Dovecot, sink: SmtpSink, ca_file: Path) -> None:
    terminal.answer("IMAP: the server's name [mail.company.invalid]", "127.0.0.1")
    terminal.answer("IMAP: encryption")
    terminal.answer("IMAP: port [993]", str(dovecot.imaps_port))
    terminal.answer("SMTP: the server's name [127.0.0.1]")
    terminal.answer("SMTP: encryption")
    terminal.answer("SMTP: port [465]", str(sink.port))
    terminal.answer("private CA", str(ca_file))


def give_people(terminal: Terminal) -> None:
    terminal.answer("company's name", "Romashka & Co")
    terminal.answer("Accountant's address", "anna@company.invalid")
    terminal.answer("Approvers' addresses", "olga@company.invalid, dmitry@company.invalid")
    terminal.answer("Who may submit invoices: addresses or whole @domains, with commas [@company.invalid]")
    terminal.answer("Administrator's address", "admin@company.invalid")
    terminal.answer("Time zone [Europe/Moscow]", "europe/berlin")


def test_an_administrator_is_asked_and_everything_is_tried(
    tmp_path: Path, terminal: Open, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> None:
    """Wrong answers are explained, a wrong password is followed by the right one, and a way leads back."""
    stamp = b"Authentication-Results: mx.company.invalid; dmarc=pass header.from=example.com\r\n"
    dovecot.deliver(FINANCE, stamp + b"Subject: from outside\r\n\r\nHello.\r\n")
    at = terminal("init")
    at.answer("Language", "3")
    at.see("Answer one of: en, ru")
    at.answer("Language", "1")
    at.answer("Address of the shared mailbox", "finance")
    at.see("“finance” is no e-mail address")
    at.answer("Address of the shared mailbox", "Finance@Company.invalid")
    at.see("Nothing was found")
    give_servers(at, dovecot, sink, certificates.ca_file)
    at.answer(f"User name to sign in with [{FINANCE}]", "<")
    at.answer(f"private CA; Enter where the certificates are ordinary ones [{certificates.ca_file}]", "no.pem")
    at.see("“no.pem” cannot be read as a certificate")
    at.answer("private CA")
    at.answer("User name to sign in with")
    at.answer("Password", "wrong-s3cret")
    at.see("refused the sign-in")
    at.answer("Password", PASSWORD)
    at.see("Both servers let mailflow in")
    give_people(at)
    at.see("guessable reference")
    at.answer("Sender check [dmarc]")
    at.answer("received from outside [mx.company.invalid]")
    at.answer("Write settings.yaml? (Y/n)")
    at.answer("Send a test mail to admin@company.invalid? (Y/n)")
    at.see("Sent: 250")
    at.see("IMAP: signed in at 127.0.0.1")
    at.see("Next: python run.py run")
    assert at.end() == 0, at.shown

    settings = load_settings(tmp_path / "settings.yaml", {})
    assert settings.mailbox.address == FINANCE
    assert settings.company_name == "Romashka & Co"
    assert [entry.address for entry in settings.approval.sequence] == ["olga@company.invalid", "dmitry@company.invalid"]
    assert settings.timezone == "Europe/Berlin"
    assert settings.mailbox.trusted_authserv == ("mx.company.invalid",)
    assert settings.mailbox.imap.password is not None
    assert settings.mailbox.imap.password.get_secret_value() == PASSWORD
    assert {path.name for path in tmp_path.iterdir()} >= {"settings.yaml", ".env"}
    assert not list(tmp_path.glob(".mailflow-init-*"))
    for name in ("settings.yaml", ".env"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert PASSWORD not in at.shown
    assert "wrong-s3cret" not in at.shown
    assert PASSWORD not in (tmp_path / "settings.yaml").read_text()
    (mail,) = sink.mails
    assert mail.recipients == ("admin@company.invalid",)
    parsed = message_from_bytes(mail.raw, policy=default)
    assert parsed["Subject"] == "mailflow: a test mail"
    assert "olga@company.invalid, dmitry@company.invalid" in parsed.get_content()


def test_it_speaks_russian_where_the_terminal_does(
    tmp_path: Path, terminal: Open, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> None:
    at = terminal("init", language="ru_RU.UTF-8")
    at.answer("Язык (1 en, 2 ru) [ru]")
    at.answer("Адрес общего ящика", "финансы@company.invalid")
    at.see("не адрес почты")
    at.answer("Адрес общего ящика", FINANCE)
    at.answer("IMAP: имя сервера", "127.0.0.1")
    at.answer("IMAP: шифрование", "none")
    at.answer("IMAP: порт [143]", str(dovecot.imap_port))
    at.answer("SMTP: имя сервера")
    at.answer("SMTP: шифрование")
    at.answer("SMTP: порт", str(sink.port))
    at.answer("удостоверяющего центра", str(certificates.ca_file))
    at.answer("Имя пользователя")
    at.answer("Пароль", PASSWORD)
    at.see("Оба сервера впускают mailflow")
    at.answer("Название компании", "ООО «Ромашка»")
    at.answer("Адрес бухгалтера", FINANCE)
    at.see("сам общий ящик")
    at.answer("Адрес бухгалтера", "buh@company.invalid")
    at.answer("согласующих по порядку", "olga@company.invalid olga@company.invalid")
    at.see("названо дважды")
    at.answer("согласующих по порядку", "olga@company.invalid")
    at.answer("присылать счета")
    at.answer("Адрес администратора")
    at.answer("Часовой пояс", "Москва")
    at.see("неизвестный часовой пояс")
    at.answer("Часовой пояс")
    at.answer("Проверка отправителя", "reference")
    at.answer("Записать settings.yaml?", "да")
    at.answer("пробное письмо", "нет")
    at.see("Дальше: python run.py run")
    assert at.end() == 0, at.shown
    text = (tmp_path / "settings.yaml").read_text("utf-8")
    assert "# кто согласует, по порядку" in text
    settings = load_settings(tmp_path / "settings.yaml", {})
    assert settings.language == "ru"
    assert settings.company_name == "ООО «Ромашка»"
    assert settings.administrator == "buh@company.invalid"
    assert sink.mails == []


@pytest.mark.parametrize("late", [False, True], ids=["at the first question", "at the last question"])
def test_ctrl_c_leaves_nothing_behind(
    tmp_path: Path, terminal: Open, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates, late: bool
) -> None:
    at = terminal("--settings", "company/settings.yaml", "init")
    if late:
        at.answer("Language")
        at.answer("Address of the shared mailbox", FINANCE)
        give_servers(at, dovecot, sink, certificates.ca_file)
        at.answer("User name to sign in with")
        at.answer("Password", PASSWORD)
        give_people(at)
        at.answer("Sender check", "2")
        at.see("Write company/settings.yaml?")
    else:
        at.see("Language")
    at.interrupt("nothing was written")
    assert at.end() == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["settings.yaml", ".env", "mailflow-token.json"])
def test_nothing_is_overwritten(tmp_path: Path, terminal: Open, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    at = terminal("init")
    at.see(f"{name} is there already, and nothing is overwritten")
    assert at.end() == 1
    assert (tmp_path / name).read_text() == "mine\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_terminal_that_is_closed_leaves_no_password_behind(
    tmp_path: Path, terminal: Open, dovecot: Dovecot, sink: SmtpSink, certificates: Certificates
) -> None:
    at = terminal("init")
    at.answer("Language")
    at.answer("Address of the shared mailbox", FINANCE)
    give_servers(at, dovecot, sink, certificates.ca_file)
    at.answer("User name")
    at.answer("Password", "wrong-s3cret")
    at.see("Give the password again")
    assert list(tmp_path.glob(".mailflow-init-*/.env")), "it is tried as it would be written"
    at.see("Password")
    at.process.kill(signal.SIGHUP)
    at.end()
    assert list(tmp_path.iterdir()) == []
