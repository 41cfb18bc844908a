"""One fact, read in several places of a paper: which reading counts, and whether it may be wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Reading(Generic[T_co]):
    """What a label says. `rank`: how strong the label is, 0 the strongest. `value`: None where it cannot be read.

    `spelling`: what two ways of writing one value have in common, where that is less than the value.
    """

    rank: int
    value: T_co | None
    doubtful: bool = False
    spelling: str = ""


def settled(readings: Iterable[Reading[T]]) -> tuple[T | None, bool]:
    """The value of the strongest labels, and whether it is doubtful: they contradict each other, or none is sure.

    Where the strongest labels cannot be read, a weaker one's value is doubtful.
    """
    ranked = sorted(readings, key=lambda reading: reading.rank)
    strongest = [reading for reading in ranked if reading.rank == ranked[0].rank]
    value = next((reading.value for reading in ranked if reading.value is not None), None)
    different = {reading.spelling or reading.value for reading in strongest}
    doubtful = len(different) > 1 or different == {None} or all(reading.doubtful for reading in strongest)
    return value, bool(strongest) and doubtful
