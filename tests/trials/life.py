"""One invoice's whole life, cut into stages, each of which can be lived again and again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import Sent
from tests.trials.company import BUH, DIRECTOR, IVAN, OLGA, answer, submission, write_settings
from tests.trials.databases import Databases
from tests.trials.scene import DONE, FOLDERS, Scene, Stage

FIRST_DAY = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@dataclass
class Theatre:
    """The servers that every stage is lived on."""

    folder: Path
    dovecot: Dovecot
    sink: SmtpSink
    databases: Databases
    _rooms: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def stages(self) -> list[Stage]:
        """A life without disturbance: what it had left before each stage, and the mail that came then."""
        course: list[tuple[str, timedelta, Callable[[], bytes | None]]] = [
            ("submitted", timedelta(0), lambda: submission(1, pay_date="10.12.2026")),
            ("approved", timedelta(hours=1), lambda: answer(self._last_to(OLGA), "СОГЛАСОВАНО")),
            ("approved by all", timedelta(hours=2), lambda: answer(self._last_to(DIRECTOR), "APPROVE, fine")),
            ("not paid in time", timedelta(days=10), lambda: None),
            ("paid", timedelta(days=11), lambda: answer(self._first_to(BUH), "ОПЛАЧЕНО 17")),
            ("asked for its status", timedelta(days=12), lambda: answer(self._first_to(IVAN), "СТАТУС")),
        ]
        empty = self.databases.new()
        _lived(self.scene(Stage("empty", FIRST_DAY, "", None), empty))
        kept, stages = self.databases.keep(empty), []
        for name, later, mail in course:
            stage = Stage(name, FIRST_DAY + later, kept, mail(), tuple(self._sent()))
            stages.append(stage)
            scene = self.scene(stage)
            _lived(scene)
            kept = self.databases.keep(scene.url)
        return stages

    def scene(self, stage: Stage, url: str | None = None) -> Scene:
        """A stage with everything that it takes, on a copy of its database, or on this one."""
        url = url or self.databases.copy(stage.kept)
        number = next(self._rooms)
        user = f"room{number}"
        folder = self.folder / user
        folder.mkdir()
        self.dovecot.furnish(user, FOLDERS, uidvalidity=1_000_000 + number)
        if stage.mail:
            self.dovecot.deliver(user, stage.mail)
        settings = write_settings(
            folder, database=url, imap=self.dovecot.imap_port, smtp=self.sink.port, user=user, connections=1
        )
        return Scene(stage, url, user, folder, settings, self.dovecot, self.sink, len(self.sink.mails))

    def _sent(self) -> list[Sent]:
        return [Sent(mail.recipients[0], mail.raw) for mail in self.sink.mails]

    def _last_to(self, person: str) -> bytes:
        return self._to(person)[-1]

    def _first_to(self, person: str) -> bytes:
        return self._to(person)[0]

    def _to(self, person: str) -> list[bytes]:
        return [mail.raw for mail in self._sent() if mail.recipient == person]


def _lived(scene: Scene) -> None:
    ended = scene.live()
    assert ended == DONE, f"{scene.stage.name}: the undisturbed life ended with {ended}"
