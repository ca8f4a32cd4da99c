"""The VMs of instance groups: whether they have GPUs, and which of them are in several load-balanced groups.

"Don't put a VM in more than one load-balanced instance group":
https://cloud.google.com/load-balancing/docs/backend-service#restrictions_and_guidance. The API answers "instance may
belong to at most one load-balanced instance group": https://github.com/kubernetes/kubernetes/issues/58500
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.fleets.group_manager import all_services, manager_of
from policypack.model.graph.reference import Reference, location_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import INSTANCE_GROUP
from policypack.model.machines.machine import Machine, instances_of
from policypack.model.values.logic import any_of, same
from policypack.model.values.values import UNKNOWN, Unknown

_Vm: TypeAlias = "str | Reference"


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


@dataclass(frozen=True)
class SharedVms:
    """Two unmanaged groups behind load balancers that have VMs in common, or may have.

    Attributes:
        group: the name of the one.
        other: the name of the other.
        names: the names of VMs that certainly are in both.
        is_certain: both certainly are backends, and some VM is in both.
    """

    group: str
    other: str
    names: tuple[str, ...]
    is_certain: bool


@dataclass(frozen=True)
class _Members:
    """The VMs of an unmanaged group: those that it certainly has, with their names, and others that it may have."""

    certain: dict[_Vm, str]
    possible: frozenset[_Vm]
    is_open: bool

    def may_share_with(self, other: _Members) -> bool:
        """Whether a VM may be in both."""
        ours, theirs = self.possible | self.certain.keys(), other.possible | other.certain.keys()
        return (
            bool(ours & theirs) or (self.is_open and (other.is_open or bool(theirs))) or (other.is_open and bool(ours))
        )


def shared_vms(service: BackendService) -> Iterator[SharedVms]:
    """The unmanaged groups of a service, each with those behind any load balancer that may have a VM of it."""
    for group in _unmanaged(service.links.targets):
        for other, is_certain in _balanced(service.stack).items():
            ours, theirs = _members(service.stack, group), _members(service.stack, other)
            common = [name for vm, name in ours.certain.items() if vm in theirs.certain]
            may_share = _are_near(group, other) and ours.may_share_with(theirs)
            if other is not group and (common or may_share):
                yield SharedVms(group.name, other.name, tuple(sorted(common)), is_certain and bool(common))


def _are_near(one: Resource, other: Resource) -> bool:
    """Whether two groups may be in one zone, where all VMs of an unmanaged group are."""
    here, there = location_of(one), location_of(other)
    return not (isinstance(here, str) and isinstance(there, str)) or here == there


@per_stack
def _balanced(stack: Stack) -> dict[Resource, bool]:
    """The unmanaged groups that may be backends of some service: whether that is certain."""
    all_links = [service.links for service in all_services(stack)]
    is_open = any(links.why and not links.is_closed for links in all_links)
    possible = stack.of_types([INSTANCE_GROUP]) if is_open else [one for links in all_links for one in links.candidates]
    certain = [one for links in all_links for one in links.targets]
    return dict.fromkeys(_unmanaged(possible), False) | dict.fromkeys(_unmanaged(certain), True)


def _unmanaged(groups: Iterable[Resource]) -> Iterator[Resource]:
    return (one for one in groups if one.type == INSTANCE_GROUP)


@per_stack
def _members(stack: Stack, group: Resource) -> _Members:
    all_links = instances_of(stack, group)
    members = [member for links in all_links for member in links.members]
    return _Members(
        {_identity(one): one.name for one in members},
        frozenset(_identity(one) for links in all_links for one in links.candidates),
        any(links.why and not links.is_closed for links in all_links),
    )


def _identity(member: Resource | Reference) -> _Vm:
    return member.urn if isinstance(member, Resource) else member
