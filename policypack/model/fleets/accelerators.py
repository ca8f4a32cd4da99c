"""Which backends have machines with GPUs."""

from __future__ import annotations

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.group import Group
from policypack.model.fleets.group_manager import manager_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import INSTANCE_GROUP
from policypack.model.machines.machine import Machine, instances_of
from policypack.model.values.logic import any_of, same
from policypack.model.values.values import UNKNOWN, Unknown


def has_gpus(backend: Backend) -> bool | Unknown:
    """Whether the machines of a backend have GPUs, as far as the stack tells: those outside it count for nothing."""
    return UNKNOWN if backend.choices is None else same(_has_gpus(group) for group in backend.choices)


def _has_gpus(group: Group) -> bool | Unknown:
    if not isinstance(group.target, Resource):
        return False
    manager = manager_of(group)
    if manager:
        all_links = [manager.template_links]
    else:
        all_links = instances_of(group.stack, group.target) if group.target.type == INSTANCE_GROUP else []
    machines = [Machine.of(target, group.stack).has_gpu for links in all_links for target in links.targets]
    return any_of([*machines, *(UNKNOWN for links in all_links if not links.is_complete)])
