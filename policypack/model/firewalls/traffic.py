"""Which connections come to the machines of a backend: health checks, requests, and checks for healing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.firewalls.reach import is_closed, reach
from policypack.model.graph.links import Links
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES
from policypack.model.network.placement import Endpoint, endpoints_of
from policypack.model.network.ports import asked_port, asks_a_default_port, checked_ports, serving_ports
from policypack.model.network.proxies import proxy_subnets
from policypack.model.values.logic import all_of, any_of, equals, is_in, same, when_known
from policypack.model.values.ranges import Range, without
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
_USUAL: Final = ("35.191.0.0/16", "130.211.0.0/22")
_EXTERNAL_PASSTHROUGH: Final = ("35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22")
_USUAL_IPV6: Final = ("2600:2d00:1:b029::/64",)
_GLOBAL_EXTERNAL_IPV6: Final = ("2600:2d00:1:b029::/64", "2600:2d00:1:1::/64")
_EXTERNAL_PASSTHROUGH_IPV6: Final = ("2600:1901:8001::/48",)
# https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs
HEALERS: Final[tuple[Range, ...]] = (ip_network("35.191.0.0/16"), ip_network("130.211.0.0/22"))


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


@dataclass(frozen=True)
class Asked:
    """A port of a group's machines that connections come to.

    Attributes:
        by: what comes: `health checks`, `requests` or `healing checks`.
        port: the port.
        sources: where they come from.
        is_needed: the machines serve only if they get through.
        otherwise: what may be instead while that is not known, a clause.
        subnet: the name of the subnetwork that they come from; empty for Google's own ranges.
    """

    by: str
    port: int | Unknown
    sources: tuple[Range, ...] | Unknown
    is_needed: bool | Unknown
    otherwise: str
    subnet: str = ""

    def without(self, ranges: tuple[Range, ...]) -> Asked:
        """The same from sources that are not in these ranges."""
        left = when_known(self.sources, lambda sources: without(sources, ranges))
        return replace(self, sources=left)

    @property
    def numbers(self) -> list[str]:
        """The port as a firewall rule lists it; empty if it is not known."""
        return [] if isinstance(self.port, Unknown) else [str(self.port)]

    @property
    def label(self) -> str:
        return "its port" if isinstance(self.port, Unknown) else f"TCP port {self.port}"


def asked_ports(
    service: BackendService, endpoint: Endpoint, network: Resource, sources: ProbeSources
) -> tuple[Asked, ...]:
    """The ports to which health checks and requests come, each once from the same sources."""
    group = endpoint.group
    needed = needs_probes(group, sources)
    otherwise = f"probes do not reach `{group.name}` by IPv4, but it may be checked in another way"
    probed = _probed_ports(service, group)
    asked = [Asked("health checks", port, sources.ranges, needed, otherwise) for port in probed]
    asked += [
        Asked("requests", port, sources.ranges, needed, otherwise)
        for port in _ports_of_front_ends(service, group)
        if is_in(port, [known for known in probed if isinstance(known, int)]) is not True
    ]
    return (*asked, *_from_proxies(service, group, network))


def _probed_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    if not service.health_check_links.is_complete or len(service.health_checks) != 1:
        return (UNKNOWN,)
    return checked_ports(service.health_checks[0], service, group)


def _ports_of_front_ends(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports to which requests come from where probes come from: those of global external load balancers.

    https://cloud.google.com/load-balancing/docs/firewall-rules
    """
    if service.is_regional or group.is_external or service.is_external is False:
        return ()
    ports = serving_ports(service, group)
    if group.kinds != {GroupKind.INSTANCE_GROUP}:
        return tuple(port for port in ports if service.is_external is True and isinstance(port, int))
    # That the named port is missing is what another rule says.
    return ports if service.is_external is True or not ports else (UNKNOWN,)


def _from_proxies(service: BackendService, group: Group, network: Resource) -> Iterator[Asked]:
    for subnet in proxy_subnets(service, network, group):
        is_neg_or_group = all(kind in (GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG) for kind in group.kinds)
        needed = all_of([subnet.is_used, is_neg_or_group or UNKNOWN])
        otherwise = f"requests do not reach `{group.name}` from `{subnet.name}`, but they may come from elsewhere"
        for port in serving_ports(service, group):
            yield Asked("requests", port, subnet.ranges, needed, otherwise, subnet.name)


def asked_for_healing(
    group: Group, links: Links, repairs: bool | Unknown, probed: tuple[Asked, ...]
) -> tuple[Asked, ...]:
    """The port that the check for autohealing asks, unless the load balancer's check comes there from the same ranges.

    Args:
        group: the group.
        links: its check for healing.
        repairs: whether it recreates the machines that fail it.
        probed: what comes besides.
    """
    checks = [HealthCheck.of(target, group.stack) for target in links.targets] if links.is_complete else []
    if links.is_complete and not links.members:
        return ()
    port = asked_port(checks[0]) if len(checks) == 1 else UNKNOWN
    found = Asked("healing checks", port, HEALERS, repairs, f"`{group.name}` may not recreate the VMs that fail them")
    is_probed = any(
        other.numbers == found.numbers and when_known(other.sources, _are_healers) is True for other in probed
    )
    return () if is_probed else (found,)


def _are_healers(sources: tuple[Range, ...]) -> bool:
    return sources == HEALERS


def other_port(service: BackendService, group: Group, asked: Asked) -> str:
    """The port that requests go to, if a health check asks one that no named port of the group has; empty if not."""
    if asked.by == "requests" or not asked.numbers or group.kinds != {GroupKind.INSTANCE_GROUP}:
        return ""
    serving, named = serving_ports(service, group), group.port_numbers()
    is_named = any_of(is_in(port, (asked.port,)) for port in named)
    known = sorted({port for port in serving if isinstance(port, int)})
    return str(known[0]) if is_named is False and len(known) == len(serving) == 1 else ""


def check_without_a_port(service: BackendService, group: Group, asked: Asked) -> HealthCheck | None:
    """The check that asks its protocol's default port, where it could follow the one that requests go to."""
    checks = service.health_checks if asked.by == "health checks" and service.takes_serving_port is True else ()
    if len(checks) != 1 or checks[0].is_legacy or asks_a_default_port(checks[0]) is not True:
        return None
    is_there = any_of(equals(asked.port, port) for port in serving_ports(service, group))
    return None if is_there is True else checks[0]


def is_shut_out(service: BackendService, group: Group, port: int, serving: int, sources: tuple[Range, ...]) -> bool:
    """Whether the firewall admits these sources to the port that a group serves on, and certainly not to `port`."""
    for endpoint in probed_endpoints(service):
        network = network_of_stack(endpoint, service.stack)
        if endpoint.group.target is not group.target or isinstance(network, Unknown):
            continue
        found = [reach(service.stack, network, endpoint, number, sources).is_open for number in (serving, port)]
        if found[0] is True and found[1] is False:
            return True
    return False


def is_shut(service: BackendService, group: Group, ports: Iterable[int]) -> bool | Unknown:
    """Whether the firewall admits nobody to any of some ports of a group's machines; false for networks not seen."""
    ports = tuple(ports)
    for endpoint in probed_endpoints(service):
        if endpoint.group.target is group.target:
            network = network_of_stack(endpoint, service.stack)
            if isinstance(network, Unknown):
                return UNKNOWN
            return all_of(is_closed(service.stack, network, endpoint, port) for port in ports)
    return False
