"""A strict OAuth 2 authorization server on loopback: RFC 6749, 7636 (PKCE), 7662 (introspection), 8628 (device codes).

with AuthorizationServer() as server:
    server.allow("finance@example.com")     # somebody enters the code, or signs in in the browser
    server.revoke()

Every form is checked as the RFCs have it; `requests` is what clients sent. Refresh tokens are good for one use where
`rotate` says so, and one that is used twice ends the whole grant, as RFC 9700 section 4.14.2 asks for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

HOST = "127.0.0.1"
CLIENT_ID = "mailflow-at-example"
CLIENT_SECRET = "client-s3cret"
SCOPES = ("imap", "smtp", "offline_access")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

Answer = tuple[int, dict[str, object]]


@dataclass
class Device:
    """A device code that somebody enters, or does not."""

    device_code: str
    user_code: str
    user: str | None = None
    declined: bool = False
    asked_at: float = 0.0


@dataclass
class AuthorizationServer:
    """`life` of an access token and `interval` between two questions of a device are in seconds.

    `faults` are status codes to fail with next, each once.
    """

    life: float = 3600.0
    interval: float = 1.0
    rotate: bool = True
    own_mailbox: str = "finance@example.com"
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    access: dict[str, tuple[str, float]] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    devices: list[Device] = field(default_factory=list)
    codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._server = _Server((HOST, 0), self)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}/{path}"

    def enter_code(self, user: str | None) -> None:
        """Somebody enters the newest code; None declines."""
        device = self.devices[-1]
        device.user, device.declined = user, user is None

    def sign_in_with_browser(self, address: str, user: str) -> str:
        """The address that the browser is sent to after the sign-in."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(self.url("authorize?")), address
        assert asked.pop("response_type") == "code"
        assert asked.pop("client_id") == CLIENT_ID
        assert asked.pop("code_challenge_method") == "S256"
        assert set(asked.pop("scope").split()) == set(SCOPES)
        code = secrets.token_urlsafe(12)
        self.codes[code] = (asked.pop("code_challenge"), asked["redirect_uri"], user)
        back = f"{asked.pop('redirect_uri')}/?{urlencode({'code': code, 'state': asked.pop('state')})}"
        assert asked == {}
        return back

    def browse(self, address: str, user: str) -> None:
        """The same, and the browser goes there."""
        urlopen(self.sign_in_with_browser(address, user)).read()

    def expire(self) -> None:
        """No access token that was given counts any more; refresh tokens do."""
        self.access.clear()

    def revoke(self) -> None:
        """Nothing that was given counts any more, as when somebody takes the access back or changes the password."""
        self.access.clear()
        self.refresh.clear()

    def user_of(self, token: str) -> str | None:
        """Whose mailbox a token opens now."""
        user, end = self.access.get(token, (None, 0.0))
        return user if time.time() < end else None

    def answer(self, path: str, form: dict[str, str]) -> Answer:
        with self.lock:
            self.requests.append((path, dict(form)))
            if self.faults:
                return self.faults.pop(0), {}
            if path == "/introspect":
                user = self.user_of(form["token"])
                return 200, {"active": user is not None, "username": user or ""}
            if form.pop("client_id", "") != CLIENT_ID or form.pop("client_secret", CLIENT_SECRET) != CLIENT_SECRET:
                return self._no("invalid_client", 401)
            if path == "/device":
                return self._device(form)
            if path == "/token":
                return self._token(form)
            return self._no("invalid_request", 404)

    def _device(self, form: dict[str, str]) -> Answer:
        if set(form.pop("scope").split()) != set(SCOPES) or form:
            return self._no("invalid_scope")
        device = Device(secrets.token_urlsafe(24), secrets.token_hex(4).upper())
        self.devices.append(device)
        return 200, {
            "device_code": device.device_code,
            "user_code": device.user_code,
            "verification_uri": self.url("enter"),
            "expires_in": 900,
            "interval": self.interval,
        }

    def _token(self, form: dict[str, str]) -> Answer:
        grant = form.pop("grant_type", "")
        if grant == DEVICE_GRANT:
            return self._by_device(form)
        if grant == "refresh_token":
            return self._by_refresh_token(form)
        if grant == "authorization_code":
            return self._by_code(form)
        if grant == "client_credentials":
            if set(form.get("scope", "").split()) != set(SCOPES):
                return self._no("invalid_scope")
            return self._give(self.own_mailbox, refreshable=False)
        return self._no("unsupported_grant_type")

    def _by_device(self, form: dict[str, str]) -> Answer:
        code = form.pop("device_code")
        device = next((each for each in self.devices if each.device_code == code), None)
        if device is None or form:
            return self._no("invalid_grant")
        early = time.monotonic() - device.asked_at < self.interval * 0.9
        device.asked_at = time.monotonic()
        if early:
            return self._no("slow_down")
        if device.declined:
            return self._no("access_denied")
        if device.user is None:
            return self._no("authorization_pending")
        self.devices.remove(device)
        return self._give(device.user)

    def _by_code(self, form: dict[str, str]) -> Answer:
        challenge, redirect_uri, user = self.codes.pop(form.pop("code"), ("", "", ""))
        verifier = form.pop("code_verifier").encode()
        made = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if made != challenge or form.pop("redirect_uri") != redirect_uri or form:
            return self._no("invalid_grant")
        return self._give(user)

    def _by_refresh_token(self, form: dict[str, str]) -> Answer:
        token = form.pop("refresh_token")
        if token in self.spent:
            self.revoke()
        user = self.refresh.get(token)
        if user is None:
            return self._no("invalid_grant", description=f"The refresh token {token} has expired or was revoked.")
        if self.rotate:
            self.spent.add(token)
            del self.refresh[token]
        return self._give(user, refreshable=self.rotate)

    def _give(self, user: str, refreshable: bool = True) -> Answer:
        access_token = secrets.token_urlsafe(600)
        self.access[access_token] = (user, time.time() + self.life)
        answer: dict[str, object] = {"access_token": access_token, "token_type": "Bearer", "expires_in": self.life}
        if refreshable:
            answer["refresh_token"] = secrets.token_urlsafe(48)
            self.refresh[str(answer["refresh_token"])] = user
        return 200, answer

    def _no(self, error: str, status: int = 400, description: str = "") -> Answer:
        return status, {"error": error, **({"error_description": description} if description else {})}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: AuthorizationServer) -> None:
        super().__init__(address, _Handler)
        self.owner = owner


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True)
        form = {name: value for name, (value,) in fields.items()}
        status, answer = cast(_Server, self.server).owner.answer(self.path, form)
        self._say(status, answer)

    def _say(self, status: int, answer: Mapping[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""
