"""Counting what is only partly known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policypack.model.values.values import UNKNOWN, Unknown


def reaches(lower: float, upper: float | None, needed: float) -> bool | Unknown:
    """Whether a number from `lower` to `upper` (`None` for any) is at least `needed`."""
    if lower >= needed:
        return True
    return False if upper is not None and upper < needed else UNKNOWN


@dataclass(frozen=True)
class DistinctCount:
    """How many distinct values some members have.

    Attributes:
        certain: the values that some member certainly has.
        upper: how many distinct values there can be at most; `None` for any number.
        least: how many there certainly are, where not all of them are known.
    """

    certain: frozenset[str]
    upper: int | None
    least: int = 0

    @property
    def lower(self) -> int:
        return max(len(self.certain), self.least)

    def reaches(self, needed: int) -> bool | Unknown:
        return reaches(self.lower, self.upper, needed)


def count_distinct(certain: Iterable[str], unresolved: int | None, possible: Iterable[str] | None) -> DistinctCount:
    """Counts distinct values.

    Args:
        certain: the values of members that are known.
        unresolved: how many further members there are, each with one value; `None` for any number.
        possible: the values that these can have; `None` for any.
    """
    known = frozenset(certain)
    limits = [] if unresolved is None else [len(known) + unresolved]
    if possible is not None:
        limits.append(len(known | frozenset(possible)))
    return DistinctCount(known, min(limits, default=None))
