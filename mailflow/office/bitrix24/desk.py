"""What every family of methods works with: the time, the one who asks, and ids that are never given twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Method = Callable[[dict[str, Any], int], Any]
"""Parameters and the user who asks -> the result; raises Refusal."""


@dataclass
class Desk:
    """`created` keeps the texts of everything that was ever made, by kind, also of what was deleted since."""

    clock: Callable[[], datetime]
    language: str
    created: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = itertools.count(101)

    def new_id(self) -> int:
        """An id."""
        return next(self._ids)

    def now(self) -> str:
        """The time, as the portal writes it."""
        return self.clock().isoformat(timespec="seconds")

    def note(self, kind: str, *texts: object) -> None:
        """Something was made."""
        self.created.append((kind, "\n".join(str(text) for text in texts)))

    def count(self, marker: str) -> Counter[str]:
        """How many things of each kind were ever made with this marker in their texts."""
        return Counter(kind for kind, texts in self.created if marker in texts)


def upper(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the families that do not care about the case of names at the top."""
    return {name.upper(): value for name, value in params.items()}


def whole(value: object, otherwise: int = 0) -> int:
    """An id that may have come as text."""
    try:
        return int(str(value))
    except ValueError:
        return otherwise


def matches(row: Mapping[str, Any], conditions: Mapping[str, Any], known: tuple[str, ...]) -> bool:
    """Whether a row passes a filter; names that are no filter here are passed over, as the portal does."""
    return all(_passes(row, key, value) for key, value in conditions.items() if key.lstrip("!<>=@%") in known)


def _passes(row: Mapping[str, Any], key: str, wanted: Any) -> bool:
    name = key.lstrip("!<>=@%")
    prefix, has = key[: len(key) - len(name)], row.get(name)
    if isinstance(wanted, list):
        return str(has).lower() in [str(w).lower() for w in wanted]
    text, want = str(has).lower(), str(wanted).lower()
    if isinstance(wanted, bool) or isinstance(has, bool):
        return bool(has) is (want in ("true", "y", "1"))
    match prefix:
        case ">" | ">=" | "<" | "<=":
            left, right = whole(has), whole(wanted)
            return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[prefix]
        case "!":
            return text != want
        case "%":
            return want in text
    if want.startswith("%") or want.endswith("%"):
        return want.strip("%") in text
    return text == want
