"""The log: one line each on standard error, without secrets and without control characters of strangers."""

from __future__ import annotations

import json
import logging
import os
import sys
import textwrap
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from mailflow.terminal import one_line, several_lines

if TYPE_CHECKING:
    from types import TracebackType

_SHORTEST_SECRET = 4
"""Shorter ones stand in every other word."""


class DiscreetFormatter(logging.Formatter):
    """Cuts the secrets of the settings out of everything that is logged, tracebacks of libraries too.

    Where there are several companies each has threads of its own, whose names begin with that of the company.
    """

    FORM = "%(asctime)s %(levelname)-7s %(company)s%(message)s"

    def __init__(self, secrets: Iterable[str], companies: Iterable[str] = ()) -> None:
        super().__init__(self.FORM)
        self._companies = frozenset(companies)
        self._secrets: list[str] = []
        self.keep_secret(secrets)

    def keep_secret(self, secrets: Iterable[str]) -> None:
        """These too."""
        forms = {form for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)}
        self._secrets = sorted(forms.union(self._secrets), key=len, reverse=True)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """One line for one message."""
        company = self.company_of(record)
        record.company = f"{company}: " if company else ""
        return one_line(self.discreet(super().formatMessage(record)))

    def formatException(  # noqa: N802 - logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """A traceback, indented: no line of it, whoever's words it repeats, looks like a message."""
        return textwrap.indent(several_lines(self.discreet(super().formatException(ei))), "  ")

    def company_of(self, record: logging.LogRecord) -> str:
        """Whose line it is, "" where there is one company."""
        company = (record.threadName or "").partition(" ")[0]
        return company if company in self._companies else ""

    def discreet(self, text: str) -> str:
        """A text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class JournalFormatter(DiscreetFormatter):
    """For systemd's journal, which knows the time: each line begins with its priority (sd-daemon(3), syslog(3))."""

    FORM = "%(company)s%(message)s"

    def format(self, record: logging.LogRecord) -> str:
        """One line or several, all of one priority."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


def _goes_to_the_journal() -> bool:
    """Whether standard error is the very stream that systemd says is the journal's (systemd.exec(5))."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


class JsonFormatter(DiscreetFormatter):
    """An object a line: time (ISO 8601), level, event, message, the company of several, and the facts of the event."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever strangers wrote into it."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": when, "level": record.levelname.lower(), "event": getattr(record, "event", "log")}
        if company := self.company_of(record):
            line["company"] = company
        facts = {**line, **getattr(record, "facts", {}), "message": record.getMessage()}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps({name: self._clean(name, value) for name, value in facts.items()}, ensure_ascii=False)

    def _clean(self, name: str, value: object) -> object:
        if name == "traceback" or not isinstance(value, str):
            return value
        return one_line(self.discreet(value))


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it stands, in an address (RFC 3986) and in Base64 (RFC 4648)."""
    return secret, quote(secret, safe=""), quote(secret), b64encode(secret.encode()).decode()


def start_logging(
    secrets: Iterable[str], companies: Iterable[str] = (), form: str = "text", level: str = "info"
) -> None:
    """What mailflow does is logged from a level on, what its libraries say from WARNING; `form` is text or json."""
    handler = logging.StreamHandler()
    text = JournalFormatter if _goes_to_the_journal() else DiscreetFormatter
    handler.setFormatter((JsonFormatter if form == "json" else text)(secrets, companies))
    handler.setLevel(level.upper())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("mailflow").setLevel(min(logging.INFO, handler.level))  # metrics count what is not shown, too


def keep_secret(secrets: Iterable[str]) -> None:
    """Cuts these too out of everything that is logged from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, DiscreetFormatter):
            handler.formatter.keep_secret(secrets)


def discreet(text: str) -> str:
    """A text as the log would have it, for whatever is kept or shown of it elsewhere."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, DiscreetFormatter):
            text = handler.formatter.discreet(text)
    return text
