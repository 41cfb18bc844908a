"""Signing in with an access token: OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's and Microsoft's own)."""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Protocol

XOAUTH2 = "XOAUTH2"
OAUTHBEARER = "OAUTHBEARER"

GIVING_UP = {XOAUTH2: b"", OAUTHBEARER: b"\x01"}
"""What answers a server that explains why it refuses, so that it ends the exchange (RFC 7628 section 3.2.3)."""

_TELLING = 16
"""So many characters are no coincidence."""


class Credentials(Protocol):
    """Where access tokens come from. Both raise ServerAway where there is none."""

    def current(self) -> str:
        """A token that counts now."""

    def after(self, refused: str) -> str:
        """Another one than the one that was refused."""


def mechanism_of(offers: Collection[str]) -> str | None:
    """The mechanism to use of those that a server offers, None where it takes no tokens."""
    return next((known for known in (XOAUTH2, OAUTHBEARER) if known in offers), None)


def bearer_response(mechanism: str, username: str, token: str, host: str, port: int) -> bytes:
    """What is sent, before base64."""
    if mechanism == XOAUTH2:
        return f"user={username}\x01auth=Bearer {token}\x01\x01".encode()
    escaped = username.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={escaped},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01".encode()


def without_token(text: str, token: str, response: bytes) -> str:
    """The text, or a remark in its place where a server repeats the token, or its beginning, that was sent to it."""
    if token[:_TELLING] in text or base64.b64encode(response).decode("ascii")[:_TELLING] in text:
        return "the server's words are not shown, for they repeat the token"
    return text
