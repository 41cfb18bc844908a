"""Signing in by a link that is mailed: short-lived, good once, and only for somebody whom the settings know.

Mail scanners open links, so opening one shows a button, and pressing it signs in. A page never tells whether an address
is known.
"""

from __future__ import annotations

from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mailflow.approval.effects import Mail, Message
from mailflow.approval.reference import fingerprint
from mailflow.jobs.company_now import company_now
from mailflow.jobs.identity import SIGN_IN
from mailflow.web.board import Board
from mailflow.web.form import form_of
from mailflow.web.rendering import language_of
from mailflow.web.viewer import Viewer, viewer_of

LINK_COUNTS_FOR = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=12)
MOST_LINKS_AN_HOUR = 5
"""To one person: enough for whoever mislays them, and no way to flood a mailbox."""

COOKIE = "session"


def viewer(request: Request, board: Board) -> Viewer | None:
    """Who looks: whoever has signed in; on a board that only this machine can open, its administrator."""
    with board.store.look() as uow:
        company = company_now(board.company, uow)
    if not board.place.needs_sign_in:
        return Viewer(company.administrator, sees_everything=True)
    try:
        address = _sessions(board).loads(request.cookies.get(COOKIE, ""), max_age=_session_seconds())
    except BadData:
        return None
    return viewer_of(str(address), company)


def ask(request: Request, board: Board) -> Response:
    """The page that asks for an address."""
    return _page(request, board, "sign_in", asked=False)


async def send_link(request: Request, board: Board) -> Response:
    """Mails a link where the address is known; the answer is the same, and as quick, where it is not."""
    address = (await form_of(request)).get("address", "").strip().lower()[:254]
    response = _page(request, board, "sign_in", asked=True)
    response.background = BackgroundTask(mail_link, board, address)
    return response


def mail_link(board: Board, address: str) -> bool:
    """Puts the mail with the link into the outbox; False for somebody unknown, or who has had enough of them."""
    now = board.clock()
    with board.store.begin() as uow:
        company = company_now(board.company, uow)
        person = company.on_record(address)
        sent = uow.outbox.mails_since([Message.SIGN_IN], person, now - timedelta(hours=1))
        if viewer_of(person, company) is None or len(sent) >= MOST_LINKS_AN_HOUR:
            return False
        about, until = f"{person} {now.isoformat()}", now + LINK_COUNTS_FOR
        uow.sign_ins.give_out(fingerprint(board.outgoing.mint.link(SIGN_IN, about)), person, until, now)
        mail = Mail(person, Message.SIGN_IN, extra={"about": about, "minutes": LINK_COUNTS_FOR.seconds // 60})
        board.outgoing.enqueue(uow, mail, None, now)
        uow.commit()
    board.mail_is_waiting()
    return True


def open_link(request: Request, board: Board) -> Response:
    """The page behind a mailed link: a button, or why there is none. Opening it uses nothing up."""
    with board.store.look() as uow:
        person = uow.sign_ins.person_of(fingerprint(request.path_params["token"]), board.clock())
    return _page(request, board, "sign_in_link", status=200 if person else 410, who=person or "")


def use_link(request: Request, board: Board) -> Response:
    """The button: signs in once."""
    key, now = fingerprint(request.path_params["token"]), board.clock()
    with board.store.begin() as uow:
        person = uow.sign_ins.person_of(key, now)
        if person is None or not uow.sign_ins.use(key, now):
            return _page(request, board, "sign_in_link", status=410, who="")
        uow.commit()
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE,
        str(_sessions(board).dumps(person)),
        max_age=_session_seconds(),
        httponly=True,
        samesite="lax",
        secure=board.place.is_encrypted,
    )
    return response


def sign_out(request: Request, board: Board) -> Response:
    """Ends the session in this browser."""
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=board.place.is_encrypted)
    return response


def _session_seconds() -> int:
    return int(SESSION_LASTS.total_seconds())


def _sessions(board: Board) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(board.outgoing.mint.link("session", ""), salt="mailflow board")


def _page(request: Request, board: Board, name: str, status: int = 200, **facts: object) -> HTMLResponse:
    language = language_of(request, board.pages, board.company)
    page = board.pages.render(name, language, board.company, **bare_facts(request, board), **facts)
    return HTMLResponse(page, status)


def bare_facts(request: Request, board: Board) -> dict[str, object]:
    """What the frame of a page knows where nobody is signed in."""
    return {
        "viewer": None,
        "signed_in": False,
        "path": request.url.path,
        "languages": {code: f"lang={code}" for code in board.pages.languages},
    }
