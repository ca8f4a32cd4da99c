"""The serving path: everything that belongs to a backend service, from the front end to the network of its machines.

Rules about machines, networks and front ends judge what is on the path of an LLM backend service and nothing else, so
that a bastion beside it raises no alarm.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal, NamedTuple

from policypack.model.graph.resource import Resource, ordered
from policypack.model.graph.run_links import negs_of, run_services_of
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    AUTOSCALER_TYPES,
    ENDPOINT_TYPES,
    FIREWALL_POLICY_ASSOCIATION_TYPES,
    FIREWALL_POLICY_RULE_TYPES,
    FIREWALL_POLICY_TYPES,
    FIREWALL_TYPES,
    FORWARDING_RULE_TYPES,
    GROUP_TYPES,
    HEALTH_CHECK_TYPES,
    MACHINE_TYPES,
    NETWORK_TYPES,
    PROXY_TYPES,
    REGION_NETWORK_ENDPOINT_GROUP,
    RUN_TYPES,
    SECURITY_POLICY_TYPES,
    SECURITY_RULE_TYPES,
    SERVICE_TYPES,
    SSL_POLICY_TYPES,
    SSL_PROXY_TYPES,
    SUBNETWORK_TYPES,
    TCP_PROXY_TYPES,
    URL_MAP_TYPES,
)


class _Hop(NamedTuple):
    """From a resource of some types the path goes on to what it uses, or to what uses it, of other types."""

    types: tuple[str, ...]
    direction: Literal["uses", "is used by"]
    next_types: tuple[str, ...]

    def onward(self, stack: Stack, resource: Resource) -> tuple[Resource, ...]:
        return _neighbours(stack, resource, self.next_types, uses=self.direction == "uses")

    def back(self, stack: Stack, resource: Resource) -> tuple[Resource, ...]:
        return _neighbours(stack, resource, self.types, uses=self.direction == "is used by")


def _neighbours(stack: Stack, resource: Resource, types: tuple[str, ...], *, uses: bool) -> tuple[Resource, ...]:
    if types == RUN_TYPES:
        return run_services_of(stack, resource)
    if resource.type in RUN_TYPES:
        return negs_of(stack, resource)
    if uses:
        return tuple(used for used in stack.uses(resource) if used.type in types)
    return stack.users(resource, types)


# In the order of a path: no hop leads to a type that an earlier one starts from.
_HOPS: Final = (
    _Hop(SERVICE_TYPES, "uses", (*GROUP_TYPES, *HEALTH_CHECK_TYPES, *SECURITY_POLICY_TYPES)),
    _Hop(SERVICE_TYPES, "is used by", (*URL_MAP_TYPES, *SSL_PROXY_TYPES, *TCP_PROXY_TYPES, *FORWARDING_RULE_TYPES)),
    _Hop(URL_MAP_TYPES, "is used by", PROXY_TYPES),
    _Hop(PROXY_TYPES, "is used by", FORWARDING_RULE_TYPES),
    _Hop(PROXY_TYPES, "uses", SSL_POLICY_TYPES),
    _Hop(SECURITY_POLICY_TYPES, "is used by", SECURITY_RULE_TYPES),
    _Hop(GROUP_TYPES, "uses", (*MACHINE_TYPES, *HEALTH_CHECK_TYPES, *NETWORK_TYPES, *SUBNETWORK_TYPES)),
    # By name and region as well as by what a NEG is computed from.
    _Hop((REGION_NETWORK_ENDPOINT_GROUP,), "uses", RUN_TYPES),
    _Hop(GROUP_TYPES, "is used by", (*AUTOSCALER_TYPES, *ENDPOINT_TYPES)),
    _Hop(ENDPOINT_TYPES, "uses", MACHINE_TYPES),
    _Hop(MACHINE_TYPES, "uses", (*SUBNETWORK_TYPES, *NETWORK_TYPES)),
    _Hop(SUBNETWORK_TYPES, "uses", NETWORK_TYPES),
    _Hop(NETWORK_TYPES, "is used by", (*FIREWALL_TYPES, *FIREWALL_POLICY_ASSOCIATION_TYPES)),
    _Hop(FIREWALL_POLICY_ASSOCIATION_TYPES, "uses", FIREWALL_POLICY_TYPES),
    _Hop(FIREWALL_POLICY_TYPES, "is used by", FIREWALL_POLICY_RULE_TYPES),
)


@per_stack
def services_of(stack: Stack, resource: Resource) -> tuple[Resource, ...]:
    """The backend services on whose serving path a resource is, ordered by URN; a service is on its own."""
    if resource.type in SERVICE_TYPES:
        return (resource,)
    before = {
        neighbour.urn: neighbour
        for hop in _HOPS
        if resource.type in hop.next_types
        for neighbour in hop.back(stack, resource)
    }
    found = [services_of(stack, neighbour) for neighbour in before.values()]
    if len(found) == 1:
        # All firewall rules of a network share what is often a long list.
        return found[0]
    return ordered(service for one in found for service in one)


@per_stack
def on_path(stack: Stack, service: Resource, types: tuple[str, ...]) -> tuple[Resource, ...]:
    """The resources of these types on the serving path of a service, ordered by URN."""
    hops = _leading_to(types)
    found, ahead = {service.urn: service}, [service]
    while ahead:
        resource = ahead.pop()
        for hop in hops:
            if resource.type not in hop.types:
                continue
            for neighbour in hop.onward(stack, resource):
                if neighbour.urn not in found:
                    found[neighbour.urn] = neighbour
                    ahead.append(neighbour)
    return ordered(one for one in found.values() if one.type in types)


@cache
def _leading_to(types: tuple[str, ...]) -> tuple[_Hop, ...]:
    """The hops of paths to resources of these types, which leave out the branches that lead elsewhere."""
    wanted, hops = set(types), list[_Hop]()
    for hop in reversed(_HOPS):
        next_types = tuple(type_ for type_ in hop.next_types if type_ in wanted)
        if next_types:
            hops.append(hop._replace(next_types=next_types))
            wanted |= set(hop.types)
    return tuple(hops)
