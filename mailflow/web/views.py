"""The pages: what is to be paid when, what has happened, the invoices, one invoice."""

from __future__ import annotations

from datetime import date

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import FORM_LABELS, answered_in
from mailflow.outbound.cleaning import cleaned
from mailflow.payment_calendar import DuePayment, payment_of
from mailflow.store.register import MOST_COUNTED, NewsLine, Wanted
from mailflow.web.feed import feed_address
from mailflow.web.look import Look
from mailflow.web.month import SHOWN_A_DAY, last_day, month, month_of
from mailflow.web.wanted import Filters, place_of, place_text

NEWS_BESIDE = 14
NEWS_A_PAGE = 60
INVOICES_A_PAGE = 40


def overview(look: Look) -> Response:
    """The payment calendar of a month, what wants attention, and the latest news."""
    register, only, today = look.uow.register, look.viewer.only, look.today
    first = month_of(look.request.query_params.get("month", ""), today)
    sums = register.sums(first, last_day(first), today, only)
    payments = {day: _payments(look, day) for day in sorted({part.day for part in sums})}
    return look.page(
        "overview",
        month=month(first, sums, payments),
        late=register.late(today, only),
        due=register.due_on(today, only),
        counts=_counts(look),
        most=MOST_COUNTED,
        news=register.news(NEWS_BESIDE, seen_by=only),
        feed=feed_address(look.board.place, look.board.outgoing.mint, look.uow, look.viewer.address),
    )


def _payments(look: Look, day: date) -> tuple[DuePayment, ...]:
    found = look.uow.register.payments_of_day(day, SHOWN_A_DAY, look.viewer.only)
    return tuple(cleaned(payment) for invoice in found if (payment := payment_of(invoice)))


def invoices(look: Look) -> Response:
    """The invoices that are wanted, newest first, a page at a time."""
    filters = Filters.of(look.request.query_params)
    wanted = filters.wanted(look.viewer.only, look.company.timezone)
    found = look.uow.register.page(wanted, INVOICES_A_PAGE + 1, place_of(look.request.query_params.get("before", "")))
    shown = found[:INVOICES_A_PAGE]
    last = shown[-1] if len(found) > len(shown) else None
    more = filters.address("/invoices", before=place_text(last.created_at, last.number)) if last else ""
    return look.page(
        "invoices",
        invoices=cleaned(shown),
        filters=filters,
        counts=_counts(look),
        most=MOST_COUNTED,
        more=more,
        is_first="before" not in look.request.query_params,
        people=sorted(look.company.people.values(), key=lambda person: person.display.casefold()),
        counterparties=look.uow.register.counterparties(look.viewer.only),
    )


def invoice(look: Look) -> Response:
    """One invoice with everything that happened to it."""
    number = look.request.path_params["number"].upper()
    found = look.uow.register.one(number)
    if found is None or not look.viewer.may_see(found):
        raise HTTPException(404)
    payment = payment_of(found)
    return look.page(
        "invoice",
        invoice=cleaned(found),
        history=look.uow.history.of(number),
        is_late=bool(payment and payment.is_overdue(look.today)),
        labels={field.value: label for field, label in FORM_LABELS[answered_in(look.language)].items()},
        is_whole=look.uow.history.broken_link(number) is None,
    )


def activity(look: Look) -> Response:
    """What has happened to all invoices, newest first."""
    before = _line_of(look.request.query_params.get("before", ""))
    found = look.uow.register.news(NEWS_A_PAGE + 1, before, look.viewer.only)
    shown = found[:NEWS_A_PAGE]
    last = shown[-1] if len(found) > len(shown) else None
    more = f"{place_text(last.at, last.number)}_{last.position}" if last else ""
    return look.page("activity", news=shown, more=more, is_first=before is None)


def news(look: Look) -> Response:
    """The latest news alone, for a page that is open."""
    return look.page("news", news=look.uow.register.news(NEWS_BESIDE, seen_by=look.viewer.only))


def _line_of(text: str) -> NewsLine | None:
    where, _, position = text.rpartition("_")
    place = place_of(where)
    if place is None or not position.isascii() or not position.isdecimal():
        return None
    return NewsLine(place.number, int(position[:9]), place.created_at, "", "")


def _counts(look: Look) -> dict[str, int]:
    """How many invoices there are at each stage, up to MOST_COUNTED."""
    only = look.viewer.only
    return {status.value: look.uow.register.count(Wanted(statuses=(status,), seen_by=only)) for status in Status}
