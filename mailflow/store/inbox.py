"""Mail received: recorded before anything else, claimed, settled, filed away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlmodel import Session, col

from mailflow.ports import FetchedMail, Location
from mailflow.store.codec import storable
from mailflow.store.tables import InboxRow, LocationRow, RawMailRow


class InboxState(StrEnum):
    """The small lifecycle of a received mail."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    REFUSED = "refused"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


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


class Inbox:
    """The received mails."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self, location: Location) -> bool:
        """Whether the mail at this place has been recorded."""
        return self._session.execute(select(col(LocationRow.id)).where(_at(location))).first() is not None

    def record(
        self, mail: FetchedMail, message_id: str | None, digest: str, sender: str, subject: str, now: datetime
    ) -> Recorded:
        """Records a mail, or one more place of a mail known by its digest.

        A mail that had been quarantined or dropped and comes again was moved back by somebody: it is read again.
        """
        known = self._session.execute(
            select(col(InboxRow.id), col(InboxRow.state)).where(col(InboxRow.digest) == digest)
        ).first()
        if known is None:
            inbox_id, news = self._add(mail, message_id, digest, sender, subject, now), True
        else:
            inbox_id = known.id
            news = known.state in (InboxState.QUARANTINED, InboxState.DROPPED)
            if news:
                self.retry(inbox_id, now)
        if not self.known(mail.location):
            place = mail.location
            self._session.execute(
                insert(LocationRow).values(
                    inbox_id=inbox_id, folder=place.folder, uidvalidity=place.uidvalidity, uid=place.uid, filed=False
                )
            )
        return Recorded(inbox_id, news)

    def claim(self, now: datetime, lease: timedelta) -> InboxMail | None:
        """Takes the oldest mail that waits, for the time of the lease; None where none waits."""
        while True:
            candidate = self._session.execute(
                select(col(InboxRow.id)).where(_due(now)).order_by(col(InboxRow.id)).limit(1)
            ).scalar()
            if candidate is None:
                return None
            claimed = self._session.execute(
                update(InboxRow).where(col(InboxRow.id) == candidate, _due(now)).values(leased_until=now + lease)
            )
            if claimed.rowcount == 1:  # type: ignore[attr-defined]
                return self.get(candidate)

    def settle(
        self, inbox_id: int, state: InboxState, now: datetime, kind: str, reason: str = "", number: str | None = None
    ) -> None:
        """Ends a mail's way."""
        self._set(
            inbox_id,
            state=state.value,
            settled_at=now,
            kind=kind,
            reason=storable(reason),
            number=number,
            leased_until=None,
        )

    def fail(self, inbox_id: int, error: str, next_attempt_at: datetime, attempts: int) -> None:
        """Puts a mail off; `error` is for the administrator's eyes."""
        self._set(
            inbox_id,
            state=InboxState.FAILED.value,
            error=storable(error),
            next_attempt_at=next_attempt_at,
            attempts=attempts,
            leased_until=None,
        )

    def to_file(self) -> list[tuple[Location, InboxState]]:
        """The places of settled mails that have not been cleared yet."""
        rows = self._session.execute(
            select(col(LocationRow.folder), col(LocationRow.uidvalidity), col(LocationRow.uid), col(InboxRow.state))
            .join(InboxRow, col(InboxRow.id) == col(LocationRow.inbox_id))
            .where(col(LocationRow.filed).is_(False), col(InboxRow.state).not_in([s.value for s in WAITING]))
            .order_by(col(LocationRow.id))
        )
        return [(Location(r.folder, r.uidvalidity, r.uid), InboxState(r.state)) for r in rows]

    def filed(self, location: Location) -> None:
        """Marks a place as cleared."""
        self._session.execute(update(LocationRow).where(_at(location)).values(filed=True))

    def get(self, inbox_id: int) -> InboxMail | None:
        """One mail."""
        row = self._session.get(InboxRow, inbox_id, populate_existing=True)
        return _mail(row) if row else None

    def raw(self, inbox_id: int) -> bytes:
        """The bytes of a mail as they were received."""
        raw: bytes = self._session.execute(
            select(col(RawMailRow.raw)).where(col(RawMailRow.inbox_id) == inbox_id)
        ).scalar_one()
        return raw

    def quarantined(self) -> list[InboxMail]:
        """What waits for the administrator, oldest first."""
        rows = self._session.execute(
            select(InboxRow).where(col(InboxRow.state) == InboxState.QUARANTINED.value).order_by(col(InboxRow.id))
        ).scalars()
        return [_mail(row) for row in rows]

    def retry(self, inbox_id: int, now: datetime) -> None:
        """Lets a mail be read again, now."""
        self._set(
            inbox_id,
            state=InboxState.RECEIVED.value,
            attempts=0,
            next_attempt_at=now,
            leased_until=None,
            settled_at=None,
        )

    def drop(self, inbox_id: int, now: datetime) -> None:
        """Ends a quarantined mail's way by the administrator's word; its bytes stay."""
        self.settle(inbox_id, InboxState.DROPPED, now, "dropped", "dropped by the administrator")

    def waiting(self, now: datetime) -> int:
        """How many mails still have to be read, now or later."""
        count: int = self._session.execute(
            select(func.count()).where(col(InboxRow.state).in_([s.value for s in WAITING]))
        ).scalar_one()
        return count

    def _add(
        self, mail: FetchedMail, message_id: str | None, digest: str, sender: str, subject: str, now: datetime
    ) -> int:
        row = InboxRow(
            message_id=storable(message_id) if message_id else None,
            digest=digest,
            sender=storable(sender),
            subject=storable(subject),
            size=mail.size,
            complete=mail.complete,
            received_at=now,
            state=InboxState.RECEIVED.value,
            next_attempt_at=now,
        )
        self._session.add(row)
        self._session.flush()
        assert row.id is not None
        self._session.execute(insert(RawMailRow).values(inbox_id=row.id, raw=mail.raw))
        return row.id

    def _set(self, inbox_id: int, **values: object) -> None:
        self._session.execute(update(InboxRow).where(col(InboxRow.id) == inbox_id).values(**values))


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(InboxRow.state).in_([s.value for s in WAITING]),
        col(InboxRow.next_attempt_at) <= now,
        or_(col(InboxRow.leased_until).is_(None), col(InboxRow.leased_until) <= now),
    )


def _at(place: Location) -> ColumnElement[bool]:
    return and_(
        col(LocationRow.folder) == place.folder,
        col(LocationRow.uidvalidity) == place.uidvalidity,
        col(LocationRow.uid) == place.uid,
    )


def _mail(row: InboxRow) -> InboxMail:
    assert row.id is not None
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
    )
