"""What a health check is used for: load balancing, autohealing, or both."""

from __future__ import annotations

from collections.abc import Iterable

from .autoscaler import MANAGER_TYPES
from .group_manager import GroupManager, all_services, may_have
from .health_check import HealthCheck
from .links import Links
from .stack import Stack
from .values import UNKNOWN, Unknown


def is_for_balancing(check: HealthCheck) -> bool | Unknown:
    """Whether a backend service uses it to tell where requests go."""
    used = _is_used(check, (service.health_check_links for service in all_services(check.stack)))
    # While the stack is incomplete, another service may come and use it.
    return used if used is not False or check.stack.is_complete else UNKNOWN


def is_for_healing(check: HealthCheck) -> bool | Unknown:
    """Whether a managed instance group uses it to tell which machines to recreate."""
    return _is_used(check, (manager.healing_check_links for manager in check.stack.derived("managers", _managers)))


def _managers(stack: Stack) -> tuple[GroupManager, ...]:
    return tuple(GroupManager(found, stack) for found in stack.of_types(MANAGER_TYPES) if not found.is_empty)


def _is_used(check: HealthCheck, links: Iterable[Links]) -> bool | Unknown:
    found = list(links)
    if any(check.resource in entry.targets for entry in found):
        return True
    return UNKNOWN if any(may_have(entry, check.resource) for entry in found) else False
