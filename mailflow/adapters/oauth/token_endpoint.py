"""The token endpoint (RFC 6749 section 3.2): form posts, and answers in JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mailflow.adapters.connection import said, verified_tls, words
from mailflow.adapters.oauth.client import OAuthClient
from mailflow.errors import MailflowError, ServerAway

TIMEOUT = 30.0
AHEAD = 300.0
"""Seconds before its end at which a token is renewed, or a quarter of its life where that is less."""

USUAL_LIFE = 3600.0
"""Seconds that a token counts where the server does not say (RFC 6749 section 5.1 recommends to)."""


class TokenRefused(MailflowError):
    """The server says no; `code` is its `error` (RFC 6749 section 5.2, RFC 8628 section 3.5)."""

    def __init__(self, server: str, code: str, description: str) -> None:
        super().__init__(f"{server} says {code}{': ' if description else ''}{description}")
        self.code = code


@dataclass(frozen=True)
class Tokens:
    """What the server gave; `renew_at` and `expires_at` are seconds since 1970."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    renew_at: float
    expires_at: float


@dataclass
class TokenEndpoint:
    """Asks the authorization server for tokens."""

    client: OAuthClient
    clock: Callable[[], float] = time.time

    def by_refresh_token(self, refresh_token: str) -> Tokens:
        """The next tokens (RFC 6749 section 6); where the server does not rotate it, the refresh token stays."""
        given = self._grant("refresh_token", refresh_token=refresh_token, scope=self._scope)
        return given if given.refresh_token else replace(given, refresh_token=refresh_token)

    def in_own_name(self) -> Tokens:
        """A token for the application itself (RFC 6749 section 4.4)."""
        return self._grant("client_credentials", scope=self._scope)

    def by_code(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """The tokens for what a browser brought back (RFC 6749 section 4.1.3, RFC 7636)."""
        return self._grant("authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri)

    def by_device_code(self, device_code: str) -> Tokens:
        """The tokens, once somebody has entered the code (RFC 8628 section 3.4); TokenRefused until then."""
        return self._grant("urn:ietf:params:oauth:grant-type:device_code", device_code=device_code)

    def device_code(self) -> dict[str, object]:
        """A code for somebody to enter (RFC 8628 section 3.2)."""
        return self._post(self.client.device_url, {"scope": self._scope})

    @property
    def _scope(self) -> str:
        return " ".join(self.client.scopes)

    def _grant(self, grant_type: str, **form: str) -> Tokens:
        now = self.clock()
        answer = self._post(self.client.token_url, {"grant_type": grant_type, **form})
        access_token = answer.get("access_token")
        if not isinstance(access_token, str) or not access_token.isascii() or not access_token.isprintable():
            raise ServerAway(f"{self.client.server} answers without a token that can be used")
        life = _seconds(answer.get("expires_in"))
        return Tokens(
            access_token, str(answer.get("refresh_token") or ""), now + life - min(AHEAD, life / 4), now + life
        )

    def _post(self, address: str, form: dict[str, str]) -> dict[str, object]:
        """The server's answer. Raises TokenRefused, or ServerAway where there is none that makes sense."""
        import httpx  # takes a seventh of a second, which only those with OAuth should pay

        sent = {**form, "client_id": self.client.client_id}
        if self.client.client_secret:
            sent["client_secret"] = self.client.client_secret
        try:
            response = httpx.post(address, data=sent, timeout=TIMEOUT, verify=verified_tls(self.client.ca_file))
            answer = response.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServerAway(f"{self.client.server} gives no token, it cannot be reached: {words(error)}") from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or (response.status_code != 200 and "error" not in answer):
            raise ServerAway(f"{self.client.server} gives no token, its answer makes no sense: {response.status_code}")
        if response.status_code >= 500 or response.status_code == 429:
            raise ServerAway(f"{self.client.server} gives no token now: {response.status_code}")
        if "error" in answer:
            described = said(answer.get("error_description") or "").rstrip(".")
            hidden = [value for name, value in sent.items() if name not in ("grant_type", "client_id", "scope")]
            if any(value in described for value in hidden):
                described = "its words are not shown, for they repeat a secret"
            raise TokenRefused(self.client.server, said(answer["error"]), described)
        return answer


def _seconds(given: object) -> float:
    try:
        return max(float(str(given)), 1.0) if given is not None else USUAL_LIFE
    except ValueError:
        return USUAL_LIFE
