"""Several calls in one request (Bitrix24 REST, batch): the questions as queries, and the answers one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

MOST_CALLS = 50
MAPS = ("result", "result_error", "result_total", "result_next", "result_time")


def query(method: str, params: Mapping[str, Any]) -> str:
    """A call as `method?query`, with the brackets of PHP, everything encoded once; True is Y and False is N.

    Raises ValueError for what a query cannot say: None, something empty inside, or a value of another kind.
    """
    pairs = [pair for name, value in params.items() for pair in _pairs(_quoted(name), value)]
    return f"{method}?{'&'.join(pairs)}" if pairs else method


def _pairs(name: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _pairs(f"{name}[{_quoted(key)}]", each)
    elif isinstance(value, list | tuple) and value:
        for index, each in enumerate(value):
            yield from _pairs(f"{name}[{index}]", each)
    elif isinstance(value, bool):
        yield f"{name}={'Y' if value else 'N'}"
    elif isinstance(value, str | int | float):
        yield f"{name}={_quoted(value)}"
    else:
        raise ValueError(f"{name} cannot be said in a batch, for it is {value!r}")


def _quoted(value: object) -> str:
    return quote(str(value), safe="")


def as_map(answers: object) -> Mapping[str, Any]:
    """A map of the answer, which PHP writes as a list where it is empty or the names are 0, 1, 2."""
    if isinstance(answers, list):
        return {str(index): each for index, each in enumerate(answers)}
    return answers if isinstance(answers, dict) else {}
