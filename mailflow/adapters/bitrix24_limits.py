"""The portal's two limits, kept on this side so that it need not say no (Bitrix24 REST, limits). Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Callable

WINDOW = 600.0
"""Seconds over which a portal adds up the time that a method took."""

SHORTEST_REST = 60.0
"""Seconds that a method rests at least where the portal has refused it: the time moves on in minutes."""


class LeakyBucket:
    """Every request fills it by one, `rate` a second run out of it, and it holds `burst`."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._level = 0.0
        self._seen = monotonic()

    def take(self) -> float:
        """Takes the room of one request; the seconds to wait before it may be sent."""
        with self._lock:
            self._level = self._now() + 1
            return max(0.0, (self._level - self._burst) / self._rate)

    def fill(self) -> None:
        """The portal says that its own is full: others may share it."""
        with self._lock:
            self._level = max(self._now(), self._burst)

    def _now(self) -> float:
        seen, self._seen = self._seen, self._monotonic()
        return max(0.0, self._level - (self._seen - seen) * self._rate)


class OperatingTime:
    """The time that each method took on the portal within ten minutes, as the portal counts it.

    A method rests when less than an eighth of `limit` (seconds) is left: with the usual 480 that is one request of the
    longest kind.
    """

    def __init__(self, limit: float, monotonic: Callable[[], float]) -> None:
        self._enough = limit * 7 / 8
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._resets: dict[str, float] = {}
        self._rests: dict[str, float] = {}

    def note(self, method: str, operating: float, until_reset: float | None) -> None:
        """The portal has told the time used, in seconds, and perhaps the seconds until some of it is forgotten."""
        with self._lock:
            reset = self._monotonic() + (WINDOW if until_reset is None else min(max(until_reset, 0.0), WINDOW))
            self._resets[method] = reset
            if operating >= self._enough:
                self._rests[method] = reset

    def refused(self, method: str) -> None:
        """The portal has refused the method because of the time used."""
        with self._lock:
            now = self._monotonic()
            self._rests[method] = max(now + SHORTEST_REST, self._resets.get(method, now + WINDOW))

    def rest(self, method: str) -> float:
        """The seconds that the method must still rest; 0 where it may be called."""
        with self._lock:
            until = self._rests.get(method)
            return 0.0 if until is None else max(0.0, until - self._monotonic())
