"""How a company shows itself in its mails: a logo at the head, a signature at the foot."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

EVERY_LANGUAGE = ""

_SHOWN_WIDTH = 240
_SHOWN_HEIGHT = 64
_FILENAME = re.compile(r"logo-([0-9a-f]{16})\.[a-z]{3,4}")


@dataclass(frozen=True)
class Logo:
    """A picture, its format (png, jpeg, gif) and its size in pixels."""

    content: bytes
    format: str
    pixels: tuple[int, int]

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in a mail, in pixels of CSS; screens of high density show more of the picture's own."""
        width, height = self.pixels
        scale = min(1, _SHOWN_WIDTH / width, _SHOWN_HEIGHT / height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    @property
    def filename(self) -> str:
        """Tells whoever reads a reply that the picture is ours, see `is_logo`."""
        return f"logo-{_fingerprint(self.content)}.{self.format}"

    @property
    def content_id(self) -> str:
        """What the HTML of a mail calls the picture by (RFC 2392)."""
        return f"{self.filename}@mailflow"


@dataclass(frozen=True)
class Branding:
    """The logo, and the signature by language; EVERY_LANGUAGE stands for those that are not named."""

    logo: Logo | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)

    def signature_in(self, language: str) -> str:
        """The lines at the foot, "" where there are none."""
        return self.signatures.get(language, self.signatures.get(EVERY_LANGUAGE, ""))


def is_logo(filename: str, content: bytes) -> bool:
    """Whether a file is a logo that came back with a reply: its name says which bytes it had."""
    named = _FILENAME.fullmatch(filename.lower())
    return named is not None and named[1] == _fingerprint(content)


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
