"""The portal's limits: a leaky bucket of requests, and the time that each method takes (Bitrix24 REST: limits)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mailflow.office.bitrix24.refusal import Refusal

_WINDOW = 600.0


class Limits:
    """`most` requests at once, `rate` a second after that; `operating_limit` seconds a method in ten minutes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.most: float = 50
        self.rate: float = 2
        self.operating_limit: float = 480
        self.cost: dict[str, float] = {}
        """Seconds that a call of a method takes; 0.05 where nothing is said."""
        self._monotonic = monotonic
        self._level = 0.0
        self._seen = monotonic()
        self._taken: dict[str, deque[tuple[float, float]]] = {}

    def off(self) -> None:
        """As on a server of one's own: no limits."""
        self.most = self.rate = self.operating_limit = float("inf")

    def let_in(self) -> None:
        """Counts a request; raises Refusal where there were too many."""
        now = self._monotonic()
        if self.rate != float("inf"):
            self._level = max(0.0, self._level - (now - self._seen) * self.rate)
        self._seen = now
        if self._level + 1 > self.most:
            raise Refusal("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
        self._level += 1

    def begin(self, method: str) -> None:
        """Raises Refusal where a method has had its time."""
        if self.operating(method) > self.operating_limit:
            raise Refusal("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)

    def end(self, method: str) -> None:
        """A method has run."""
        self._taken.setdefault(method, deque()).append((self._monotonic(), self.cost.get(method, 0.05)))

    def operating(self, method: str) -> float:
        """The seconds that a method took within ten minutes."""
        taken = self._taken.get(method, deque())
        while taken and taken[0][0] < self._monotonic() - _WINDOW:
            taken.popleft()
        return sum(cost for _, cost in taken)

    def until_reset(self, method: str) -> float:
        """Seconds until some of the time is forgotten."""
        taken = self._taken.get(method)
        return max(0.0, taken[0][0] + _WINDOW - self._monotonic()) if taken else _WINDOW
