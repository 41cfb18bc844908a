"""Several connections to one SMTP server, which hand mails over side by side."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import current_thread
from time import monotonic

from mailflow.errors import BrokenOff, MailflowError, ServerAway
from mailflow.ports import Envelope, MailTransport

log = logging.getLogger(__name__)

REST_SECONDS = 600.0
"""So long a connection that the server does not let us have is not asked for again; the first one always is."""

AGAIN_WITHIN = 60.0
"""Seconds in which the first line takes another one's mail too: one after the other they may else outlast the lease."""

_NOT_HAD = ServerAway, BrokenOff
"""The server does not have the mail, and the connection is gone."""


class Lines:
    """The first connection does everything that the others cannot."""

    def __init__(self, first: MailTransport, *others: MailTransport) -> None:
        self.all = (first, *others)
        self._resting_until = [0.0] * len(self.all)
        self._are_let_in = False
        name = f"{current_thread().name} smtp"
        self._threads = ThreadPoolExecutor(max(1, len(others)), thread_name_prefix=name)

    def __len__(self) -> int:
        """How many mails can be handed over at once."""
        return len(self._awake())

    def send_all(self, envelopes: Sequence[Envelope]) -> list[str | Exception]:
        """Hands over as many mails as there are lines at the most: of each the server's answer, or what went wrong.

        Whether the server lets us in, one line finds out for all: several refused sign-ins at once lock an account.
        """
        if self._are_let_in:
            return self._side_by_side(envelopes)
        first = _sent(self.all[0], envelopes[0])
        if isinstance(first, _NOT_HAD):
            untried = first if isinstance(first, ServerAway) else ServerAway(str(first))
            return [first, *[untried] * (len(envelopes) - 1)]
        self._are_let_in = True
        return [first, *(self._side_by_side(envelopes[1:]) if envelopes[1:] else ())]

    def _side_by_side(self, envelopes: Sequence[Envelope]) -> list[str | Exception]:
        until = monotonic() + AGAIN_WITHIN
        used = self._awake()[1 : len(envelopes)]
        ahead = [
            self._threads.submit(_sent, self.all[line], mail) for line, mail in zip(used, envelopes[1:], strict=True)
        ]
        answers = [_sent(self.all[0], envelopes[0]), *(future.result() for future in ahead)]
        self._are_let_in = not isinstance(answers[0], ServerAway)
        first_works = not isinstance(answers[0], _NOT_HAD)
        for index, line in enumerate(used, start=1):
            failure = answers[index]
            if isinstance(failure, ServerAway):
                log.info("one of several connections to the mail server rests: %s", failure)
                self._resting_until[line] = monotonic() + REST_SECONDS
            if isinstance(failure, _NOT_HAD) and first_works and monotonic() < until:
                answers[index] = _sent(self.all[0], envelopes[index])
        return answers

    def close(self) -> None:
        """Ends every connection; the next call opens new ones."""
        for line in self.all:
            with suppress(MailflowError):
                line.close()

    def _awake(self) -> list[int]:
        now = monotonic()
        return [line for line, until in enumerate(self._resting_until) if until <= now]


def _sent(line: MailTransport, mail: Envelope) -> str | Exception:
    try:
        return line.send(mail)
    except Exception as failure:  # noqa: BLE001 - it is the answer, and stops no other line
        return failure
