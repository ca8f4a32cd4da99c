"""Which limits of updates the API takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.fleets.group_manager import DEFAULT_ZONES, GroupManager
from policypack.model.values.logic import all_of, any_of, equals, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# Python name of a limit -> its two forms, of which an update policy takes one.
_FORMS: Final = {
    "max_surge": ("maxSurgeFixed", "maxSurgePercent"),
    "max_unavailable": ("maxUnavailableFixed", "maxUnavailablePercent"),
}


@dataclass(frozen=True)
class Limit:
    """How many VMs an update adds, or takes away, at most.

    Attributes:
        name: `max_surge` or `max_unavailable`.
        fixed: a number of VMs; `None` if left out.
        percent: a share of the group in percent; `None` if left out.
    """

    name: str
    fixed: float | Unknown | None
    percent: float | Unknown | None

    @property
    def is_zero(self) -> bool | Unknown:
        """Whether it is set to 0. Left out, it is one VM a zone."""
        return bool(self._given) and all_of(when_known(value, lambda number: number == 0) for value in self._given)

    @property
    def is_positive(self) -> bool | Unknown:
        """Whether it is set to more than 0."""
        return any_of(when_known(value, lambda number: number > 0) for value in self._given)

    @property
    def _given(self) -> list[float | Unknown]:
        return [value for value in (self.fixed, self.percent) if value is not None]


@dataclass(frozen=True)
class UpdateLimits:
    """The limits of a group's updates.

    Source: https://cloud.google.com/compute/docs/reference/rest/v1/regionInstanceGroupManagers; the API says in so
    many words: "maxSurge must be equal to 0 when replacement method is set to RECREATE" and "Fixed
    updatePolicy.maxSurge for regional managed instance group has to be either 0 or at least equal to the number of
    zones".
    """

    surge: Limit
    unavailable: Limit
    recreates: bool | Unknown
    zones: range | Unknown
    """How many zones it may have, if that counts: those of a regional group."""

    @property
    def are_both_zero(self) -> bool | Unknown:
        return all_of((self.surge.is_zero, self.unavailable.is_zero))

    def is_too_small(self, limit: Limit) -> bool | Unknown:
        """Whether a fixed limit is above 0 and below the number of zones."""
        fixed, zones = limit.fixed, self.zones
        if fixed is None or (fixed is not UNKNOWN and fixed <= 0):
            return False
        if isinstance(zones, Unknown):
            return UNKNOWN
        if not zones or isinstance(fixed, Unknown):
            return UNKNOWN if zones else False
        return True if fixed < zones[0] else False if fixed >= zones[-1] else UNKNOWN


def update_limits(group: GroupManager) -> UpdateLimits | Unknown | None:
    """The limits of a group's updates; `None` without an update policy."""
    policy = group.resource.asked.object("updatePolicy")
    if not isinstance(policy, Properties):
        return policy
    surge, unavailable = (
        Limit(name, policy.number(fixed), policy.number(percent)) for name, (fixed, percent) in _FORMS.items()
    )
    return UpdateLimits(surge, unavailable, equals(policy.string("replacementMethod"), "RECREATE"), _zones(group))


def _zones(group: GroupManager) -> range | Unknown:
    if not group.is_regional:
        return range(0)
    listed = group.resource.asked.strings("distributionPolicyZones")
    if isinstance(listed, Unknown):
        return UNKNOWN
    if not listed:
        return range(DEFAULT_ZONES, DEFAULT_ZONES + 1)
    names = len(group.listed_zones)
    open_entries = sum(isinstance(zone, Unknown) for zone in listed)
    return range(max(names, 1), names + open_entries + 1)
