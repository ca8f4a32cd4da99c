"""Managed instance groups, regional and zonal: where their machines are, what heals, sizes and updates them."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.autoscaler import Autoscaler, autoscalers
from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.reference import setting
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    INSTANCE_GROUP_MANAGER_TYPES,
    REGION_INSTANCE_GROUP_MANAGER,
    SERVICE_TYPES,
    TEMPLATE_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.machines.machine import Machine
from policypack.model.values.values import UNKNOWN, Properties, Unknown

# https://cloud.google.com/compute/docs/instance-groups/regional-mig-distribution-shape
_DEFAULT_SHAPE: Final = "EVEN"
# Where a regional group names no zones, Compute Engine selects three; every region has as many.
# https://cloud.google.com/compute/docs/instance-groups/distributing-instances-with-regional-instance-groups
_DEFAULT_ZONES: Final = 3
# Actions that leave machines running.
_RUNNING_ACTIONS: Final = ("NONE", "REFRESH")


@dataclass(frozen=True)
class ZoneCount:
    """How many zones a group's machines are in.

    Attributes:
        certain: zones that it certainly uses.
        lower: how many it uses at least.
        upper: how many it uses at most; `None` for any number.
    """

    certain: frozenset[str]
    lower: int
    upper: int | None


@dataclass(frozen=True)
class Unavailable:
    """How many machines an update takes away at once: from `lower` to `upper` of them."""

    lower: float
    upper: float


class GroupManager(View):
    """A managed instance group: a `RegionInstanceGroupManager` or an `InstanceGroupManager`."""

    TYPES = INSTANCE_GROUP_MANAGER_TYPES

    @property
    def is_regional(self) -> bool:
        """It spreads its machines over zones of a region."""
        return self.resource.type == REGION_INSTANCE_GROUP_MANAGER

    @property
    def region(self) -> str | Unknown:
        """The region that its machines are in."""
        return Group(self.resource, self.stack).region

    def zones(self, spreading_shapes: Collection[str]) -> ZoneCount:
        """The zones that its machines are spread over.

        Args:
            spreading_shapes: the target shapes that count as spreading; with any other, all machines may be in one
                zone, and one is what counts.
        """
        if not self.is_regional:
            return _one_zone(setting(self.resource, "zone"))
        listed, shape = self.resource.asked.strings("distributionPolicyZones"), self.target_shape
        if isinstance(shape, str) and shape not in spreading_shapes:
            return ZoneCount(frozenset(), 1, 1)
        if isinstance(listed, Unknown):
            return ZoneCount(frozenset(), 1, None)
        names = frozenset(zone.rstrip("/").rpartition("/")[2] for zone in listed if isinstance(zone, str))
        upper = len(names) + sum(isinstance(zone, Unknown) for zone in listed) if listed else _DEFAULT_ZONES
        if isinstance(shape, Unknown):
            return ZoneCount(frozenset(), 1, upper)
        return ZoneCount(names, max(len(names), 1) if listed else _DEFAULT_ZONES, upper)

    @property
    def target_shape(self) -> str | Unknown:
        """How a regional group spreads its machines."""
        shape = self.resource.asked.string("distributionPolicyTargetShape")
        return _DEFAULT_SHAPE if shape is None else shape

    @property
    def has_autohealing(self) -> bool | Unknown:
        """Whether it has an autohealing policy."""
        policy = self.resource.asked.object("autoHealingPolicies")
        return UNKNOWN if isinstance(policy, Unknown) else policy is not None

    @cached_property
    def healing_check_links(self) -> Links:
        """The health check that tells which machines to recreate."""
        policy = self.resource.asked.object("autoHealingPolicies")
        check = None if policy is None else UNKNOWN if isinstance(policy, Unknown) else policy.string("healthCheck")
        entries = [] if policy is None else [check]
        return resolve(self.stack, self.resource, "autoHealingPolicies", entries, HealthCheck.TYPES)

    @property
    def healing_checks(self) -> tuple[HealthCheck, ...]:
        """The health checks of the stack that certainly tell which machines to recreate: one at most."""
        return tuple(HealthCheck.of(target, self.stack) for target in self.healing_check_links.targets)

    @property
    def initial_delay(self) -> float | Unknown:
        """For how many seconds a new machine may fail its check; left out it is 0.

        https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers
        """
        policy = self.resource.asked.object("autoHealingPolicies")
        delay = policy.number("initialDelaySec") if isinstance(policy, Properties) else UNKNOWN
        return 0 if delay is None else delay

    @property
    def repairs_unhealthy(self) -> bool | Unknown:
        """Whether it recreates machines that fail the healing check; its lifecycle policy can turn that off.

        https://cloud.google.com/compute/docs/instance-groups/turn-off-repairs-in-mig
        """
        policy = self.resource.asked.object("instanceLifecyclePolicy")
        if policy is None:
            return True
        if isinstance(policy, Unknown):
            return UNKNOWN
        action = policy.string("onFailedHealthCheck")
        if not isinstance(action, Unknown) and action in (None, "DEFAULT_ACTION"):
            action = policy.string("defaultActionOnFailure")
        return UNKNOWN if isinstance(action, Unknown) else action != "DO_NOTHING"

    @cached_property
    def template_links(self) -> Links:
        """The instance templates of its versions."""
        versions = self.resource.asked.objects("versions")
        urls = UNKNOWN if isinstance(versions, Unknown) else [item.string("instanceTemplate") for item in versions]
        return resolve(self.stack, self.resource, "versions", urls, TEMPLATE_TYPES)

    @property
    def has_gpu(self) -> bool | Unknown:
        """Whether some of its machines have GPUs."""
        templates = [Machine.of(target, self.stack).has_gpu for target in self.template_links.targets]
        if any(template is True for template in templates):
            return True
        is_known = self.template_links.is_complete and not self.template_links.external and not self.mixes_machines
        return False if is_known and templates and all(template is False for template in templates) else UNKNOWN

    @property
    def mixes_machines(self) -> bool:
        """Whether it may have machine types other than the template's."""
        return self.resource.asked.value("instanceFlexibilityPolicy") is not None

    @property
    def target_size(self) -> float | Unknown:
        """How many machines it has without an autoscaler; the provider makes none where that is left out.

        `UNKNOWN` as well if `ignore_changes` leaves it to somebody else.
        """
        if self.resource.ignores_changes_of("targetSize"):
            return UNKNOWN
        size = self.resource.asked.number("targetSize")
        if isinstance(size, Unknown):
            return UNKNOWN
        return 0 if size is None else size if size >= 0 else UNKNOWN

    @property
    def is_sized_elsewhere(self) -> bool:
        """This program leaves its size to somebody else: it is read only, or `ignore_changes` covers `target_size`."""
        return self.resource.is_read or self.resource.ignores_changes_of("targetSize")

    @property
    def autoscaler(self) -> Autoscaler | Unknown | None:
        """Its autoscaler, of which a group has one at most; `None` if it has none, `UNKNOWN` if it may have one."""
        certain, possible = self._autoscalers
        if certain:
            return certain[0] if len(certain) == 1 else UNKNOWN
        return UNKNOWN if possible or not self.stack.is_complete or self.is_sized_elsewhere else None

    @cached_property
    def _autoscalers(self) -> tuple[list[Autoscaler], bool]:
        """The autoscalers that certainly size it, and whether others may."""
        certain, possible = list[Autoscaler](), False
        for autoscaler, links in autoscalers(self.stack).about(self.resource):
            is_target = links.includes(self.resource)
            if is_target is True:
                certain.append(autoscaler)
            possible = possible or is_target is UNKNOWN
        return certain, possible

    @property
    def warm_replicas(self) -> float | Unknown:
        """How many machines it has at least."""
        autoscaler = self.autoscaler
        if isinstance(autoscaler, Unknown):
            return UNKNOWN
        if autoscaler is None or autoscaler.is_on is False:
            return self.target_size
        return UNKNOWN if isinstance(autoscaler.is_on, Unknown) else autoscaler.min_replicas

    @cached_property
    def serving(self) -> tuple[tuple[BackendService, bool | Unknown], ...]:
        """The backend services that it serves (true) and those that it may serve (not known)."""
        services = services_by_group(self.stack).about(self.resource)
        certain = [(service, True) for service, links in services if self.resource in links.targets]
        possible = [(service, UNKNOWN) for service, links in services if may_have(links, self.resource)]
        return (*certain, *possible)

    @property
    def is_updated_at_once(self) -> bool | Unknown:
        """Whether a change of its template stops machines by itself, and not when an operator says so.

        Without an update policy the API's type is OPPORTUNISTIC, which leaves that to the operator:
        https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups
        """
        policy = self.resource.asked.object("updatePolicy")
        if policy is None or isinstance(policy, Unknown):
            return False if policy is None else UNKNOWN
        type_, most = policy.string("type"), policy.string("mostDisruptiveAllowedAction")
        if isinstance(most, str) and most in _RUNNING_ACTIONS:
            return False
        if isinstance(type_, Unknown) or (type_ == "PROACTIVE" and isinstance(most, Unknown)):
            return UNKNOWN
        return type_ == "PROACTIVE"

    @property
    def takes_machines(self) -> bool:
        """Whether an update may make machines unavailable before others replace them; not if the limit is set to 0."""
        policy = self.resource.asked.object("updatePolicy")
        if not isinstance(policy, Properties):
            return True
        limits = [policy.number("maxUnavailableFixed"), policy.number("maxUnavailablePercent")]
        is_zero = all(not isinstance(limit, Unknown) and not limit for limit in limits)
        return not is_zero or limits == [None, None]

    def unavailable_of(self, size: float) -> Unavailable | Unknown:
        """How many of `size` machines a proactive update takes away at once.

        Percentages are rounded, this way or that. Where nothing is set the provider sends 0, and the API's default is
        one machine a zone.
        https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups#max_unavailable
        """
        policy = self.resource.asked.object("updatePolicy")
        if not isinstance(policy, Properties):
            return UNKNOWN
        fixed, percent = policy.number("maxUnavailableFixed"), policy.number("maxUnavailablePercent")
        if isinstance(fixed, Unknown) or isinstance(percent, Unknown):
            return UNKNOWN
        if percent:
            share = size * percent / 100
            return Unavailable(_within(math.floor(share), size), _within(math.ceil(share), size))
        if fixed is not None or percent is not None:
            return Unavailable(_within(fixed or 0, size), _within(fixed or 0, size))
        upper = self.zones([self.target_shape] if isinstance(self.target_shape, str) else []).upper
        return Unavailable(0, size if upper is None else min(upper, size))


def manager_of(group: Group) -> GroupManager | None:
    """The manager of an instance group; `None` for one outside the stack, an unmanaged one or a NEG."""
    if isinstance(group.target, Resource) and group.target.type in INSTANCE_GROUP_MANAGER_TYPES:
        return GroupManager.of(group.target, group.stack)
    return None


def zones_of(group: Group, spreading_shapes: Collection[str]) -> ZoneCount:
    """The zones that any group's machines or endpoints are in; see `GroupManager.zones`."""
    manager = manager_of(group)
    if manager:
        return manager.zones(spreading_shapes)
    if isinstance(group.target, Resource):
        return _one_zone(setting(group.target, "zone"))
    return _one_zone(group.target.location) if group.target.scope == "zones" else ZoneCount(frozenset(), 1, None)


def _one_zone(zone: str | Unknown | None) -> ZoneCount:
    name = zone.rstrip("/").rpartition("/")[2] if isinstance(zone, str) else None
    return ZoneCount(frozenset({name} if name else ()), 1, 1)


def all_services(stack: Stack) -> tuple[BackendService, ...]:
    """The backend services of a stack."""
    return stack.derived("services", _all_services)


def services_by_group(stack: Stack) -> LinkIndex[BackendService]:
    """The backend services of a stack, by their groups."""
    services = all_services(stack)
    return stack.derived("services by group", lambda _: LinkIndex((service, service.links) for service in services))


def may_have(links: Links, resource: Resource) -> bool:
    """Whether an entry that is not known may be `resource`, which is none of the known ones."""
    if resource in links.targets or links.is_complete:
        return False
    return resource in links.candidates or not links.is_closed


def _all_services(stack: Stack) -> tuple[BackendService, ...]:
    return tuple(BackendService.of(found, stack) for found in stack.of_types(SERVICE_TYPES) if not found.is_empty)


def _within(count: float, size: float) -> float:
    return max(min(count, size), 0)
