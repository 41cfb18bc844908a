"""Where the board listens, and how people reach it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from mailflow.loopback import is_loopback


@dataclass(frozen=True)
class Place:
    """Where the board listens and how people reach it: `address` is scheme, host and port, without a slash at the end.

    Beyond this machine whoever looks has to sign in.
    """

    host: str
    port: int
    address: str

    @property
    def needs_sign_in(self) -> bool:
        """Whether anybody else than a user of this machine could open it."""
        return not (is_loopback(self.host) and is_loopback(urlsplit(self.address).hostname or ""))

    @property
    def is_encrypted(self) -> bool:
        """Whether people reach it by https."""
        return self.address.startswith("https://")

    @property
    def names(self) -> frozenset[str]:
        """The names that a request may ask for (RFC 9110, Host), without port."""
        own = {urlsplit(self.address).hostname or "", self.host}
        return frozenset(own | {"localhost", "127.0.0.1", "::1"} if not self.needs_sign_in else own)
