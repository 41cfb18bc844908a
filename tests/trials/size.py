"""How hard the trials try: `quick` in `make test`, `ci` before a change is taken, `full` by `make trials`."""

from __future__ import annotations

import os

SIZE = os.environ.get("TRIALS", "quick")


def by_size(*, quick: int, ci: int, full: int) -> int:
    """The number that belongs to the size of this run."""
    return {"quick": quick, "ci": ci, "full": full}[SIZE]
