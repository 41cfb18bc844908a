"""The walk: language, mailbox, sign-in, people, time zone, sender check; then the files, a test mail and the check."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click
from pydantic import TypeAdapter, ValidationError

from mailflow import checking
from mailflow.bootstrap import mailbox_of, transport_of, utc_now
from mailflow.errors import MailflowError, SignInRefused
from mailflow.loopback import is_loopback
from mailflow.mail_services import MailService, Security, ServerAddress, service_of_host
from mailflow.ports import Envelope
from mailflow.settings import Address, Host, Language, Settings, Submitter, load_settings
from mailflow.signing_in import sign_in
from mailflow.wizard.dialog import Back, Unfit, ask, ask_choice, ask_yes, say, walk
from mailflow.wizard.discovery import Found, discover
from mailflow.wizard.settings_file import Answers, environment_text, files_of, settings_text
from mailflow.wizard.texts import TEXTS

Show = Callable[[Sequence[checking.CheckLine]], int]
"""Prints what was tried; gives the exit code."""

_SECURITIES: tuple[Security, ...] = ("tls", "starttls", "none")
_PORTS = {("IMAP", "tls"): 993, ("IMAP", "starttls"): 143, ("SMTP", "tls"): 465, ("SMTP", "starttls"): 587}
_PLAIN_PORTS = {"IMAP": 143, "SMTP": 25}


def init(file: Path, show: Show) -> int:
    """Asks, tries, writes, checks; the exit code. Until everything was answered nothing is written."""
    in_russian = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("ru")
    language: Language = "ru" if in_russian else "en"
    texts = TEXTS[language]
    folder = file.absolute().parent
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
    wizard = Wizard(file, Path(staging.name), Answers(language=language))
    try:
        with staging:
            return wizard.run(show)
    except (click.Abort, KeyboardInterrupt):
        say()
        if not wizard.written:
            say(wizard.text("ended"))
        return 1
    finally:
        if is_new and not wizard.written:
            folder.rmdir()


@dataclass
class Wizard:
    """What was answered so far; in `staging` lie the files as they would be written, for nobody else to read."""

    file: Path
    staging: Path
    answers: Answers
    found: Found | None = None
    manual: bool = False
    method: str = "password"
    written: bool = False
    discovered: dict[str, Found | None] = field(default_factory=dict)

    def run(self, show: Show) -> int:
        """All of it; the exit code."""
        walk(
            [
                self._language,
                self._address,
                self._servers,
                *(
                    step
                    for what in ("IMAP", "SMTP")
                    for step in (self._host_step(what), self._security_step(what), self._port_step(what))
                ),
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
        self._test_mail(settings)
        say(self.text("checking"))
        code = show(checking.check(settings))
        option = "" if self.file == Path("settings.yaml") else f" --settings {self.file}"
        say()
        say(self.text("next_mend" if code else "next", option=option))
        return code

    def text(self, name: str, **values: Any) -> str:
        """What is said, in the language that was chosen."""
        return TEXTS[self.answers.language][name].format(**values)

    def _language(self) -> bool:
        choices, now = ("en", "ru"), self.answers.language
        chosen = ask_choice("Language / Язык (1 en, 2 ru)", choices, TEXTS[now]["choose"], now)
        self.answers.language = "ru" if chosen == "ru" else "en"
        say(self.text("welcome", file=self.file))
        return True

    def _address(self) -> bool:
        self.answers.address = ask(self.text("ask_address"), self._read_address, self.answers.address)
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

    def _host_step(self, what: str) -> Callable[[], bool]:
        def step() -> bool:
            if not self.manual:
                return False
            domain = self.answers.address.rpartition("@")[2]
            before = self._server(what)
            imap = self.answers.imap if what == "SMTP" else None
            default = before.host if before else imap.host if imap else f"mail.{domain}"
            host = ask(self.text("ask_host", what=what), self._fit(Host, "bad_host"), default)
            self._keep_server(what, replace(before, host=host) if before else ServerAddress(host, 0))
            return True

        return step

    def _security_step(self, what: str) -> Callable[[], bool]:
        def step() -> bool:
            server = self._server(what)
            if not self.manual or server is None:
                return False

            def allowed(security: str) -> bool:
                return security != "none" or is_loopback(server.host)

            question = self.text("ask_security", what=what)
            while not allowed(
                security := ask_choice(question, _SECURITIES, self.text("choose", choices="{choices}"), server.security)
            ):
                say(f"  {self.text('none_is_local')}")
            chosen = next(each for each in _SECURITIES if each == security)
            port = server.port if chosen == server.security else 0
            self._keep_server(what, ServerAddress(server.host, port, chosen))
            return True

        return step

    def _port_step(self, what: str) -> Callable[[], bool]:
        def step() -> bool:
            server = self._server(what)
            if not self.manual or server is None:
                return False
            default = str(server.port or _PORTS.get((what, server.security), _PLAIN_PORTS[what]))

            def read(typed: str) -> int:
                if typed.isdecimal() and 1 <= int(typed) <= 65535:
                    return int(typed)
                raise Unfit(self.text("bad_port", typed=typed, default=default))

            port = ask(self.text("ask_port", what=what), read, default)
            self._keep_server(what, replace(server, port=port))
            return True

        return step

    def _ca_file(self) -> bool:
        servers = (self.answers.imap, self.answers.smtp)
        if not self.manual or all(server and server.security == "none" for server in servers):
            return False

        def read(typed: str) -> str:
            if not typed:
                return ""
            path = Path(typed).expanduser().resolve()
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
            except (OSError, ValueError):
                raise Unfit(self.text("bad_ca", typed=typed)) from None
            return str(path)

        self.answers.ca_file = ask(self.text("ask_ca"), read, self.answers.ca_file)
        return True

    def _username(self) -> bool:
        default = self.answers.username or self.answers.address
        self.answers.username = ask(self.text("ask_username"), self._something, default)
        return True

    def _method(self) -> bool:
        service = self._service
        if service is None or not service.oauth or not service.takes_passwords:
            self.method = "oauth" if service and not service.takes_passwords else "password"
            return False
        say(service.help[self.answers.language])
        unfit = self.text("choose", choices="{choices}")
        self.method = ask_choice(self.text("ask_method"), ("password", "oauth"), unfit, self.method)
        return True

    def _sign_in(self) -> bool:
        if self.method == "oauth":
            self._by_oauth()
            return True
        self.answers.oauth, self.answers.client_secret = {}, ""
        if self._service and not self._service.oauth:
            say(self._service.help[self.answers.language])
        while True:
            self.answers.password = ask(self.text("ask_password"), self._something, hidden=True)
            if self._works():
                return True
            say(self.text("fails"))

    def _by_oauth(self) -> None:
        service = self._service
        if service is None:
            raise Back
        say(self.text("oauth_intro"))
        answers, unfit = self.answers, self.text("choose", choices="{choices}")
        while True:
            before = answers.oauth
            flow = "browser"
            if service.oauth == "microsoft":
                flows = ("device", "browser", "client_credentials")
                flow = ask_choice(self.text("ask_flow"), flows, unfit, before.get("flow", "device"))
            client_id = ask(self.text("ask_client_id"), self._something, before.get("client_id", ""))
            tenant = ""
            if service.oauth == "microsoft":
                domain = answers.address.rpartition("@")[2]
                tenant = ask(self.text("ask_tenant"), self._something, before.get("tenant", domain))
            needed = service.oauth == "google" or flow == "client_credentials"
            answers.client_secret = ""
            if needed or flow == "browser":
                answers.client_secret = ask(self.text("ask_client_secret"), self._secret_reader(needed), hidden=True)
            answers.password = ""
            answers.oauth = {"provider": service.oauth, "flow": flow, "client_id": client_id, "tenant": tenant}
            if self._works(signs_in=True):
                return
            say(self.text("fails_oauth"))
            if not self._yes("again"):
                raise Back

    def _works(self, signs_in: bool = False) -> bool:
        """Tries both servers as mailflow will; says what does not work, and what to do."""
        nobody = f"nobody@{self.answers.address.rpartition('@')[2]}"
        trial = replace(
            self.answers,
            accountant=nobody,
            administrator=nobody,
            approvers=(nobody,),
            submitters=(nobody,),
            sender_check="reference",
            trusted_authserv="",
        )
        try:
            settings = self._stage(trial)
            if signs_in:
                sign_in(settings.mailbox, say)
            say(self.text("trying"))
            replace(mailbox_of(settings), folders=()).probe()
            transport_of(settings).probe()
        except SignInRefused as refusal:
            say(str(refusal))
            if self._service:
                say(self._service.help[self.answers.language])
            return False
        except MailflowError as error:
            say(str(error))
            return False
        say(self.text("works"))
        return True

    def _company(self) -> bool:
        say()
        say(self.text("people"))
        self.answers.company_name = ask(self.text("ask_company"), str, self.answers.company_name)
        return True

    def _accountant(self) -> bool:
        self.answers.accountant = ask(self.text("ask_accountant"), self._read_person, self.answers.accountant)
        return True

    def _approvers(self) -> bool:
        read = self._list_of(self._read_person)
        self.answers.approvers = ask(self.text("ask_approvers"), read, ", ".join(self.answers.approvers))
        return True

    def _submitters(self) -> bool:
        default = ", ".join(self.answers.submitters) or f"@{self.answers.address.rpartition('@')[2]}"
        read = self._list_of(self._fit(Submitter, "bad_submitter"))
        self.answers.submitters = ask(self.text("ask_submitters"), read, default)
        return True

    def _administrator(self) -> bool:
        default = self.answers.administrator or self.answers.accountant
        self.answers.administrator = ask(self.text("ask_administrator"), self._read_person, default)
        return True

    def _time_zone(self) -> bool:
        def read(typed: str) -> str:
            known = {name.lower(): name for name in available_timezones()}
            if typed.lower() in known:
                return known[typed.lower()]
            raise Unfit(self.text("bad_time_zone", typed=typed))

        self.answers.timezone = ask(self.text("ask_time_zone"), read, guessed_time_zone())
        return True

    def _sender_check(self) -> bool:
        say(self.text("about_sender_check"))
        unfit = self.text("choose", choices="{choices}")
        choices = ("dmarc", "reference")
        self.answers.sender_check = ask_choice(self.text("ask_sender_check"), choices, unfit, self.answers.sender_check)
        return True

    def _authserv(self) -> bool:
        if self.answers.sender_check == "reference":
            self.answers.trusted_authserv = ""
            return False

        def read(typed: str) -> str:
            if typed and not set(typed) & set(" ;,\t\"'"):
                return typed
            raise Unfit(self.text("bad_authserv", typed=typed))

        default = self.answers.trusted_authserv or (self._service.authserv if self._service else "")
        if not default and self.answers.imap:
            default = self.answers.imap.host
        self.answers.trusted_authserv = ask(self.text("ask_authserv"), read, default)
        return True

    def _write(self) -> bool:
        self._stage(self.answers)
        say()
        say(self.text("summary"))
        say((self.staging / self.file.name).read_text("utf-8"))
        if not self._yes("ask_write", file=self.file):
            raise Back
        folder = self.file.absolute().parent
        beside = [path.name for path in files_of(folder) if (self.staging / path.name).exists()]
        linked: list[Path] = []
        try:
            for name in (*beside, self.file.name):
                os.link(self.staging / name, folder / name)
                linked.append(folder / name)
        except BaseException as error:
            for path in linked:
                with suppress(OSError):
                    path.unlink()
            if isinstance(error, OSError):
                raise click.ClickException(self.text("cannot_write", file=self.file, why=error.strerror)) from None
            raise
        self.written = True
        say(self.text("wrote", files=", ".join(map(str, linked))))
        return True

    def _test_mail(self, settings: Settings) -> None:
        to = settings.administrator
        with suppress(Back):
            if not self._yes("ask_test_mail", to=to):
                return
            transport = transport_of(settings)
            try:
                say(self.text("sent", answer=transport.send(self._mail(settings))))
            except MailflowError as error:
                say(self.text("not_sent", why=error))
            finally:
                transport.close()

    def _mail(self, settings: Settings) -> Envelope:
        mailbox, to = settings.mailbox.address, settings.administrator
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = mailbox, to, self.text("test_subject")
        mail["Date"], mail["Message-ID"] = format_datetime(utc_now()), make_msgid(domain=mailbox.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        approvers = ", ".join(self.answers.approvers)
        accountant = settings.payment.accountant
        mail.set_content(self.text("test_body", mailbox=mailbox, approvers=approvers, accountant=accountant))
        return Envelope(mailbox, to, mail.as_bytes())

    def _stage(self, answers: Answers) -> Settings:
        """The files as they would be written, and the settings that mailflow reads in them."""
        environment, _ = files_of(self.staging)
        here = self.file.absolute().parent
        database = "mailflow.db" if here == Path.cwd() else str(here / "mailflow.db")
        texts = {
            environment: environment_text(answers),
            self.staging / self.file.name: settings_text(answers, f"sqlite:///{database}"),
        }
        for path, text in texts.items():
            path.unlink(missing_ok=True)
            if text:
                path.touch(0o600)
                path.write_text(text, "utf-8")
        return load_settings(self.staging / self.file.name, {})

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

    def _yes(self, question: str, **values: Any) -> bool:
        return ask_yes(self.text(question, **values), self.text("yes_or_no"))

    def _fit(self, kind: Any, unfit: str) -> Callable[[str], str]:
        """Reads what the settings would take for this kind of value."""

        def read(typed: str) -> str:
            try:
                return str(TypeAdapter(kind).validate_python(typed))
            except ValidationError:
                raise Unfit(self.text(unfit, typed=typed)) from None

        return read

    def _read_address(self, typed: str) -> str:
        return self._fit(Address, "bad_address")(self._something(typed))

    def _read_person(self, typed: str) -> str:
        address = self._read_address(typed)
        if address == self.answers.address:
            raise Unfit(self.text("mailbox_itself", typed=address))
        return address

    def _list_of(self, read: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
        def read_all(typed: str) -> tuple[str, ...]:
            values = [read(part) for part in typed.replace(",", " ").replace(";", " ").split()]
            if twice := next((value for value in values if values.count(value) > 1), None):
                raise Unfit(self.text("twice", typed=twice))
            if not values:
                raise Unfit(self.text("empty"))
            return tuple(values)

        return read_all

    def _something(self, typed: str) -> str:
        if typed:
            return typed
        raise Unfit(self.text("empty"))

    def _secret_reader(self, needed: bool) -> Callable[[str], str]:
        def read(typed: str) -> str:
            if needed and not typed:
                raise Unfit(self.text("secret_needed"))
            return typed

        return read


def guessed_time_zone() -> str:
    """The machine's time zone, or Moscow's where it is one of a server (UTC) or unknown."""
    named = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    is_of_a_place = named in available_timezones() and "/" in named and not named.startswith("Etc/")
    return named if is_of_a_place else "Europe/Moscow"
