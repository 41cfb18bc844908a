"""Thousands of small companies in bad weather, each drawn from its seed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.seeds import play
from tests.simulation.simulation import opening, run
from tests.trials.size import by_size

REGRESSIONS = (3_618, 10_350)
"""Seeds that once found something: our next mail as evidence of the one before; a withdrawn invoice that asked."""

PORTIONS = 20
PORTION = by_size(quick=400, ci=4_000, full=1_000_000) // PORTIONS


@pytest.mark.parametrize("first", [1 + PORTION * nth for nth in range(PORTIONS)])
def test_every_company_gets_through_its_weather(first: int) -> None:
    failures = play(range(first, first + PORTION))
    assert not failures, "\n\n".join(map(str, failures))


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_what_a_seed_once_found_stays_mended(seed: int) -> None:
    result = run(seed)
    assert not result.problems, str(result)


@pytest.mark.parametrize("seed", range(0, 320, 8))
def test_a_seed_is_always_the_same_story(seed: int) -> None:
    once = run(seed)
    opening.cache_clear()
    assert run(seed) == once


def test_a_seed_is_the_same_story_in_another_process() -> None:
    stories = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "7"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert stories[0] == stories[1]
    assert stories[0].splitlines()[1:] == list(run(7).trace)
