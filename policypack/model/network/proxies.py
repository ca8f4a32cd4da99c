"""Proxy-only subnets: where the requests of regional and internal proxy load balancers come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.graph.links import resolve
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import Reference, region_setting
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES, SUBNETWORK_TYPES
from policypack.model.network.placement import network_links
from policypack.model.network.subnetwork import Subnetwork
from policypack.model.values.logic import all_of, any_of, equals, is_in, negation
from policypack.model.values.ranges import Range, parse_ranges
from policypack.model.values.values import UNKNOWN, Unknown

# INTERNAL_HTTPS_LOAD_BALANCER is what REGIONAL_MANAGED_PROXY was called before.
# https://cloud.google.com/load-balancing/docs/proxy-only-subnets
_OF_REGION: Final = ("REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")
_CROSS_REGION: Final = ("GLOBAL_MANAGED_PROXY",)
# By whether the service is regional, and its scheme: the purpose of the subnets whose proxies send its requests.
# Those of all other load balancers come from Google's front ends, or from the clients.
# https://cloud.google.com/load-balancing/docs/firewall-rules
_PURPOSES: Final = {
    (True, "EXTERNAL_MANAGED"): _OF_REGION,
    (True, "INTERNAL_MANAGED"): _OF_REGION,
    (False, "INTERNAL_MANAGED"): _CROSS_REGION,
}


@dataclass(frozen=True)
class ProxySubnet:
    """A subnetwork that proxies take their addresses from.

    Attributes:
        name: its logical name.
        ranges: its addresses.
        is_used: requests of the service come from there; those of none come from one that is kept as a backup.
    """

    name: str
    ranges: tuple[Range, ...] | Unknown
    is_used: bool | Unknown


def proxy_subnets(service: BackendService, network: Resource, group: Group) -> tuple[ProxySubnet, ...]:
    """The proxy-only subnets of a network that may send a service's requests to a group; none if they are elsewhere."""
    purposes = () if isinstance(service.scheme, Unknown) else _PURPOSES.get((service.is_regional, service.scheme), ())
    if not purposes:
        return ()
    found = []
    for resource in service.stack.of_types(SUBNETWORK_TYPES):
        is_used = _is_used(service, network, group, Subnetwork.of(resource, service.stack), purposes)
        if is_used is not False:
            ranges = parse_ranges([resource.asked.string("ipCidrRange", default=UNKNOWN)])
            found.append(ProxySubnet(resource.name, ranges.certain if ranges.is_known else UNKNOWN, is_used))
    return tuple(found)


def _is_used(
    service: BackendService, network: Resource, group: Group, subnet: Subnetwork, purposes: tuple[str, ...]
) -> bool | Unknown:
    purpose = is_in(subnet.purpose, purposes)
    # What may be for machines as well is not taken for a range of proxies.
    if purpose is not True:
        return False
    is_backup = equals(subnet.resource.asked.string("role"), "BACKUP")
    is_there = network_links(service.stack, subnet.resource, "network").includes(network)
    region = region_setting(subnet.resource)
    sends = equals(region, service.region) if service.is_regional else _is_front_region(service, group, region)
    # Proxies that reach their backends by IPv6 have other addresses.
    policy = service.resource.asked.string("ipAddressSelectionPolicy", default="IPV4_ONLY")
    by_ipv4 = True if equals(policy, "IPV4_ONLY") is True else UNKNOWN
    return all_of([negation(is_backup), is_there, sends, by_ipv4])


def _is_front_region(service: BackendService, group: Group, region: str | Unknown) -> bool | Unknown:
    """Whether a cross-region load balancer has proxies in a region: where its forwarding rules have their addresses.

    One without any in the stack is taken to have some where its backends are.
    """
    rules = on_path(service.stack, service.resource, FORWARDING_RULE_TYPES)
    regions = [_region_of_front(service.stack, rule) for rule in rules] or [group.region]
    return any_of(equals(region, front) for front in regions)


def _region_of_front(stack: Stack, rule: Resource) -> str | Unknown:
    links = resolve(stack, rule, "subnetwork", [rule.asked.string("subnetwork")], SUBNETWORK_TYPES)
    member = links.members[0] if links.is_complete and links.members else None
    if isinstance(member, Reference):
        return member.region or UNKNOWN
    return UNKNOWN if member is None else region_setting(member)
