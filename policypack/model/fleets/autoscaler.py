"""Autoscalers of managed instance groups, regional and zonal."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.reference import location_of, parse_reference, references_to, with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    AUTOSCALER,
    AUTOSCALER_TYPES,
    INSTANCE_GROUP_MANAGER,
    INSTANCE_GROUP_MANAGER_TYPES,
    REGION_AUTOSCALER,
    REGION_INSTANCE_GROUP_MANAGER,
)
from policypack.model.graph.view import View
from policypack.model.values.logic import all_of, any_of, is_set, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# What the provider documents for values that are left out:
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/regionautoscaler/
_DEFAULT_MODE: Final = "ON"
_DEFAULT_CPU_TARGET: Final = 0.6
_DEFAULT_BALANCING_TARGET: Final = 0.8
# ONLY_UP is the older name of ONLY_SCALE_OUT.
_MODES: Final = {"ON": True, "ONLY_UP": True, "ONLY_SCALE_OUT": True, "OFF": False}
# Which groups each kind of autoscaler sizes, and what names the place of both:
# https://cloud.google.com/compute/docs/reference/rest/v1/autoscalers
_SIZES: Final = {
    REGION_AUTOSCALER: (REGION_INSTANCE_GROUP_MANAGER, "region"),
    AUTOSCALER: (INSTANCE_GROUP_MANAGER, "zone"),
}


class Autoscaler(View):
    """What sizes a managed instance group: a `RegionAutoscaler` or an `Autoscaler`."""

    TYPES = AUTOSCALER_TYPES

    @cached_property
    def target_links(self) -> Links:
        return resolve(
            self.stack, self.resource, "target", [self.resource.asked.string("target")], INSTANCE_GROUP_MANAGER_TYPES
        )

    @property
    def targets_instance_group(self) -> bool:
        """Its target is the URL of an instance group, and not that of the group's manager, which the API wants."""
        target = self.resource.asked.string("target")
        name = parse_reference(target) if isinstance(target, str) else None
        return name is not None and name.collection == "instanceGroups"

    @property
    def place(self) -> str | Unknown:
        """Its region or zone."""
        return _place(self.resource)

    def sizes(self, manager: Resource) -> bool | Unknown:
        """Whether it sizes a group, for which it takes more than naming it: it is of the group's kind and place."""
        named = self.target_links.includes(manager)
        return named if named is False else all_of((named, self.fits(manager)))

    def fits(self, manager: Resource) -> bool | Unknown:
        """Whether it can size a group that it names."""
        type_, key = _SIZES[self.resource.type]
        if manager.type != type_ or self.targets_instance_group:
            return False
        if with_provider_default(self.resource, key) is None and with_provider_default(manager, key) is None:
            # Both leave it to the provider.
            return True if self.resource.provider == manager.provider else UNKNOWN
        there = _place(manager)
        return when_known(self.place, lambda here: when_known(there, lambda place: here == place))

    @property
    def is_on(self) -> bool | Unknown:
        """Whether it adds machines. In mode ONLY_SCALE_OUT it does, but never removes any."""
        return when_known(self._policy.string("mode", default=_DEFAULT_MODE), lambda mode: _MODES.get(mode, UNKNOWN))

    @property
    def min_replicas(self) -> float | Unknown:
        """How many machines it keeps at least; where that is left out, it chooses."""
        return _count(self._policy.number("minReplicas"))

    @property
    def max_replicas(self) -> float | Unknown:
        return _count(self._policy.number("maxReplicas"))

    @property
    def has_room(self) -> bool | Unknown:
        """Whether its maximum is not below its minimum, which it chooses itself where that is left out.

        https://www.pulumi.com/registry/packages/gcp/api-docs/compute/regionautoscaler/: "should not be lower than
        minimal number of replicas"
        """
        least, most = self._policy.number("minReplicas", default=0), self._policy.number("maxReplicas")
        return when_known(least, lambda low: when_known(most, lambda high: high is None or low <= high))

    @property
    def cpu_target(self) -> float | Unknown | None:
        """The CPU utilization that it keeps, a fraction; `None` if it does not scale by CPU utilization.

        Without any signal it scales by CPU utilization.
        """
        if self._policy.object("cpuUtilization") is None:
            return when_known(self.scales_by_cpu_alone, lambda alone: _DEFAULT_CPU_TARGET if alone else None)
        return self._policy.block("cpuUtilization").number("target", default=_DEFAULT_CPU_TARGET)

    @property
    def balancing_target(self) -> float | Unknown | None:
        """The fraction of the load balancer's target that it keeps; `None` if it does not scale by that."""
        if self._policy.object("loadBalancingUtilization") is None:
            return None
        return self._policy.block("loadBalancingUtilization").number("target", default=_DEFAULT_BALANCING_TARGET)

    @property
    def has_metrics(self) -> bool | Unknown:
        """Whether it scales by Cloud Monitoring metrics, beside other signals or alone."""
        return when_known(self._policy.objects("metrics"), bool)

    @property
    def scales_by_cpu_alone(self) -> bool | Unknown:
        """Whether CPU utilization is its only signal, asked for or by default.

        With schedules and no signal it is not documented whether it scales by CPU utilization as well.
        """
        alone = negation(any_of((is_set(self._policy.object("loadBalancingUtilization")), self.has_metrics)))
        has_schedules = when_known(self._policy.objects("scalingSchedules"), bool)
        is_asked_for = is_set(self._policy.object("cpuUtilization"))
        return alone if alone is False or has_schedules is False or is_asked_for is True else UNKNOWN

    @property
    def _policy(self) -> Properties:
        return self.resource.asked.block("autoscalingPolicy")


@per_stack
def autoscalers(stack: Stack) -> LinkIndex[Autoscaler]:
    """The autoscalers of a stack, by their groups."""
    found = (Autoscaler.of(resource, stack) for resource in stack.of_types(AUTOSCALER_TYPES))
    return LinkIndex((autoscaler, autoscaler.target_links) for autoscaler in found)


def _place(resource: Resource) -> str | Unknown:
    place = location_of(resource)
    if isinstance(place, str):
        return place
    return next((name.location for name in references_to(resource) if name.location), UNKNOWN)


def _count(number: float | Unknown | None) -> float | Unknown:
    return UNKNOWN if number is None or isinstance(number, Unknown) or number < 0 else number
