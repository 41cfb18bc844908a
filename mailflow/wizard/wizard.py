"""The walk: language, mailbox, sign-in, people, time zone, sender check; then the files, a test mail and the check."""

from __future__ import annotations

import os
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click

from mailflow import checking
from mailflow.bootstrap import transport_of, utc_now
from mailflow.errors import MailflowError, SignInRefused
from mailflow.loopback import is_loopback
from mailflow.mail_services import MailService, Security, ServerAddress, service_of_host
from mailflow.packaged import command
from mailflow.settings import Language, Settings, load_settings
from mailflow.signing_in import sign_in
from mailflow.wizard.dialog import Back, ask, ask_choice, ask_yes, say, walk
from mailflow.wizard.discovery import Found, discover
from mailflow.wizard.greeting import greeting
from mailflow.wizard.reading import Reading
from mailflow.wizard.settings_file import Answers, files_of
from mailflow.wizard.texts import TEXTS
from mailflow.wizard.trial import Trial, probe, seen_authserv

Show = Callable[[Sequence[checking.CheckLine]], int]
"""Prints what was tried; gives the exit code."""

_SECURITIES: tuple[Security, ...] = ("tls", "starttls", "none")
_PORTS = {
    "IMAP": {"tls": "993", "starttls": "143", "none": "143"},
    "SMTP": {"tls": "465", "starttls": "587", "none": "25"},
}


def init(file: Path, show: Show) -> int:
    """Asks, tries, writes, checks; the exit code. Until everything was answered nothing is written."""
    in_russian = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("ru")
    language: Language = "ru" if in_russian else "en"
    texts, folder = TEXTS[language], file.absolute().parent
    for there in (file, *files_of(folder)):
        if there.exists():
            say(texts["exists"].format(file=there))
            return 1
    is_new = not folder.exists()
    try:
        folder.mkdir(0o700, exist_ok=True)
        staging = tempfile.TemporaryDirectory(prefix=".mailflow-init-", dir=folder)
    except OSError as error:
        say(texts["cannot_write"].format(file=file, why=error.strerror))
        return 1
    wizard = Wizard(file, Trial(file, Path(staging.name)), Answers(language=language))
    try:
        with _ended_like_ctrl_c(), staging:
            return wizard.run(show)
    except (click.Abort, KeyboardInterrupt):
        say()
        if not wizard.written:
            say(wizard.text("ended"))
        return 1
    finally:
        if is_new and not wizard.written:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """A terminal that is closed ends the dialog as Ctrl-C does: the password must not stay behind in the folder."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Wizard:
    """What was answered so far. Each step asks, keeps the answer, and says whether it asked anything."""

    file: Path
    trial: Trial
    answers: Answers
    found: Found | None = None
    manual: bool = False
    method: str = "password"
    written: bool = False
    discovered: dict[str, Found | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read = Reading(self.text)

    def run(self, show: Show) -> int:
        """All of it; the exit code."""
        walk(
            [
                self._language,
                self._address,
                self._servers,
                *(partial(step, what) for what in _PORTS for step in (self._host, self._security, self._port)),
                self._ca_file,
                self._username,
                self._method,
                self._sign_in,
                self._company,
                self._accountant,
                self._approvers,
                self._submitters,
                self._administrator,
                self._time_zone,
                self._sender_check,
                self._authserv,
                self._write,
            ]
        )
        settings = load_settings(self.file)
        self._greet(settings)
        say(self.text("checking"))
        code = show(checking.check(settings))
        option = "" if self.file == Path("settings.yaml") else f" --settings {shlex.quote(str(self.file))}"
        say()
        say(self.text("next_mend" if code else "next", command=command(), option=option))
        return code

    def text(self, name: str, **values: Any) -> str:
        """What is said, in the language that was chosen."""
        return TEXTS[self.answers.language][name].format(**values)

    def _language(self) -> bool:
        self.answers.language = self._choice("Language / Язык (1 en, 2 ru)", ("en", "ru"), self.answers.language)
        say(self.text("welcome", file=self.file))
        return True

    def _address(self) -> bool:
        self.answers.address = ask(self.text("ask_address"), self.read.address, self.answers.address)
        return True

    def _servers(self) -> bool:
        address = self.answers.address
        if address not in self.discovered:
            say(self.text("looking", domain=address.rpartition("@")[2]))
            self.discovered[address] = discover(address)
        self.found, self.manual = self.discovered[address], True
        if self.found is None:
            say(self.text("not_found"))
            return False
        name = self.found.service.name if self.found.service else self.text("own_server")
        imap, smtp = self.found.imap, self.found.smtp
        places = {
            f"{what}_{part}": getattr(server, part)
            for what, server in (("imap", imap), ("smtp", smtp))
            for part in ("host", "port", "security")
        }
        say(self.text("found", service=name, **places))
        self.manual = not self._yes("use_these")
        if not self.manual:
            self.answers.imap, self.answers.smtp, self.answers.ca_file = imap, smtp, ""
        return True

    def _host(self, what: str) -> bool:
        if not self.manual:
            return False
        before, imap = self._server(what), self.answers.imap
        domain = self.answers.address.rpartition("@")[2]
        default = before.host if before else imap.host if imap else f"mail.{domain}"
        host = ask(self.text("ask_host", what=what), self.read.host, default)
        self._keep_server(what, replace(before, host=host) if before else ServerAddress(host, 0))
        return True

    def _security(self, what: str) -> bool:
        server = self._server(what)
        if not self.manual or server is None:
            return False
        while True:
            chosen = self._choice(self.text("ask_security", what=what), _SECURITIES, server.security)
            if chosen != "none" or is_loopback(server.host):
                break
            say(f"  {self.text('none_is_local')}")
        security = next(each for each in _SECURITIES if each == chosen)
        port = server.port if security == server.security else 0
        self._keep_server(what, ServerAddress(server.host, port, security))
        return True

    def _port(self, what: str) -> bool:
        server = self._server(what)
        if not self.manual or server is None:
            return False
        default = str(server.port or _PORTS[what][server.security])
        port = ask(self.text("ask_port", what=what), self.read.port(default), default)
        self._keep_server(what, replace(server, port=port))
        return True

    def _ca_file(self) -> bool:
        servers = (self.answers.imap, self.answers.smtp)
        if not self.manual or all(server and server.security == "none" for server in servers):
            return False
        self.answers.ca_file = ask(self.text("ask_ca"), self.read.certificates, self.answers.ca_file)
        return True

    def _username(self) -> bool:
        default = self.answers.username or self.answers.address
        self.answers.username = ask(self.text("ask_username"), self.read.word, default)
        return True

    def _method(self) -> bool:
        service = self._service
        if service is None or not service.oauth or not service.takes_passwords:
            self.method = "oauth" if service and not service.takes_passwords else "password"
            return False
        say(service.help[self.answers.language])
        self.method = self._choice(self.text("ask_method"), ("password", "oauth"), self.method)
        return True

    def _sign_in(self) -> bool:
        service = self._service
        if service and self.method == "oauth":
            self._by_oauth(service)
            return True
        self.answers.oauth, self.answers.client_secret = {}, ""
        if service and not service.oauth:
            say(service.help[self.answers.language])
        while True:
            self.answers.password = ask(self.text("ask_password"), self.read.something, hidden=True)
            if self._works():
                return True
            say(self.text("fails"))

    def _by_oauth(self, service: MailService) -> None:
        say(self.text("oauth_intro"))
        answers, is_microsoft = self.answers, service.oauth == "microsoft"
        while True:
            before = answers.oauth
            flow, tenant = "browser", ""
            if is_microsoft:
                flows = ("device", "browser", "client_credentials")
                flow = self._choice(self.text("ask_flow"), flows, before.get("flow", "device"))
            client_id = ask(self.text("ask_client_id"), self.read.word, before.get("client_id", ""))
            if is_microsoft:
                domain = answers.address.rpartition("@")[2]
                tenant = ask(self.text("ask_tenant"), self.read.word, before.get("tenant", domain))
            answers.password = answers.client_secret = ""
            if flow != "device":
                needed = not is_microsoft or flow == "client_credentials"
                answers.client_secret = ask(self.text("ask_client_secret"), self.read.secret(needed), hidden=True)
            answers.oauth = {"provider": service.oauth, "flow": flow, "client_id": client_id, "tenant": tenant}
            if self._works(signs_in=True):
                return
            say(self.text("fails_oauth"))
            if not self._yes("again"):
                raise Back

    def _works(self, signs_in: bool = False) -> bool:
        """Tries both servers as mailflow will; says what does not work, and what to do."""
        try:
            settings = self.trial.settings_of_mailbox(self.answers)
            if signs_in:
                sign_in(settings.mailbox, say, self.answers.language)
            say(self.text("trying"))
            probe(settings)
        except MailflowError as error:
            say(str(error))
            if self._service and isinstance(error, SignInRefused):
                say(self._service.help[self.answers.language])
            return False
        say(self.text("works"))
        return True

    def _company(self) -> bool:
        say()
        say(self.text("people"))
        self.answers.company_name = ask(self.text("ask_company"), self.read.line, self.answers.company_name)
        return True

    def _accountant(self) -> bool:
        self.answers.accountant = ask(self.text("ask_accountant"), self._read_person, self.answers.accountant)
        return True

    def _approvers(self) -> bool:
        default = ", ".join(self.answers.approvers)
        self.answers.approvers = ask(self.text("ask_approvers"), self.read.list_of(self._read_person), default)
        return True

    def _submitters(self) -> bool:
        default = ", ".join(self.answers.submitters) or f"@{self.answers.address.rpartition('@')[2]}"
        self.answers.submitters = ask(self.text("ask_submitters"), self.read.list_of(self.read.submitter), default)
        return True

    def _administrator(self) -> bool:
        default = self.answers.administrator or self.answers.accountant
        self.answers.administrator = ask(self.text("ask_administrator"), self._read_person, default)
        return True

    def _time_zone(self) -> bool:
        default = self.answers.timezone or guessed_time_zone()
        self.answers.timezone = ask(self.text("ask_time_zone"), self.read.time_zone, default)
        return True

    def _sender_check(self) -> bool:
        say(self.text("about_sender_check"))
        choices = ("dmarc", "reference")
        self.answers.sender_check = self._choice(self.text("ask_sender_check"), choices, self.answers.sender_check)
        return True

    def _authserv(self) -> bool:
        if self.answers.sender_check == "reference":
            self.answers.trusted_authserv = ""
            return False
        default = self.answers.trusted_authserv or (self._service.authserv if self._service else "")
        default = default or seen_authserv(self.trial.settings_of_mailbox(self.answers))
        self.answers.trusted_authserv = ask(self.text("ask_authserv"), self.read.authserv, default)
        return True

    def _write(self) -> bool:
        self.trial.settings(self.answers)
        say()
        say(self.text("summary"))
        say(self.trial.text())
        if not self._yes("ask_write", file=self.file):
            raise Back
        try:
            files = self.trial.put_in_place()
        except OSError as error:
            raise click.ClickException(self.text("cannot_write", file=self.file, why=error.strerror)) from None
        self.written = True
        say(self.text("wrote", files=", ".join(map(str, files))))
        return True

    def _greet(self, settings: Settings) -> None:
        """Sends a test mail, where that is wanted."""
        with suppress(Back):
            if not self._yes("ask_test_mail", to=self.answers.administrator):
                return
            transport = transport_of(settings)
            try:
                say(self.text("sent", answer=transport.send(greeting(self.answers, utc_now()))))
            except MailflowError as error:
                say(self.text("not_sent", why=error))
            finally:
                transport.close()

    @property
    def _service(self) -> MailService | None:
        if self.found and self.found.service and not self.manual:
            return self.found.service
        return service_of_host(self.answers.imap.host) if self.answers.imap else None

    def _server(self, what: str) -> ServerAddress | None:
        return self.answers.imap if what == "IMAP" else self.answers.smtp

    def _keep_server(self, what: str, server: ServerAddress) -> None:
        if what == "IMAP":
            self.answers.imap = server
        else:
            self.answers.smtp = server

    def _read_person(self, typed: str) -> str:
        return self.read.person_beside(self.answers.address)(typed)

    def _yes(self, question: str, **values: Any) -> bool:
        return ask_yes(self.text(question, **values), self.text("yes_or_no"))

    def _choice(self, question: str, choices: Sequence[str], default: str) -> str:
        return ask_choice(question, choices, self.text("choose", choices=", ".join(choices)), default)


def guessed_time_zone() -> str:
    """The machine's time zone, or Moscow's where it is one of a server (UTC) or unknown."""
    named = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    is_of_a_place = named in available_timezones() and "/" in named and not named.startswith("Etc/")
    return named if is_of_a_place else "Europe/Moscow"
