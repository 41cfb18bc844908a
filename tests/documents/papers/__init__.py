"""Papers: счета на оплату as PDF files, right and wrong, each with what is true of it; the same at each run."""

from __future__ import annotations

from functools import cache

from .bill import PaperCase, Truth
from .cases import all_papers

__all__ = ["PaperCase", "Truth", "papers"]


@cache
def _all() -> tuple[PaperCase, ...]:
    return tuple(all_papers())


def papers() -> list[PaperCase]:
    """Every paper."""
    return list(_all())
