"""The access token of the moment, renewed before it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mailflow.adapters.oauth.token_endpoint import TokenEndpoint, TokenRefused, Tokens
from mailflow.adapters.oauth.token_file import TokenFile
from mailflow.errors import ServerAway, TransientFailure
from mailflow.packaged import command

SIGN_IN = f"Run: {command()} sign-in"
WRONG_CLIENT = ("invalid_client", "unauthorized_client", "invalid_scope", "invalid_request")
"""Errors of RFC 6749 section 5.2 that the settings can mend; after any other one somebody signs in again."""


@dataclass
class AccessTokens:
    """Credentials by OAuth 2; `in_own_name` is for an application that needs nobody to sign in (client credentials)."""

    endpoint: TokenEndpoint
    file: TokenFile
    in_own_name: bool = False
    clock: Callable[[], float] = time.time

    def current(self) -> str:
        """A token that counts for some minutes yet. Raises ServerAway where there is none."""
        kept = self.file.read()
        if kept and self._is_fresh(kept):
            return kept.access_token
        try:
            return self._renewed(self._is_fresh)
        except TransientFailure:
            if kept and self.clock() < kept.expires_at:
                return kept.access_token
            raise

    def after(self, refused: str) -> str:
        """Another token than the one that a mail server has refused. Raises ServerAway where there is none."""
        return self._renewed(lambda kept: kept.access_token != refused and self._is_fresh(kept))

    def require_place(self) -> None:
        """Raises ServerAway where a sign-in could not be kept, before anybody is asked for one."""
        with self.file.alone():
            pass

    def keep(self, tokens: Tokens) -> None:
        """Keeps what a sign-in gave, in the place of what was there."""
        with self.file.alone():
            self.file.write(tokens)

    def _is_fresh(self, tokens: Tokens) -> bool:
        return self.clock() < tokens.renew_at

    def _renewed(self, will_do: Callable[[Tokens], bool]) -> str:
        """What another process has got meanwhile, or what the server gives now."""
        with self.file.alone():
            kept = self.file.read()
            if kept and will_do(kept):
                return kept.access_token
            tokens = self._next(kept)
            self.file.write(tokens)
            return tokens.access_token

    def _next(self, kept: Tokens | None) -> Tokens:
        try:
            if self.in_own_name:
                return self.endpoint.in_own_name()
            if kept is None or not kept.refresh_token:
                raise ServerAway(f"Nobody has signed in yet at {self.endpoint.client.server}. {SIGN_IN}")
            return self.endpoint.by_refresh_token(kept.refresh_token)
        except TokenRefused as refusal:
            if self.in_own_name or refusal.code in WRONG_CLIENT:
                mend = "Check client_id, client_secret and tenant in mailbox.oauth."
            else:
                mend = f"The sign-in has ended or was taken back. {SIGN_IN}"
            raise ServerAway(f"{refusal}. {mend}") from None
