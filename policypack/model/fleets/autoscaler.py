"""Autoscalers of managed instance groups, regional and zonal."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import AUTOSCALER_TYPES, INSTANCE_GROUP_MANAGER_TYPES
from policypack.model.graph.view import View
from policypack.model.values.values import UNKNOWN, Properties, Unknown

# What the provider documents for values that are left out:
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/regionautoscaler/
_DEFAULT_MODE: Final = "ON"
_DEFAULT_CPU_TARGET: Final = 0.6
_DEFAULT_BALANCING_TARGET: Final = 0.8
# ONLY_UP is the older name of ONLY_SCALE_OUT.
_MODES: Final = {"ON": True, "ONLY_UP": True, "ONLY_SCALE_OUT": True, "OFF": False}


class Autoscaler(View):
    """What sizes a managed instance group: a `RegionAutoscaler` or an `Autoscaler`."""

    TYPES = AUTOSCALER_TYPES

    @cached_property
    def target_links(self) -> Links:
        """The group that it sizes."""
        return resolve(
            self.stack, self.resource, "target", [self.resource.asked.string("target")], INSTANCE_GROUP_MANAGER_TYPES
        )

    @property
    def is_on(self) -> bool | Unknown:
        """Whether it adds machines. In mode ONLY_SCALE_OUT it does, but never removes any."""
        mode = self._policy.string("mode")
        if isinstance(mode, Unknown):
            return UNKNOWN
        return _MODES.get(mode or _DEFAULT_MODE, UNKNOWN)

    @property
    def min_replicas(self) -> float | Unknown:
        """How many machines it keeps at least; where that is left out, it chooses."""
        return _count(self._policy.number("minReplicas"))

    @property
    def max_replicas(self) -> float | Unknown:
        """How many machines it makes at most."""
        return _count(self._policy.number("maxReplicas"))

    @property
    def cpu_target(self) -> float | Unknown | None:
        """The CPU utilization that it keeps, a fraction; `None` if it does not scale by CPU utilization.

        Without any signal it scales by CPU utilization.
        """
        cpu = self._policy.object("cpuUtilization")
        if cpu is None:
            alone = self.scales_by_cpu_alone
            return UNKNOWN if isinstance(alone, Unknown) else _DEFAULT_CPU_TARGET if alone else None
        return _target(cpu, _DEFAULT_CPU_TARGET)

    @property
    def balancing_target(self) -> float | Unknown | None:
        """The fraction of the load balancer's target that it keeps; `None` if it does not scale by that."""
        balancing = self._policy.object("loadBalancingUtilization")
        return None if balancing is None else _target(balancing, _DEFAULT_BALANCING_TARGET)

    @property
    def has_metrics(self) -> bool | Unknown:
        """Whether it scales by Cloud Monitoring metrics, beside other signals or alone."""
        metrics = self._policy.objects("metrics")
        return UNKNOWN if isinstance(metrics, Unknown) else bool(metrics)

    @property
    def scales_by_cpu_alone(self) -> bool | Unknown:
        """Whether CPU utilization is its only signal, asked for or by default; schedules are no signal of load."""
        balancing, metrics = self._policy.object("loadBalancingUtilization"), self.has_metrics
        if metrics is True or isinstance(balancing, Properties):
            return False
        return UNKNOWN if balancing is UNKNOWN or metrics is UNKNOWN else True

    @property
    def _policy(self) -> Properties:
        policy = self.resource.asked.object("autoscalingPolicy")
        if isinstance(policy, Properties):
            return policy
        return Properties({} if policy is None else policy)


def autoscalers(stack: Stack) -> LinkIndex[Autoscaler]:
    """The autoscalers of a stack, by their groups."""
    return stack.derived("autoscalers", _autoscalers)


def _autoscalers(stack: Stack) -> LinkIndex[Autoscaler]:
    found = (Autoscaler.of(resource, stack) for resource in stack.of_types(AUTOSCALER_TYPES))
    return LinkIndex((autoscaler, autoscaler.target_links) for autoscaler in found)


def _target(signal: Properties | Unknown, default: float) -> float | Unknown:
    target = UNKNOWN if isinstance(signal, Unknown) else signal.number("target")
    return default if target is None else target


def _count(number: float | Unknown | None) -> float | Unknown:
    return UNKNOWN if number is None or isinstance(number, Unknown) or number < 0 else number
