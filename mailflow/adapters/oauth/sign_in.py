"""Somebody signs in: by a code that is entered elsewhere (RFC 8628), or in a browser (RFC 8252, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO
from urllib.parse import parse_qs, urlencode, urlsplit

from mailflow.adapters.oauth.token_endpoint import TokenEndpoint, TokenRefused, Tokens
from mailflow.errors import PermanentFailure, ServerAway

USUAL_INTERVAL = 5.0
SLOWER = 5.0
"""Seconds between two questions, and what `slow_down` adds to them (RFC 8628 section 3.5)."""

LONGEST_SIGN_IN = 900.0
"""Seconds that somebody may take in the browser."""

_LONGEST_REQUEST = 16_000
_SEEN = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    "Close this page and go back to the terminal.\r\nЗакройте эту страницу и вернитесь к терминалу.\r\n"
).encode()


@dataclass(frozen=True)
class DeviceCode:
    """What somebody enters, and where."""

    address: str
    code: str


def by_device(
    endpoint: TokenEndpoint,
    show: Callable[[DeviceCode], None],
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Tokens:
    """Shows a code and waits until somebody has entered it. Raises PermanentFailure where nobody does."""
    try:
        given = endpoint.device_code()
    except TokenRefused as refusal:
        raise PermanentFailure(f"{refusal}. Check client_id, tenant and flow in mailbox.oauth.") from None
    device_code, code = given.get("device_code"), given.get("user_code")
    address = given.get("verification_uri") or given.get("verification_url")
    if not all(isinstance(value, str) for value in (device_code, code, address)):
        raise ServerAway(f"{endpoint.client.server} answers without a code that could be entered")
    show(DeviceCode(str(address), str(code)))
    interval = _number(given.get("interval"), USUAL_INTERVAL)
    end = clock() + _number(given.get("expires_in"), LONGEST_SIGN_IN)
    while clock() < end:
        pause(interval)
        with suppress(ServerAway):
            try:
                return endpoint.by_device_code(str(device_code))
            except TokenRefused as refusal:
                if refusal.code == "slow_down":
                    interval += SLOWER
                elif refusal.code == "access_denied":
                    raise PermanentFailure(f"{refusal}. The sign-in was declined.") from None
                elif refusal.code == "expired_token":
                    break
                elif refusal.code != "authorization_pending":
                    raise PermanentFailure(f"{refusal}. Check mailbox.oauth.") from None
    raise PermanentFailure("Nobody has entered the code in time. Run the sign-in again.")


def by_browser(
    endpoint: TokenEndpoint, show: Callable[[str], None], typed: TextIO, seconds: float = LONGEST_SIGN_IN
) -> Tokens:
    """Shows an address and waits for what the browser brings to this machine, or for its address to be typed.

    On a server without a browser somebody signs in elsewhere; the page that cannot be opened there has the answer in
    its address. Raises PermanentFailure where nobody signs in.
    """
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        redirect_uri = f"http://{endpoint.client.redirect_host}:{listener.getsockname()[1]}"
        asked = {
            "response_type": "code",
            "client_id": endpoint.client.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(endpoint.client.scopes),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **endpoint.client.wishes,
        }
        separator = "&" if urlsplit(endpoint.client.authorization_url).query else "?"
        show(f"{endpoint.client.authorization_url}{separator}{urlencode(asked)}")
        answer = _answer(listener, typed, state, seconds)
    if "code" not in answer:
        raise PermanentFailure(f"The sign-in was declined: {answer.get('error', 'no code came back')}.")
    try:
        return endpoint.by_code(answer["code"], verifier, redirect_uri)
    except TokenRefused as refusal:
        raise PermanentFailure(f"{refusal}. Check client_id and client_secret in mailbox.oauth.") from None


def _answer(listener: socket.socket, typed: TextIO, state: str, seconds: float) -> dict[str, str]:
    """The first answer to this very question (RFC 6749 section 10.12); whatever else comes is passed over."""
    end = time.monotonic() + seconds
    beginning = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(listener, selectors.EVENT_READ)
        with suppress(ValueError, OSError):  # no terminal, or a file
            waiting.register(typed, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                if key.fileobj is listener:
                    addresses = [_visited(listener)]
                else:
                    typed_now = os.read(key.fd, _LONGEST_REQUEST)
                    if not typed_now:
                        waiting.unregister(typed)
                    *lines, beginning = (beginning + typed_now).split(b"\n")
                    addresses = [line.decode("ascii", "replace").strip() for line in lines]
                for address in addresses:
                    answer = _parameters(address)
                    if secrets.compare_digest(answer.get("state", "").encode(), state.encode()):
                        return answer
    raise PermanentFailure("Nobody has signed in in time. Run the sign-in again.")


def _visited(listener: socket.socket) -> str:
    """The address that a browser asks for."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.settimeout(5)
        words = connection.recv(_LONGEST_REQUEST).split(b"\r\n")[0].decode("ascii", "replace").split()
        connection.sendall(_SEEN)
        return words[1] if len(words) == 3 and words[0] == "GET" else ""
    return ""


def _parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(address.partition("?")[2]).items()}


def _number(given: object, usual: float) -> float:
    return float(given) if isinstance(given, int | float) and given > 0 else usual
