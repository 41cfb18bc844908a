"""The transactional outbox: effects written with their decision, delivered afterwards, each to its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, and_, bindparam, func, insert, or_, select, true, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from mailflow.approval.effects import Effect, Mail, Message, PortalChange
from mailflow.store.codec import effect_document, read_effect
from mailflow.store.queue import Queue, count_states, earliest
from mailflow.store.statements import per_dialect
from mailflow.store.tables import OutboxRow, ReferenceRow


class OutboxState(StrEnum):
    """The small lifecycle of an effect."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    DEAD = "dead"


class World(StrEnum):
    """Where effects go; each is delivered by its own job, and none waits for the other."""

    MAIL = "mail"
    PORTAL = "portal"


PORTAL_CHANNEL = "bitrix24"
"""The changes that the portal shows of one invoice leave strictly in order."""

UNDELIVERED = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True)
class NewEntry:
    """An effect with its identity (JSON values), which no repetition changes.

    `message_id` is unique: a mail's Message-ID, or the key of a change in the portal.
    """

    channel: str
    number: str | None
    recipient: str
    effect: Effect | PortalChange
    identity: Mapping[str, object]
    message_id: str
    created_at: datetime
    world: World = World.MAIL


@dataclass(frozen=True)
class OutboxEntry:
    """An effect on its way. `again`: it was being sent before, and nobody knows how far that came.

    `draft` is the mail without its files, None before its first try.
    """

    id: int
    channel: str
    number: str | None
    recipient: str
    effect: Effect | PortalChange
    identity: Mapping[str, Any]
    message_id: str
    created_at: datetime
    state: OutboxState
    attempts: int
    next_attempt_at: datetime
    last_error: str
    delivered_at: datetime | None
    draft: bytes | None = None
    again: bool = False


class Outbox:
    """Effects of one invoice and channel leave in order; one that is stuck holds up no other."""

    def __init__(self, connection: Connection, holder: str) -> None:
        self._connection = connection
        self._holder = holder

    def add(self, entry: NewEntry) -> int:
        """Writes an effect, due at once."""
        entry_id: int = self._connection.execute(_ADD, _new_row(entry)).scalar_one()
        return entry_id

    def add_once(self, entry: NewEntry) -> bool:
        """Writes an effect unless one of its Message-ID is there, or is being written by somebody else."""
        return self._connection.execute(_ADD_ONCE(self._connection), _new_row(entry)).scalar() is not None

    def knows(self, message_id: str) -> bool:
        """Whether an effect with this Message-ID or key was ever written."""
        return self._connection.execute(_KNOWS, {"key": message_id}).first() is not None

    def claim_due(
        self, now: datetime, lease: timedelta, world: World = World.MAIL, in_doubt_too: bool = True
    ) -> OutboxEntry | None:
        """Takes the oldest effect of a world that is due and has nothing before it, for the time of the lease.

        Without `in_doubt_too` none that may have arrived.
        """
        return next(iter(self.claim_batch(now, lease, 1, world, in_doubt_too)), None)

    def claim_batch(
        self, now: datetime, lease: timedelta, most: int, world: World = World.MAIL, in_doubt_too: bool = True
    ) -> list[OutboxEntry]:
        """Takes so many at the most, oldest first, as `claim_due` does."""
        statement = _CLAIM if in_doubt_too else _CLAIM_UNTRIED
        facts = {"in_world": world.value, "moment": now, "most": most}
        found = self._connection.execute(statement, facts).all()
        if not found:
            return []
        sending = {"state": OutboxState.SENDING.value, "leased_until": now + lease, "leased_by": self._holder}
        these = {"these": [row.id for row in found], "moment": now}
        taken = set(self._connection.execute(_TAKE, {**these, **sending}).scalars())
        return [_taken(row) for row in found if row.id in taken]

    def keep_drafts(self, drafts: Mapping[int, bytes]) -> None:
        """Mails as they go out, at the first try and at any other, by their entries' ids."""
        if drafts:
            self._connection.execute(_DRAFT, [{"this": entry_id, "its_draft": drafts[entry_id]} for entry_id in drafts])

    def delivered(self, answers: Mapping[int, str], now: datetime) -> None:
        """The world has taken these; its words by the entries' ids."""
        if answers:
            said = [{"this": entry_id, "its_answer": answers[entry_id], "at": now} for entry_id in answers]
            self._connection.execute(_DELIVERED, said)

    def retry(self, entry_id: int, error: str, next_attempt_at: datetime) -> None:
        """Not this time; tried again later, unless our lease ran out and somebody else has it or has ended it."""
        self._set(
            _FAILED,
            entry_id,
            holder=self._holder,
            state=OutboxState.PENDING.value,
            last_error=error,
            next_attempt_at=next_attempt_at,
            leased_until=None,
        )

    def doubt(self, entry_id: int, error: str, next_attempt_at: datetime) -> None:
        """Handed over, and nobody knows whether it was taken; repeated later, unless somebody else has ended it."""
        self._set(
            _FAILED,
            entry_id,
            holder=self._holder,
            state=OutboxState.UNKNOWN.value,
            last_error=error,
            next_attempt_at=next_attempt_at,
            leased_until=None,
        )

    def let_go(self, entry_id: int, error: str, was: OutboxState) -> None:
        """It was not tried, since the world is away: as it was before, due as before."""
        self._set(_OURS, entry_id, holder=self._holder, state=was.value, last_error=error, leased_until=None)

    def dead(self, entry_id: int, now: datetime, error: str) -> None:
        """It will never be taken, unless somebody else has delivered it after our lease ran out."""
        self._set(
            _FAILED,
            entry_id,
            holder=self._holder,
            state=OutboxState.DEAD.value,
            last_error=error,
            leased_until=None,
        )

    def redo(self, entry_id: int, now: datetime) -> None:
        """By the administrator's word: a dead or waiting one is due at once. One that is being sent is left alone."""
        self._set(_STUCK, entry_id, state=OutboxState.PENDING.value, next_attempt_at=now)

    def holders(self, after: datetime) -> set[str]:
        """Who is sending something that is theirs beyond a moment."""
        longer = _ANYWHERE, _SENDING, col(OutboxRow.leased_until) > after
        held = select(col(OutboxRow.leased_by)).where(*longer).distinct()
        return {holder for holder in self._connection.execute(held).scalars() if holder}

    def free(self, until: datetime, holder: str | None = None) -> None:
        """Ends every lease, or this holder's, at a moment: who held it is gone, and what was being sent is in doubt.

        One that ends before is left alone: whoever starts again and again would else never see the moment come.
        """
        theirs = col(OutboxRow.leased_by) == holder if holder else true()
        longer = _ANYWHERE, _SENDING, col(OutboxRow.leased_until) > until, theirs
        self._connection.execute(update(OutboxRow).where(*longer).values(leased_until=until))

    def give_back(self, until: datetime, world: World) -> None:
        """Ends our own leases at a moment: something broke, and what we were sending is in doubt."""
        ours = col(OutboxRow.world) == world.value, _SENDING, col(OutboxRow.leased_by) == self._holder
        self._connection.execute(update(OutboxRow).where(*ours).values(leased_until=until, leased_by=None))

    def undelivered(self) -> list[OutboxEntry]:
        """What has not reached the world, dead ones too, oldest first."""
        rows = self._connection.execute(
            select(OutboxRow)
            .where(_ANYWHERE, col(OutboxRow.state).in_([s for s in OutboxState if s is not OutboxState.DELIVERED]))
            .order_by(col(OutboxRow.id))
        )
        return [_entry(row) for row in rows]

    def get(self, entry_id: int) -> OutboxEntry | None:
        """One entry."""
        row = self._connection.execute(select(OutboxRow).where(col(OutboxRow.id) == entry_id)).first()
        return _entry(row) if row else None

    def knows_portal(self, number: str) -> bool:
        """Whether the portal was ever to be told anything of this invoice."""
        statement = select(col(OutboxRow.id)).where(
            col(OutboxRow.channel) == PORTAL_CHANNEL, col(OutboxRow.number) == number
        )
        return self._connection.execute(statement.limit(1)).first() is not None

    def refused_by_portal(self, number: str) -> list[OutboxEntry]:
        """The changes of this invoice that the portal has refused."""
        rows = self._connection.execute(
            select(OutboxRow).where(
                col(OutboxRow.channel) == PORTAL_CHANNEL,
                col(OutboxRow.number) == number,
                col(OutboxRow.state) == OutboxState.DEAD.value,
            )
        )
        return [_entry(row) for row in rows]

    def delivered_to_portal_after(self, entry: OutboxEntry) -> list[PortalChange]:
        """Later changes of the same kind, of the same invoice, that the portal shows."""
        rows = self._connection.execute(
            select(OutboxRow).where(
                col(OutboxRow.channel) == PORTAL_CHANNEL,
                col(OutboxRow.number) == entry.number,
                col(OutboxRow.kind) == kind_of(entry.effect),
                col(OutboxRow.state) == OutboxState.DELIVERED.value,
                col(OutboxRow.id) > entry.id,
            )
        )
        return [effect for row in rows if isinstance(effect := _entry(row).effect, PortalChange)]

    def waiting_in(self, world: World) -> int:
        """How many effects still have to reach one world; dead ones count."""
        count: int = self._connection.execute(
            select(func.count()).where(
                col(OutboxRow.world) == world.value,
                col(OutboxRow.state).in_([s for s in OutboxState if s is not OutboxState.DELIVERED]),
            )
        ).scalar_one()
        return count

    def waiting(self, now: datetime) -> int:
        """How many effects still have to reach the world; one that was written for later is not waiting yet."""
        for_later = and_(
            col(OutboxRow.state) == OutboxState.PENDING.value,
            col(OutboxRow.attempts) == 0,
            col(OutboxRow.next_attempt_at) > now,
        )
        count: int = self._connection.execute(
            select(func.count()).where(_ANYWHERE, col(OutboxRow.state).in_(UNDELIVERED), ~for_later)
        ).scalar_one()
        return count

    def next_due(self) -> datetime | None:
        """When the next waiting effect is due."""
        moment: datetime | None = self._connection.execute(
            select(func.min(OutboxRow.next_attempt_at)).where(_ANYWHERE, col(OutboxRow.state).in_(_WAITS_FOR_ITS_TIME))
        ).scalar()
        return moment

    def queue(self, world: World, now: datetime) -> Queue:
        """How much waits to reach a world, or never will."""
        here, is_due = col(OutboxRow.world) == world.value, (_MAY_BE_DUE, _DUE, _nothing_before())
        return Queue(
            count_states(self._connection, col(OutboxRow.state), (*UNDELIVERED, OutboxState.DEAD), here),
            earliest(self._connection, col(OutboxRow.created_at), now, here, _STILL_WAITS),
            earliest(self._connection, col(OutboxRow.next_attempt_at), now, here, *is_due),
        )

    def thread(self, number: str, recipient: str) -> list[str]:
        """The Message-IDs of our mails to this person about this invoice, oldest first."""
        return list(self._connection.execute(_THREAD, {"of": number, "person": recipient}).scalars())

    def by_message_id(self, message_id: str) -> OutboxEntry | None:
        """The entry that was sent under this Message-ID."""
        row = self._connection.execute(select(OutboxRow).where(col(OutboxRow.message_id) == message_id)).first()
        return _entry(row) if row else None

    def undelivered_with(self, reference: str) -> OutboxEntry | None:
        """The entry that gave out the reference with this fingerprint, where we do not know that it arrived."""
        row = self._connection.execute(_UNDELIVERED_WITH, {"key": reference}).first()
        return _entry(row) if row else None

    def has_written_to(self, recipient: str) -> bool:
        """Whether this address was ever sent anything."""
        statement = select(_ID).where(col(OutboxRow.recipient) == recipient).limit(1)
        return self._connection.execute(statement).first() is not None

    def mails_since(self, kinds: Iterable[str], recipient: str, moment: datetime) -> list[Mail]:
        """The mails of these kinds that were written to somebody after a moment, oldest first."""
        row = col(OutboxRow.recipient), col(OutboxRow.kind), col(OutboxRow.created_at)
        rows = self._connection.execute(
            select(OutboxRow).where(row[0] == recipient, row[1].in_(sorted(kinds)), row[2] > moment).order_by(_ID)
        )
        effects = (_entry(row).effect for row in rows)
        return [effect for effect in effects if isinstance(effect, Mail)]

    def last_of(self, message: Message, recipient: str) -> datetime | None:
        """When such a mail was last written to this person."""
        moment: datetime | None = self._connection.execute(
            select(col(OutboxRow.created_at))
            .where(col(OutboxRow.recipient) == recipient, col(OutboxRow.kind) == message.value)
            .order_by(col(OutboxRow.created_at).desc())
            .limit(1)
        ).scalar()
        return moment

    def _set(self, statement: Update, entry_id: int, **values: object) -> bool:
        return self._connection.execute(statement, {"this": entry_id, **values}).rowcount == 1


def _new_row(entry: NewEntry) -> dict[str, object]:
    return {
        "world": entry.world.value,
        "channel": entry.channel,
        "number": entry.number,
        "recipient": entry.recipient,
        "kind": kind_of(entry.effect),
        "effect": effect_document(entry.effect),
        "identity": json.dumps(dict(entry.identity)),
        "message_id": entry.message_id,
        "created_at": entry.created_at,
        "state": OutboxState.PENDING.value,
        "attempts": 0,
        "next_attempt_at": entry.created_at,
        "last_error": "",
        "answer": "",
    }


def kind_of(effect: Effect | PortalChange) -> str:
    """What kind of effect it is: a message's template, 'invite', or what the portal shows."""
    match effect:
        case Mail():
            return effect.message.value
        case PortalChange():
            return f"bitrix24 {effect.shows.value}"
        case _:
            return Message.INVITE.value


_ID: ColumnElement[int] = OutboxRow.__table__.c.id  # type: ignore[attr-defined]
_ANYWHERE = col(OutboxRow.world).in_(list(World))
_STILL_WAITS = col(OutboxRow.state).in_(UNDELIVERED)
_SENDING = col(OutboxRow.state) == OutboxState.SENDING.value
_WAITS_FOR_ITS_TIME = [OutboxState.PENDING.value, OutboxState.UNKNOWN.value]
_MAY_BE_DUE = col(OutboxRow.state).in_([*_WAITS_FOR_ITS_TIME, OutboxState.SENDING.value])  # by the index


_DUE = or_(
    and_(col(OutboxRow.state).in_(_WAITS_FOR_ITS_TIME), col(OutboxRow.next_attempt_at) <= bindparam("moment")),
    and_(_SENDING, col(OutboxRow.leased_until) <= bindparam("moment")),
)


def _nothing_before() -> ColumnElement[bool]:
    """Whether everything of the same invoice and channel that came before has left.

    What belongs to no invoice is NULL here, equals nothing, and so holds up nothing.
    """
    before = aliased(OutboxRow)
    held_up_by = select(col(before.id)).where(
        col(before.channel) == col(OutboxRow.channel),
        col(before.number) == col(OutboxRow.number),
        col(before.state).in_(UNDELIVERED),
        col(before.id) < col(OutboxRow.id),
    )
    return ~held_up_by.exists()


_ADD = insert(OutboxRow).returning(_ID)
_ADD_ONCE = per_dialect(
    lambda insert: insert(OutboxRow).on_conflict_do_nothing(index_elements=["message_id"]).returning(_ID)
)
_KNOWS = select(_ID).where(col(OutboxRow.message_id) == bindparam("key"))
_THREAD = (
    select(col(OutboxRow.message_id))
    .where(col(OutboxRow.number) == bindparam("of"), col(OutboxRow.recipient) == bindparam("person"))
    .order_by(_ID)
)
_UNDELIVERED_WITH = (
    select(OutboxRow)
    .join(ReferenceRow, col(ReferenceRow.message_id) == col(OutboxRow.message_id))
    .where(col(ReferenceRow.fingerprint) == bindparam("key"), _STILL_WAITS)
)
_CLAIM = (
    select(OutboxRow)
    .where(col(OutboxRow.world) == bindparam("in_world"), _MAY_BE_DUE, _DUE, _nothing_before())
    .order_by(col(OutboxRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=OutboxRow)
)
_CLAIM_UNTRIED = _CLAIM.where(col(OutboxRow.state) == OutboxState.PENDING.value)
_WHATEVER = update(OutboxRow).where(col(OutboxRow.id) == bindparam("this"))
_TAKE = update(OutboxRow).where(_ID.in_(bindparam("these", expanding=True)), _DUE).returning(_ID)
_DRAFT = _WHATEVER.values(draft=bindparam("its_draft"))
_DELIVERED = _WHATEVER.values(
    state=OutboxState.DELIVERED.value,
    delivered_at=bindparam("at"),
    answer=bindparam("its_answer"),
    leased_until=None,
    last_error="",
    draft=None,
)
_OURS = _WHATEVER.where(
    _STILL_WAITS, func.coalesce(col(OutboxRow.leased_by), bindparam("holder")) == bindparam("holder")
)
_FAILED = _OURS.values(attempts=col(OutboxRow.attempts) + 1)
_STUCK = _WHATEVER.where(col(OutboxRow.state).in_((OutboxState.PENDING, OutboxState.UNKNOWN, OutboxState.DEAD)))


def _taken(row: Row[Any]) -> OutboxEntry:
    again = row.state in (OutboxState.SENDING.value, OutboxState.UNKNOWN.value)
    return replace(_entry(row), state=OutboxState.SENDING, again=again)


def _entry(row: Row[Any]) -> OutboxEntry:
    return OutboxEntry(
        row.id,
        row.channel,
        row.number,
        row.recipient,
        read_effect(row.effect),
        json.loads(row.identity),
        row.message_id,
        row.created_at,
        OutboxState(row.state),
        row.attempts,
        row.next_attempt_at,
        row.last_error,
        row.delivered_at,
        row.draft,
    )
