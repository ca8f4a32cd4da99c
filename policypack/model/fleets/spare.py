"""Groups that could serve a backend service from another region, and do not."""

from __future__ import annotations

import re
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.serving import serving_groups
from policypack.model.fleets.group_manager import services_by_group
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import GROUP_TYPES

_REGION: Final = re.compile(r"(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-[a-z]+\d+")


def spare_groups(service: BackendService) -> tuple[Group, ...]:
    """The groups of the stack that certainly serve nothing, of the kind of its backends, in none of their regions."""
    regions = {group.region for group in service.groups}
    return tuple(
        group
        for group in _groups_of_no_service(service.stack)
        if group.region not in regions and (service.has_no_backends or group.kinds == service.kinds)
    )


@per_stack
def _groups_of_no_service(stack: Stack) -> tuple[Group, ...]:
    groups = [Group(resource, stack) for resource in stack.of_types(GROUP_TYPES) if not resource.is_empty]
    return tuple(group for group in groups if isinstance(group.region, str) and not _may_serve(group))


def _may_serve(group: Group) -> bool:
    assert not group.is_external
    services = services_by_group(group.stack).about(group.target)  # type: ignore[arg-type]
    return any(links.includes(group.target, by_name=False) is not False for _, links in services)  # type: ignore[arg-type]


def misplaced_groups(service: BackendService) -> tuple[tuple[Group, str], ...]:
    """The groups behind a service that are called after a region other than the one they are in, with that region."""
    named = [(group, _REGION.search(group.name)) for group in serving_groups(service).certain]
    return tuple(
        (group, found.group())
        for group, found in named
        if found and isinstance(group.region, str) and not group.is_external and found.group() != group.region
    )
