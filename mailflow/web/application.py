"""The board as a web application (ASGI): its addresses, and who may ask for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mailflow.errors import MailflowError
from mailflow.jobs.company_now import company_now
from mailflow.web import downloads, feed, sign_in, views
from mailflow.web.board import Board
from mailflow.web.guard import Guard
from mailflow.web.look import Look
from mailflow.web.rendering import LANGUAGE_COOKIE, language_of

log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"
_LANGUAGE_KEPT_FOR = 365 * 24 * 3600

View = Callable[[Look], Response]
Open = Callable[[Request, Board], Response]


def application(board: Board) -> Starlette:
    """Everything that can be asked of the board; all of it is read, but for signing in."""

    def seen(view: View) -> Callable[[Request], Response]:
        """A page for whoever may look."""

        def endpoint(request: Request) -> Response:
            viewer = sign_in.viewer(request, board)
            if viewer is None:
                return RedirectResponse("/sign-in", status_code=303)
            language = language_of(request, board.pages, board.company)
            with board.store.look() as uow:
                look = Look(request, board, company_now(board.company, uow), language, viewer, uow)
                return _remembering(request, board, view(look))

        return endpoint

    def open_to_all(view: Open) -> Callable[[Request], Response]:
        return lambda request: _remembering(request, board, view(request, board))

    async def send_link(request: Request) -> Response:
        return await sign_in.send_link(request, board)

    def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 503
        if isinstance(error, MailflowError):
            log.error("the board could not show %s: %s", request.url.path, error)
        elif not isinstance(error, HTTPException):
            status = 500
            log.error("the board could not show %s", request.url.path, exc_info=error)
        page = board.pages.render(
            "trouble",
            language_of(request, board.pages, board.company),
            board.company,
            **sign_in.bare_facts(request, board),
            status=status,
        )
        return HTMLResponse(page, status)

    signing_in = [
        Route("/sign-in", open_to_all(sign_in.ask), methods=["GET"]),
        Route("/sign-in", send_link, methods=["POST"]),
        Route("/sign-in/{token}", open_to_all(sign_in.open_link), methods=["GET"]),
        Route("/sign-in/{token}", open_to_all(sign_in.use_link), methods=["POST"]),
        Route("/sign-out", open_to_all(sign_in.sign_out), methods=["POST"]),
    ]
    return Starlette(
        routes=[
            Route("/", seen(views.overview), methods=["GET"]),
            Route("/news", seen(views.news), methods=["GET"]),
            Route("/activity", seen(views.activity), methods=["GET"]),
            Route("/invoices", seen(views.invoices), methods=["GET"]),
            Route("/invoices.csv", seen(downloads.as_csv), methods=["GET"]),
            Route("/invoices.xlsx", seen(downloads.as_xlsx), methods=["GET"]),
            Route("/invoices/{number}", seen(views.invoice), methods=["GET"]),
            Route("/invoices/{number}/files/{sha256}", seen(downloads.file), methods=["GET"]),
            Route("/feed/{token}.ics", open_to_all(feed.feed), methods=["GET"]),
            *(signing_in if board.place.needs_sign_in else []),
            Mount("/static", _Static(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, place=board.place)],
        exception_handlers={HTTPException: refused, MailflowError: refused, Exception: refused},
    )


class _Static(StaticFiles):
    """Style, script and pictures, which hold nothing of anybody's."""

    def file_response(self, *arguments: object, **named: object) -> Response:
        """With leave to be kept."""
        response = super().file_response(*arguments, **named)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response


def _remembering(request: Request, board: Board, response: Response) -> Response:
    """A language that was chosen is remembered in this browser."""
    if (chosen := request.query_params.get("lang")) in board.pages.languages:
        response.set_cookie(LANGUAGE_COOKIE, str(chosen), max_age=_LANGUAGE_KEPT_FOR, httponly=True, samesite="lax")
    return response
