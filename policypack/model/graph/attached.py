"""What names the resource that it belongs to: endpoints of a NEG, memberships of an instance group, configurations of
a managed group's VMs, rules of a security policy, whom a service lets in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.reference import COLLECTIONS, full_url, short_name, with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    BACKEND_SERVICE,
    GLOBAL_NETWORK_ENDPOINT,
    GLOBAL_NETWORK_ENDPOINT_GROUP,
    IAP_GRANT_TYPES,
    IAP_REGION_GRANT_TYPES,
    INSTANCE_GROUP,
    INSTANCE_GROUP_MANAGER,
    INSTANCE_GROUP_MEMBERSHIP,
    NETWORK_ENDPOINT,
    NETWORK_ENDPOINT_GROUP,
    NETWORK_ENDPOINT_LIST,
    PER_INSTANCE_CONFIG,
    REGION_BACKEND_SERVICE,
    REGION_INSTANCE_GROUP_MANAGER,
    REGION_NETWORK_ENDPOINT,
    REGION_NETWORK_ENDPOINT_GROUP,
    REGION_PER_INSTANCE_CONFIG,
    REGION_RESIZE_REQUEST,
    REGION_SECURITY_POLICY,
    REGION_SECURITY_POLICY_RULE,
    RESIZE_REQUEST,
    SECURITY_POLICY,
    SECURITY_POLICY_RULE,
)
from policypack.model.values.values import UNKNOWN, Unknown

# The type of what belongs to a resource -> the property that names that, by its URL or by its name alone, and its type.
_OWNERS: Final = {
    NETWORK_ENDPOINT: ("networkEndpointGroup", NETWORK_ENDPOINT_GROUP),
    NETWORK_ENDPOINT_LIST: ("networkEndpointGroup", NETWORK_ENDPOINT_GROUP),
    GLOBAL_NETWORK_ENDPOINT: ("globalNetworkEndpointGroup", GLOBAL_NETWORK_ENDPOINT_GROUP),
    REGION_NETWORK_ENDPOINT: ("regionNetworkEndpointGroup", REGION_NETWORK_ENDPOINT_GROUP),
    INSTANCE_GROUP_MEMBERSHIP: ("instanceGroup", INSTANCE_GROUP),
    PER_INSTANCE_CONFIG: ("instanceGroupManager", INSTANCE_GROUP_MANAGER),
    REGION_PER_INSTANCE_CONFIG: ("regionInstanceGroupManager", REGION_INSTANCE_GROUP_MANAGER),
    RESIZE_REQUEST: ("instanceGroupManager", INSTANCE_GROUP_MANAGER),
    REGION_RESIZE_REQUEST: ("instanceGroupManager", REGION_INSTANCE_GROUP_MANAGER),
    SECURITY_POLICY_RULE: ("securityPolicy", SECURITY_POLICY),
    REGION_SECURITY_POLICY_RULE: ("securityPolicy", REGION_SECURITY_POLICY),
    **dict.fromkeys(IAP_GRANT_TYPES, ("webBackendService", BACKEND_SERVICE)),
    **dict.fromkeys(IAP_REGION_GRANT_TYPES, ("webRegionBackendService", REGION_BACKEND_SERVICE)),
}

_PLACES: Final = {"regions": "region", "zones": "zone"}


def attached_to(stack: Stack, owner: Resource, types: Iterable[str]) -> tuple[tuple[Resource, bool | Unknown], ...]:
    """The resources of some types that belong to `owner` for certain (true), or that may (not known)."""
    fitting = [type_ for type_ in types if _OWNERS[type_][1] == owner.type]
    found = [one for type_ in fitting for one in _by_owner(stack, type_).about(owner)]
    belong = ((resource, _belongs(resource, links, owner)) for resource, links in found)
    return tuple((resource, belongs) for resource, belongs in belong if belongs is not False)


def _belongs(resource: Resource, links: Links, owner: Resource) -> bool | Unknown:
    """What names its owner may mean another resource of that name, in a place that is not or may not be the owner's."""
    key = _PLACES.get(COLLECTIONS[owner.type][1])
    places = [with_provider_default(one, key) for one in (resource, owner)] if key else []
    is_elsewhere = len({short_name(place) for place in places if isinstance(place, str)}) > 1
    name = resource.asked.string(_OWNERS[resource.type][0])
    may_be_elsewhere = isinstance(name, str) and "/" not in name and any(isinstance(place, Unknown) for place in places)
    belongs = links.includes(owner)
    return UNKNOWN if belongs is True and (is_elsewhere or may_be_elsewhere) else belongs


@per_stack
def _by_owner(stack: Stack, type_: str) -> LinkIndex[Resource]:
    key, owner = _OWNERS[type_]
    collection, scope = COLLECTIONS[owner]
    found = [(one, full_url(one, one.asked.string(key), collection, scope)) for one in stack.of_types([type_])]
    return LinkIndex((one, resolve(stack, one, key, [] if url is None else [url], [owner])) for one, url in found)
