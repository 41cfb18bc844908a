"""A stage of an invoice's life, and a scene in which it is lived: by a mailflow that may be killed in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import jinja2

from mailflow import bootstrap
from mailflow.adapters.smtp import SmtpTransport
from mailflow.approval.wording import KEYWORDS
from mailflow.bootstrap import Application
from mailflow.documents.reading import read_file
from mailflow.errors import TransientFailure
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.outbound.templating import Templates
from mailflow.settings import load_settings, packaged_templates
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import Sent, audit
from tests.trials.databases import rows, untouched

FOLDERS = ("INBOX", "Processed", "Quarantine")
LATER = timedelta(minutes=2)
"""Longer than the first pause after anything that failed."""

DONE, PUT_OFF, NOT_STARTED = 0, 75, 78
"""How a mailflow ended: all was done; something is left for the next one, said in words; it could not begin."""

_PATIENCE = 5.0
_MOST_PASSES = 6
_TEMPLATES = Templates(jinja2.FileSystemLoader(packaged_templates()))


@dataclass(frozen=True)
class Stage:
    """What happens: at a time, on a database that was kept, with a mail that comes, or none.

    `sent` is every mail that was sent in this life before.
    """

    name: str
    now: datetime
    kept: str
    mail: bytes | None
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Scene:
    """A stage about to be lived: on a copy of its database, with a mailbox of its own."""

    stage: Stage
    url: str
    user: str
    folder: Path
    settings: Path
    dovecot: Dovecot
    sink: SmtpSink
    sent_before: int

    def live(self) -> int:
        """One pass of mailflow from its start to its end: DONE, PUT_OFF or NOT_STARTED."""
        return self._live(passes=1)

    def live_on(self) -> int:
        """As a daemon lives: passes, some minutes after one another, until two have nothing to complain of."""
        return self._live(passes=_MOST_PASSES)

    def _live(self, passes: int) -> int:
        now = self.stage.now
        with self._application() as application:
            if application is None:
                return NOT_STARTED
            quiet = 0
            for nth in range(passes):
                quiet = quiet + 1 if _is_quiet(application, now + nth * LATER) else 0
                if quiet == min(passes, 2):
                    return DONE
                if not quiet and nth + 1 < passes:
                    self._note_what_is_in_doubt()
        return PUT_OFF

    @contextmanager
    def _application(self) -> Iterator[Application | None]:
        """mailflow, None where it cannot begin, at the time of the stage.

        Mail is read in the same process, and templates are compiled once for all runs: neither writes anything.
        """
        now = self.stage.now
        try:
            with patch.object(bootstrap, "utc_now", lambda: now):
                application = bootstrap.build(load_settings(self.settings, {}))
        except Exception:
            yield None
            return
        whole = application.whole_pass
        processing = replace(whole.processing, read=_read, read_file=read_file, templates=lambda: _TEMPLATES)
        dispatch = replace(whole.dispatch, templates=lambda: _TEMPLATES)
        application.whole_pass = replace(whole, processing=processing, dispatch=dispatch)
        application.mailbox.timeout = _PATIENCE
        for line in application.lines.all:
            assert isinstance(line, SmtpTransport)
            line.timeout = _PATIENCE
        try:
            yield application
        finally:
            application.close()

    def folders(self) -> dict[str, list[bytes]]:
        """What lies in the mailbox."""
        return {name: sorted(self.dovecot.mails(self.user, name)) for name in FOLDERS}

    def sent(self) -> list[Sent]:
        """What was sent in this scene."""
        return [Sent(mail.recipients[0], mail.raw) for mail in self.sink.mails[self.sent_before :]]

    def sent_twice(self) -> set[str]:
        """The Message-IDs of what was sent more than once."""
        return {name for name, times in Counter(mail.message_id for mail in self.sent()).items() if times > 1}

    def being_sent(self, *states: str) -> set[str]:
        """The Message-IDs in these states now."""
        with untouched(self.url) as url:
            return {row["message_id"] for row in rows(url, "outbox")["outbox"] if row["state"] in states}

    def were_in_doubt(self) -> set[str]:
        """The Message-IDs that may have been sent when a pass was broken off."""
        return set(self._notes.read_text().split()) if self._notes.exists() else set()

    def problems(self, may_repeat: set[str]) -> list[str]:
        """What the auditor finds in the whole life up to the end of this scene."""
        delivered = [self.stage.mail] if self.stage.mail else []
        return audit(self.url, delivered, self.folders(), [*self.stage.sent, *self.sent()], may_repeat)

    @property
    def _notes(self) -> Path:
        return self.folder / "in-doubt"

    def _note_what_is_in_doubt(self) -> None:
        with self._notes.open("a") as notes:
            for row in rows(self.url, "outbox")["outbox"]:
                if row["state"] in ("sending", "unknown"):
                    notes.write(f"{row['message_id']}\n")


def _is_quiet(application: Application, now: datetime) -> bool:
    with patch.object(bootstrap, "utc_now", lambda: now), suppress(TransientFailure):
        result = application.pass_once(now)
        return not result.troubles and not application.waits_for_retry()
    return False


def _read(raw: bytes, today: date) -> ReadMail:
    return read_mail(raw, KEYWORDS, today)
