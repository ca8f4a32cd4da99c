"""Where the load of a lost region goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policypack.failover.overflow import Flow, Overflow, overflow

NEAR = {"a": "bcd", "b": "bacd", "c": "cbad", "d": "dcba"}


def lose(lost: str, loads: dict[str, float], capacities: dict[str, float], *, has_order: bool = True) -> Overflow:
    left = {region: capacity for region, capacity in capacities.items() if region != lost}
    nearest = {region: [other for other in NEAR[region] if other in left] for region in loads}
    return overflow(loads, left, nearest if has_order else None)


def test_two_regions() -> None:
    found = lose("a", {"a": 3, "b": 4}, {"a": 10, "b": 10})
    assert found == Overflow({"b": 7}, (Flow("a", "b", 3),), 0, 0)


def test_two_regions_beyond_capacity() -> None:
    """7 + 6 on 10: the other takes 3 within its capacity, and 3 more than it has room for."""
    found = lose("a", {"a": 6, "b": 7}, {"a": 10, "b": 10})
    assert found == Overflow({"b": 13}, (Flow("a", "b", 3),), 3, 0)


def test_three_uneven_regions() -> None:
    """Of the 9 of a, b has room for 2 and c for 7."""
    found = lose("a", {"a": 9, "b": 3, "c": 8}, {"a": 12, "b": 5, "c": 20})
    assert found == Overflow({"b": 5, "c": 15}, (Flow("a", "b", 2), Flow("a", "c", 7)), 0, 0)


def test_four_uneven_regions_beyond_capacity() -> None:
    """Room is 1 + 2 + 3 for 12; the 6 that are left go to 2 + 4 + 6 in proportion, so each is at 150 %."""
    found = lose("a", {"a": 12, "b": 1, "c": 2, "d": 3}, {"a": 12, "b": 2, "c": 4, "d": 6})
    assert found.flows == (Flow("a", "b", 1), Flow("a", "c", 2), Flow("a", "d", 3))
    assert (found.excess, found.unserved) == (6, 0)
    assert found.loads == pytest.approx({"b": 3, "c": 6, "d": 9})


def test_each_region_serves_its_own_clients_first() -> None:
    """b is fuller than it should be, too: its own 2 beyond capacity, and the 4 of a, share the room of c and d."""
    found = lose("a", {"a": 4, "b": 7, "c": 1, "d": 0}, {"a": 5, "b": 5, "c": 4, "d": 9})
    assert found.loads == pytest.approx({"b": 5, "c": 4, "d": 3})
    assert found.flows == (Flow("a", "c", 2), Flow("a", "d", 2), Flow("b", "c", 1), Flow("b", "d", 1))


def test_nobody_is_left() -> None:
    assert lose("a", {"a": 4, "b": 1}, {"a": 4, "b": 0}) == Overflow({}, (), 0, 5)
    assert lose("a", {"a": 4}, {"a": 4}) == Overflow({}, (), 0, 4)


def test_without_an_order_only_what_is_full_is_known() -> None:
    loads, capacities = {"a": 4.0, "b": 1.0, "c": 1.0}, {"a": 4.0, "b": 4.0, "c": 4.0}
    assert lose("a", loads, capacities, has_order=False) == Overflow(None, None, 0, 0)
    found = lose("a", {**loads, "a": 10}, capacities, has_order=False)
    assert found == Overflow({"b": 6, "c": 6}, None, 4, 0)


def test_what_is_equal_on_paper_leaves_nothing_over() -> None:
    found = lose("a", {"a": 0.3, "b": 0.6}, {"a": 0.9, "b": 0.9})
    assert found.excess == 0
    assert found.loads == pytest.approx({"b": 0.9})
    full = lose("a", {"a": 0.1 + 0.2, "b": 0.0}, {"a": 1, "b": 0.3})
    assert full.excess == 0


def request_by_request(lost: str, loads: dict[str, int], capacities: dict[str, int]) -> dict[str, float]:
    """Each request of the lost region goes to the nearest region with room; what finds none, to all in proportion."""
    carried = {region: loads[region] for region in capacities if region != lost}
    homeless = 0
    for _ in range(loads[lost]):
        for region in NEAR[lost]:
            if region in carried and carried[region] < capacities[region]:
                carried[region] += 1
                break
        else:
            homeless += 1
    left = sum(capacities[region] for region in carried)
    return {region: carried[region] + homeless * capacities[region] / left for region in carried} if left else {}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=4), st.integers(0, 3))
def test_as_a_simulation_request_by_request(sizes: list[tuple[int, int]], which: int) -> None:
    regions = "abcd"[: len(sizes)]
    capacities = {region: capacity for region, (_, capacity) in zip(regions, sizes, strict=True)}
    loads = {region: min(load, capacity) for region, (load, capacity) in zip(regions, sizes, strict=True)}
    lost = regions[which % len(regions)]
    found = lose(lost, dict(loads), dict(capacities))
    assert found.loads == pytest.approx(request_by_request(lost, loads, capacities))


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 20)), min_size=2, max_size=4))
def test_all_load_goes_somewhere_and_never_past_a_region_with_room(sizes: list[tuple[float, float]]) -> None:
    regions = "abcd"[: len(sizes)]
    loads = {region: load for region, (load, _) in zip(regions, sizes, strict=True)}
    capacities = {region: capacity for region, (_, capacity) in zip(regions, sizes, strict=True)}
    found = lose("a", loads, capacities)
    assert found.loads is not None
    assert found.flows is not None
    assert sum(found.loads.values()) + found.unserved == pytest.approx(sum(loads.values()), abs=1e-6)
    for flow in found.flows:
        passed = NEAR[flow.source][: NEAR[flow.source].index(flow.target)]
        assert all(found.loads[region] >= capacities[region] - 1e-6 for region in passed if region in found.loads)
    if not found.excess:
        assert all(load <= capacities[region] + 1e-6 for region, load in found.loads.items())
