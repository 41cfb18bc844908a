"""Whatever comes is read, and read soon: no reader raises, takes a second, or more memory than its share."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TRIAL
from tests.security import fuzz
from tests.trials.size import by_size

SECONDS = by_size(quick=10, ci=60, full=1800)
SEED = 1


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_every_mutant_is_read(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    try:
        read = fuzz.fuzz(name, SECONDS, SEED)
    except fuzz.Failure as failure:
        pytest.fail(f"{failure}; the input is in {fuzz.kept(failure, tmp_path)}")
    assert read > SECONDS
    record_property(TRIAL, f"fuzz, {name}: {read} mutants in {SECONDS} s")


def _raises(content: bytes) -> None:
    raise ValueError("no")


def _is_slow(content: bytes) -> None:
    until = time.process_time() + 1.2
    while time.process_time() < until:
        pass


def _is_large(content: bytes) -> None:
    _ = b"x" * 400_000_000


@pytest.mark.parametrize(("read", "what"), [(_raises, "ValueError"), (_is_slow, " s"), (_is_large, " MB")])
def test_a_reader_that_does_what_it_never_may_is_found_with_its_input(
    read: Callable[[bytes], None], what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(fuzz.TARGETS, "message", fuzz.Target(read, lambda: (b"x",)))
    with pytest.raises(fuzz.Failure, match=what) as found:
        fuzz.fuzz("message", 1, SEED)
    assert fuzz.kept(found.value, tmp_path).read_bytes() == found.value.content
