"""What came of a round with the portal."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class PortalResult:
    """What one round did, and what went wrong, for people.

    `taken_over` counts what came from the portal and may lead to mails: payments, a newly read structure.
    """

    shown: int = 0
    taken_over: int = 0
    troubles: list[str] = field(default_factory=list)
