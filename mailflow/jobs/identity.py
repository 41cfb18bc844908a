"""What makes each outgoing mail that very mail: Message-ID, reference and date, fixed before the first try."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_TOKEN_LENGTH = 10


def random_token() -> str:
    """A reference for a subject: ten characters that nobody mistakes for others, about 49 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_TOKEN_LENGTH))


@dataclass(frozen=True)
class Mint:
    """Makes tokens and Message-IDs (RFC 5322 section 3.6.4) for the mailbox's domain."""

    domain: str
    token: Callable[[], str] = random_token

    def message_id(self) -> str:
        """A Message-ID with its angle brackets."""
        return f"<{secrets.token_hex(16)}@{self.domain}>"
