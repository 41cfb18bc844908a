"""How hard the trials try: `quick` in `make test`, `ci` before a change is taken, `full` by `make trials`."""

from __future__ import annotations

import os
from typing import TypeVar

SIZE = os.environ.get("TRIALS", "quick")

_N = TypeVar("_N", int, float)


def by_size(*, quick: _N, ci: _N, full: _N) -> _N:
    """The number that belongs to the size of this run."""
    return {"quick": quick, "ci": ci, "full": full}[SIZE]
