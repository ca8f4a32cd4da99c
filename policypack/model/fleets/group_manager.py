"""Managed instance groups, regional and zonal: where their machines are, what heals, sizes and updates them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.autoscaler import Autoscaler, autoscalers
from policypack.model.graph.attached import attached_to
from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.reference import references_to, region_of, short_name, with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    INSTANCE_GROUP_MANAGER_TYPES,
    REGION_INSTANCE_GROUP_MANAGER,
    REGION_RESIZE_REQUEST,
    RESIZE_REQUEST,
    SERVICE_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.machines.machine import Machine, templates_of
from policypack.model.values.logic import all_of, any_of, equals, is_in, is_set, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/compute/docs/instance-groups/regional-mig-distribution-shape
_DEFAULT_SHAPE: Final = "EVEN"
# Where a regional group names no zones, Compute Engine selects three; every region has as many.
# https://cloud.google.com/compute/docs/instance-groups/distributing-instances-with-regional-instance-groups
DEFAULT_ZONES: Final = 3
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
    def counts_alone(self) -> bool:
        """A group with GPUs that no backend service can be using is worth a word: it may have been forgotten."""
        return self.has_gpu is True and not self.serving

    @property
    def is_regional(self) -> bool:
        return self.resource.type == REGION_INSTANCE_GROUP_MANAGER

    @property
    def region(self) -> str | Unknown:
        return Group(self.resource, self.stack).region

    def zones(self, spreading_shapes: Collection[str]) -> ZoneCount:
        """The zones that its machines are spread over.

        Args:
            spreading_shapes: the target shapes that count as spreading; with any other, all machines may be in one
                zone, and one is what counts.
        """
        if not self.is_regional:
            return _one_zone(_zone_of(self.resource))
        listed, shape = self.resource.asked.strings("distributionPolicyZones"), self.target_shape
        if isinstance(shape, str) and shape not in spreading_shapes:
            return ZoneCount(frozenset(), 1, 1)
        if isinstance(listed, Unknown):
            return ZoneCount(frozenset(), 1, None)
        names = frozenset(zone for zone in self.listed_zones if self._is_in_region(zone))
        upper = len(names) + sum(isinstance(zone, Unknown) for zone in listed) if listed else DEFAULT_ZONES
        if isinstance(shape, Unknown):
            return ZoneCount(frozenset(), min(1, upper), upper)
        return ZoneCount(names, max(len(names), min(1, upper)) if listed else DEFAULT_ZONES, upper)

    @property
    def listed_zones(self) -> tuple[str, ...]:
        """The names of the zones that a regional group asks for, as far as they are known."""
        listed = self.resource.asked.strings("distributionPolicyZones")
        names = (short_name(zone) for zone in known_in(listed))
        return tuple(dict.fromkeys(name for name in names if name))

    def _is_in_region(self, zone: str) -> bool:
        return isinstance(self.region, Unknown) or region_of(zone) == self.region

    @property
    def target_shape(self) -> str | Unknown:
        return self.resource.asked.string("distributionPolicyTargetShape", default=_DEFAULT_SHAPE)

    @property
    def has_autohealing(self) -> bool | Unknown:
        return is_set(self.resource.asked.object("autoHealingPolicies"))

    @cached_property
    def healing_check_links(self) -> Links:
        """The health check that tells which machines to recreate."""
        policy = self.resource.asked.block("autoHealingPolicies")
        entries = [] if self.has_autohealing is False else [policy.string("healthCheck")]
        return resolve(self.stack, self.resource, "autoHealingPolicies", entries, HealthCheck.TYPES)

    @property
    def healing_checks(self) -> tuple[HealthCheck, ...]:
        """The health checks of the stack that certainly tell which machines to recreate: one at most."""
        return tuple(HealthCheck.of(target, self.stack) for target in self.healing_check_links.targets)

    @property
    def initial_delay(self) -> float | Unknown:
        """For how many seconds a new machine may fail its check, if the group has a policy; left out it is 0.

        https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers
        """
        policy = self.resource.asked.object("autoHealingPolicies")
        return policy.number("initialDelaySec", default=0) if isinstance(policy, Properties) else UNKNOWN

    @property
    def repairs_unhealthy(self) -> bool | Unknown:
        """Whether it recreates machines that fail the healing check; its lifecycle policy can turn that off.

        https://cloud.google.com/compute/docs/instance-groups/turn-off-repairs-in-mig
        """
        policy = self.resource.asked.block("instanceLifecyclePolicy")
        action = policy.string("onFailedHealthCheck", default="DEFAULT_ACTION")
        if equals(action, "DEFAULT_ACTION") is True:
            action = policy.string("defaultActionOnFailure", default="REPAIR")
        return negation(equals(action, "DO_NOTHING"))

    @cached_property
    def template_links(self) -> Links:
        return templates_of(self.stack, self.resource)

    @property
    def has_gpu(self) -> bool | Unknown:
        return self._has_machines(lambda machine: machine.has_gpu)

    @property
    def takes_reservation(self) -> bool | Unknown:
        """Whether all its machines come from specific reservations, so that it cannot have more than these hold."""
        links = self.template_links
        machines = [Machine.of(target, self.stack) for target in links.targets]
        if links.external or (links.is_complete and not machines):
            return False
        found = all_of(equals(one.reservation_affinity, "SPECIFIC_RESERVATION") for one in machines)
        return UNKNOWN if found is True and not links.is_complete else found

    @property
    def has_tpu(self) -> bool | Unknown:
        return self._has_machines(lambda machine: machine.has_tpu)

    def _has_machines(self, are_such: Callable[[Machine], bool | Unknown]) -> bool | Unknown:
        links = self.template_links
        found = any_of(are_such(Machine.of(target, self.stack)) for target in links.targets)
        are_all = links.is_complete and links.targets and not links.external and not self.mixes_machines
        return found if found is True or are_all else UNKNOWN

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
        size = self.resource.asked.number("targetSize", default=0)
        return when_known(size, lambda count: count if count >= 0 else UNKNOWN)

    @property
    def is_filled_by_requests(self) -> bool | Unknown:
        """Whether resize requests add its machines; whether it takes an autoscaler and repairs then is not documented.

        https://cloud.google.com/compute/docs/instance-groups/about-resize-requests-mig
        """
        requests = attached_to(self.stack, self.resource, (REGION_RESIZE_REQUEST, RESIZE_REQUEST))
        is_filled = any_of(belongs for _, belongs in requests)
        return UNKNOWN if is_filled is False and not self.stack.is_complete else is_filled

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

    @property
    def rival_autoscalers(self) -> tuple[Autoscaler, ...]:
        """The autoscalers that certainly size it, if these are more than the one that it can have."""
        certain, _ = self._autoscalers
        return tuple(certain) if len(certain) > 1 else ()

    @cached_property
    def _autoscalers(self) -> tuple[list[Autoscaler], bool]:
        """The autoscalers that certainly size it, and whether others may."""
        certain, possible = list[Autoscaler](), False
        for autoscaler, _ in autoscalers(self.stack).about(self.resource):
            sizes = autoscaler.sizes(self.resource)
            if sizes is True:
                certain.append(autoscaler)
            possible = possible or sizes is UNKNOWN
        return certain, possible

    @property
    def named_autoscalers(self) -> tuple[Autoscaler, ...]:
        """The autoscalers that certainly name it as their target, whether or not they can size it."""
        found = autoscalers(self.stack).about(self.resource)
        return tuple(autoscaler for autoscaler, links in found if links.includes(self.resource) is True)

    @property
    def warm_replicas(self) -> float | Unknown:
        autoscaler = self.autoscaler
        if isinstance(autoscaler, Unknown):
            return UNKNOWN
        if autoscaler is None or autoscaler.is_on is False:
            return self.target_size if self.is_filled_by_requests is False else UNKNOWN
        return when_known(autoscaler.is_on, lambda _: autoscaler.min_replicas)

    @cached_property
    def serving(self) -> tuple[tuple[BackendService, bool | Unknown], ...]:
        """The backend services that it serves (true) and, after these, those that it may serve (not known)."""
        services = services_by_group(self.stack).about(self.resource)
        served = [(service, links.includes(self.resource, by_name=False)) for service, links in services]
        return tuple(one for wanted in (True, UNKNOWN) for one in served if one[1] is wanted)

    @property
    def is_updated_at_once(self) -> bool | Unknown:
        """Whether a change of its template stops machines by itself, and not when an operator says so.

        Without an update policy the API's type is OPPORTUNISTIC, which leaves that to the operator:
        https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups
        """
        policy = self.resource.asked.block("updatePolicy")
        leaves_running = is_in(policy.string("mostDisruptiveAllowedAction"), _RUNNING_ACTIONS)
        return all_of((equals(policy.string("type"), "PROACTIVE"), negation(leaves_running)))

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
        return _one_zone(_zone_of(group.target))
    return _one_zone(group.target.location) if group.target.scope == "zones" else ZoneCount(frozenset(), 1, None)


def _zone_of(resource: Resource) -> str | Unknown | None:
    """The zone of a zonal resource; of one that is read, its name may be all that says it."""
    zone = with_provider_default(resource, "zone")
    names = (name.location for name in references_to(resource) if name.scope == "zones")
    return zone if isinstance(zone, str) else next(names, zone)


def _one_zone(zone: str | Unknown | None) -> ZoneCount:
    name = short_name(zone) if isinstance(zone, str) else None
    return ZoneCount(frozenset({name} if name else ()), 1, 1)


@per_stack
def all_services(stack: Stack) -> tuple[BackendService, ...]:
    """The backend services of a stack of which something is known."""
    return tuple(BackendService.of(found, stack) for found in stack.of_types(SERVICE_TYPES) if not found.is_empty)


@per_stack
def services_by_group(stack: Stack) -> LinkIndex[BackendService]:
    """The backend services of a stack, by their groups."""
    return LinkIndex((service, service.links) for service in all_services(stack))


def _within(count: float, size: float) -> float:
    return max(min(count, size), 0)
