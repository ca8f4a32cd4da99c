"""Where regions are, and which is nearest."""

from __future__ import annotations

import pytest

from policypack.failover.region_places import distance_km, nearest_first, places_unknown


@pytest.mark.parametrize(
    ("region", "other", "expected"),
    [
        # Distances of the cities, from published tables.
        ("europe-west2", "europe-west9", 344),
        ("asia-northeast1", "asia-northeast2", 397),
        ("us-west2", "us-east4", 3670),
        ("australia-southeast1", "southamerica-west1", 11340),
        ("us-central1", "us-central1", 0),
    ],
)
def test_distances(region: str, other: str, expected: float) -> None:
    assert distance_km(region, other) == pytest.approx(expected, rel=0.02)
    assert distance_km(region, other) == pytest.approx(distance_km(other, region))


@pytest.mark.parametrize(
    ("region", "others", "expected"),
    [
        ("us-central1", ["us-west1", "us-east4", "europe-west4"], ("us-east4", "us-west1", "europe-west4")),
        ("europe-west4", ["us-central1", "asia-east1", "europe-west1"], ("europe-west1", "us-central1", "asia-east1")),
        # The shortest way from Tokyo to Oregon is over the date line.
        ("asia-northeast1", ["us-west1", "europe-west4"], ("us-west1", "europe-west4")),
        ("us-east1", ["us-east1", "us-east4"], ("us-east1", "us-east4")),
        ("mars-north1", ["us-east1"], ("us-east1",)),
        ("us-east1", ["mars-north1"], ("mars-north1",)),
        ("us-east1", ["mars-north1", "us-east4"], None),
        ("mars-north1", ["us-east1", "us-east4"], None),
        ("us-east1", [], ()),
    ],
)
def test_the_nearest_region_comes_first(region: str, others: list[str], expected: tuple[str, ...] | None) -> None:
    assert nearest_first(region, others) == expected


def test_unknown_places_are_named() -> None:
    assert places_unknown(["us-east1", "venus-1", "mars-1"]) == ("mars-1", "venus-1")
