"""What a health check is used for: load balancing, autohealing, or both."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.group_manager import GroupManager, all_services
from policypack.model.graph.links import LinkIndex
from policypack.model.graph.reference import COLLECTIONS, Reference
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    AUTOSCALER_TYPES,
    HEALTH_CHECK_TYPES,
    INSTANCE_GROUP_MANAGER_TYPES,
    SERVICE_TYPES,
)
from policypack.model.values.logic import any_of
from policypack.model.values.values import UNKNOWN, Unknown

_COLLECTIONS: Final = frozenset(COLLECTIONS[type_][0] for type_ in HEALTH_CHECK_TYPES)
# These have URLs of others among their outputs.
_HAND_ON: Final = (*SERVICE_TYPES, *AUTOSCALER_TYPES, *INSTANCE_GROUP_MANAGER_TYPES)


def is_for_balancing(check: HealthCheck) -> bool | Unknown:
    """Whether a backend service uses it to tell where requests go."""
    used = _is_used(check, _services_by_check(check.stack))
    # While the stack is incomplete, another service may come and use it.
    return used if used is not False or check.stack.is_complete else UNKNOWN


def is_for_healing(check: HealthCheck) -> bool | Unknown:
    """Whether a managed instance group uses it to tell which machines to recreate."""
    return _is_used(check, _managers_by_check(check.stack))


def shared_checks(group: GroupManager, service: BackendService) -> tuple[str, ...]:
    """The names of the health checks that a group certainly heals by and a service certainly balances by."""
    healing = group.healing_check_links.members
    return tuple(check.name for check in service.health_check_links.members if check in healing)


def named_in_place_of_a_check(group: GroupManager) -> tuple[str, ...]:
    """The names of what a group names as its healing check and what is none: by URL, or as all that it comes from."""
    links = group.healing_check_links
    wrong = [one.name for one in links.external if one.collection not in _COLLECTIONS]
    if not links.is_complete and not links.candidates:
        sources = [group.stack.by_urn(urn) for urn in group.resource.edges.get("autoHealingPolicies", ())]
        if all(source and source.type in COLLECTIONS and source.type not in _HAND_ON for source in sources):
            wrong += [source.name for source in sources if source]
    return tuple(wrong)


def may_share_a_check(group: GroupManager, service: BackendService) -> bool:
    """Whether both name checks outside the stack that differ in nothing but that one of them names no project."""
    pairs = product(service.health_check_links.external, group.healing_check_links.external)
    return any(None in (one.project, other.project) and one.in_project(other.project) == other for one, other in pairs)


def manager_of(group: Group) -> GroupManager | None:
    """The managed instance group of the stack that a backend is; `None` if it is anything else."""
    if isinstance(group.target, Reference) or group.target.type not in INSTANCE_GROUP_MANAGER_TYPES:
        return None
    return GroupManager.of(group.target, group.stack)


@dataclass(frozen=True)
class CheckUse:
    """A health check of the stack that asks the machines of a service.

    Attributes:
        check: the check.
        purpose: what to call it, `health check` or `healing check`.
        groups: the service's groups that it asks.
    """

    check: HealthCheck
    purpose: str
    groups: tuple[Group, ...]


def checks_of(service: BackendService) -> tuple[CheckUse, ...]:
    """The health checks that ask a service's machines: that of the load balancer, and those that its groups heal by."""
    uses = [CheckUse(check, "health check", service.groups) for check in service.health_checks]
    healed: dict[HealthCheck, list[Group]] = {}
    for group in service.groups:
        manager = manager_of(group)
        if manager is not None and manager.repairs_unhealthy is not False:
            for check in manager.healing_checks:
                healed.setdefault(check, []).append(group)
    shared = {use.check for use in uses}
    return (*uses, *(CheckUse(one, "healing check", tuple(by)) for one, by in healed.items() if one not in shared))


@per_stack
def _services_by_check(stack: Stack) -> LinkIndex[BackendService]:
    return LinkIndex((service, service.health_check_links) for service in all_services(stack))


@per_stack
def _managers_by_check(stack: Stack) -> LinkIndex[GroupManager]:
    managers = (
        GroupManager.of(found, stack) for found in stack.of_types(INSTANCE_GROUP_MANAGER_TYPES) if not found.is_empty
    )
    return LinkIndex((manager, manager.healing_check_links) for manager in managers)


def _is_used(check: HealthCheck, users: LinkIndex[Any]) -> bool | Unknown:
    return any_of(links.includes(check.resource, by_name=False) for _, links in users.about(check.resource))
