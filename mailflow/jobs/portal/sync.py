"""Outbox -> portal: one change, shown and settled. What the portal has not heard is kept, in order, and told later."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailflow.approval.effects import Entry, Mail, Message, Outcome, PortalChange, PortalKind, RecordPlace, Showing
from mailflow.approval.lifecycle import FINAL, Status
from mailflow.errors import (
    InDoubt,
    Parked,
    PermanentFailure,
    PortalClosed,
    PortalRefused,
    ServerAway,
    TransientFailure,
)
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.portal.bench import Bench, NotShown
from mailflow.jobs.portal.creation import Maker
from mailflow.jobs.portal.people import People
from mailflow.jobs.portal.setup import NOT_SET_UP, SettingUp, Setup, kept_setup
from mailflow.jobs.portal.showing import show
from mailflow.jobs.retry import next_try_at_portal
from mailflow.observation import noted
from mailflow.outbound.portal import from_the_beginning
from mailflow.outbound.portal_texts import PortalTexts
from mailflow.ports import Portal
from mailflow.store.engine import Store
from mailflow.store.outbox import OutboxEntry, World, kind_of

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
TOLD_EVERY = timedelta(hours=24)
SHORTEST_PAUSE = timedelta(seconds=30)
"""Nothing that was put off is tried again in the same round."""

WAITS_FOR_TURN = timedelta(minutes=1)
"""So long the administrator's set-up waits for a daemon that is speaking to the portal."""

MANY_TRIES = 6
"""After so many the administrator hears of a change that cannot be shown."""

_DOUBTFUL = "setting up in doubt"
_SUPERSEDED_BY_LATER = (Showing.RECORD, Showing.TASK_MOVED, Showing.EVENT_MOVED)

MOST_DOUBTS = 3
"""After so many answers in a row that never came the portal is left alone until the next pass."""


def who_speaks(store: Store) -> str:
    """This mailflow, told from all others, for people and for whoever finds it gone."""
    return f"mailflow on {socket.gethostname()} (process {os.getpid()}, {store.holder})"


@dataclass
class PortalSync:
    """Shows the changes. Of all mailflows on one database one speaks to the portal at a time."""

    store: Store
    portal: Portal
    texts: PortalTexts
    outgoing: Outgoing
    place: RecordPlace
    settles_in: timedelta
    name: str = field(init=False)
    _setup: Setup | None = None
    _caught_up: bool = False
    _doubts: int = 0
    _in_doubt: str = ""

    def __post_init__(self) -> None:
        self.name = who_speaks(self.store)
        self._people = People(self.portal)
        self._maker = Maker(self.settles_in)

    @property
    def kinds(self) -> frozenset[PortalKind]:
        """What is shown."""
        return self.outgoing.shown

    def run(self, clock: Callable[[], datetime], shown: Callable[[int], None] = lambda count: None) -> int:
        """Shows everything that is due; how much that was.

        Raises ServerAway where the portal cannot be spoken to, TransientFailure where something was left in doubt, and
        what the portal raises where it cannot be set up: then nothing was tried.
        """
        count, self._doubts, self._in_doubt = 0, 0, ""
        try:
            if self._my_turn(clock()) and self._get_ready(clock()):
                self._resume(clock())
                while self._my_turn(clock()) and (done := self.run_once(clock)) is not None:
                    count += done
                    shown(count)
            if self._in_doubt:
                raise TransientFailure(self._in_doubt)
        finally:
            self._end_turn(clock())
        return count

    def run_once(self, clock: Callable[[], datetime]) -> bool | None:
        """Shows the oldest change that is due: True shown or given up, False put off, None nothing was due."""
        with self.store.begin() as uow:
            entry = uow.outbox.claim_due(clock(), LEASE, World.PORTAL)
            uow.commit()
        if entry is None:
            return None
        if not isinstance(entry.effect, PortalChange):
            raise TypeError(f"{entry.message_id} is nothing to show in the portal")
        try:
            return self._show(entry, entry.effect, clock)
        except ServerAway as failure:
            if not self._answers():
                self._put_off(entry, str(failure), clock())
                raise
            if isinstance(failure, PortalClosed):
                self.tell_administrator(str(failure), clock())
            return self._put_off_by_itself(entry, str(failure), clock())
        except Parked as failure:
            now = clock()
            return self._put_off(entry, str(failure), max(failure.until, now + SHORTEST_PAUSE))
        except InDoubt as failure:
            return self._doubt(entry, str(failure), clock())
        except TransientFailure as failure:
            return self._put_off_by_itself(entry, str(failure), clock())
        except PermanentFailure as failure:
            return self._give_up(entry, entry.effect, failure, clock())
        except Exception as failure:  # one change that cannot be shown must not hold up the others
            log.exception("%s could not be shown in the portal", entry.message_id)
            return self._put_off_by_itself(entry, f"{type(failure).__name__}: {failure}", clock())

    def _answers(self) -> bool:
        """Whether the portal can be spoken to at all, so that a failure is one change's own."""
        try:
            self.portal.call("profile")
        except (TransientFailure, PermanentFailure):
            return False
        return True

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
        known = kept_setup(self.store) or NOT_SET_UP
        try:
            setup = SettingUp(self.portal, self.texts.language, self.kinds, self.place, known, said).run()
        except InDoubt as failure:
            with self.store.begin() as uow:
                uow.portal.remember(_DOUBTFUL, str(failure), now)
                uow.commit()
            raise
        with self.store.begin() as uow:
            uow.portal.keep_setup(setup.document(), now)
            uow.commit()
        unheard = self._catch_up(now)
        if unheard:
            said(f"invoices under way that the portal will show now: {unheard}")
        self._setup = setup
        return setup

    def _get_ready(self, now: datetime) -> bool:
        """Whether there is anything to show; then the portal is set up, and knows of every invoice under way."""
        self._setup = kept_setup(self.store)
        if not self._caught_up:
            self._caught_up = bool(self._catch_up(now)) or self._setup is not None
        with self.store.begin() as uow:
            waits = uow.outbox.waiting_in(World.PORTAL)
            doubtful = uow.portal.recall(_DOUBTFUL)
        if not waits:
            return False
        if self._setup is None:
            if doubtful and now < doubtful[1] + self.settles_in:
                raise TransientFailure(f"Whether Bitrix24 was set up is not known yet: {doubtful[0]}")
            try:
                self.set_up(now, lambda line: log.info("portal: %s", line))
            except PermanentFailure as failure:
                self.tell_administrator(str(failure), now)
                raise
        return True

    def _catch_up(self, now: datetime) -> int:
        """Writes down what the portal ought to show of invoices under way, and was never asked for."""
        with self.store.begin() as uow:
            under_way = [i for status in Status if status not in FINAL for i in uow.invoices.all(status)]
            unheard = 0
            for invoice in under_way:
                is_known = uow.outbox.knows_portal(invoice.number)
                changes = [
                    change
                    for change in from_the_beginning(invoice, self.kinds, self.outgoing.company, now)
                    if not is_known or change.shows is not Showing.RECORD
                ]
                unheard += bool(self.outgoing.show(uow, changes, now))
            uow.commit()
        return unheard

    def _show(self, entry: OutboxEntry, change: PortalChange, clock: Callable[[], datetime]) -> bool:
        if self._setup is None:
            raise TransientFailure("Bitrix24 is not set up yet")
        bench = Bench(self.portal, self._setup, self._people, self.texts, self.outgoing.company, self.store, clock)
        try:
            made = None if self._is_superseded(entry, change) else show(bench, change, self._maker)
        except NotShown as why:
            made, answer = None, f"not shown: {why}"
        else:
            answer = f"shown as {made}" if made is not None else "shown"
        self._doubts, now = 0, clock()
        with self.store.begin() as uow:
            uow.outbox.delivered({entry.id: answer}, now)
            if made is not None and change.shows.is_new_thing:
                line = Entry("shown_in_portal", "mailflow", {"what": change.shows.value, "id": made})
                uow.history.append(change.invoice.number, line, now, None, None)
            uow.commit()
        self._note_missing(change.invoice.number, bench.missing, now)
        facts = noted("effect_sent", effect=entry.id, kind=kind_of(entry.effect), invoice=entry.number)
        log.info("portal: %s %s", change.key, answer, extra=facts)
        return True

    def _is_superseded(self, entry: OutboxEntry, change: PortalChange) -> bool:
        """Whether the portal shows already how it stood later: an old change that was refused first comes too late."""
        if change.shows not in _SUPERSEDED_BY_LATER:
            return False
        with self.store.begin() as uow:
            later = uow.outbox.delivered_to_portal_after(entry)
        return any(effect.about == change.about for effect in later)

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
        earliest = now + max(self.settles_in, SHORTEST_PAUSE)
        self._put_off(entry, error, max(earliest, next_try_at_portal(entry.attempts + 1, now)))
        self._tell_of_many_tries(entry, error, now)
        if self._doubts >= MOST_DOUBTS:
            raise ServerAway(f"Bitrix24 does not answer as it should: {error}")
        return False

    def _put_off_by_itself(self, entry: OutboxEntry, error: str, now: datetime) -> bool:
        """For longer at every try; the portal takes other changes meanwhile."""
        self._tell_of_many_tries(entry, error, now)
        return self._put_off(entry, error, next_try_at_portal(entry.attempts + 1, now))

    def _tell_of_many_tries(self, entry: OutboxEntry, error: str, now: datetime) -> None:
        if entry.attempts + 1 == MANY_TRIES:
            self.tell_administrator(f"{entry.message_id} could not be shown in {MANY_TRIES} tries: {error}", now)

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
        facts = noted("effect_dead", effect=entry.id, kind=kind_of(entry.effect), invoice=entry.number)
        log.error("portal: %s: %s", entry.message_id, failure, extra=facts)
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

    def _resume(self, now: datetime) -> None:
        """What we were showing when something broke is in doubt, and due."""
        with self.store.begin() as uow:
            uow.outbox.give_back(now, World.PORTAL)
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
