"""Over how many zones the backends of a service are spread in each region."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.serving import ServingGroups
from policypack.model.fleets.group_manager import ZoneCount, zones_of
from policypack.model.values.bounds import reaches
from policypack.model.values.values import Unknown

# What is in a zone of Compute Engine. The endpoints of a hybrid NEG are elsewhere, though requests reach them through
# its zone: it counts beside zonal NEGs, which it may be mixed with, and asks for nothing on its own.
# https://cloud.google.com/load-balancing/docs/negs/hybrid-neg-concepts
_ZONAL_KINDS: Final = frozenset({GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG})
_KINDS_WITH_ZONES: Final = _ZONAL_KINDS | {GroupKind.HYBRID_NEG}


@dataclass(frozen=True)
class RegionZones:
    """How many zones the groups of one region are in: from `lower` to `upper` (`None` for any number).

    Attributes:
        region: the region.
        lower: in how many zones they are at least.
        upper: in how many they can be; `None` for any number.
        kinds: the kinds that they can be.
        is_zonal: some of them certainly takes requests and is in a zone of Compute Engine.
        may_be_drained: of some it is not known whether they take requests.
    """

    region: str
    lower: int
    upper: int | None
    kinds: frozenset[GroupKind]
    is_zonal: bool
    may_be_drained: bool

    def reach(self, needed: int) -> bool | Unknown:
        return reaches(self.lower, self.upper, needed)


def may_be_in_zones(group: Group) -> bool:
    """Whether a group's machines or endpoints are in zones, or may be."""
    return bool(group.kinds & _ZONAL_KINDS)


def zones_by_region(groups: ServingGroups, spreading_shapes: Collection[str]) -> tuple[RegionZones, ...]:
    """The zones of each region, ordered by region; groups without zones, or whose region is unknown, are left out."""
    regions: dict[str, list[tuple[Group, bool]]] = {}
    for is_certain, some in ((True, groups.certain), (False, groups.possible)):
        for group in some:
            if isinstance(group.region, str) and group.kinds <= _KINDS_WITH_ZONES:
                regions.setdefault(group.region, []).append((group, is_certain))
    found = (_together(region, members, spreading_shapes) for region, members in sorted(regions.items()))
    return tuple(zones for zones in found if zones.kinds & _ZONAL_KINDS)


def _together(region: str, members: list[tuple[Group, bool]], spreading_shapes: Collection[str]) -> RegionZones:
    counts = [_zones(group, is_certain, spreading_shapes) for group, is_certain in members]
    certain = frozenset[str]().union(*(count.certain for count in counts))
    lower = max(len(certain), *(count.lower for count in counts))
    others = [count.upper - len(count.certain) for count in counts if count.upper is not None]
    upper = len(certain) + sum(others) if len(others) == len(counts) else None
    kinds = frozenset[GroupKind]().union(*(group.kinds for group, _ in members))
    is_zonal = any(is_certain and group.kinds <= _ZONAL_KINDS for group, is_certain in members)
    may_be_drained = not all(is_certain for _, is_certain in members)
    return RegionZones(region, lower, upper, kinds, is_zonal, may_be_drained)


def _zones(group: Group, is_certain: bool, spreading_shapes: Collection[str]) -> ZoneCount:
    count = zones_of(group, spreading_shapes)
    # One that may be drained rules nothing out, and settles nothing.
    return count if is_certain else ZoneCount(frozenset(), 0, count.upper)
