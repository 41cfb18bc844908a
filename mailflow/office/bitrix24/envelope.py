"""The answer around a result: `time` in every one, integers and floats mixed, an empty map as []."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

_COUNT = itertools.count()


def envelope(result: Any, began: datetime, ended: datetime, operating: float, until_reset: float) -> dict[str, Any]:
    """A whole answer. Newer portals write some times as integers: every second answer does."""
    start, finish = began.timestamp(), ended.timestamp()
    whole = next(_COUNT) % 2 == 0
    listed = isinstance(result, Listed)
    return {
        "result": php(result.rows if listed else result),
        **({"total": result.total} if listed else {}),
        **({"next": result.next} if listed and result.next is not None else {}),
        "time": {
            "start": int(start) if whole else start,
            "finish": finish,
            "duration": round(finish - start, 6),
            "processing": 0 if whole else 0.01,
            "date_start": began.isoformat(timespec="seconds"),
            "date_finish": ended.isoformat(timespec="seconds"),
            "operating_reset_at": int(finish + min(until_reset, 600)),
            "operating": operating,
        },
    }


class Listed:
    """One page of a list; `wrap` puts its rows where the family has them."""

    PAGE = 50

    def __init__(self, rows: list[Any], start: object, wrap: Callable[[list[Any]], Any] = lambda rows: rows) -> None:
        first = int(str(start or 0))
        counted = first >= 0
        first = max(first, 0)
        self.rows = wrap(rows[first : first + self.PAGE])
        self.total = len(rows) if counted else 0
        self.next = first + self.PAGE if counted and first + self.PAGE < len(rows) else None


def php(value: Any) -> Any:
    """As PHP writes it: an empty map is an empty list."""
    if isinstance(value, dict):
        return {key: php(item) for key, item in value.items()} if value else []
    return [php(item) for item in value] if isinstance(value, list | tuple) else value
