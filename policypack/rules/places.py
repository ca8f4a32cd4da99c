"""Whether resources that belong together are in one place, for the rules that ask."""

from __future__ import annotations

from typing import Protocol

from policypack.model.values.values import Unknown
from policypack.verdict import Checks, Fail, known

SAME_PLACE = "Global with global, and regional with regional in the same region."


class Placed(Protocol):
    """A resource that is global or in a region."""

    @property
    def name(self) -> str:
        """The logical name."""

    @property
    def is_regional(self) -> bool:
        """It is in a region."""

    @property
    def region(self) -> str | Unknown:
        """The region of a regional one."""


def are_together(one: Placed, other: Placed, called: str, other_called: str) -> Checks:
    """What is wrong if one resource is global and the other regional, or both are in different regions.

    Args:
        one: the one.
        other: the other.
        called: what to call the one at the beginning of a sentence.
        other_called: what to call the other within one.
    """
    if one.is_regional != other.is_regional:
        ours, theirs = ("regional", "global") if one.is_regional else ("global", "regional")
        yield Fail(
            f"{called} is {ours}, and {other_called} is {theirs}.", SAME_PLACE, f"Use the {ours} resource for both."
        )
    elif one.is_regional:
        here, there = known(one.region, "region", one.name), known(other.region, "region", other.name)
        if here != there:
            yield Fail(
                f"{called} is in `{here}`, and {other_called} in `{there}`.", SAME_PLACE, "Create both in one region."
            )
