"""The register: many invoices at once, newest first, as the board and its downloads show them. It only reads.

Every look-up goes by an index and stops at a limit, so a page costs the same with a million invoices as with a hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select, tuple_
from sqlmodel import col

from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import currency_digits
from mailflow.store.codec import read_invoice
from mailflow.store.facets import (
    counterparty_key,
    currency_key,
    day_key,
    month_key,
    person_key,
    status_key,
    word_key,
    words,
)
from mailflow.store.tables import HistoryRow, InvoiceFacetRow, InvoiceRow

MOST_COUNTED = 1000
"""Nobody counts further: the rest is 'more than'."""

_MOST_SEARCHED = 5
_SHORTEST_BEGINNING = 2
_MOST_BEGUN = 20
"""So many words that begin like one that was searched for are looked at."""

_PAYABLE = (Status.TO_PAY.value, Status.PAID.value)
_FOLLOWS_ANOTHER = ("mail_sent", "asked", "shown_in_portal")
_LAST_LETTER = "\U0010ffff"
_RECENT = 200


@dataclass(frozen=True)
class Wanted:
    """Which invoices; every condition that is given must hold.

    `seen_by`: those alone that this person is part of. `received_from` and `received_until` bound the arrival (the
    second is the first moment that is too late). `text`: words of title, counterparty, comment, numbers, amount; a word
    may be the beginning of one.
    """

    statuses: tuple[Status, ...] = ()
    person: str = ""
    counterparty: str = ""
    currency: str = ""
    pay_month: date | None = None
    pay_day: date | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None
    text: str = ""
    seen_by: str = ""


@dataclass(frozen=True)
class Place:
    """A place in the order of arrival: that of an invoice."""

    created_at: datetime
    number: str


@dataclass(frozen=True)
class PaymentSum:
    """What falls on one day in one currency: paid, overdue or neither; how many payments, and together how much."""

    day: date
    currency: str
    status: Status
    is_late: bool
    count: int
    amount: Decimal


@dataclass(frozen=True)
class NewsLine:
    """A line of some invoice's history."""

    number: str
    position: int
    at: datetime
    event: str
    actor: str
    details: Mapping[str, object] = field(default_factory=dict)


Totals = dict[str, tuple[int, Decimal]]
"""By currency: how many payments, and together how much."""


class Register:
    """The invoices as they stand together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def one(self, number: str) -> Invoice | None:
        """One invoice as it is, held against nobody."""
        document = self._connection.execute(
            select(col(InvoiceRow.document)).where(col(InvoiceRow.number) == number)
        ).scalar()
        return read_invoice(document) if document else None

    def page(self, wanted: Wanted, limit: int, before: Place | None = None) -> list[Invoice]:
        """The newest that are wanted, before a place where one is given."""
        places = self._places(wanted, limit, before)
        if not places:
            return []
        documents = self._connection.execute(
            select(col(InvoiceRow.number), col(InvoiceRow.document)).where(
                col(InvoiceRow.number).in_([place.number for place in places])
            )
        )
        found = {number: read_invoice(document) for number, document in documents}
        return [found[place.number] for place in places]

    def every(self, wanted: Wanted, at_once: int = 500) -> Iterator[Invoice]:
        """All that are wanted, newest first, read as they are asked for."""
        before: Place | None = None
        while page := self.page(wanted, at_once, before):
            yield from page
            before = Place(page[-1].created_at, page[-1].number)

    def count(self, wanted: Wanted) -> int:
        """How many are wanted, up to MOST_COUNTED."""
        return len(self._places(wanted, MOST_COUNTED, None))

    def sums(self, first: date, last: date, today: date, seen_by: str = "") -> list[PaymentSum]:
        """What is paid, to be paid and late on each day, both ends included."""
        day, status, currency = (col(part) for part in (InvoiceRow.payment_day, InvoiceRow.status, InvoiceRow.currency))
        is_over = (day < today) | and_(day == today, col(InvoiceRow.shifts) > 0)
        late = case((and_(status == Status.TO_PAY.value, is_over), 1), else_=0)
        statement = (
            select(day, currency, status, late, func.count(), func.sum(col(InvoiceRow.amount_minor)))
            .where(day.between(first, last))
            .group_by(day, currency, status, late)
            .order_by(day, currency, status)
        )
        return [
            PaymentSum(row[0], row[1], Status(row[2]), bool(row[3]), row[4], _major(row[5], row[1]))
            for row in self._connection.execute(_seen(statement, seen_by))
            if row[2] in _PAYABLE  # with a condition on the status SQLite would go along all of one status
        ]

    def late(self, today: date, seen_by: str = "") -> Totals:
        """What should have been paid before today."""
        due, shifts = col(InvoiceRow.due), col(InvoiceRow.shifts)
        return self._to_pay(due <= today, (due < today) | (shifts > 0), seen_by=seen_by)

    def due_on(self, day: date, seen_by: str = "") -> Totals:
        """What is to be paid on a day, and did not come there because it was late."""
        return self._to_pay(col(InvoiceRow.due) == day, col(InvoiceRow.shifts) == 0, seen_by=seen_by)

    def payments(self, first: date, last: date, limit: int, seen_by: str = "") -> list[Invoice]:
        """The invoices with a payment between two days, called off ones too, by day."""
        statement = (
            select(col(InvoiceRow.document))
            .where(col(InvoiceRow.payment_day).between(first, last))
            .order_by(col(InvoiceRow.payment_day), col(InvoiceRow.number))
            .limit(limit)
        )
        return [read_invoice(document) for document in self._connection.execute(_seen(statement, seen_by)).scalars()]

    def payments_of_day(self, day: date, limit: int, seen_by: str = "") -> list[Invoice]:
        """The first payments of a day, what is still to be paid before what is paid, late and large ones first."""
        found: list[Invoice] = []
        for status in (Status.TO_PAY, Status.PAID):
            statement = (
                select(col(InvoiceRow.document))
                .where(col(InvoiceRow.payment_day) == day, col(InvoiceRow.status) == status.value)
                .order_by(*(col(part).desc() for part in _LARGEST_FIRST))
                .limit(limit - len(found))
            )
            documents = self._connection.execute(_seen(statement, seen_by)).scalars()
            found += [read_invoice(document) for document in documents]
        return found

    def news(self, limit: int, before: NewsLine | None = None, seen_by: str = "") -> list[NewsLine]:
        """The newest lines of all histories, but for those that tell what mailflow did about another one.

        Who does not see everything has those of their newest invoices.
        """
        at, number, position = col(HistoryRow.at), col(HistoryRow.number), col(HistoryRow.position)
        statement = (
            select(number, position, at, col(HistoryRow.event), col(HistoryRow.actor), col(HistoryRow.details))
            .where(col(HistoryRow.event).not_in(_FOLLOWS_ANOTHER))
            .order_by(at.desc(), number.desc(), position.desc())
            .limit(limit)
        )
        if seen_by:
            newest = self._places(Wanted(seen_by=seen_by), _RECENT, None)
            if not newest:
                return []
            statement = statement.where(number.in_([place.number for place in newest]))
        if before:
            statement = statement.where(tuple_(at, number, position) < (before.at, before.number, before.position))
        return [
            NewsLine(row.number, row.position, row.at, row.event, row.actor, json.loads(row.details))
            for row in self._connection.execute(statement)
        ]

    def counterparties(self, seen_by: str = "") -> list[str]:
        """Whom the newest invoices are to be paid to, in alphabetical order."""
        newest = [place.number for place in self._places(Wanted(seen_by=seen_by), _RECENT, None)]
        names = self._connection.execute(
            select(col(InvoiceRow.counterparty)).where(col(InvoiceRow.number).in_(newest)).distinct()
        ).scalars()
        return sorted(filter(None, names), key=lambda name: words(name))

    def _to_pay(self, *holds: ColumnElement[bool], seen_by: str) -> Totals:
        currency = col(InvoiceRow.currency)
        statement = (
            select(currency, func.count(), func.sum(col(InvoiceRow.amount_minor)))
            .where(col(InvoiceRow.status) == Status.TO_PAY.value, *holds)
            .group_by(currency)
            .order_by(currency)
        )
        rows = self._connection.execute(_seen(statement, seen_by))
        return {row[0]: (row[1], _major(row[2], row[0])) for row in rows}

    def _places(self, wanted: Wanted, limit: int, before: Place | None) -> list[Place]:
        """Goes along the rarest condition in the order of arrival, and asks the others of each invoice there."""
        conditions = self._conditions(wanted)
        if not conditions:
            return self._along(_ROWS, [], wanted, limit, before)
        conditions.sort(key=self._rarity)
        rarest, others = conditions[0], [_is_under(keys) for keys in conditions[1:]]
        found: set[Place] = set()
        for key in rarest:
            found.update(self._along(_FACETS, [col(InvoiceFacetRow.key) == key, *others], wanted, limit, before))
        return sorted(found, key=lambda place: (place.created_at, place.number), reverse=True)[:limit]

    def _along(
        self,
        table: type[InvoiceRow | InvoiceFacetRow],
        holds: Sequence[ColumnElement[bool]],
        wanted: Wanted,
        limit: int,
        before: Place | None,
    ) -> list[Place]:
        at, number = col(table.created_at), col(table.number)
        statement = select(at, number).where(*holds).order_by(at.desc(), number.desc()).limit(limit)
        if wanted.received_from:
            statement = statement.where(at >= wanted.received_from)
        if wanted.received_until:
            statement = statement.where(at < wanted.received_until)
        if before:
            statement = statement.where(tuple_(at, number) < (before.created_at, before.number))
        return [Place(*row) for row in self._connection.execute(statement)]

    def _conditions(self, wanted: Wanted) -> list[tuple[str, ...]]:
        """Each as the keys of which one must hold."""
        single = [
            person_key(wanted.person) if wanted.person else "",
            counterparty_key(wanted.counterparty) if wanted.counterparty else "",
            currency_key(wanted.currency) if wanted.currency else "",
            month_key(wanted.pay_month) if wanted.pay_month else "",
            day_key(wanted.pay_day) if wanted.pay_day else "",
            person_key(wanted.seen_by) if wanted.seen_by else "",
        ]
        searched = list(dict.fromkeys(words(wanted.text)))[:_MOST_SEARCHED]
        if wanted.text.strip() and not searched:
            return [("",)]
        return [
            *((key,) for key in filter(None, single)),
            *([tuple(status_key(status.value) for status in wanted.statuses)] if wanted.statuses else []),
            *(self._beginning_with(word) for word in searched),
        ]

    def _beginning_with(self, word: str) -> tuple[str, ...]:
        """The keys of the words that begin so, from one to the next by the index; first of all the word itself."""
        exact = word_key(word)
        if len(word) < _SHORTEST_BEGINNING:
            return (exact,)
        key, found, last = col(InvoiceFacetRow.key), [exact], exact
        while len(found) < _MOST_BEGUN:
            following = select(key).where(key > last, key < exact + _LAST_LETTER).order_by(key).limit(1)
            begun: str | None = self._connection.execute(following).scalar()
            if begun is None:
                break
            found.append(last := begun)
        return tuple(found)

    def _rarity(self, keys: tuple[str, ...]) -> int:
        some = select(col(InvoiceFacetRow.number)).where(col(InvoiceFacetRow.key).in_(keys)).limit(MOST_COUNTED)
        return len(self._connection.execute(some).all())


_ROWS, _FACETS = InvoiceRow, InvoiceFacetRow
_LARGEST_FIRST = (InvoiceRow.currency, InvoiceRow.shifts, InvoiceRow.amount_minor)


def _is_under(keys: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether the invoice of a facet is found under one of these keys too."""
    other = InvoiceFacetRow.__table__.alias()  # type: ignore[attr-defined]
    return select(1).where(other.c.number == col(InvoiceFacetRow.number), other.c.key.in_(keys)).exists()


def _seen(statement: Select[*tuple[Any, ...]], seen_by: str) -> Select[*tuple[Any, ...]]:
    """Those invoices alone that somebody is part of."""
    if not seen_by:
        return statement
    facet = InvoiceFacetRow
    part_of = select(1).where(col(facet.number) == col(InvoiceRow.number), col(facet.key) == person_key(seen_by))
    return statement.where(part_of.exists())


def _major(minor: int | Decimal, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-currency_digits(currency))
