"""The log: one line each on standard error, without secrets and without control characters of strangers."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from mailflow.terminal import one_line

_SHORTEST_SECRET = 4
"""Shorter ones stand in every other word."""


class DiscreetFormatter(logging.Formatter):
    """Cuts the secrets of the settings out of everything that is logged, tracebacks of libraries too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")
        self._secrets = sorted((s for s in secrets if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """One line for one message."""
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the traceback where there is one."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def start_logging(secrets: Iterable[str]) -> None:
    """What mailflow does is logged from INFO, what its libraries say from WARNING."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("mailflow").setLevel(logging.INFO)
