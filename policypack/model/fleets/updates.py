"""What Compute Engine takes of a group's updates: their limits, and what stateful groups ask for.

Stateful groups keep disks, addresses or metadata of their VMs:
https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs#limitations: "You cannot use autoscaling
if your MIG has stateful configuration", automated rolling updates need the replacement method RECREATE, and regional
groups the redistribution type NONE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.fleets.group_manager import DEFAULT_ZONES, GroupManager
from policypack.model.graph.attached import attached_to
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import PER_INSTANCE_CONFIG, REGION_PER_INSTANCE_CONFIG
from policypack.model.values.logic import all_of, any_of, equals, is_in, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# Python name of a limit -> its two forms, of which an update policy takes one.
_FORMS: Final = {
    "max_surge": ("maxSurgeFixed", "maxSurgePercent"),
    "max_unavailable": ("maxUnavailableFixed", "maxUnavailablePercent"),
}
# What a stateful policy keeps of all VMs of a group, and a per-instance configuration of one.
_STATEFUL_POLICY: Final = ("statefulDisks", "statefulExternalIps", "statefulInternalIps")
_NOT_REDISTRIBUTED: Final = ("BALANCED", "ANY_SINGLE_ZONE")
_PRESERVED_STATE: Final = ("disks", "externalIps", "internalIps", "metadata")


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

    Attributes:
        surge: how many VMs an update adds at most.
        unavailable: how many VMs it takes away at most.
        recreates: whether it keeps the names of VMs.
        zones: how many zones the group may have; none for a zonal group, where that does not count.

    Source: https://cloud.google.com/compute/docs/reference/rest/v1/regionInstanceGroupManagers; the API says in so
    many words: "maxSurge must be equal to 0 when replacement method is set to RECREATE" and "Fixed
    updatePolicy.maxSurge for regional managed instance group has to be either 0 or at least equal to the number of
    zones".
    """

    surge: Limit
    unavailable: Limit
    recreates: bool | Unknown
    zones: range | Unknown

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


def versions_for_the_rest(group: GroupManager) -> int | Unknown:
    """How many of a group's versions have no target size, and so get the VMs that the others leave.

    What is read has one, and so has a group without versions.
    """
    versions = group.resource.asked.objects("versions")
    if group.resource.is_read or not (isinstance(versions, Unknown) or versions):
        return 1
    if isinstance(versions, Unknown):
        return UNKNOWN
    sizes = [one.object("targetSize") for one in versions]
    return UNKNOWN if len(known_in(sizes)) < len(sizes) else sum(size is None for size in sizes)


def is_stateful(group: GroupManager) -> bool | Unknown:
    """Whether a group has a stateful policy, or a per-instance configuration of the stack that is not empty."""
    configs = attached_to(group.stack, group.resource, (PER_INSTANCE_CONFIG, REGION_PER_INSTANCE_CONFIG))
    policy = (when_known(group.resource.asked.value(key), bool) for key in _STATEFUL_POLICY)
    return any_of([*policy, *(all_of([belongs, _keeps_state(config)]) for config, belongs in configs)])


def _keeps_state(config: Resource) -> bool | Unknown:
    """Whether a per-instance configuration keeps more than the VM's name."""
    state = config.asked.block("preservedState")
    return any_of(when_known(state.value(key), bool) for key in _PRESERVED_STATE)


def loses_names(group: GroupManager) -> bool | Unknown:
    """Whether automated updates would give VMs of a stateful group new names, which left out is what they do."""
    policy = group.resource.asked.block("updatePolicy")
    keeps_names = equals(policy.string("replacementMethod"), "RECREATE")
    return _is_wrong(group, all_of([equals(policy.string("type"), "PROACTIVE"), negation(keeps_names)]))


def loses_places(group: GroupManager) -> bool | Unknown:
    """Whether a stateful regional group would move VMs to spread them evenly, which left out is what it does."""
    kind = group.resource.asked.block("updatePolicy").string("instanceRedistributionType")
    return _is_wrong(group, all_of([group.is_regional, negation(equals(kind, "NONE"))]))


def contradicts_its_shape(group: GroupManager) -> bool | Unknown:
    """Whether a group would spread its VMs evenly although its target shape is one that the API takes only without.

    https://cloud.google.com/compute/docs/instance-groups/regional-mig-set-target-distribution-shape#limitations
    """
    policy = group.resource.asked.object("updatePolicy")
    if group.resource.is_read or not group.is_regional:
        return False
    # Without a policy it is not documented what the group does.
    spreads = (
        negation(equals(policy.string("instanceRedistributionType"), "NONE"))
        if isinstance(policy, Properties)
        else UNKNOWN
    )
    return all_of([is_in(group.target_shape, _NOT_REDISTRIBUTED), spreads])


def _is_wrong(group: GroupManager, is_so: bool | Unknown) -> bool | Unknown:
    """Whether the API will refuse what a stateful group must not have; it has taken what is read."""
    return False if group.resource.is_read else all_of([is_so, is_stateful(group)])
