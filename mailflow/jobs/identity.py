"""What makes each outgoing mail that very mail: Message-ID and reference, fixed before the first try; and secret links.

All are made from what the mail is about by a secret of the database, so that a day that is done again after a restore
gives the same mails their same names, and the answers of that day still find what they answer.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field

SIGN_IN = "sign-in"
"""The purpose of a link that signs somebody in to the board."""

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_TOKEN_LENGTH = 10


@dataclass(frozen=True)
class Mint:
    """Makes Message-IDs (RFC 5322 section 3.6.4) for the mailbox's domain, and tokens; nobody without `key` can."""

    domain: str
    key: bytes = field(repr=False)

    def message_id(self, about: str) -> str:
        """A Message-ID with its angle brackets, 128 bits."""
        return f"<{self._secret('message-id', about)[:16].hex()}@{self.domain}>"

    def token(self, about: str) -> str:
        """A reference for a subject: ten characters that nobody mistakes for others, about 49 bits."""
        number = int.from_bytes(self._secret("token", about))
        characters = []
        for _ in range(_TOKEN_LENGTH):
            number, index = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[index])
        return "".join(characters)

    def link(self, purpose: str, about: str) -> str:
        """The secret part of an address of the board: 43 characters, 256 bits."""
        return base64.urlsafe_b64encode(self._secret(f"link {purpose}", about)).decode().rstrip("=")

    def _secret(self, purpose: str, about: str) -> bytes:
        return hmac.digest(self.key, f"{purpose}\0{about}".encode("utf-8", "surrogatepass"), "sha256")
