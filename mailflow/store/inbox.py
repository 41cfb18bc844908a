"""Mail received: recorded before anything else, claimed, settled, filed away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    update,
)
from sqlmodel import col

from mailflow.errors import TransientFailure
from mailflow.ports import FetchedMail, Location
from mailflow.store.contents import Contents
from mailflow.store.queue import Queue, count_states, earliest
from mailflow.store.statements import per_dialect
from mailflow.store.tables import KEY_LENGTH, HistoryRow, InboxRow, LocationRow, RawMailRow


class InboxState(StrEnum):
    """The small lifecycle of a received mail."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    REFUSED = "refused"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


RANKED_WITHIN = timedelta(minutes=10)
MAILS_OF_A_RANK = 100
"""So many mails of a queue within that time are one rank; ordinary mail is all of the first, and keeps its order."""

WAITING = (InboxState.RECEIVED, InboxState.FAILED)


@dataclass(frozen=True)
class Recorded:
    """A mail's row; `news` is False where the same mail had been recorded and settled before."""

    id: int
    news: bool


@dataclass(frozen=True)
class InboxMail:
    """A received mail without its bytes. `reason` and `kind` say how it ended, `size` is in bytes."""

    id: int
    message_id: str | None
    sender: str
    subject: str
    received_at: datetime
    state: InboxState
    kind: str
    reason: str
    attempts: int
    number: str | None
    size: int
    complete: bool
    queue: str = ""


class Inbox:
    """The received mails."""

    def __init__(self, connection: Connection, holder: str) -> None:
        self._connection = connection
        self._holder = holder
        self._raws: dict[int, bytes] = {}
        self._places: list[dict[str, object]] = []

    def lying(self) -> frozenset[Location]:
        """Where recorded mails lie that were not cleared yet. What lies at a place that was cleared is another matter:
        a mailbox restored from an older state gives UIDs a second time.
        """
        self.flush()
        rows = self._connection.execute(_LYING)
        return frozenset(Location(row.folder, row.uidvalidity, row.uid) for row in rows)

    def record(
        self,
        mail: FetchedMail,
        message_id: str | None,
        digest: str,
        sender: str,
        subject: str,
        now: datetime,
        queue: str = "",
    ) -> Recorded:
        """Records a mail, or one more place of a mail known by its digest; its bytes and place are written by `flush`.

        A queue that gets more than a hundred mails in ten minutes lets those of all others pass before the rest.
        It was received when it came to the mailbox, or now where that lies in the future or is not known. A mail that
        had been quarantined or dropped and lies at a new place was moved back by somebody: it is read again.
        """
        received_at = min(mail.arrived_at or now, now)
        row = {
            "message_id": message_id,
            "digest": digest,
            "sender": sender,
            "subject": subject,
            "size": mail.size,
            "complete": mail.complete,
            "received_at": received_at,
            "queue": queue[:KEY_LENGTH],
            "state": InboxState.RECEIVED.value,
            "kind": "",
            "reason": "",
            "error": "",
            "attempts": 0,
            "next_attempt_at": now,
        }
        added = self._add(row, _span(queue, received_at, RANKED_WITHIN), mail.raw)
        recorded = Recorded(added, news=True) if added else self._recognise(mail.location, digest, now)
        self._places.append({**asdict(mail.location), "inbox_id": recorded.id, "filed": False})
        return recorded

    def flush(self) -> None:
        """Writes the bytes and the places of what was recorded."""
        _RAWS.insert(self._connection, self._raws)
        self._raws = {}
        if self._places:
            self._connection.execute(_PLACE(self._connection), self._places)
            self._places = []

    def claim(self, now: datetime, lease: timedelta) -> InboxMail | None:
        """Takes the first mail that waits, for the time of the lease; None where none waits."""
        return next(iter(self.claim_batch(now, lease, 1)), None)

    def claim_batch(self, now: datetime, lease: timedelta, most: int) -> list[InboxMail]:
        """Takes so many of those that wait at the most, in the order of `claim`."""
        found = self._connection.execute(_CLAIM, {"moment": now, "most": most}).all()
        if not found:
            return []
        leased = {"leased_until": now + lease, "leased_by": self._holder}
        these = {"these": [row.id for row in found], "moment": now}
        taken = set(self._connection.execute(_TAKE, {**these, **leased}).scalars())
        return [_mail(row) for row in found if row.id in taken]

    def let_go(self, inbox_id: int) -> None:
        """Ends our lease of a mail that was not tried."""
        self._set(_WAITING, inbox_id, leased_until=None)

    def settle(
        self, inbox_id: int, state: InboxState, now: datetime, kind: str, reason: str = "", number: str | None = None
    ) -> None:
        """Ends a mail's way. Raises TransientFailure where somebody else has ended it, after our lease ran out."""
        settled = self._set(
            _WAITING,
            inbox_id,
            state=state.value,
            settled_at=now,
            kind=kind,
            reason=reason,
            number=number,
            leased_until=None,
        )
        if not settled:
            raise TransientFailure(f"mail {inbox_id} has been processed by somebody else at the same time")

    def fail(self, inbox_id: int, error: str, next_attempt_at: datetime, attempts: int) -> None:
        """Puts a mail off, unless somebody else has ended its way; `error` is for the administrator's eyes."""
        self._set(
            _WAITING,
            inbox_id,
            state=InboxState.FAILED.value,
            error=error,
            next_attempt_at=next_attempt_at,
            attempts=attempts,
            leased_until=None,
        )

    def to_file(self) -> list[tuple[Location, InboxState]]:
        """The places of settled mails that have not been cleared yet."""
        self.flush()
        rows = self._connection.execute(_TO_FILE)
        return [(Location(r.folder, r.uidvalidity, r.uid), InboxState(r.state)) for r in rows]

    def filed(self, locations: Iterable[Location]) -> None:
        """Marks places as cleared."""
        self.flush()
        places = [{f"its_{name}": value for name, value in asdict(location).items()} for location in locations]
        if places:
            self._connection.execute(_FILE, places)

    def get(self, inbox_id: int) -> InboxMail | None:
        """One mail."""
        row = self._connection.execute(select(InboxRow).where(col(InboxRow.id) == inbox_id)).first()
        return _mail(row) if row else None

    def of_invoice(self, number: str) -> list[InboxMail]:
        """The mails that came to be about an invoice, oldest first; one about several is in the history of each."""
        led_to = select(col(HistoryRow.message_id)).where(
            col(HistoryRow.number) == number,
            col(HistoryRow.evidence).is_not(None),
            col(HistoryRow.message_id).is_not(None),
        )
        is_its = or_(col(InboxRow.number) == number, col(InboxRow.message_id).in_(led_to))
        rows = self._connection.execute(select(InboxRow).where(is_its).order_by(col(InboxRow.id)))
        return [_mail(row) for row in rows]

    def by_digest(self, digest: str) -> InboxMail | None:
        """The mail with these contents, by whatever way it came."""
        row = self._connection.execute(select(InboxRow).where(col(InboxRow.digest) == digest)).first()
        return _mail(row) if row else None

    def raw(self, inbox_id: int) -> bytes:
        """The bytes of a mail as they were received."""
        return self.raws([inbox_id])[inbox_id]

    def raws(self, inbox_ids: Sequence[int]) -> dict[int, bytes]:
        """The bytes of several, by id."""
        self.flush()
        return _RAWS.several(self._connection, inbox_ids)

    def arrived(self, queue: str, until: datetime, within: timedelta) -> int:
        """How many mails of a queue came in the time that ends at a moment."""
        return self._count(_ARRIVED, queue, until, within)

    def bytes_kept(self, queue: str, until: datetime, within: timedelta) -> int:
        """How large those of them are together that were kept whole."""
        return self._count(_BYTES_KEPT, queue, until, within)

    def guesses(self, queue: str, until: datetime, within: timedelta) -> int:
        """How many of them named a reference that there is not."""
        return self._count(_GUESSES, queue, until, within)

    def waits_of(self, queue: str) -> bool:
        """Whether a mail of this queue has not been settled."""
        return self._connection.execute(_WAITS_OF, {"of": queue[:KEY_LENGTH]}).first() is not None

    def last_arrival(self) -> datetime | None:
        """When the newest mail came."""
        moment: datetime | None = self._connection.execute(select(func.max(InboxRow.received_at))).scalar()
        return moment

    def quarantined(self) -> list[InboxMail]:
        """What waits for the administrator, oldest first."""
        rows = self._connection.execute(
            select(InboxRow).where(col(InboxRow.state) == InboxState.QUARANTINED.value).order_by(col(InboxRow.id))
        )
        return [_mail(row) for row in rows]

    def retry(self, inbox_id: int, now: datetime) -> None:
        """Lets a mail be read again, now."""
        self._set(
            _WHATEVER,
            inbox_id,
            state=InboxState.RECEIVED.value,
            attempts=0,
            next_attempt_at=now,
            leased_until=None,
            settled_at=None,
        )

    def drop(self, inbox_id: int, now: datetime) -> None:
        """Ends a mail's way by the administrator's word; its bytes, and why it was quarantined, stay."""
        self._set(_WHATEVER, inbox_id, state=InboxState.DROPPED.value, settled_at=now, leased_until=None)

    def holders(self, after: datetime) -> set[str]:
        """Who has mail in hand that is theirs beyond a moment."""
        longer = _STILL_WAITS, col(InboxRow.leased_until) > after
        held = select(col(InboxRow.leased_by)).where(*longer).distinct()
        return {holder for holder in self._connection.execute(held).scalars() if holder}

    def free(self, holder: str | None = None) -> None:
        """Ends every lease, or this holder's: whoever held them is gone."""
        theirs = col(InboxRow.leased_by) == holder if holder else true()
        self._connection.execute(update(InboxRow).where(_STILL_WAITS, _LEASED, theirs).values(leased_until=None))

    def give_back(self) -> None:
        """Ends our own leases: something broke, and what we had taken in hand was not finished."""
        self.free(self._holder)

    def holds_copy(self, message_id: str, sender: str) -> bool:
        """Whether a mail with this Message-ID and sender was ever received: our own, that came back."""
        copy = {"key": message_id, "by": sender}
        return self._connection.execute(_HOLDS_COPY, copy).first() is not None

    def waiting(self, now: datetime) -> int:
        """How many mails still have to be read, now or later."""
        count: int = self._connection.execute(select(func.count()).where(_STILL_WAITS)).scalar_one()
        return count

    def queue(self, now: datetime) -> Queue:
        """How much waits to be read, and for the administrator."""
        return Queue(
            count_states(self._connection, col(InboxRow.state), (*WAITING, InboxState.QUARANTINED)),
            earliest(self._connection, col(InboxRow.received_at), now, _STILL_WAITS),
            earliest(self._connection, col(InboxRow.next_attempt_at), now, _STILL_WAITS, _DUE),
        )

    def _recognise(self, place: Location, digest: str, now: datetime) -> Recorded:
        inbox_id, state = self._connection.execute(
            select(_ID, col(InboxRow.state)).where(col(InboxRow.digest) == digest)
        ).one()
        moved_back = state in (InboxState.QUARANTINED, InboxState.DROPPED) and not self._lay_at(place, inbox_id)
        if moved_back:
            self.retry(inbox_id, now)
        return Recorded(inbox_id, moved_back)

    def _lay_at(self, place: Location, inbox_id: int) -> bool:
        self.flush()
        return self._connection.execute(_LAY_AT, {**asdict(place), "this": inbox_id}).first() is not None

    def _add(self, row: Mapping[str, object], ranked: Mapping[str, object], raw: bytes) -> int | None:
        """The new row's id; None where the digest is known."""
        inbox_id: int | None = self._connection.execute(_ADD(self._connection), {**row, **ranked}).scalar()
        if inbox_id is not None:
            self._raws[inbox_id] = raw
        return inbox_id

    def _count(self, statement: Select[int], queue: str, until: datetime, within: timedelta) -> int:
        count: int = self._connection.execute(statement, _span(queue, until, within)).scalar_one()
        return count

    def _set(self, statement: Update, inbox_id: int, **values: object) -> bool:
        return self._connection.execute(statement, {"this": inbox_id, **values}).rowcount == 1


_ID: ColumnElement[int] = InboxRow.__table__.c.id  # type: ignore[attr-defined]
_STILL_WAITS = col(InboxRow.state).in_(WAITING)
_LEASED = col(InboxRow.leased_until).is_not(None)


_DUE = and_(
    or_(
        col(InboxRow.state) == InboxState.RECEIVED.value,
        and_(col(InboxRow.state) == InboxState.FAILED.value, col(InboxRow.next_attempt_at) <= bindparam("moment")),
    ),
    or_(col(InboxRow.leased_until).is_(None), col(InboxRow.leased_until) <= bindparam("moment")),
)
_CLAIM = (
    select(InboxRow)
    .where(_DUE)
    .order_by(col(InboxRow.rank), col(InboxRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_WHATEVER = update(InboxRow).where(col(InboxRow.id) == bindparam("this"))
_WAITING = _WHATEVER.where(_STILL_WAITS)
_TAKE = update(InboxRow).where(_ID.in_(bindparam("these", expanding=True)), _DUE).returning(_ID)
_RAWS = Contents(RawMailRow, "inbox_id", "raw", per_dialect(lambda insert: insert(RawMailRow)))
_HOLDS_COPY = (
    select(_ID).where(col(InboxRow.message_id) == bindparam("key"), col(InboxRow.sender) == bindparam("by")).limit(1)
)
_WAITS_OF = select(_ID).where(col(InboxRow.queue) == bindparam("of"), _STILL_WAITS).limit(1)
_CAME = and_(
    col(InboxRow.queue) == bindparam("of"),
    col(InboxRow.received_at) > bindparam("since"),
    col(InboxRow.received_at) <= bindparam("until"),
)
_ARRIVED = select(func.count()).where(_CAME)
_BYTES_KEPT = select(func.coalesce(func.sum(InboxRow.size), 0)).where(_CAME, col(InboxRow.complete))
_GUESSES = _ARRIVED.where(col(InboxRow.reason) == "unknown_reference")
_RANK = select(func.count() // MAILS_OF_A_RANK).where(_CAME).scalar_subquery()
_ADD = per_dialect(
    lambda insert: insert(InboxRow).values(rank=_RANK).on_conflict_do_nothing(index_elements=["digest"]).returning(_ID)
)
_PLACE = per_dialect(
    lambda insert: (new := insert(LocationRow)).on_conflict_do_update(
        index_elements=["folder", "uidvalidity", "uid"],
        set_={"inbox_id": new.excluded.inbox_id, "filed": new.excluded.filed},
    )
)
_AT = and_(*(getattr(LocationRow, name) == bindparam(name) for name in ("folder", "uidvalidity", "uid")))
_LYING = select(col(LocationRow.folder), col(LocationRow.uidvalidity), col(LocationRow.uid)).where(
    col(LocationRow.filed).is_(False)
)
_LAY_AT = select(col(LocationRow.id)).where(_AT, col(LocationRow.inbox_id) == bindparam("this"))
_FILE = (
    update(LocationRow)
    .where(*(getattr(LocationRow, name) == bindparam(f"its_{name}") for name in ("folder", "uidvalidity", "uid")))
    .values(filed=True)
)
_TO_FILE = (
    select(col(LocationRow.folder), col(LocationRow.uidvalidity), col(LocationRow.uid), col(InboxRow.state))
    .join(InboxRow, col(InboxRow.id) == col(LocationRow.inbox_id))
    .where(col(LocationRow.filed).is_(False), col(InboxRow.state).not_in(WAITING))
    .order_by(col(LocationRow.id))
)


def _span(queue: str, until: datetime, within: timedelta) -> dict[str, object]:
    return {"of": queue[:KEY_LENGTH], "since": until - within, "until": until}


def _mail(row: Row[Any]) -> InboxMail:
    return InboxMail(
        row.id,
        row.message_id,
        row.sender,
        row.subject,
        row.received_at,
        InboxState(row.state),
        row.kind,
        row.reason,
        row.attempts,
        row.number,
        row.size,
        row.complete,
        row.queue,
    )
