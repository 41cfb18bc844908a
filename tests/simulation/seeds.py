"""Many seeds, in as many processes as are wanted."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from multiprocessing import get_context

from tests.simulation.simulation import ENDINGS, Result, run

PORTION = 8 * ENDINGS
"""Seeds that a process plays before it is asked for more."""


def play(seeds: Sequence[int], jobs: int = 1, most: int = 5) -> list[Result]:
    """The seeds that failed; no more are looked for when there are `most`."""
    failures: list[Result] = []
    for failed in _portions(seeds, jobs):
        failures += failed
        if len(failures) >= most:
            break
    return failures


def _portions(seeds: Sequence[int], jobs: int) -> Iterator[list[Result]]:
    portions = [list(together) for _, together in groupby(seeds, lambda seed: seed // PORTION)]
    if jobs == 1:
        yield from map(_portion, portions)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _prepare) as pool:
        try:
            yield from pool.map(_portion, portions)
        finally:
            pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    """Spares the garbage collector what stays for ever."""
    gc.collect()
    gc.freeze()


def _portion(seeds: Sequence[int]) -> list[Result]:
    """The failures among these seeds."""
    return [result for result in map(run, seeds) if result.problems]
