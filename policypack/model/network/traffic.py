"""Which connections come to the machines of a backend: health checks, requests, and checks for healing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.graph.links import Links
from policypack.model.graph.resource import Resource
from policypack.model.network.placement import Endpoint
from policypack.model.network.ports import asked_port, checked_ports, serving_ports
from policypack.model.network.probe import ProbeSources, needs_probes
from policypack.model.network.proxies import proxy_subnets
from policypack.model.values.logic import all_of, any_of, is_in, when_known
from policypack.model.values.ranges import Range
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs
_HEALERS: Final[tuple[Range, ...]] = (ip_network("35.191.0.0/16"), ip_network("130.211.0.0/22"))


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
) -> Iterator[Asked]:
    """The port that the check for autohealing asks, unless the load balancer's check comes there from the same ranges.

    Args:
        group: the group.
        links: its check for healing.
        repairs: whether it recreates the machines that fail it.
        probed: what comes besides.
    """
    checks = [HealthCheck.of(target, group.stack) for target in links.targets] if links.is_complete else []
    if links.is_complete and not links.members:
        return
    port = asked_port(checks[0]) if len(checks) == 1 else UNKNOWN
    found = Asked("healing checks", port, _HEALERS, repairs, f"`{group.name}` may not recreate the VMs that fail them")
    if not any(other.numbers == found.numbers and when_known(other.sources, _are_healers) is True for other in probed):
        yield found


def _are_healers(sources: tuple[Range, ...]) -> bool:
    return sources == _HEALERS


def other_port(service: BackendService, group: Group, asked: Asked) -> str:
    """The port that requests go to, if a health check asks one that no named port of the group has; empty if not."""
    if asked.by == "requests" or not asked.numbers or group.kinds != {GroupKind.INSTANCE_GROUP}:
        return ""
    serving, named = serving_ports(service, group), group.port_numbers()
    is_named = any_of(is_in(port, (asked.port,)) for port in named)
    known = sorted({port for port in serving if isinstance(port, int)})
    return str(known[0]) if is_named is False and len(known) == len(serving) == 1 else ""
