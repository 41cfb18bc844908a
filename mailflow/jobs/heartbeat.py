"""What a daemon says of itself in the database, for whoever asks: that it works, and what hinders it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from mailflow import __version__
from mailflow.errors import MailflowError
from mailflow.store.daemons import DaemonState
from mailflow.store.engine import Store

AT_MOST_EVERY = timedelta(seconds=30)
"""A daemon that has nothing to do writes at its polls; one that has much to do not for every mail."""

FORGOTTEN_AFTER = timedelta(days=1)
"""So long a daemon that was killed is shown."""


class Heartbeat:
    """Never wakes a daemon: it beats when there is a pass anyway. A database that is away is not told, and no trouble.

    `discreet` cuts secrets out of what is written.
    """

    def __init__(
        self, store: Store, mailbox: str, clock: Callable[[], datetime], discreet: Callable[[str], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._discreet = discreet
        now = clock()
        self._me = DaemonState(store.holder, mailbox, False, socket.gethostname(), os.getpid(), __version__, now, now)

    def start(self) -> None:
        """The daemon begins; those that were killed long ago are forgotten."""
        self._write(self._clock())

    def within_a_pass(self) -> None:
        """A pass goes on, however long it takes."""
        self._beat(self._me)

    def after_a_pass(self, troubles: Sequence[str]) -> None:
        """A pass has ended; `troubles` are what hindered it, as sentences."""
        now = self._clock()
        if not troubles:
            self._beat(replace(self._me, passed_at=now))
            return
        said = self._discreet("; ".join(troubles))
        self._beat(replace(self._me, trouble=said, troubled_at=now))

    def stop(self) -> None:
        """The daemon ends."""
        with suppress(MailflowError), self._store.begin() as uow:
            uow.daemons.remove(self._me.id)
            uow.commit()

    def _beat(self, me: DaemonState) -> None:
        now = self._clock()
        news = _news(me) != _news(self._me)
        self._me = me
        if news or now - self._me.seen_at >= AT_MOST_EVERY:
            self._write(now)

    def _write(self, now: datetime) -> None:
        with suppress(MailflowError):
            me = replace(self._me, seen_at=now, watches=self._store.watches())
            with self._store.begin() as uow:
                uow.daemons.note(me)
                uow.daemons.forget(now - FORGOTTEN_AFTER)
                uow.commit()
            self._me = me


def _news(me: DaemonState) -> tuple[object, ...]:
    """What is told at once when it changes."""
    return me.passed_at is None, me.is_hindered, me.trouble
