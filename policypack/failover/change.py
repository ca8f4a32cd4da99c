"""The smallest change after which the loss of any one region is survivable: the arithmetic alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from policypack.model.fleets.capacity import Fleet, losses

# A search ends here: no one adds more machines than this to be ready for the loss of a region.
MOST_ADDED: Final = 10_000
_MOST_COMBINATIONS: Final = 4096
_TOLERANCE: Final = 1e-9


def survives_any_loss(fleets: Sequence[Fleet], *, demand: float | None = None) -> bool:
    """Whether the warm machines that are left carry the load, whichever region is lost.

    Args:
        fleets: all fleets behind one load balancer.
        demand: the load, in the unit of capacity; `None` for the steady load.
    """
    return all(loss.is_survivable for loss in losses(fleets, demand=demand))


def fewest_added(fleets: Sequence[Fleet], *, demand: float | None = None) -> tuple[int, ...] | None:
    """The fewest warm machines that have to be added for the loss of any one region to be survivable, and where.

    All that a region gets goes to one of its groups; where regions have so many different groups that their
    combinations are beyond 4096, to the one whose machines gain most. A group that its autoscaler keeps at a fraction
    of its target gets load with each machine, too; not if `demand` says what the load is.

    How: added machines bring a gain, which is their capacity less their load. All losses are survivable if no region
    gets more capacity than the gain plus what the others have to spare today without it. For a number of machines, the
    greatest gain is found by placing the machines that gain most within these bounds, starting from a gain that cannot
    be reached and lowering it to what was placed until both agree. More machines never gain less, so the fewest are
    found by bisection.

    Args:
        fleets: all fleets behind one load balancer.
        demand: the load, in the unit of capacity; `None` for the steady load.

    Returns:
        For each fleet how many machines to add; `None` if no number up to `MOST_ADDED` is enough.
    """
    if survives_any_loss(fleets, demand=demand):
        return tuple(0 for _ in fleets)
    choices = _choices(fleets, demand)
    if math.prod(map(len, choices)) > _MOST_COMBINATIONS:
        choices = [[max(choice, key=lambda candidate: candidate.gain)] for choice in choices]
    best: tuple[int, ...] | None = None
    for chosen in product(*choices):
        limit = MOST_ADDED if best is None else sum(best) - 1
        best = _fewest_of(chosen, fleets, demand, limit) or best
    return best


@dataclass(frozen=True)
class _Candidate:
    """A fleet that machines may be added to: what one brings in capacity, and in capacity less load."""

    number: int
    region: str
    capacity: float
    gain: float


def _choices(fleets: Sequence[Fleet], demand: float | None) -> list[list[_Candidate]]:
    """For each region the fleets that differ in what a machine brings."""
    regions: dict[str, dict[tuple[float, float], _Candidate]] = {}
    for number, fleet in enumerate(fleets):
        capacity = fleet.weight * fleet.target * fleet.scaler
        gain = capacity * (1 - fleet.fill) if demand is None else capacity
        if gain > 0:
            candidate = _Candidate(number, fleet.region, capacity, gain)
            regions.setdefault(fleet.region, {}).setdefault((capacity, gain), candidate)
    return [list(candidates.values()) for _, candidates in sorted(regions.items())]


def _fewest_of(
    candidates: Sequence[_Candidate], fleets: Sequence[Fleet], demand: float | None, limit: int
) -> tuple[int, ...] | None:
    """The fewest machines added to some fleets, one a region."""
    enough = 1
    while not _added(candidates, fleets, demand, enough):
        if enough >= limit:
            return None
        enough = min(2 * enough, limit)
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if _added(candidates, fleets, demand, middle):
            enough = middle
        else:
            too_few = middle
    return _added(candidates, fleets, demand, enough)


def _added(
    candidates: Sequence[_Candidate], fleets: Sequence[Fleet], demand: float | None, number: int
) -> tuple[int, ...] | None:
    """How `number` machines at most make every loss survivable; `None` if they cannot."""
    spare = {loss.region: loss.left - loss.load for loss in losses(fleets, demand=demand)}
    gain = number * max((candidate.gain for candidate in candidates), default=0.0)
    needed = -min(spare.values()) * (1 - _TOLERANCE)
    while gain > 0 and gain >= needed:
        reached = _greatest_gain(candidates, spare, gain, number)
        if reached >= gain * (1 - _TOLERANCE):
            break
        gain = reached
    else:
        return None
    placed = _placed(candidates, spare, gain, number)
    added = tuple(placed.get(index, 0) for index in range(len(fleets)))
    return added if survives_any_loss(with_added(fleets, added), demand=demand) else None


def _greatest_gain(candidates: Sequence[_Candidate], spare: Mapping[str, float], gain: float, number: int) -> float:
    """What `number` machines gain at most if no region gets more than `gain` and what is to spare without it."""
    reached = 0.0
    for candidate in sorted(candidates, key=lambda candidate: candidate.gain, reverse=True):
        taken = min(number, _fitting(candidate, gain + spare[candidate.region], gain))
        reached += taken * candidate.gain
        number -= taken
    return reached


def _placed(candidates: Sequence[_Candidate], spare: Mapping[str, float], gain: float, number: int) -> dict[int, int]:
    """The machines of each fleet that make up the greatest gain.

    Among those that gain alike, each next machine goes where most room is left, so that regions end up level.
    """
    free = {candidate.number: gain + spare[candidate.region] for candidate in candidates}
    placed = dict[int, int]()
    for value in sorted({candidate.gain for candidate in candidates}, reverse=True):
        alike = [candidate for candidate in candidates if candidate.gain == value]
        while sum(placed.values()) < number:
            fitting = [candidate for candidate in alike if _fitting(candidate, free[candidate.number], gain)]
            if not fitting:
                break
            widest = max(fitting, key=lambda candidate: free[candidate.number])
            placed[widest.number] = placed.get(widest.number, 0) + 1
            free[widest.number] -= widest.capacity
    return placed


def _fitting(candidate: _Candidate, free: float, scale: float) -> int:
    """How many machines fit into what is free; what fits on paper fits."""
    return max(math.floor((free + _TOLERANCE * scale) / candidate.capacity + _TOLERANCE), 0)


def with_added(fleets: Sequence[Fleet], added: Sequence[int]) -> list[Fleet]:
    """The fleets with more warm machines, of each as many as `added` says."""
    return [replace(fleet, warm=fleet.warm + more) for fleet, more in zip(fleets, added, strict=True)]


def fewest_for(fleets: Sequence[Fleet], demand: float) -> tuple[int, ...] | None:
    """The fewest warm machines in all that carry a demand whichever region is lost, whatever there is today.

    Args:
        fleets: all fleets behind one load balancer.
        demand: the load, in the unit of capacity.

    Returns:
        For each fleet how many machines it takes; `None` if no number up to `MOST_ADDED` is enough.
    """
    return fewest_added([replace(fleet, warm=0) for fleet in fleets], demand=demand)


def highest_fill(fleets: Sequence[Fleet], autoscaled: Sequence[bool]) -> float | None:
    """How full the autoscalers may keep their groups, as one fraction of the targets for all, at today's machines.

    Args:
        fleets: all fleets behind one load balancer.
        autoscaled: for each fleet whether an autoscaler sizes it; the others run at their own fill.

    Returns:
        The fraction, 1 at most; `None` if none above 0 is low enough, or there is no autoscaler.
    """
    pairs = list(zip(fleets, autoscaled, strict=True))
    fixed = sum(fleet.load for fleet, is_scaled in pairs if not is_scaled)
    scaled = sum(fleet.warm_capacity for fleet, is_scaled in pairs if is_scaled)
    left = min((loss.left for loss in losses(fleets)), default=0.0)
    return min((left - fixed) / scaled, 1.0) if scaled > 0 and left - fixed > _TOLERANCE * left else None
