"""What every answer of the board carries, and what no request gets past."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailflow.web.place import Place

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Guard:
    """Stands before the board: another name than ours (DNS rebinding), another site's form, a proxy nobody told of."""

    def __init__(self, app: ASGIApp, place: Place) -> None:
        self._app = app
        self._place = place
        self._headers = _ALWAYS | (_HSTS if place.is_encrypted else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if refusal := self._why_not(scope["method"], Headers(scope=scope)):
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _why_not(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name_of(host) not in self._place.names:
            return 421, "This board has another name: see `board.address` in the settings of mailflow.\n"
        if not self._place.needs_sign_in and any(name in headers for name in _FORWARDED):
            return 403, (
                "A proxy has passed this request on, and nobody has to sign in here. Name the address that people use, "
                "`board: {address: https://...}`, in the settings of mailflow.\n"
            )
        origin = headers.get("origin")
        from_elsewhere = headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        if method == "POST" and (from_elsewhere or (origin and _name_of(urlsplit(origin).netloc) != _name_of(host))):
            return 403, "This form was sent by another site.\n"
        return None


def _name_of(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case; "" for what is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
