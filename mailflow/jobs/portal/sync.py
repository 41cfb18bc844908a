"""Outbox -> portal: one change, shown and settled. What the portal has not heard is kept, in order, and told later."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailflow.approval.effects import Entry, Mail, Message, Outcome, PortalChange, PortalKind, RecordPlace
from mailflow.approval.lifecycle import FINAL, Status
from mailflow.errors import (
    InDoubt,
    Parked,
    PermanentFailure,
    PortalRefused,
    ServerAway,
    TransientFailure,
)
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.portal.bench import Bench, NotShown
from mailflow.jobs.portal.creation import Maker
from mailflow.jobs.portal.people import People
from mailflow.jobs.portal.setup import NOT_SET_UP, SettingUp, Setup
from mailflow.jobs.portal.showing import show
from mailflow.jobs.retry import next_try_at_portal
from mailflow.outbound.portal import from_the_beginning
from mailflow.outbound.portal_texts import PortalTexts
from mailflow.ports import Portal
from mailflow.store.engine import Store
from mailflow.store.outbox import OutboxEntry, World

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
TOLD_EVERY = timedelta(hours=24)
SHORTEST_PAUSE = timedelta(seconds=30)
"""Nothing that was put off is tried again in the same round."""

WAITS_FOR_TURN = timedelta(minutes=1)
"""So long the administrator's set-up waits for a daemon that is speaking to the portal."""

MOST_DOUBTS = 3
"""After so many answers in a row that never came the portal is left alone until the next pass."""


def _who_speaks() -> str:
    """This mailflow, told from all others; for people as well."""
    return f"mailflow on {socket.gethostname()} (process {os.getpid()}, {secrets.token_hex(4)})"


@dataclass
class PortalSync:
    """Shows the changes. Of all mailflows on one database one speaks to the portal at a time."""

    store: Store
    portal: Portal
    texts: PortalTexts
    outgoing: Outgoing
    place: RecordPlace
    settles_in: timedelta
    name: str = field(default_factory=_who_speaks)
    _setup: Setup | None = None
    _doubts: int = 0
    _in_doubt: str = ""

    def __post_init__(self) -> None:
        self._people = People(self.portal)
        self._maker = Maker(self.settles_in)

    @property
    def kinds(self) -> frozenset[PortalKind]:
        """What is shown."""
        return self.outgoing.shown

    def run(self, clock: Callable[[], datetime], shown: Callable[[int], None] = lambda count: None) -> int:
        """Shows everything that is due; how much that was.

        Raises ServerAway where the portal cannot be spoken to, TransientFailure where something was left in doubt.
        """
        count, self._doubts, self._in_doubt, self._setup = 0, 0, "", None
        try:
            while self._my_turn(clock()) and (done := self.run_once(clock())) is not None:
                count += done
                shown(count)
            if self._in_doubt:
                raise TransientFailure(self._in_doubt)
        finally:
            self._end_turn(clock())
        return count

    def run_once(self, now: datetime) -> bool | None:
        """Shows the oldest change that is due: True shown or given up, False put off, None nothing was due."""
        with self.store.begin() as uow:
            entry = uow.outbox.claim_due(now, LEASE, World.PORTAL)
            uow.commit()
        if entry is None:
            return None
        if not isinstance(entry.effect, PortalChange):
            raise TypeError(f"{entry.message_id} is nothing to show in the portal")
        try:
            return self._show(entry, entry.effect, now)
        except ServerAway as failure:
            self._put_off(entry, str(failure), now)
            raise
        except Parked as failure:
            return self._put_off(entry, str(failure), max(failure.until, now + SHORTEST_PAUSE))
        except InDoubt as failure:
            return self._doubt(entry, str(failure), now)
        except TransientFailure as failure:
            return self._put_off(entry, str(failure), next_try_at_portal(entry.attempts + 1, now))
        except PermanentFailure as failure:
            return self._give_up(entry, entry.effect, failure, now)
        except Exception as failure:  # one change that cannot be shown must not hold up the others
            log.exception("%s could not be shown in the portal", entry.message_id)
            return self._put_off(
                entry, f"{type(failure).__name__}: {failure}", next_try_at_portal(entry.attempts + 1, now)
            )

    def set_up_in_turn(self, clock: Callable[[], datetime], said: Callable[[str], None]) -> None:
        """The same as `set_up`, once no other mailflow speaks to the portal. Raises TransientFailure if one goes on."""
        deadline = clock() + WAITS_FOR_TURN
        while not self._my_turn(clock()):
            if clock() > deadline:
                raise TransientFailure(self._who_has_the_turn(clock()))
            time.sleep(1)
        try:
            self.set_up(clock(), said)
        finally:
            self._end_turn(clock())

    def set_up(self, now: datetime, said: Callable[[str], None] = lambda line: None) -> Setup:
        """Finds or makes what mailflow needs in the portal, and writes down what it has not heard of yet."""
        known = self._kept_setup() or NOT_SET_UP
        self._setup = SettingUp(self.portal, self.texts.language, self.kinds, self.place, known, said).run()
        with self.store.begin() as uow:
            uow.portal.keep_setup(self._setup.document(), now)
            under_way = [i for status in Status if status not in FINAL for i in uow.invoices.all(status)]
            unheard = [i for i in under_way if not uow.outbox.knows_portal(i.number)]
            for invoice in unheard:
                changes = from_the_beginning(invoice, self.kinds, self.outgoing.company, now)
                self.outgoing.show(uow, changes, now)
            uow.commit()
        if unheard:
            said(f"invoices under way that the portal will show now: {len(unheard)}")
        return self._setup

    def _show(self, entry: OutboxEntry, change: PortalChange, now: datetime) -> bool:
        bench = Bench(self.portal, self._ready(now), self._people, self.texts, self.outgoing.company, self.store, now)
        try:
            made = show(bench, change, self._maker)
        except NotShown as why:
            made, answer = None, f"not shown: {why}"
        else:
            answer = f"shown as {made}" if made is not None else "shown"
        self._doubts = 0
        with self.store.begin() as uow:
            uow.outbox.delivered(entry.id, now, answer)
            if made is not None and change.shows.is_new_thing:
                line = Entry("shown_in_portal", "mailflow", {"what": change.shows.value, "id": made})
                uow.history.append(change.invoice.number, line, now, None, None)
            uow.commit()
        self._note_missing(change.invoice.number, bench.missing, now)
        log.info("portal: %s %s", change.key, answer)
        return True

    def _ready(self, now: datetime) -> Setup:
        if self._setup is None:
            self._setup = self._kept_setup() or self.set_up(now, lambda line: log.info("portal: %s", line))
        return self._setup

    def _kept_setup(self) -> Setup | None:
        with self.store.begin() as uow:
            kept = uow.portal.setup()
        return Setup.read(kept) if kept else None

    def _note_missing(self, number: str, people: set[str], now: datetime) -> None:
        """Who has no account in the portal is noted once for each invoice; the mails serve them all the same."""
        if not people:
            return
        with self.store.begin() as uow:
            noted = {line.details.get("who") for line in uow.history.of(number) if line.event == "not_in_portal"}
            invoice = uow.invoices.get(number)
            for person in sorted(people - noted):
                if invoice:
                    line = Entry("not_in_portal", "mailflow", {"who": person})
                    invoice = self.outgoing.record(uow, Outcome(invoice, (), (line,)), None, now)
            uow.commit()

    def _doubt(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        self._doubts += 1
        self._in_doubt = error
        self._put_off(entry, error, now + max(self.settles_in, SHORTEST_PAUSE))
        if self._doubts >= MOST_DOUBTS:
            raise ServerAway(f"Bitrix24 does not answer as it should: {error}")
        return False

    def _put_off(self, entry: OutboxEntry, error: str, again_at: datetime) -> bool:
        told_before = entry.attempts > 0
        log.log(
            logging.DEBUG if told_before else logging.WARNING,
            "portal: %s waits until %s: %s",
            entry.message_id,
            again_at,
            error,
        )
        with self.store.begin() as uow:
            uow.outbox.retry(entry.id, error, again_at)
            uow.commit()
        return False

    def _give_up(self, entry: OutboxEntry, change: PortalChange, failure: PermanentFailure, now: datetime) -> bool:
        """The portal says no: the invoice's history and the administrator hear of it, the next changes go on."""
        log.error("portal: %s: %s", entry.message_id, failure)
        with self.store.begin() as uow:
            uow.outbox.dead(entry.id, now, str(failure))
            if isinstance(failure, PortalRefused):
                said = {"what": change.key, "code": failure.code, "reason": str(failure)}
                uow.history.append(change.invoice.number, Entry("refused_by_portal", "bitrix24", said), now, None, None)
            uow.commit()
        self.tell_administrator(str(failure), now)
        return True

    def tell_administrator(self, trouble: str, now: datetime) -> None:
        """By mail, at most once a day: `outbox list` shows all that waits."""
        administrator = self.outgoing.company.administrator
        with self.store.begin() as uow:
            told_at = uow.outbox.last_of(Message.PORTAL_TROUBLE, administrator)
            if told_at is None or now - told_at >= TOLD_EVERY:
                extra = {"trouble": trouble, "waiting": uow.outbox.waiting_in(World.PORTAL)}
                mail = Mail(administrator, Message.PORTAL_TROUBLE, extra=extra)
                self.outgoing.enqueue(uow, mail, None, now)
                uow.commit()

    def _my_turn(self, now: datetime) -> bool:
        with self.store.begin() as uow:
            mine = uow.portal.take_turn(self.name, now, LEASE)
            uow.commit()
        return mine

    def _who_has_the_turn(self, now: datetime) -> str:
        with self.store.begin() as uow:
            turn = uow.portal.recall("turn")
        who, until = turn or ("another mailflow", now)
        ends = until.astimezone(self.outgoing.company.timezone)
        return f"{who} is speaking to the portal, until {ends:%H:%M} or longer. Stop it, or try again then."

    def _end_turn(self, now: datetime) -> None:
        with self.store.begin() as uow:
            uow.portal.end_turn(self.name, now)
            uow.commit()
