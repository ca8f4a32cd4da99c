"""Whether the regions that are left can carry the load of all, when any one of them is lost.

The arithmetic alone: it knows nothing of resources. Capacity has the unit of the target times the machine's weight
(requests per second, or utilized vCPUs), and only its ratios matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

# Sums of fractions such as 0.8 are not exact: what is equal on paper counts as equal.
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Fleet:
    """The machines of one backend.

    Attributes:
        name: what to call it: its group's name.
        region: where it is.
        warm: how many machines are there at least: the autoscaler's minimum, or the group's fixed size.
        maximum: how many there can be: the autoscaler's maximum, or the group's fixed size.
        weight: what one machine counts for, relative to those of the other fleets.
        target: at which load per machine the load balancer counts it as full: a utilization as a fraction, requests
            per second, connections or requests in flight; the same kind for all fleets that are compared.
        scaler: the backend's capacity scaler, from 0 to 1.
        fill: how full the autoscaler keeps it in steady state, as a fraction of the target; 1 without an autoscaler.
    """

    name: str
    region: str
    warm: float
    maximum: float
    weight: float
    target: float
    scaler: float
    fill: float

    @property
    def warm_capacity(self) -> float:
        """What the load balancer sends it at most while only its warm machines are there."""
        return self.warm * self.weight * self.target * self.scaler

    @property
    def max_capacity(self) -> float:
        """What the load balancer sends it at most once the autoscaler has added all that it may."""
        return max(self.warm, self.maximum) * self.weight * self.target * self.scaler

    @property
    def load(self) -> float:
        return self.warm_capacity * self.fill


@dataclass(frozen=True)
class RegionCapacity:
    """What the fleets of one region can carry, and what they do carry in steady state."""

    region: str
    warm: float
    maximum: float
    load: float


@dataclass(frozen=True)
class Loss:
    """What the loss of one region means for the others.

    Attributes:
        region: the region that is lost; empty if none is.
        left: the capacity of the others.
        load: the load of all regions, which the others have to carry: the steady one, or a given demand.
        total: the warm capacity of all regions.
    """

    region: str
    left: float
    load: float
    total: float

    @property
    def is_survivable(self) -> bool:
        """Whether the others can carry the load; not if there is no capacity at all."""
        return is_enough(self.left, self.load)

    @property
    def left_fraction(self) -> float:
        """What is left, as a fraction of the warm capacity of all regions."""
        return self.left / self.total if self.total else 0.0

    @property
    def load_fraction(self) -> float:
        """The steady load, as a fraction of the warm capacity of all regions."""
        return self.load / self.total if self.total else 0.0


def is_enough(capacity: float, load: float) -> bool:
    """Whether a capacity carries a load; none carries nothing, not even no load."""
    return capacity > 0 and capacity >= load - _TOLERANCE * max(load, capacity)


def by_region(fleets: Iterable[Fleet]) -> tuple[RegionCapacity, ...]:
    """Capacity and load of each region, ordered by name."""
    regions: dict[str, list[Fleet]] = {}
    for fleet in fleets:
        regions.setdefault(fleet.region, []).append(fleet)
    return tuple(
        RegionCapacity(
            region,
            sum(fleet.warm_capacity for fleet in members),
            sum(fleet.max_capacity for fleet in members),
            sum(fleet.load for fleet in members),
        )
        for region, members in sorted(regions.items())
    )


def losses(fleets: Sequence[Fleet], *, after_scale_out: bool = False, demand: float | None = None) -> tuple[Loss, ...]:
    """The loss of each region in turn: N+1 holds if every one is survivable.

    Args:
        fleets: all fleets behind one load balancer.
        after_scale_out: the others have had the time to add all machines that they may.
        demand: what the others have to carry, in the unit of capacity; `None` for the steady load of all.
    """
    regions = by_region(fleets)
    steady, total = sum(region.load for region in regions), sum(region.warm for region in regions)
    load = steady if demand is None else demand
    return tuple(
        Loss(
            lost.region,
            sum(other.maximum if after_scale_out else other.warm for other in regions if other is not lost),
            load,
            total,
        )
        for lost in regions
    )


def carried(fleets: Iterable[Fleet], demand: float | None = None) -> dict[str, float]:
    """What arises next to each region: its steady load, or its part of a demand in proportion to its warm capacity."""
    regions = by_region(fleets)
    total = sum(region.warm for region in regions)
    if demand is None:
        return {region.region: region.load for region in regions}
    return {region.region: demand * region.warm / total if total else demand / len(regions) for region in regions}


def crowded(fleets: Iterable[Fleet], *, demand: float | None = None) -> tuple[tuple[str, str], ...]:
    """Regions and others that could not carry what both have: all of it goes there if it is the closest one left.

    For fleets that the load balancer knows no capacity of, so that it spreads nothing over several regions.

    Args:
        fleets: all fleets behind one load balancer.
        demand: what all regions carry, in proportion to their warm capacity; `None` for the steady load.
    """
    fleets = tuple(fleets)
    loads = carried(fleets, demand)
    return tuple(
        (lost, other.region)
        for lost in loads
        for other in by_region(fleets)
        if other.region != lost and not is_enough(other.maximum, loads[lost] + loads[other.region])
    )


def losses_during_update(fleets: Sequence[Fleet], updated: Fleet, unavailable: float) -> tuple[Loss, ...]:
    """The loss of each other region while an update has taken machines of one fleet; with one region, no loss.

    Args:
        fleets: all fleets behind one load balancer.
        updated: the one of them that is updated.
        unavailable: how many of its machines the update takes at once.
    """
    during = [replace(fleet, warm=max(fleet.warm - unavailable, 0)) if fleet is updated else fleet for fleet in fleets]
    left = {entry.region: entry.warm for entry in by_region(during)}
    load, total = sum(fleet.load for fleet in fleets), sum(fleet.warm_capacity for fleet in fleets)
    lost = [other for other in left if other != updated.region] or [""]
    return tuple(Loss(other, sum(warm for name, warm in left.items() if name != other), load, total) for other in lost)
