"""Secret addresses of the board: calendar feeds, and links that sign in; kept by the fingerprints of their tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, literal_column, select, update
from sqlmodel import col

from mailflow.store.statements import per_dialect
from mailflow.store.tables import FeedRow, SignInRow


class Feeds:
    """The calendar feeds that were given out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def generation_of(self, person: str) -> int | None:
        """Which generation of somebody's feed counts; None where they have none."""
        statement = select(col(FeedRow.generation)).where(col(FeedRow.person) == person)
        generation: int | None = self._connection.execute(statement).scalar()
        return generation

    def person_of(self, fingerprint: str) -> str | None:
        """Whose feed has a token with this fingerprint."""
        statement = select(col(FeedRow.person)).where(col(FeedRow.fingerprint) == fingerprint)
        person: str | None = self._connection.execute(statement).scalar()
        return person

    def give_out(self, person: str, generation: int, fingerprint: str) -> None:
        """From now on this generation alone counts."""
        row = {"person": person, "generation": generation, "fingerprint": fingerprint}
        self._connection.execute(_GIVE_OUT(self._connection), row)


class SignIns:
    """The links that sign somebody in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def give_out(self, fingerprint: str, person: str, until: datetime, now: datetime) -> None:
        """A link that counts once, until a moment; those whose time is over are forgotten."""
        self._connection.execute(delete(SignInRow).where(col(SignInRow.until) < now))
        row = {"fingerprint": fingerprint, "person": person, "until": until}
        self._connection.execute(_MAIL_OUT(self._connection), row)

    def person_of(self, fingerprint: str, now: datetime) -> str | None:
        """Whom the link with this fingerprint signs in now; None where it does not count (any more)."""
        statement = select(col(SignInRow.person)).where(*_counts(fingerprint, now))
        person: str | None = self._connection.execute(statement).scalar()
        return person

    def use(self, fingerprint: str, now: datetime) -> bool:
        """Uses up a link; whether it counted until now. Of two that use it at the same moment one is first."""
        used = self._connection.execute(update(SignInRow).where(*_counts(fingerprint, now)).values(used_at=now))
        return used.rowcount == 1


def _counts(fingerprint: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(SignInRow.fingerprint) == fingerprint,
        col(SignInRow.until) >= now,
        col(SignInRow.used_at).is_(None),
    )


_GIVE_OUT = per_dialect(
    lambda insert: insert(FeedRow).on_conflict_do_update(
        index_elements=["person"],
        set_={name: literal_column(f"excluded.{name}") for name in ("generation", "fingerprint")},
    )
)
_MAIL_OUT = per_dialect(lambda insert: insert(SignInRow).on_conflict_do_nothing())
