"""Health check probes: where they come from, and which machines they ask."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES
from policypack.model.network.placement import Endpoint, endpoints_of
from policypack.model.values.logic import all_of, same
from policypack.model.values.ranges import Range
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
_USUAL: Final = ("35.191.0.0/16", "130.211.0.0/22")
_EXTERNAL_PASSTHROUGH: Final = ("35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22")
_USUAL_IPV6: Final = ("2600:2d00:1:b029::/64",)
_GLOBAL_EXTERNAL_IPV6: Final = ("2600:2d00:1:b029::/64", "2600:2d00:1:1::/64")
_EXTERNAL_PASSTHROUGH_IPV6: Final = ("2600:1901:8001::/48",)


@dataclass(frozen=True)
class ProbeSources:
    """Where the probes of a service's health check come from.

    Attributes:
        ranges: the ranges.
        is_exclusive: backends are unhealthy if these probes do not reach them; others may do instead if it is false.
        blocked_by: the input property that keeps them from being known, by its Python name; empty if they are.
    """

    ranges: tuple[Range, ...] = ()
    is_exclusive: bool = True
    blocked_by: str = ""


def probe_sources(service: BackendService) -> ProbeSources:
    """Where probes come from."""
    if service.is_passthrough is UNKNOWN:
        return ProbeSources(blocked_by="load_balancing_scheme")
    if service.is_passthrough is True:
        return _passthrough_sources(service, is_external=service.is_external is True)
    policy = service.resource.asked.string("ipAddressSelectionPolicy")
    if isinstance(policy, Unknown):
        return ProbeSources(blocked_by="ip_address_selection_policy")
    if policy == "IPV6_ONLY" and service.scheme is UNKNOWN:
        return ProbeSources(blocked_by="load_balancing_scheme")
    if policy == "IPV6_ONLY":
        is_global_external = not service.is_regional and service.is_external is True and service.is_classic is False
        return ProbeSources(_ranges(_GLOBAL_EXTERNAL_IPV6 if is_global_external else _USUAL_IPV6))
    return ProbeSources(_ranges(_USUAL), is_exclusive=policy != "PREFER_IPV6")


def _passthrough_sources(service: BackendService, *, is_external: bool) -> ProbeSources:
    rules = on_path(service.stack, service.resource, FORWARDING_RULE_TYPES)
    versions = [rule.asked.string("ipVersion") for rule in rules]
    if any(isinstance(version, Unknown) for version in versions):
        return ProbeSources(blocked_by="ip_version")
    four = _EXTERNAL_PASSTHROUGH if is_external else _USUAL
    six = _EXTERNAL_PASSTHROUGH_IPV6 if is_external else _USUAL_IPV6
    if "IPV6" not in versions:
        return ProbeSources(_ranges(four))
    return ProbeSources(_ranges(six if all(version == "IPV6" for version in versions) else (*four, *six)))


def _ranges(texts: tuple[str, ...]) -> tuple[Range, ...]:
    return tuple(ip_network(text) for text in texts)


def probed_endpoints(service: BackendService) -> tuple[Endpoint, ...]:
    """The endpoints of a service that Google's probes may ask, in networks whose firewall is seen.

    That of networks outside the stack is not, so these are left out once it is certain that they are outside.
    """
    return tuple(
        endpoint
        for endpoint in endpoints_of(service.stack, service.resource)
        if _is_probed_from_google(endpoint.group) is not False and not _is_outside(endpoint, service.stack)
    )


def _is_outside(endpoint: Endpoint, stack: Stack) -> bool:
    network = endpoint.places[0].network(stack)
    return stack.is_complete and (isinstance(network, Reference) or (network is not None and network.is_read))


def network_of_stack(endpoint: Endpoint, stack: Stack) -> Resource | Unknown:
    """The network of the stack that an endpoint is in; `UNKNOWN` as well if it may be outside."""
    network = endpoint.places[0].network(stack)
    return UNKNOWN if network is None or isinstance(network, Reference) else network


def needs_probes(group: Group, sources: ProbeSources) -> bool | Unknown:
    """Whether a group is unhealthy if probes from these sources do not reach it."""
    return all_of([_is_probed_from_google(group), sources.is_exclusive or UNKNOWN])


def _is_probed_from_google(group: Group) -> bool | Unknown:
    """Whether Google's probes ask the machines of a group; NEGs outside Google Cloud are checked in other ways."""
    return same(kind in (GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG) for kind in group.kinds)
