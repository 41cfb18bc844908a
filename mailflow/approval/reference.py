"""What each mail that we send can be answered about."""

from __future__ import annotations

import hashlib
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
    DIGEST = "digest"


@dataclass(frozen=True)
class Reference:
    """One mail of ours: whom it went to, about which revision and step, and the digest of what was shown.

    `fingerprint` is that of the #token in its subject. `step` counts from 0 in the invoice's chain.
    A digest is about no single invoice: its `number` is "".
    """

    fingerprint: str
    number: str
    revision: int
    asks: Asks
    person: str
    digest: str
    step: int | None = None


def fingerprint(token: str) -> str:
    """SHA-256 (hex): what is kept of a token, so that whoever reads it can answer nothing with it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
