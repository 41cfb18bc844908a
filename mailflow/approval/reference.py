"""What each mail that we send can be answered about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Asks(StrEnum):
    """What a mail asks of the one who gets it; the answer is read in this light."""

    NOTHING = "nothing"
    COMPLETION = "completion"
    APPROVAL = "approval"
    ANSWER = "answer"
    CORRECTION = "correction"
    PAYMENT = "payment"


@dataclass(frozen=True)
class Reference:
    """One mail of ours: whom it went to, about which revision and step, and the digest of what was shown.

    `token` is what stands in the subject as #token. `step` counts from 0 in the invoice's chain.
    """

    token: str
    number: str
    revision: int
    asks: Asks
    person: str
    digest: str
    step: int | None = None
