"""The smallest change that makes every loss survivable, beside a search through all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.failover.change import MOST_ADDED, fewest_added, fewest_for, highest_fill, survives_any_loss, with_added
from policypack.model.fleets.capacity import Fleet


def fleet(region: str, warm: float = 2, **changes: float) -> Fleet:
    given = {"maximum": 9, "weight": 1, "target": 1, "scaler": 1, "fill": 0.5, **changes}
    return Fleet(f"llm-{region}", region, warm, **given)


@pytest.mark.parametrize(
    ("fleets", "demand", "expected"),
    [
        ([fleet("a"), fleet("b")], None, (0, 0)),
        ([fleet("a", 4), fleet("b", 2)], None, (0, 2)),
        # Each of the smaller regions brings 0.4 more than it asks for: 10 + 2 have to carry 12.
        ([fleet("a", 4, fill=0.6), fleet("b", fill=0.6), fleet("c", fill=0.6)], None, (0, 1, 1)),
        # A machine of four GPUs beside machines of one.
        ([fleet("a", 2, weight=4), fleet("b", 2)], None, (0, 6)),
        ([fleet("a", 1), fleet("b", 1), fleet("a", 2, weight=4)], None, (0, 8, 0)),
        # Of two groups of a region the one with the larger machines needs fewer, wherever it stands.
        ([fleet("a", 8), fleet("b", 1, weight=4), fleet("b", 0)], None, (0, 1, 0)),
        ([fleet("a", 8), fleet("b", 0), fleet("b", 1, weight=4)], None, (0, 0, 1)),
        # All regions alike above (R - 1) / R: machines bring more load than they carry for the others.
        ([fleet("a", fill=0.51), fleet("b", fill=0.51)], None, None),
        ([fleet("a", 3, fill=0.7), fleet("b", 3, fill=0.7), fleet("c", 3, fill=0.7)], None, None),
        ([fleet("a", fill=1), fleet("b", fill=1)], None, None),
        # Machines of the group that is kept emptier help.
        ([fleet("a", 2, fill=0.6), fleet("b", 2, fill=0.4)], None, (0, 0)),
        ([fleet("a", 3, fill=0.6), fleet("b", 2, fill=0.4)], None, (0, 1)),
        ([fleet("a", 0), fleet("b", 0)], None, (1, 1)),
        ([fleet("a", 4), fleet("b", 0)], None, (0, 4)),
        ([fleet("a", scaler=0), fleet("b")], None, None),
        ([fleet("a"), fleet("a")], None, None),
        ([fleet("a"), fleet("b")], 2, (0, 0)),
        ([fleet("a"), fleet("b")], 3, (1, 1)),
        ([fleet("a"), fleet("b"), fleet("c")], 5, (1, 1, 0)),
        ([fleet("a"), fleet("b"), fleet("c")], 6, (1, 1, 1)),
        ([fleet("a", fill=1), fleet("b", fill=1)], 3, (1, 1)),
        ([fleet("a")], 1, None),
        ([fleet("a", 0), fleet("b", 0)], float(MOST_ADDED), None),
    ],
)
def test_the_fewest_machines(fleets: list[Fleet], demand: float | None, expected: tuple[int, ...] | None) -> None:
    found = fewest_added(fleets, demand=demand)
    assert found == expected
    if found is not None:
        assert survives_any_loss(with_added(fleets, found), demand=demand)


def test_machines_are_spread_over_regions_that_gain_alike() -> None:
    assert fewest_added([fleet("a", 6), fleet("b"), fleet("c", 2, fill=0.5), fleet("d", 1)], demand=9) == (0, 1, 1, 2)
    assert fewest_for([fleet("a"), fleet("b"), fleet("c")], 6) == (3, 3, 3)


def by_search(fleets: list[Fleet], demand: float | None, most: int) -> int | None:
    """Tries every way to add machines to one fleet of each region."""
    for number in range(most + 1):
        for added in product(range(number + 1), repeat=len(fleets)):
            regions = [fleet.region for fleet, more in zip(fleets, added, strict=True) if more]
            if sum(added) == number and len(set(regions)) == len(regions):
                changed = [replace(fleet, warm=fleet.warm + more) for fleet, more in zip(fleets, added, strict=True)]
                if survives_any_loss(changed, demand=demand):
                    return number
    return None


def fleets() -> st.SearchStrategy[list[Fleet]]:
    one = st.builds(
        fleet,
        st.sampled_from("abc"),
        st.integers(0, 4),
        weight=st.sampled_from([1, 2, 4]),
        target=st.sampled_from([0.6, 0.8, 0.8]),
        scaler=st.sampled_from([1, 1, 1, 0.5, 0]),
        fill=st.sampled_from([0.3, 0.4, 0.5, 0.5, 0.65, 0.7, 1, 1.125]),
    )
    return st.lists(one, min_size=2, max_size=4)


@settings(max_examples=150)
@given(fleets(), st.none() | st.integers(1, 12).map(lambda number: 0.8 * number))
def test_no_search_finds_fewer(of: list[Fleet], demand: float | None) -> None:
    most = 6
    found = fewest_added(of, demand=demand)
    least = by_search(of, demand, most)
    if least is None:
        assert found is None or sum(found) > most
    else:
        assert found is not None
        assert sum(found) == least
    if found is not None:
        assert survives_any_loss(with_added(of, found), demand=demand)


@settings(max_examples=100)
@given(fleets(), st.integers(1, 12))
def test_the_fewest_for_a_demand_does_not_depend_on_what_there_is(of: list[Fleet], demand: int) -> None:
    found = fewest_for(of, demand)
    assert found == fewest_for([replace(one, warm=9) for one in of], demand)
    if found is None:
        assert len({one.region for one in of if one.scaler}) < 2
    else:
        empty = [replace(one, warm=0) for one in of]
        assert survives_any_loss(with_added(empty, found), demand=demand)
        for number, more in zip(count(), found):
            fewer = [more - (index == number) for index, more in enumerate(found)]
            assert not more or not survives_any_loss(with_added(empty, fewer), demand=demand)


@pytest.mark.parametrize(
    ("fleets", "autoscaled", "expected"),
    [
        ([fleet("a"), fleet("b")], (True, True), 0.5),
        ([fleet("a", 4), fleet("b", 2)], (True, True), 1 / 3),
        ([fleet("a", 3), fleet("b", 3), fleet("c", 3)], (True, True, True), 2 / 3),
        # A group of fixed size keeps its load of 1: the other may add 1 of its 4.
        ([fleet("a", 1, fill=1), fleet("b", 4), fleet("c", 1, fill=1)], (False, True, False), None),
        ([fleet("a", 1, fill=1), fleet("b", 4), fleet("c", 4)], (False, True, True), 0.5),
        ([fleet("a", fill=1), fleet("b", fill=1)], (False, False), None),
        ([fleet("a", 4), fleet("b", 0)], (True, True), None),
        ([fleet("a", 0), fleet("b", 0)], (True, True), None),
    ],
)
def test_the_highest_fill(fleets: list[Fleet], autoscaled: tuple[bool, ...], expected: float | None) -> None:
    found = highest_fill(fleets, autoscaled)
    assert found == (expected and pytest.approx(expected))
    if found is None:
        return
    kept = [replace(one, fill=found) if scaled else one for one, scaled in zip(fleets, autoscaled, strict=True)]
    assert survives_any_loss(kept)
    fuller = [
        replace(one, fill=found + 0.01) if scaled else one for one, scaled in zip(fleets, autoscaled, strict=True)
    ]
    assert not survives_any_loss(fuller)
