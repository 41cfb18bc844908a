"""What goes wrong next, by the tests' word."""

from __future__ import annotations

from collections import deque

KINDS = (
    "drop_before",  # the connection is cut, nothing was done
    "drop_after",  # done, and the connection is cut without an answer
    "error_500_after",  # done, and INTERNAL_SERVER_ERROR
    "html_502",  # done, and a proxy's page
    "truncated",  # done, and half an answer
    "limit_503",  # not done, too many requests
    "operating_429",  # not done, the method has had its time
    "redirect",  # not done, the portal has another address now
)


class Faults:
    """`away`: nobody answers at all."""

    def __init__(self) -> None:
        self.away = False
        self._next: dict[str, deque[str]] = {}

    def next(self, method: str, kind: str, times: int = 1) -> None:
        """The next calls of a method ("*": of any) go wrong: one of KINDS, "delay:SECONDS" or "refuse:CODE"."""
        if kind not in KINDS and not kind.startswith(("delay:", "refuse:")):
            raise ValueError(f"{kind} is no fault: {', '.join(KINDS)}, delay:SECONDS, refuse:CODE")
        self._next.setdefault(method.lower(), deque()).extend([kind] * times)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.away = False
        self._next.clear()

    def take(self, method: str) -> str:
        """What goes wrong with this call, "" where nothing does."""
        for name in (method, "*"):
            if self._next.get(name):
                return self._next[name].popleft()
        return ""
