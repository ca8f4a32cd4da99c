"""Over how many zones the backends of a service are spread in each region."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.group import Group, GroupKind
from policypack.model.fleets.group_manager import ZoneCount, zones_of
from policypack.model.values.bounds import reaches
from policypack.model.values.values import Unknown

# What is in a zone of Compute Engine: endpoints of a hybrid NEG are elsewhere, the other NEGs have no zone.
_ZONAL_KINDS: Final = frozenset({GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG})


@dataclass(frozen=True)
class RegionZones:
    """How many zones the groups of one region are in: from `lower` to `upper` (`None` for any number)."""

    region: str
    lower: int
    upper: int | None

    def reach(self, needed: int) -> bool | Unknown:
        return reaches(self.lower, self.upper, needed)


def may_be_in_zones(group: Group) -> bool:
    """Whether a group's machines or endpoints are in zones, or may be."""
    return bool(group.kinds & _ZONAL_KINDS)


def zones_by_region(groups: Iterable[Group], spreading_shapes: Collection[str]) -> tuple[RegionZones, ...]:
    """The zones of each region, ordered by region; groups without zones, or whose region is unknown, are left out."""
    regions: dict[str, list[ZoneCount]] = {}
    for group in groups:
        if isinstance(group.region, str) and may_be_in_zones(group):
            regions.setdefault(group.region, []).append(_zones(group, spreading_shapes))
    return tuple(_together(region, counts) for region, counts in sorted(regions.items()))


def _zones(group: Group, spreading_shapes: Collection[str]) -> ZoneCount:
    # Where the kind is not known, the group may have no zone at all, so nothing is counted and nothing ruled out.
    return zones_of(group, spreading_shapes) if group.kinds <= _ZONAL_KINDS else ZoneCount(frozenset(), 0, None)


def _together(region: str, counts: list[ZoneCount]) -> RegionZones:
    certain = frozenset[str]().union(*(count.certain for count in counts))
    lower = max(len(certain), *(count.lower for count in counts))
    others = [count.upper - len(count.certain) for count in counts if count.upper is not None]
    return RegionZones(region, lower, len(certain) + sum(others) if len(others) == len(counts) else None)
