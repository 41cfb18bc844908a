"""No secret is shown: not by a command, a log, a traceback, a mail, the database or the evidence, whatever breaks."""

from __future__ import annotations

import json
import logging
import os
import traceback
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, quote_plus

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, SecretStr

from mailflow import bootstrap
from mailflow.adapters.bitrix24 import Bitrix24Portal
from mailflow.adapters.imap import ImapMailbox
from mailflow.adapters.smtp import SmtpTransport
from mailflow.cli import cli
from mailflow.errors import ConfigurationError, MailflowError
from mailflow.log import DiscreetFormatter
from mailflow.settings import Settings, load_settings
from mailflow.settings_secrets import SECRET_PARTS
from mailflow.store.engine import open_store
from tests.adapters.portal_script import DROP, SILENT, SLAM, Answer, PortalScript, http
from tests.cli.conftest import Company, in_approval, to_pay
from tests.servers.scripted import Talk, scripted
from tests.settings_file import write_settings_file

IMAP, SMTP, HOOK, DATABASE = "imap S3cr&t/+=%", 'smtp"S3cret\\', "h00kc0deS3cret", "db%2FS3cret%3D"
SECRETS = (IMAP, SMTP, HOOK, DATABASE, "db/S3cret=")
CLOSED = 1
"""A port at which nobody listens."""

SETTINGS = """\
language: en
database: "{database}"
mailbox:
  address: finance@example.com
  imap: {{host: 127.0.0.1, port: {imap}, security: none, username: finance, password: "${{IMAP}}"}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none, username: finance, password: "${{SMTP}}"}}
  sender_check: reference
administrator: admin@example.com
submitters: ["@example.com"]
approval: {{sequence: [olga@example.com, dmitry@example.com]}}
payment: {{accountant: anna@example.com}}
bitrix24: {{webhook: "{webhook}", requests_a_second: 1000}}
"""
COMMANDS = (
    ["once"], ["check"], ["list"], ["list", "--json"], ["show", "INV-2026-0001"], ["show", "INV-2026-0001", "--json"],
    ["calendar"], ["verify"], ["quarantine", "list"], ["quarantine", "show", "1"], ["outbox", "list"],
    ["outbox", "list", "--json"], ["outbox", "retry", "all"], ["bitrix24", "setup"], ["reread"],
    ["evidence", "INV-2026-0001", "--output", "{folder}/evidence.zip"], ["backup", "{folder}/kept"],
    ["reassign", "INV-2026-0001", "olga@example.com", "nobody@example.com"], ["show", "INV-0"],
)  # fmt: skip


def forms(secret: str) -> set[str]:
    """A secret as it may stand in an address, in JSON, in IMAP's quotes, in Python's and in a sign-in (RFC 4616)."""
    signs_in = [secret, f"\0finance\0{secret}"]
    encoded = {b64encode(words.encode()).decode() for words in signs_in}
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    in_addresses = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, quoted, json.dumps(secret)[1:-1]} | in_addresses | encoded


def shown(text: str) -> list[str]:
    """The secrets that stand in a text, in any form."""
    return [secret for secret in SECRETS if any(form in text for form in forms(secret))]


def in_files(folder: Path) -> list[tuple[str, list[str]]]:
    """The files below a folder that hold a secret, archives opened."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "settings.yaml":
            contents = [path.read_bytes()]
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    contents += [archive.read(name) for name in archive.namelist()]
            found += [(path.name, shown(content.decode("latin-1"))) for content in contents]
    return [(name, secrets) for name, secrets in found if secrets]


def repeats(status: int) -> Answer:
    """A portal, or what stands before it, that repeats what it was asked."""
    return lambda request: http(status, json.dumps({"error": "X", "error_description": f"{request.line} {HOOK}"}))


def redirects(to: str) -> Answer:
    return lambda request: http(302, request.path, Location=to.format(path=request.path))


PORTALS: dict[str, Answer] = {
    "says nothing": SILENT,
    "closes at once": SLAM,
    "closes when it was asked": DROP,
    "answers 401": repeats(401),
    "answers 403": repeats(403),
    "answers 404": repeats(404),
    "answers 429": http(429, "{}"),
    "answers 500": http(500, "<html>Internal Server Error</html>"),
    "answers 503 and repeats the question": lambda request: http(503, request.line),
    "answers 200 with no JSON": lambda request: http(200, f"<a href='{request.path}'>"),
    "answers what is no HTTP": lambda request: request.line.encode() + b"\r\n\r\n",
    "redirects to another page": redirects("http://127.0.0.1:1/elsewhere?from={path}"),
    "redirects to another scheme": redirects("ftp://127.0.0.1{path}"),
    "redirects to nonsense": redirects("http://[{path}"),
    "redirects to itself": redirects("{path}"),
}


def silent_close(received: BinaryIO, send: Callable[[bytes], object]) -> None:
    """The client is let in and left alone."""


def silence(received: BinaryIO, send: Callable[[bytes], object]) -> None:
    """Nothing is said until the client goes away."""
    received.read()


def repeats_password(greeting: bytes, refusal: bytes) -> Talk:
    """Refuses every line, and repeats it."""

    def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
        send(greeting)
        for line in received:
            tag = line.split()[0] if refusal.startswith(b"%s") else b""
            send((refusal % tag if tag else refusal) + line.rstrip() + b"\r\n")

    return talk


def speaks_smtp(received: BinaryIO, send: Callable[[bytes], object]) -> None:
    send(b"220 mx ESMTP\r\n")
    for line in received:
        if line.upper().startswith(b"EHLO"):
            send(b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n")
        else:
            send(b"535 5.7.8 no such pair: " + line.rstrip() + b"\r\n")


def speaks_imap(received: BinaryIO, send: Callable[[bytes], object]) -> None:
    send(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
    for line in received:
        tag, _, rest = line.partition(b" ")
        if rest.upper().startswith(b"CAPABILITY"):
            send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")
        else:
            send(tag + b" NO wrong: " + rest.rstrip() + b"\r\n")


MAIL_SERVERS: dict[str, tuple[Talk | None, Talk | None]] = {
    "are away": (None, None),
    "say nothing": (silence, silence),
    "close at once": (silent_close, silent_close),
    "refuse the sign-in and repeat it": (speaks_imap, speaks_smtp),
    "talk nonsense": (
        repeats_password(b"* BYE go away\r\n", b"* BAD "), repeats_password(b"554 no\r\n", b"500 what is ")
    ),
}  # fmt: skip


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Company]]:
    """A company whose servers misbehave, with invoices, mail in quarantine, mail that waits to be sent."""
    monkeypatch.setenv("MAILFLOW_DEBUG", "1")
    monkeypatch.setenv("IMAP", IMAP)
    monkeypatch.setenv("SMTP", SMTP)
    monkeypatch.setenv("HOOK", HOOK)
    monkeypatch.setenv("DB", DATABASE)
    monkeypatch.setattr("mailflow.adapters.bitrix24.Bitrix24Portal", partial(Bitrix24Portal, read_timeout=1))
    monkeypatch.setattr(bootstrap, "ImapMailbox", partial(ImapMailbox, timeout=1))
    monkeypatch.setattr(bootstrap, "SmtpTransport", partial(SmtpTransport, timeout=1))
    with ExitStack() as stack:

        def made(portal: Answer = SLAM, mail: str = "are away", database: str | None = None) -> Company:
            script = stack.enter_context(PortalScript(portal))
            ports = [stack.enter_context(scripted(talk)) if talk else CLOSED for talk in MAIL_SERVERS[mail]]
            inside = f"sqlite:///{tmp_path}/mailflow.db"
            webhook = f"{script.origin}/rest/1/${{HOOK}}/"
            filled = SETTINGS.format(database=database or inside, imap=ports[0], smtp=ports[1], webhook=webhook)
            write_settings_file(tmp_path / "settings.yaml", filled)
            store = open_store(inside)
            stack.callback(store.close)
            made = Company(tmp_path, store)
            made.stuck(made.keep(*in_approval()))
            made.keep(*to_pay())
            made.quarantined()
            return made

        yield made


def everything_said(company: Company, caplog: pytest.LogCaptureFixture) -> str:
    """What every command prints, and what a whole pass logs at DEBUG, of the libraries too."""
    said = []
    for words in COMMANDS:
        result = CliRunner().invoke(
            cli,
            ["--settings", str(company.folder / "settings.yaml"), *(w.format(folder=company.folder) for w in words)],
        )
        said.append(result.output)
        if result.exception and not isinstance(result.exception, SystemExit):
            said += traceback.format_exception(result.exception)
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("mailflow").setLevel(logging.DEBUG)
    logging.getLogger().addHandler(caplog.handler)
    try:
        application = bootstrap.build(load_settings(company.folder / "settings.yaml"))
        result_of_pass = application.pass_once(datetime.now(UTC) + timedelta(hours=12))
        said.append(repr(result_of_pass) + repr(application))
        application.close()
    except MailflowError as error:
        said += traceback.format_exception(error)
    return "".join(said) + caplog.text


@pytest.mark.parametrize("portal", PORTALS)
def test_a_portal_that_misbehaves_brings_no_secret_to_light(
    portal: str, company: Callable[..., Company], caplog: pytest.LogCaptureFixture
) -> None:
    """A28, A29: every command, a pass at DEBUG, all files that are left: database, drafts, evidence, backup."""
    office = company(portal=PORTALS[portal])
    said = everything_said(office, caplog)
    assert "Bitrix24" in said
    assert shown(said) == []
    assert in_files(office.folder) == []


@pytest.mark.parametrize("mail", MAIL_SERVERS)
def test_mail_servers_that_misbehave_bring_no_secret_to_light(
    mail: str, company: Callable[..., Company], caplog: pytest.LogCaptureFixture
) -> None:
    """A27, A40: every command, a pass at DEBUG, all files that are left."""
    office = company(mail=mail)
    said = everything_said(office, caplog)
    assert "IMAP" in said
    assert shown(said) == []
    assert in_files(office.folder) == []


@pytest.mark.parametrize(
    "database",
    [
        "postgresql+psycopg://mailflow:${DB}@127.0.0.1:1/mailflow",
        "postgresql+psycopg://mailflow:${DB}@no.such.host.invalid/mailflow",
        "postgresql+psycopg://mailflow:${DB}@127.0.0.1:99999999/mailflow",
        "postgresql+psycopg://mailflow:${DB}@127.0.0.1:port/mailflow",
        "postgresql+psycopg://mailflow:${DB}@[::1/mailflow",
        "postgresql+psycopg://127.0.0.1:1/mailflow?password=${DB}",
        "postgresql+psycopg://mailflow:${DB}@127.0.0.1:1/mailflow?nonsense=1",
        "postgres://mailflow:${DB}@127.0.0.1/mailflow",
        "mysql://mailflow:${DB}@127.0.0.1/mailflow",
    ],
)
def test_a_database_that_is_away_or_wrongly_named_brings_no_secret_to_light(
    database: str, company: Callable[..., Company]
) -> None:
    """A40: every command, with tracebacks."""
    office = company(database=database)
    for words in (["once"], ["check"], ["list"], ["verify"], ["outbox", "list"], ["backup", f"{office.folder}/b"]):
        result = office.run(*words)
        assert result.exit_code
        assert shown(result.output) == []
        if result.exception and result.exc_info:
            assert shown("".join(traceback.format_exception(result.exception))) == []


@pytest.mark.parametrize(
    "webhook",
    [
        "http://portal.example.com/rest/1/${HOOK}/", "file:///rest/1/${HOOK}/", "https://u@portal.example.com/${HOOK}",
        "https://portal.example.com/rest/${HOOK}/", "https://portal.example.com/rest/1/${HOOK}/x/y", "${HOOK}",
        "https://por tal/rest/1/${HOOK}/", "https://[::1/rest/1/${HOOK}/", "//portal.example.com/rest/1/${HOOK}/",
    ],
)  # fmt: skip
def test_the_address_of_a_webhook_that_is_none_is_refused_unseen(
    webhook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A28, A29: http, file:, a name before the host, what is malformed: refused when the settings are read."""
    filled = SETTINGS.format(database=f"sqlite:///{tmp_path}/m.db", imap=1, smtp=1, webhook=webhook)
    write_settings_file(tmp_path / "settings.yaml", filled)
    monkeypatch.setenv("MAILFLOW_DEBUG", "1")
    environment = {"IMAP": IMAP, "SMTP": SMTP, "HOOK": HOOK}
    result = CliRunner().invoke(cli, ["--settings", str(tmp_path / "settings.yaml"), "check"], env=environment)
    assert result.exit_code == 78
    assert "bitrix24.webhook" in result.output
    assert shown(result.output) == []


def test_a_redirect_to_elsewhere_takes_no_secret_along(company: Callable[..., Company]) -> None:
    """A29: another page, or a host without TLS, is never asked; see the portal's own tests for the one that moved."""
    with PortalScript(http(200, "{}")) as elsewhere:
        office = company(portal=redirects(elsewhere.origin + "/login?from={path}"))
        office.run("check")
        office.run("bitrix24", "setup")
        assert elsewhere.asked == []


def test_no_object_between_the_settings_and_the_socket_shows_a_secret(company: Callable[..., Company]) -> None:
    """A28: the printed form of everything that was built, however deep it lies."""
    settings = load_settings(company().folder / "settings.yaml")
    application = bootstrap.build(settings)
    assert shown(f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}") == []
    seen: set[int] = set()
    waiting: list[object] = [application]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, str | bytes | int | float):
            continue
        seen.add(id(thing))
        assert shown(repr(thing)) == [], type(thing)
        if is_dataclass(thing):
            waiting += [getattr(thing, f.name) for f in fields(thing)]
        if type(thing).__module__.startswith("mailflow"):
            waiting += list(getattr(thing, "__dict__", {}).values())
    assert len(seen) > 20
    application.close()


def test_the_log_cuts_out_every_form_of_every_secret(company: Callable[..., Company]) -> None:
    """A27: of a message, of its arguments, of a traceback; also where spaces and breaks are squeezed."""
    office = company(database="postgresql+psycopg://mailflow:${DB}@127.0.0.1:1/mailflow")
    formatter = DiscreetFormatter(load_settings(office.folder / "settings.yaml").secrets())
    for secret in SECRETS:
        for form in {secret, quote(secret, safe=""), b64encode(secret.encode()).decode()}:
            try:
                raise ValueError(form)
            except ValueError as error:
                caught = (type(error), error, error.__traceback__)
            record = logging.LogRecord("x", logging.DEBUG, "", 0, "said: %s", (form,), caught)
            assert shown(formatter.format(record)) == []
    squeezed = DiscreetFormatter(["two  spaces\tand tab"])
    assert "spaces" not in squeezed.format(logging.LogRecord("x", 10, "", 0, "two  spaces\tand tab", (), None))


# --- where secrets may come from


def loaded(folder: Path, password: str = "${IMAP}", mode: int = 0o600, **environment: str) -> Settings:
    filled = SETTINGS.format(
        database=f"sqlite:///{folder}/m.db", imap=1, smtp=1, webhook="https://p.example.com/rest/1/${HOOK}/"
    ).replace("${IMAP}", password)
    file = write_settings_file(folder / "settings.yaml", filled)
    file.chmod(mode)
    return load_settings(file, {"IMAP": IMAP, "SMTP": SMTP, "HOOK": HOOK, **environment})


def refused(folder: Path, password: str, mode: int = 0o600) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, password, mode)
    (problem,) = caught.value.problems
    assert problem.key == "mailbox.imap.password"
    assert shown(str(problem)) == []
    return str(problem)


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"s3cret", "s3cret"), (b"s3cret\n", "s3cret"), (b"s3cret\r\n", "s3cret"), (b" s3 cret ", " s3 cret "),
        (b"s3cret\n\n", "s3cret\n"), ("пароль".encode(), "пароль"), (b"\xef\xbb\xbfs3cret", "s3cret"),
        (b"${SMTP}", "${SMTP}"), (b"a: b # c", "a: b # c"),
    ],
)  # fmt: skip
def test_a_secret_is_all_of_its_file_but_the_line_end(content: bytes, secret: str, tmp_path: Path) -> None:
    secret_file(tmp_path, content)
    for name in (f"{tmp_path}/secret", "secret", "./secret"):
        assert loaded(tmp_path, f"${{file:{name}}}").mailbox.imap.password.get_secret_value() == secret


@pytest.fixture(autouse=True)
def others_can_enter(tmp_path: Path) -> None:
    """Else no mode of a file in it lets others read anything."""
    tmp_path.chmod(0o755)


def test_in_a_folder_that_nobody_else_can_enter_every_file_may_hold_secrets(tmp_path: Path) -> None:
    secret_file(tmp_path, IMAP.encode(), 0o644)
    tmp_path.chmod(0o700)
    assert loaded(tmp_path, "${file:secret}", 0o644)
    assert loaded(tmp_path, "S3cretWord", 0o644)


def test_a_credential_of_systemd_comes_before_a_file_beside_the_settings(tmp_path: Path) -> None:
    """Its mode may show a group's right that is an access list's mask: systemd alone writes there."""
    given = tmp_path / "credentials"
    given.mkdir(0o755)
    secret_file(given, b"by systemd", 0o440)
    secret_file(tmp_path, b"beside", 0o600)

    def taken(**environment: str) -> str:
        return loaded(tmp_path, "${file:secret}", **environment).mailbox.imap.password.get_secret_value()

    assert taken(CREDENTIALS_DIRECTORY=str(given)) == "by systemd"
    assert taken(CREDENTIALS_DIRECTORY=str(tmp_path / "none")) == "beside"
    assert taken() == "beside"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o666, 0o777])
def test_a_file_that_others_can_read_holds_no_secret(mode: int, tmp_path: Path) -> None:
    file = secret_file(tmp_path, IMAP.encode(), mode)
    said = refused(tmp_path, "${file:secret}")
    assert "other users of this machine can read" in said
    assert f"chmod 600 {file}" in said


def test_a_file_that_is_missing_empty_no_file_or_no_text_is_refused_with_the_mend(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path, "${file:secret}")
    secret_file(tmp_path, b"\n")
    assert "which is empty" in refused(tmp_path, "${file:secret}")
    secret_file(tmp_path, b"\xff\xfe")
    assert "no text in UTF-8" in refused(tmp_path, "${file:secret}")
    secret_file(tmp_path, b"x" * 100_000)
    assert "too large for a secret" in refused(tmp_path, "${file:secret}")
    (tmp_path / "folder").mkdir(0o700)
    assert "directory" in refused(tmp_path, "${file:folder}")
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "no file" in refused(tmp_path, "${file:pipe}")
    assert refused(tmp_path, "${file:}")
    assert refused(tmp_path, "${file:a\\0b}")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_secret_written_out_in_settings_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    """The mend names all three ways out; settings that are their owner's alone may hold it."""
    said = refused(tmp_path, "S3cretWord", mode)
    assert "S3cretWord" not in said
    assert all(way in said for way in ("${NAME}", "${file:/path/to/secret}", "chmod 600"))
    assert loaded(tmp_path, "S3cretWord", 0o600)
    assert loaded(tmp_path, "S3cretWord", 0o400)
    assert loaded(tmp_path, "${IMAP}", mode)


@pytest.mark.parametrize(
    ("key", "value", "is_refused"),
    [
        ("database", "postgresql+psycopg://u:S3cretWord@db/x", True),
        ("database", "postgresql+psycopg://u@db/x?password=S3cretWord", True),
        ("database", "postgresql+psycopg://u:${DB}@db/x", False),
        ("database", "postgresql+psycopg://u@db/x?password=${DB}", False),
        ("database", "postgresql+psycopg://u@db:5432/x", False),
        ("bitrix24.webhook", "https://p.example.com/rest/1/S3cretWord/", True),
        ("bitrix24.webhook", "https://p.example.com/rest/1/${HOOK}/", False),
        ("bitrix24.webhook", "https://p.example.com/rest/1/S3cretWord${HOOK}/", True),
        ("bitrix24.webhook", "${WHOLE}", False),
        ("mailbox.smtp.password", "S3cretWord", True),
        ("mailbox.smtp.password", "S3cretWord${SMTP}", True),
    ],
)
def test_each_kind_of_secret_is_known_where_it_is_written_out(
    key: str, value: str, is_refused: bool, tmp_path: Path
) -> None:
    inside = f"sqlite:///{tmp_path}/m.db"
    values = {"database": inside, "bitrix24.webhook": "${WHOLE}", "mailbox.smtp.password": "${SMTP}", key: value}
    filled = SETTINGS.format(database=values["database"], imap=1, smtp=1, webhook=values["bitrix24.webhook"])
    file = write_settings_file(
        tmp_path / "settings.yaml", filled.replace('"${SMTP}"', f'"{values["mailbox.smtp.password"]}"')
    )
    file.chmod(0o644)
    environment = {"IMAP": "x", "SMTP": "x", "HOOK": "x", "DB": "x", "WHOLE": "https://p.example.com/rest/1/x/"}
    if not is_refused:
        assert load_settings(file, environment)
        return
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, environment)
    (problem,) = caught.value.problems
    assert problem.key == key
    assert "S3cretWord" not in str(problem)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_of_variables_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    write_settings_file(tmp_path / ".env", f"IMAP='{IMAP}'\n")
    assert loaded(tmp_path)
    (tmp_path / ".env").chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        loaded(tmp_path)
    assert shown(str(caught.value)) == []


def test_every_secret_of_the_settings_is_among_those_that_are_looked_after() -> None:
    """Whoever adds a secret to the settings finds this test."""
    assert set(_secrets(Settings)) == set(SECRET_PARTS)


def _secrets(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    from mailflow.settings_mending import _inner

    for name, field in model.model_fields.items():
        for kind in _inner(field.annotation):
            if kind is SecretStr:
                yield (*path, name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _secrets(kind, (*path, name))


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['id']", "!!python/object:os.environ {}", "!!python/name:os.system",
        "!!python/module:os", "!!python/object/new:subprocess.Popen [['id']]", "!!binary aWQ=", "!include /etc/passwd",
        "!ENV IMAP", "!!set {a}", "!!map {a: b}",
    ],
)  # fmt: skip
def test_a_tag_in_the_settings_is_refused_and_runs_nothing(tag: str, tmp_path: Path) -> None:
    """A40."""
    filled = SETTINGS.format(database=f"sqlite:///{tmp_path}/m.db", imap=1, smtp=1, webhook="${HOOK}")
    file = write_settings_file(tmp_path / "settings.yaml", filled.replace('"${IMAP}"', "x") + f"company_name: {tag}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {"SMTP": "x", "HOOK": "https://p.example.com/rest/1/x/"})
    assert "company_name" in {problem.key.partition(".")[0] for problem in caught.value.problems}
