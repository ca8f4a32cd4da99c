"""In how many regions backends are."""

from __future__ import annotations

from policypack.model.values.bounds import DistinctCount, count_distinct
from policypack.model.values.values import Unknown


def count_regions(
    certain: list[str | Unknown], possible: list[str | Unknown], *, is_closed: bool, unresolved: int | None
) -> DistinctCount:
    """How many regions backends are in.

    Args:
        certain: the regions of backends that certainly are there.
        possible: the regions of those that may be.
        is_closed: further ones can be in no region but the `possible` ones.
        unresolved: how many further ones there are; `None` for any number.
    """
    known = [region for region in certain if isinstance(region, str)]
    anywhere = len(certain) - len(known)
    choices = [region for region in possible if isinstance(region, str)]
    is_limited = is_closed and not anywhere and len(choices) == len(possible)
    return count_distinct(known, None if unresolved is None else unresolved + anywhere, choices if is_limited else None)
