"""A company in the middle of its day: one invoice waits for an answer that is on its way, and another comes in.

Between mailflow and each of its servers stands a proxy that breaks the line on order.
"""

from __future__ import annotations

import imaplib
import sqlite3
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import make_url

from mailflow import bootstrap, checking
from mailflow.adapters.bitrix24 import Bitrix24Portal
from mailflow.adapters.reading_process import ReadingProcess
from mailflow.adapters.smtp import SmtpTransport
from mailflow.errors import TransientFailure
from mailflow.office.bitrix24.server import PortalServer
from mailflow.settings import Bitrix24Settings, Settings, load_settings
from mailflow.store import engine, patience
from mailflow.store.engine import open_store
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.fault_proxy import FaultProxy, Point
from tests.servers.postgres import Postgres
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import Sent, audit
from tests.trials.company import BUH, DIRECTOR, IVAN, OLGA, answer, submission, write_settings

CLERK = "clerk"
"""The role of mailflow in PostgreSQL, and its name at the SMTP server."""

MORNING = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
FOLDERS = ("INBOX", "Processed", "Quarantine")
PATIENCE = 1.0
"""Seconds that every adapter waits for an answer here."""

_users = count(1)


@dataclass(frozen=True)
class Servers:
    """What all stories share: starting it anew for each would take most of the time."""

    dovecot: Dovecot
    certificates: Certificates
    reading: ReadingProcess
    folder: Path

    def empty_sqlite(self, place: Path) -> str:
        """A fresh database in this folder, migrated."""
        pattern = self.folder / "pattern.db"
        if not pattern.exists():
            open_store(f"sqlite:///{pattern}").close()
        with closing(sqlite3.connect(pattern)) as source, closing(sqlite3.connect(place / "mailflow.db")) as target:
            source.backup(target)
        return f"sqlite:///{place}/mailflow.db"


@dataclass
class PortalTime:
    """The seconds and the hour that the client of the portal goes by: those of the story, and nobody really sleeps."""

    start: datetime
    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def clock(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def set(self, now: datetime) -> None:
        self.seconds = max(self.seconds, (now - self.start).total_seconds())


@dataclass(frozen=True)
class Outcome:
    """How a day ended: invoices by status, what was written to whom, what the portal was made to hold."""

    statuses: Mapping[str, str]
    written: Counter[tuple[str, str, str]]
    shown: Counter[tuple[str, str]]


@dataclass
class Story:
    """One company; `with` it, its servers and mailflow are there. `tls`: mail and portal are spoken to in TLS.

    `database` is the address as the trial sees it, without a proxy. `now` is mailflow's clock. `usual`: how many
    answers each server gives on one connection in the pass that is to come, where nothing is wrong.
    """

    servers: Servers
    folder: Path
    database: str
    monkeypatch: pytest.MonkeyPatch
    rng: Random = field(default_factory=Random)
    postgres: Postgres | None = None
    has_portal: bool = False
    tls: bool = False
    now: datetime = MORNING
    took: float = 0.0
    delivered: list[bytes] = field(default_factory=list)
    usual: Mapping[str, int] = field(default_factory=dict)
    in_doubt: set[str] = field(default_factory=set)
    undo: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.user = f"finance-{next(_users)}"
        self._ending = ExitStack()
        enter = self._ending.enter_context
        dovecot, certificate = self.servers.dovecot, self.servers.certificates.good
        self.sink = enter(SmtpSink(certificate if self.tls else None, implicit=self.tls, users={CLERK: PASSWORD}))
        self.imap = enter(FaultProxy(dovecot.imaps_port if self.tls else dovecot.imap_port))
        self.smtp = enter(FaultProxy(self.sink.port))
        self.line_to_database = enter(FaultProxy(self.postgres.port)) if self.postgres else None
        self.time = PortalTime(self.now)
        if self.has_portal:
            self._open_portal(enter)
        self._be_impatient()
        self.application = bootstrap.build(self.settings())
        reading = self.servers.reading
        processing = replace(self.application.whole_pass.processing, read=reading.read, read_file=reading.read_file)
        self.application.whole_pass = replace(self.application.whole_pass, processing=processing)
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self.application.close()
        self._ending.close()

    @property
    def lines(self) -> dict[str, FaultProxy]:
        """The proxies, by the server that they lead to."""
        lines = {"imap": self.imap, "smtp": self.smtp, "database": self.line_to_database}
        lines["bitrix24"] = self.web if self.has_portal else None
        return {name: line for name, line in lines.items() if line}

    def heal(self) -> None:
        """Everything is well again."""
        self.undo.close()
        self.sink.heal()
        for line in self.lines.values():
            line.heal()

    def begin(self) -> None:
        """A first invoice waits for Olga; her answer and a second invoice lie in the mailbox."""
        self.deliver(submission(1))
        assert self.work() == []
        (request,) = (mail.raw for mail in self.sink.mails if mail.recipients == (OLGA,))
        coming = [answer(request, "APPROVE"), submission(2)]
        self.rng.shuffle(coming)
        for raw in coming:
            self.deliver(raw)

    def deliver(self, raw: bytes) -> None:
        self.servers.dovecot.deliver(self.user, raw)
        self.delivered.append(raw)

    def work(self, minutes: float = 0) -> list[str]:
        """One pass, some time later; what was wrong, as the daemon would say it. `took` is how many seconds."""
        self.now += timedelta(minutes=minutes)
        self.time.set(self.now)
        began = time.monotonic()
        try:
            troubles = self.application.pass_once(self.now).troubles
        except TransientFailure as failure:  # the daemon says this as well, and goes on with its next pass
            troubles = [str(failure)]
        self.took = time.monotonic() - began
        self._note_doubts()
        return troubles

    def retry_all(self) -> None:
        """What the administrator does once a server takes again what it had refused: `outbox retry all`."""
        with self.application.store.begin() as uow:
            for entry in uow.outbox.undelivered():
                uow.outbox.redo(entry.id, self.now)
            uow.commit()

    def point(self, server: str, part: str) -> Point:
        """A place before, in the middle of, or after an answer of the pass that is to come, as the seed draws it."""
        answer = self.rng.randint(1, max(1, self.usual[server] - 1))
        return Point(answer, {"before": 0, "middle": self.rng.randint(1, 5), "after": None}[part])

    def check(self) -> list[str]:
        """What `check` finds wrong."""
        return [f"{line.what} {line.how}" for line in checking.check(self.settings()) if not line.ok]

    def problems(self) -> list[str]:
        """What the auditor finds, now that everything should have come to rest."""
        with self.servers.dovecot.client(self.user) as box:
            folders = {}
            for name in FOLDERS:
                box.folder.set(name)
                folders[name] = [_bytes_of(box.client, uid) for uid in box.uids()]
        sent = [Sent(recipient, mail.raw) for mail in self.sink.mails for recipient in mail.recipients]
        return audit(self.database, self.delivered, folders, sent, self.in_doubt)

    def outcome(self) -> Outcome:
        """How the day stands."""
        invoices = self.rows("SELECT number, status FROM invoice")
        written = self.rows("SELECT number, kind, recipient FROM outbox WHERE state = 'delivered'")
        shown: Counter[tuple[str, str]] = Counter()
        if self.has_portal:
            for number, _ in invoices:
                made = self.portal.created(number)
                made["notice"] = sum(
                    number in notice["message"] for notice in self.portal.notices
                )  # one replaces another
                shown += Counter({(number, kind): times for kind, times in made.items()})
        return Outcome(dict(invoices), Counter(written), shown)

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """What the database holds, asked beside mailflow and the proxy."""
        address = make_url(self.database)
        if address.get_backend_name() == "sqlite":
            with closing(sqlite3.connect(str(address.database))) as connection:
                return connection.execute(query).fetchall()
        assert self.postgres
        with self.postgres.connect(str(address.database)) as connection:
            return connection.execute(query).fetchall()

    def settings(self) -> Settings:
        """The settings as mailflow has them."""
        good = self.servers.certificates.ca_file
        security = f"tls, ca_file: {good}" if self.tls else "none"
        portal = f"bitrix24: {{webhook: '{self._webhook}', requests_a_second: 1000" if self.has_portal else ""
        file = write_settings(
            self.folder,
            database=self._database_by_proxy(),
            imap=self.imap.port,
            smtp=self.smtp.port,
            user=self.user,
            more=portal and portal + (f", ca_file: {good}}}" if self.tls else "}"),
        )
        text = file.read_text("utf-8").replace("security: none", f"security: {security}")
        smtp = f"port: {self.smtp.port}, "
        file.write_text(text.replace(smtp, f"{smtp}username: {CLERK}, password: '{PASSWORD}', "), "utf-8")
        return load_settings(file, {})

    def _database_by_proxy(self) -> str:
        if self.line_to_database is None:
            return self.database
        address = make_url(self.database).set(port=self.line_to_database.port)
        if self.tls:
            address = address.update_query_dict(
                {"sslmode": "verify-full", "sslrootcert": str(self.servers.certificates.ca_file)}
            )
        return address.render_as_string(hide_password=False)

    def _open_portal(self, enter: Callable[[AbstractContextManager[Any]], Any]) -> None:
        """With limits and client both on the story's time."""
        tls = None
        if self.tls:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.servers.certificates.good.chain, self.servers.certificates.good.key)
        self.portal = enter(PortalServer(clock=lambda: self.now, tls=tls, monotonic=self.time.monotonic))
        self.portal.limits.off()
        for person in (IVAN, OLGA, DIRECTOR, BUH):
            self.portal.add_user(person, person.partition("@")[0])
        here = urlsplit(self.portal.webhook)
        self.web = enter(FaultProxy(here.port))
        self._webhook = here._replace(netloc=f"{here.hostname}:{self.web.port}").geturl()

    def _be_impatient(self) -> None:
        """Nobody waits longer than needed for what does not come, neither mailflow nor `check`."""
        for module in (bootstrap, checking):
            for name in ("mailbox_of", "transport_of"):
                self.monkeypatch.setattr(module, name, partial(_impatient, getattr(module, name)))
            self.monkeypatch.setattr(module, "portal_of", self._impatient_portal)
        self.monkeypatch.setattr(checking, "_templates", lambda settings, company: [])  # seconds, and no server
        self.monkeypatch.setattr(engine, "_CONNECT_SECONDS", 2)
        self.monkeypatch.setattr(patience, "LONGEST_SILENCE", PATIENCE)
        self.monkeypatch.setattr(engine, "_PRAGMAS", ("busy_timeout=200", *engine._PRAGMAS[1:]))

    def _impatient_portal(self, settings: Bitrix24Settings) -> Bitrix24Portal:
        return Bitrix24Portal(
            settings.webhook.get_secret_value(),
            settings.ca_file,
            requests_a_second=1000,
            burst=20_000,
            connect_timeout=PATIENCE,
            read_timeout=PATIENCE,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
            clock=self.time.clock,
        )

    def _note_doubts(self) -> None:
        """Mail that the server took and mailflow does not know of: it must know that it is in doubt."""
        try:
            states = dict(self.rows("SELECT message_id, state FROM outbox"))
        except psycopg.OperationalError:  # the whole server is down: it will be asked after the next pass
            return
        sent = {Sent("", mail.raw).message_id for mail in self.sink.mails}
        for message_id in sent - {known for known, state in states.items() if state == "delivered"}:
            state = states.get(message_id)
            assert state in ("unknown", "sending"), f"{message_id} was taken by the server, and is {state} here"
            self.in_doubt.add(message_id)


def _impatient(made_by: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """An adapter that waits for no answer longer than PATIENCE."""
    adapter = made_by(*arguments, **more)
    adapter.timeout = PATIENCE
    if isinstance(adapter, SmtpTransport):
        adapter.timeout_after_data = PATIENCE
    return adapter


def _bytes_of(client: imaplib.IMAP4, uid: str) -> bytes:
    _, answer = client.uid("FETCH", uid, "(BODY.PEEK[])")
    return bytes(answer[0][1])
