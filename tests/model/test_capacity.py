"""The arithmetic of failover: which region's loss the others survive."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policypack.model.fleets.capacity import Fleet, by_region, losses, losses_during_update
from policypack.model.machines.shape import MachineShape, weights


def fleet(region: str, warm: float = 2, maximum: float = 8, **changes: float) -> Fleet:
    given = {"weight": 1, "target": 0.8, "scaler": 1, "fill": 0.5, **changes}
    return Fleet(f"llm-{region}", region, warm, maximum, **given)


def survives(*fleets: Fleet, after_scale_out: bool = False) -> bool:
    return all(loss.is_survivable for loss in losses(fleets, after_scale_out=after_scale_out))


@pytest.mark.parametrize(
    ("fleets", "expected"),
    [
        ([fleet("a"), fleet("b")], True),
        ([fleet("a", fill=0.51), fleet("b", fill=0.51)], False),
        ([fleet("a", fill=0.65), fleet("b", fill=0.65), fleet("c", fill=0.65)], True),
        ([fleet("a", fill=0.67), fleet("b", fill=0.67), fleet("c", fill=0.67)], False),
        ([fleet("a", 3), fleet("b", 2)], False),
        ([fleet("a", 3, fill=0.4), fleet("b", 2, fill=0.4)], True),
        ([fleet("a", 1, weight=2), fleet("b", 2)], True),
        ([fleet("a", 2, weight=2), fleet("b", 2)], False),
        ([fleet("a", scaler=0.5), fleet("b")], False),
        ([fleet("a", scaler=0), fleet("b")], False),
        ([fleet("a", 4), fleet("b", 4), fleet("c", 0)], True),
        ([fleet("a", 4), fleet("b", 0)], False),
        ([fleet("a", 0), fleet("b", 0)], False),
        ([fleet("a", target=4), fleet("b", target=2)], False),
        ([fleet("a"), fleet("a"), fleet("b", 4)], True),
        ([fleet("a", fill=1), fleet("b", fill=1)], False),
        ([fleet("a")], False),
    ],
)
def test_warm_machines(fleets: list[Fleet], expected: bool) -> None:
    assert survives(*fleets) is expected


def test_after_scale_out_the_others_count_with_their_maximum() -> None:
    fleets = [fleet("a", 2, 4, fill=0.9), fleet("b", 2, 4, fill=0.9)]
    assert not survives(*fleets)
    assert survives(*fleets, after_scale_out=True)
    assert not survives(fleet("a", 2, 3, fill=0.9), fleet("b", 2, 3, fill=0.9), fleet("c", 9), after_scale_out=True)


def test_what_is_equal_on_paper_is_equal() -> None:
    """0.7 + 0.7 + 0.7 is less than 2.1 in binary fractions."""
    for regions, target in product(range(2, 8), (0.1, 0.3, 0.7, 0.8)):
        fill = (regions - 1) / regions
        assert survives(*(fleet(str(number), 3, target=target, fill=fill) for number in range(regions)))


def test_a_region_adds_up_its_fleets() -> None:
    (a, b) = by_region([fleet("b", 1, 1), fleet("a", 1, 4), fleet("a", 3, 3, fill=1)])
    assert (a.region, b.region) == ("a", "b")
    assert (a.warm, a.maximum, a.load) == pytest.approx((3.2, 5.6, 2.8))


def test_a_loss_says_what_is_left_of_all_and_how_much_is_needed() -> None:
    (first, _) = losses([fleet("a", 3), fleet("b", 1)])
    assert first.region == "a"
    assert (first.left_fraction, first.load_fraction) == pytest.approx((0.25, 0.5))
    (nothing, _) = losses([fleet("a", 0), fleet("b", 0)])
    assert (nothing.left_fraction, nothing.load_fraction) == (0, 0)


@pytest.mark.parametrize(
    ("warm", "unavailable", "expected"),
    [((2, 2), 0, True), ((2, 2), 1, False), ((4, 2), 1, True), ((4, 2), 2, False), ((4, 2), 9, False)],
)
def test_an_update_takes_from_its_own_region(warm: tuple[int, int], unavailable: float, expected: bool) -> None:
    updated, other = fleet("a", warm[0], fill=0.5), fleet("b", warm[1], fill=0.5)
    (loss,) = losses_during_update([updated, other], updated, unavailable)
    assert (loss.region, loss.is_survivable) == ("b", expected)


@pytest.mark.parametrize(("unavailable", "expected"), [(0, True), (2, True), (3, False)])
def test_in_one_region_an_update_leaves_what_the_load_needs(unavailable: float, expected: bool) -> None:
    only = fleet("a", 4)
    (loss,) = losses_during_update([only], only, unavailable)
    assert (loss.region, loss.is_survivable) == ("", expected)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.floats(0.1, 1)), min_size=1, max_size=5),
    st.floats(0.01, 100),
)
def test_the_unit_of_capacity_does_not_matter(shape: list[tuple[str, int, float]], unit: float) -> None:
    small = [fleet(region, warm, 9, fill=fill) for region, warm, fill in shape]
    large = [fleet(region, warm, 9, fill=fill, target=0.8 * unit) for region, warm, fill in shape]
    assert survives(*small) == survives(*large)


def test_more_machines_never_hurt_when_the_load_stays() -> None:
    assert survives(fleet("a", 4, fill=0.5), fleet("b", 4, fill=0.5))
    assert survives(fleet("a", 8, fill=0.25), fleet("b", 4, fill=0.5))


def shape(machine_type: str, *accelerators: tuple[str, int]) -> MachineShape:
    return MachineShape(f"{machine_type} {accelerators}", machine_type, accelerators)


L4, H100 = "nvidia-l4", "nvidia-h100-80gb"


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([], ()),
        ([MachineShape("url"), MachineShape("url")], (1, 1)),
        ([MachineShape("url"), MachineShape("other")], None),
        ([MachineShape("url"), shape("e2-standard-4")], None),
        ([shape("x9-strange-kind"), shape("x9-strange-kind")], (1, 1)),
        ([shape("e2-standard-4"), shape("e2-standard-8")], (4, 8)),
        ([shape("e2-standard-4"), shape("c3-highcpu-22-lssd")], (4, 22)),
        ([shape("n2-custom-6-20480"), shape("custom-8-16384-ext")], (6, 8)),
        ([shape("e2-medium"), shape("e2-standard-8")], None),
        ([shape("g2-standard-8"), shape("g2-standard-48")], (1, 4)),
        ([shape("g2-standard-8", (L4, 1)), shape("g2-standard-24", (L4, 2))], (1, 2)),
        ([shape("g2-standard-8", (L4, 1)), shape("g2-standard-24")], (1, 2)),
        ([shape("g2-standard-8", (L4, 0)), shape("g2-standard-24")], None),
        ([shape("a3-highgpu-8g"), shape("a3-highgpu-4g")], (8, 4)),
        ([shape("a3-highgpu-8g"), shape("a3-highgpu-8g-nolssd")], (8, 8)),
        ([shape("a3-highgpu-8g"), shape("n1-standard-8", (H100, 2))], (8, 2)),
        ([shape("a3-highgpu-8g"), shape("g2-standard-8")], None),
        ([shape("a2-highgpu-1g"), shape("a2-ultragpu-1g")], None),
        ([shape("g2-standard-8"), shape("e2-standard-8")], None),
        ([shape("g2-custom-8-32768"), shape("g2-standard-8")], None),
        ([shape("n1-standard-8", ("nvidia-tesla-t4", 1)), shape("n1-standard-8")], None),
        ([shape("n1-standard-8", ("t4", 1), ("v100", 1)), shape("n1-standard-8", ("t4", 1))], None),
        ([shape("a5-futuregpu-8g"), shape("a3-highgpu-8g")], None),
    ],
)
def test_weights_of_machines(shapes: list[MachineShape], expected: tuple[float, ...] | None) -> None:
    assert weights(shapes) == expected
