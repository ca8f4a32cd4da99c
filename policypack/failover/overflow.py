"""Where the load of a lost region goes: the arithmetic alone, in any one unit of load.

Global load balancers send a request to the closest region that has capacity, and to the next closest once that is
full; that is the algorithm `WATERFALL_BY_REGION`, the default:
https://cloud.google.com/load-balancing/docs/service-lb-policy. When all regions are full they keep sending, in
proportion to capacity, since a target is no limit:
https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

# What is left of a subtraction of fractions such as 0.8 - 0.7 - 0.1 is no load.
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Flow:
    """Load that one region cannot carry and another takes within its capacity."""

    source: str
    target: str
    load: float


@dataclass(frozen=True)
class Overflow:
    """Who carries what once a region is lost.

    Attributes:
        loads: what each other region is sent, its own load included; `None` if that is not known.
        flows: what goes where within capacity, by source and then by distance; `None` if that is not known.
        excess: what exceeds the capacity of all. The load balancer sends it on to them, in proportion to capacity.
        unserved: what nobody is there to take.
    """

    loads: Mapping[str, float] | None
    flows: tuple[Flow, ...] | None
    excess: float
    unserved: float


def overflow(
    loads: Mapping[str, float],
    capacities: Mapping[str, float],
    nearest: Mapping[str, Sequence[str]] | None,
) -> Overflow:
    """What happens to the load when a region is lost, which has load and no capacity.

    Each other region serves the clients next to it first. What then has no place tries the regions in the order of
    their distance from its own, all at once; where several overflow into one they share what is free in proportion.

    Args:
        loads: the load that arises next to each region, the lost one among them.
        capacities: up to where each other region takes load.
        nearest: for each region of `loads` the others in order of distance; `None` if that is not known.
    """
    total, left = sum(loads.values()), sum(capacities.values())
    if left <= 0:
        return Overflow({}, (), 0.0, total)
    excess = total - left if total - left > _TOLERANCE * total else 0.0
    full = {region: capacity * total / left for region, capacity in capacities.items()} if excess else None
    if nearest is None:
        return Overflow(full, None, excess, 0.0)
    carried, flows = _fill(loads, capacities, nearest)
    return Overflow(full or carried, flows, excess, 0.0)


def closest(
    loads: Mapping[str, float], capacities: Mapping[str, float], nearest: Mapping[str, Sequence[str]] | None
) -> Overflow:
    """What happens to the load when a region is lost, and the load balancer knows of no capacity.

    So it is with serverless NEGs: requests go to the closest region, all of them.
    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts

    The arguments are those of `overflow`. What exceeds the capacity of a region is sent to it nevertheless.
    """
    found = overflow(loads, dict.fromkeys(capacities, math.inf), nearest)
    if found.loads is None:
        return replace(found, excess=max(sum(loads.values()) - sum(capacities.values()), 0.0))
    beyond = [max(found.loads.get(region, 0.0) - capacity, 0.0) for region, capacity in capacities.items()]
    excess = sum(beyond)
    return replace(found, excess=excess if excess > _TOLERANCE * sum(loads.values()) else 0.0)


def _fill(
    loads: Mapping[str, float], capacities: Mapping[str, float], nearest: Mapping[str, Sequence[str]]
) -> tuple[dict[str, float], tuple[Flow, ...]]:
    """What each region carries within its capacity, and the flows, in rounds: first choices, second choices ..."""
    carried = {region: min(loads.get(region, 0.0), capacity) for region, capacity in capacities.items()}
    rest = {region: load - carried.get(region, 0.0) for region, load in loads.items()}
    least = _TOLERANCE * sum(loads.values())
    flows = []
    for rank in range(len(capacities)):
        for target in sorted(capacities):
            offers = {
                source: load
                for source, load in rest.items()
                if load > least and rank < len(nearest[source]) and nearest[source][rank] == target
            }
            free = capacities[target] - carried[target]
            if not offers or free <= least:
                continue
            taken = min(1.0, free / sum(offers.values()))
            for source, load in offers.items():
                flows.append((source, rank, Flow(source, target, load * taken)))
                carried[target] += load * taken
                rest[source] -= load * taken
    return carried, tuple(flow for _, _, flow in sorted(flows, key=lambda entry: entry[:2]))
