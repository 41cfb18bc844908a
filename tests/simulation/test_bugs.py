"""The simulation can fail: bugs put in by hand are found within a few seeds."""

from __future__ import annotations

import pytest

from tests.simulation.bugs import BUGS, found

ENOUGH = 300


@pytest.mark.parametrize("name", ["anybody_decides", "moved_before_it_is_recorded", "a_new_message_id_at_each_try"])
def test_a_bug_is_found(name: str) -> None:
    result = found(name, range(1, ENOUGH))
    assert result is not None
    assert result.problems


def test_every_bug_says_what_it_is() -> None:
    assert all(bug.__doc__ for bug in BUGS.values())
