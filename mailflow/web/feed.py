"""The calendar feed: a secret address for each person, which calendar programs ask for the payments; no session."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailflow.approval.reference import fingerprint
from mailflow.jobs.company_now import company_now
from mailflow.jobs.identity import Mint
from mailflow.payment_calendar import CalendarFace, payments_of, to_ics
from mailflow.store.unit_of_work import UnitOfWork
from mailflow.web.board import Board
from mailflow.web.place import Place
from mailflow.web.viewer import viewer_of

LOOKS_BACK = timedelta(days=92)
LOOKS_AHEAD = timedelta(days=366)
MOST_PAYMENTS = 5000
"""In one feed; no calendar program shows more with grace."""


def feed_token(mint: Mint, person: str, generation: int) -> str:
    """The secret part of somebody's feed: 43 characters, made from the database's secret, kept nowhere."""
    return mint.link("feed", f"{person}\0{generation}")


def feed_address(place: Place, mint: Mint, uow: UnitOfWork, person: str) -> str:
    """Where somebody's feed is read, "" where they have none."""
    generation = uow.feeds.generation_of(person)
    return "" if generation is None else f"{place.address}/feed/{feed_token(mint, person, generation)}.ics"


def give_feed(mint: Mint, uow: UnitOfWork, person: str) -> None:
    """Gives somebody a feed, or a new one in the place of theirs, whose address does not count any more."""
    generation = (uow.feeds.generation_of(person) or 0) + 1
    uow.feeds.give_out(person, generation, fingerprint(feed_token(mint, person, generation)))


def feed(request: Request, board: Board) -> Response:
    """Everything to be paid that the owner of this address sees, moved, paid and called off payments too.

    The same payments have the same ETag (RFC 9110 section 13.1.2), whoever asks again gets 304.
    """
    with board.store.look() as uow:
        company = company_now(board.company, uow)
        person = uow.feeds.person_of(fingerprint(request.path_params["token"]))
        viewer = viewer_of(person or "", company)
        if viewer is None:
            raise HTTPException(404)
        today = company.today(board.clock())
        invoices = uow.register.payments(today - LOOKS_BACK, today + LOOKS_AHEAD, MOST_PAYMENTS, viewer.only)
    language = company.language_of(viewer.address)
    words = board.pages.words_of_mails(language)["calendar"]
    face = CalendarFace(company.mailbox, language, words, str(company.timezone), board.place.address)
    content = to_ics(payments_of(invoices, called_off_too=True), face)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    asked = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="payments.ics"'
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)
