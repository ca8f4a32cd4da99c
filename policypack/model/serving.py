"""The serving path: everything that belongs to a backend service, from the front end to the network of its machines.

Rules about machines, networks and front ends judge what is on the path of an LLM backend service and nothing else, so
that a bastion beside it raises no alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .backend_service import GLOBAL_TYPE, REGIONAL_TYPE
from .group import GROUP_TYPES
from .health_check import HealthCheck
from .resource import Resource
from .stack import Stack

SERVICE_TYPES: Final = (GLOBAL_TYPE, REGIONAL_TYPE)
URL_MAP_TYPES: Final = ("gcp:compute/uRLMap:URLMap", "gcp:compute/regionUrlMap:RegionUrlMap")
HTTP_PROXY_TYPES: Final = (
    "gcp:compute/targetHttpProxy:TargetHttpProxy",
    "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy",
)
HTTPS_PROXY_TYPES: Final = (
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy",
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy",
)
# Proxies without a URL map: they point at the backend service themselves. A gRPC proxy has one.
SSL_PROXY_TYPES: Final = ("gcp:compute/targetSSLProxy:TargetSSLProxy",)
TCP_PROXY_TYPES: Final = (
    "gcp:compute/targetTCPProxy:TargetTCPProxy",
    "gcp:compute/regionTargetTcpProxy:RegionTargetTcpProxy",
)
GRPC_PROXY_TYPES: Final = ("gcp:compute/targetGrpcProxy:TargetGrpcProxy",)
PROXY_TYPES: Final = (
    *HTTP_PROXY_TYPES,
    *HTTPS_PROXY_TYPES,
    *SSL_PROXY_TYPES,
    *TCP_PROXY_TYPES,
    *GRPC_PROXY_TYPES,
)
FORWARDING_RULE_TYPES: Final = (
    "gcp:compute/globalForwardingRule:GlobalForwardingRule",
    "gcp:compute/forwardingRule:ForwardingRule",
)
SSL_POLICY_TYPES: Final = ("gcp:compute/sSLPolicy:SSLPolicy", "gcp:compute/regionSslPolicy:RegionSslPolicy")
SECURITY_POLICY_TYPES: Final = (
    "gcp:compute/securityPolicy:SecurityPolicy",
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy",
)
SECURITY_RULE_TYPES: Final = (
    "gcp:compute/securityPolicyRule:SecurityPolicyRule",
    "gcp:compute/regionSecurityPolicyRule:RegionSecurityPolicyRule",
)
AUTOSCALER_TYPES: Final = ("gcp:compute/regionAutoscaler:RegionAutoscaler", "gcp:compute/autoscaler:Autoscaler")
MACHINE_TYPES: Final = (
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
    "gcp:compute/instanceTemplate:InstanceTemplate",
    "gcp:compute/instance:Instance",
)
ENDPOINT_TYPES: Final = (
    "gcp:compute/networkEndpoint:NetworkEndpoint",
    "gcp:compute/networkEndpointList:NetworkEndpointList",
    "gcp:compute/instanceGroupMembership:InstanceGroupMembership",
)
SUBNETWORK_TYPES: Final = ("gcp:compute/subnetwork:Subnetwork",)
NETWORK_TYPES: Final = ("gcp:compute/network:Network",)
FIREWALL_TYPES: Final = ("gcp:compute/firewall:Firewall",)
FIREWALL_POLICY_ASSOCIATION_TYPES: Final = (
    "gcp:compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation",
    "gcp:compute/regionNetworkFirewallPolicyAssociation:RegionNetworkFirewallPolicyAssociation",
)
FIREWALL_POLICY_TYPES: Final = (
    "gcp:compute/networkFirewallPolicy:NetworkFirewallPolicy",
    "gcp:compute/regionNetworkFirewallPolicy:RegionNetworkFirewallPolicy",
    "gcp:compute/networkFirewallPolicyWithRules:NetworkFirewallPolicyWithRules",
    "gcp:compute/regionNetworkFirewallPolicyWithRules:RegionNetworkFirewallPolicyWithRules",
)
FIREWALL_POLICY_RULE_TYPES: Final = (
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule",
)

Step = Callable[[Stack, Resource], tuple[Resource, ...]]

# From a resource of these types, the path goes on to what it uses, or to what uses it, of those types.
_HOPS: Final[tuple[tuple[tuple[str, ...], Step, tuple[str, ...]], ...]] = (
    (SERVICE_TYPES, Stack.uses, (*GROUP_TYPES, *HealthCheck.TYPES, *SECURITY_POLICY_TYPES)),
    (SERVICE_TYPES, Stack.users, (*URL_MAP_TYPES, *SSL_PROXY_TYPES, *TCP_PROXY_TYPES, *FORWARDING_RULE_TYPES)),
    (URL_MAP_TYPES, Stack.users, PROXY_TYPES),
    (PROXY_TYPES, Stack.users, FORWARDING_RULE_TYPES),
    (PROXY_TYPES, Stack.uses, SSL_POLICY_TYPES),
    (SECURITY_POLICY_TYPES, Stack.users, SECURITY_RULE_TYPES),
    (GROUP_TYPES, Stack.uses, (*MACHINE_TYPES, *HealthCheck.TYPES, *NETWORK_TYPES, *SUBNETWORK_TYPES)),
    (GROUP_TYPES, Stack.users, (*AUTOSCALER_TYPES, *ENDPOINT_TYPES)),
    (ENDPOINT_TYPES, Stack.uses, MACHINE_TYPES),
    (MACHINE_TYPES, Stack.uses, (*SUBNETWORK_TYPES, *NETWORK_TYPES)),
    (SUBNETWORK_TYPES, Stack.uses, NETWORK_TYPES),
    (NETWORK_TYPES, Stack.users, (*FIREWALL_TYPES, *FIREWALL_POLICY_ASSOCIATION_TYPES)),
    (FIREWALL_POLICY_ASSOCIATION_TYPES, Stack.uses, FIREWALL_POLICY_TYPES),
    (FIREWALL_POLICY_TYPES, Stack.users, FIREWALL_POLICY_RULE_TYPES),
)


def services_of(stack: Stack, resource: Resource) -> tuple[Resource, ...]:
    """The backend services on whose serving path a resource is, ordered by URN; a service is on its own."""
    if resource.type in SERVICE_TYPES:
        return (resource,)
    return stack.derived("services_of", _services_by_member).get(resource.urn, ())


def on_path(stack: Stack, service: Resource, types: tuple[str, ...]) -> tuple[Resource, ...]:
    """The resources of these types on the serving path of a service, ordered by URN."""
    path = stack.derived("paths", _paths).get(service.urn, {})
    return tuple(path[urn] for urn in sorted(path) if path[urn].type in types)


def _services_by_member(stack: Stack) -> dict[str, tuple[Resource, ...]]:
    members: dict[str, list[Resource]] = {}
    for service in stack.of_types(SERVICE_TYPES):
        for urn in stack.derived("paths", _paths)[service.urn]:
            members.setdefault(urn, []).append(service)
    return {urn: tuple(services) for urn, services in members.items()}


def _paths(stack: Stack) -> dict[str, dict[str, Resource]]:
    return {service.urn: _path(stack, service) for service in stack.of_types(SERVICE_TYPES)}


def _path(stack: Stack, service: Resource) -> dict[str, Resource]:
    found, ahead = {service.urn: service}, [service]
    while ahead:
        resource = ahead.pop()
        for types, step, next_types in _HOPS:
            if resource.type not in types:
                continue
            for neighbour in step(stack, resource):
                if neighbour.type in next_types and neighbour.urn not in found:
                    found[neighbour.urn] = neighbour
                    ahead.append(neighbour)
    return found
