"""Files that somebody asked for: whole, or as if nobody had asked."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mailflow.errors import PermanentFailure

STANDARD_OUTPUT = Path("-")


@contextmanager
def new_file(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is complete; after a failure what was there is as it was.

    `mode` is a new file's, before the umask; one that was there keeps its own. "-" is standard output. Raises
    PermanentFailure where it cannot be written.
    """
    if path == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        return
    place = path.resolve()
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        if place.exists() and not place.is_file():
            with place.open("wb") as device:
                yield device
            return
        try:
            with open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
                yield file
            if place.exists():
                shutil.copymode(place, unfinished)
            unfinished.replace(place)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PermanentFailure(f"{path} cannot be written: {error.strerror}.") from error
