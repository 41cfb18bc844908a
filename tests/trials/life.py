"""One invoice's whole life, cut into stages: the database before each, the mail that comes, the time it is.

Each stage can be lived again and again on a copy of its database and in an empty mailbox of its own.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from mailflow import bootstrap
from mailflow.approval.wording import KEYWORDS
from mailflow.errors import TransientFailure
from mailflow.inbound.reading import ReadMail, read_mail
from mailflow.outbound.templating import Templates
from mailflow.settings import load_settings, packaged_templates
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.smtp_sink import ReceivedMail, SmtpSink
from tests.trials.audit import Sent
from tests.trials.company import BUH, DIRECTOR, IVAN, OLGA, answer, submission, write_settings

FIRST_DAY = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
FOLDERS = ("INBOX", "Processed", "Quarantine")
_VOLATILE = {
    "inbox": {"attempts", "next_attempt_at", "leased_until", "leased_by", "error", "received_at", "reason"},
    "inbox_location": {"id", "uid", "uidvalidity"},
    "outbox": {"attempts", "next_attempt_at", "leased_until", "leased_by", "last_error", "answer"},
}
_TEMPLATES = Templates(jinja2.FileSystemLoader(packaged_templates()))
_users = itertools.count(1)


@dataclass(frozen=True)
class Stage:
    """What happens: at a time, on a database, with a mail that comes, or none."""

    name: str
    now: datetime
    snapshot: Any
    mail: bytes | None


@dataclass
class Scene:
    """A stage about to be lived: a copy of its database, a mailbox of its own."""

    stage: Stage
    url: str
    user: str
    settings: Path
    dovecot: Dovecot
    sent_before: int = 0
    delivered: list[bytes] = field(default_factory=list)

    def live(self, later: timedelta = timedelta(0)) -> None:
        """One pass of mailflow, from its start to its end.

        Mail is read in the same process, and templates are compiled once for all runs: neither writes anything.
        """
        application = bootstrap.build(load_settings(self.settings, {}))
        whole = application.whole_pass
        processing = replace(whole.processing, read=_read, templates=_TEMPLATES)
        dispatch = replace(whole.dispatch, templates=_TEMPLATES)
        application.whole_pass = replace(whole, processing=processing, dispatch=dispatch)
        application.mailbox.timeout = application.transport.timeout = 5
        try:
            result = application.pass_once(self.stage.now + later)
            if result.troubles:
                raise TransientFailure("; ".join(result.troubles))
        finally:
            application.close()

    def folders(self) -> dict[str, list[bytes]]:
        return {name: self.dovecot.mails(self.user, name) for name in FOLDERS}

    def in_doubt(self) -> set[str]:
        """The mails that were being sent when the last run ended."""
        return {row["message_id"] for row in rows(self.url, "outbox") if row["state"] in ("sending", "unknown")}


class Databases:
    """Copies of a SQLite database, or of a PostgreSQL one."""

    def __init__(self, folder: Path, postgres: Postgres | None = None) -> None:
        self._folder, self._postgres, self._count = folder, postgres, itertools.count(1)

    def new(self) -> str:
        if self._postgres:
            return self._postgres.new_database()
        return f"sqlite:///{self._folder}/{next(self._count)}.db"

    def keep(self, url: str) -> Any:
        """The database as it is, for later; nobody uses it any more."""
        if self._postgres:
            return url
        file = self._folder / f"snapshot-{next(self._count)}.db"
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
        return file

    def copy(self, snapshot: Any) -> str:
        if self._postgres:
            return self._postgres.new_database(like=snapshot)
        url = self.new()
        shutil.copyfile(snapshot, url.removeprefix("sqlite:///"))
        return url

    def drop(self, url: str) -> None:
        if self._postgres:
            self._postgres.drop(url)
            return
        for end in ("", "-wal", "-shm", ".lock"):
            Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)


@dataclass
class Theatre:
    """The servers that every stage is lived on."""

    folder: Path
    dovecot: Dovecot
    sink: SmtpSink
    databases: Databases

    def stages(self) -> list[Stage]:
        """A life without disturbance, and what it left before each stage."""
        words: list[tuple[str, timedelta, Callable[[], bytes | None]]] = [
            ("submitted", timedelta(0), lambda: submission(1, pay_date="10.12.2026")),
            ("approved", timedelta(hours=1), lambda: answer(self.last_to(OLGA), "СОГЛАСОВАНО")),
            ("approved by all", timedelta(hours=2), lambda: answer(self.last_to(DIRECTOR), "APPROVE, fine")),
            ("not paid in time", timedelta(days=10), lambda: None),
            ("paid", timedelta(days=11), lambda: answer(self.first_to(BUH), "ОПЛАЧЕНО 17")),
            ("asked for its status", timedelta(days=12), lambda: answer(self.first_to(IVAN), "СТАТУС")),
        ]
        url, stages = self.databases.new(), []
        Scene(Stage("empty", FIRST_DAY, None, None), url, *self._room(url), self.dovecot).live()
        for name, later, mail in words:
            snapshot = self.databases.keep(url)
            stages.append(Stage(name, FIRST_DAY + later, snapshot, mail()))
            url = self.databases.copy(snapshot)
            self.scene(stages[-1], url).live()
        return stages

    def scene(self, stage: Stage, url: str | None = None) -> Scene:
        url = url or self.databases.copy(stage.snapshot)
        user, settings = self._room(url)
        scene = Scene(stage, url, user, settings, self.dovecot, len(self.sink.mails))
        if stage.mail:
            scene.delivered.append(stage.mail)
            self.dovecot.deliver(user, stage.mail)
        return scene

    def sent(self, scene: Scene) -> list[Sent]:
        return [Sent(mail.recipients[0], mail.raw) for mail in self.sink.mails[scene.sent_before :]]

    def last_to(self, person: str) -> bytes:
        return self._to(person)[-1].raw

    def first_to(self, person: str) -> bytes:
        return self._to(person)[0].raw

    def _to(self, person: str) -> list[ReceivedMail]:
        return [mail for mail in self.sink.mails if mail.recipients == (person,)]

    def _room(self, url: str) -> tuple[str, Path]:
        number = next(_users)
        user = f"room{number}"
        self.dovecot.furnish(user, FOLDERS, uidvalidity=1_000_000 + number)
        place = self.folder / user
        place.mkdir()
        return user, write_settings(place, database=url, imap=self.dovecot.imap_port, smtp=self.sink.port, user=user)


def _read(raw: bytes, today: date) -> ReadMail:
    return read_mail(raw, KEYWORDS, today)


def rows(url: str, table: str) -> list[dict[str, Any]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {table}"))]


def standing(url: str) -> dict[str, list[str]]:
    """Everything that is remembered, but for what tells how often and by whom something was tried."""
    tables = ("inbox", "inbox_location", "invoice", "history", "outbox", "reference", "invite_uid", "invoice_file")
    return {
        table: sorted(
            repr({name: value for name, value in row.items() if name not in _VOLATILE.get(table, set())})
            for row in rows(url, table)
        )
        for table in tables
    }


def outline(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The same without times and what follows from them: what happened, and what came of it."""
    return {
        "inbox": sorted((r["sender"], r["state"], r["kind"], r["number"]) for r in rows(url, "inbox")),
        "invoice": sorted((r["number"], r["status"], r["waits_for"], r["due"]) for r in rows(url, "invoice")),
        "history": sorted((r["number"], r["event"], r["actor"]) for r in rows(url, "history")),
        "outbox": sorted((r["kind"], r["recipient"], r["state"]) for r in rows(url, "outbox")),
        "places": sorted((r["folder"], bool(r["filed"])) for r in rows(url, "inbox_location")),
    }
