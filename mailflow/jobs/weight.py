"""How much is held in memory at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate


def at_once(weights: Iterable[int], most: int) -> int:
    """How many of the first weigh no more than `most` together; the very first counts, whatever it weighs."""
    return max(1, sum(weight <= most for weight in accumulate(weights)))
