"""What can be seen of the work from outside: facts beside the words of a log line, and how long a step took.

Facts are what operating needs: ids, numbers of invoices, addresses, kinds, outcomes. Subjects, texts, amounts and
references are none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

log = logging.getLogger(__name__)

SLOW: Mapping[str, float] = {
    "fetch": 10.0,
    "read": 5.0,
    "process": 5.0,
    "draft": 2.0,
    "send": 10.0,
    "move": 5.0,
    "commit": 2.0,
    "portal_call": 10.0,
}
"""The steps, and the seconds from which one is worth a line."""

listeners: list[Callable[[str, float], None]] = []
"""Who is told of every step, with its seconds."""


def noted(event: str, **facts: object) -> dict[str, object]:
    """The `extra` of a log line that tells what happened, by a stable name, with its facts."""
    return {"event": event, "facts": facts}


@contextmanager
def step(name: str) -> Iterator[None]:
    """Around a step, or on a function that is one; one that takes long is logged with its milliseconds."""
    began = perf_counter()
    try:
        yield
    finally:
        seconds = perf_counter() - began
        for listener in listeners:
            listener(name, seconds)
        if seconds >= SLOW[name]:
            milliseconds = round(seconds * 1000)
            log.warning("slow: %s took %d ms", name, milliseconds, extra=noted("slow", step=name, ms=milliseconds))
