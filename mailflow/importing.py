"""Importing much at once: what is imported lives as long as the process, and is not looked through for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Around imports of many libraries; a fifth of the time of a start, and of every full collection after it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
