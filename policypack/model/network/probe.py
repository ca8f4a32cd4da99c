"""Health check probes: where they come from and which port they ask."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES
from policypack.model.network.placement import Endpoint, endpoints_of
from policypack.model.values.logic import all_of, is_in, known_in, same
from policypack.model.values.ranges import Range
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
_USUAL: Final = ("35.191.0.0/16", "130.211.0.0/22")
_EXTERNAL_PASSTHROUGH: Final = ("35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22")
_USUAL_IPV6: Final = ("2600:2d00:1:b029::/64",)
_GLOBAL_EXTERNAL_IPV6: Final = ("2600:2d00:1:b029::/64", "2600:2d00:1:1::/64")
_EXTERNAL_PASSTHROUGH_IPV6: Final = ("2600:1901:8001::/48",)

# https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks: what a check without a port asks. The
# provider and the API name different ports for TCP, and gRPC has none.
_DEFAULT_PORTS: Final = {"HTTP": 80, "HTTPS": 443, "HTTP2": 443, "SSL": 443}
# The API's default of `portName`: https://cloud.google.com/load-balancing/docs/backend-service#named_ports
_DEFAULT_PORT_NAME: Final = "http"


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


@dataclass(frozen=True)
class Asked:
    """A port of a group's machines that connections come to.

    Attributes:
        by: what comes, `health checks` or `requests`.
        port: the port.
    """

    by: str
    port: int | Unknown

    @property
    def numbers(self) -> list[str]:
        """The port as a firewall rule lists it; empty if it is not known."""
        return [] if isinstance(self.port, Unknown) else [str(self.port)]

    @property
    def label(self) -> str:
        return "its port" if isinstance(self.port, Unknown) else f"TCP port {self.port}"


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


def asked_ports(service: BackendService, group: Group) -> tuple[Asked, ...]:
    """The ports of a group's machines to which connections come from where probes come from, each once."""
    probed = _probed_ports(service, group)
    known = known_in(probed)
    served = [port for port in _served_ports(service, group) if is_in(port, known) is not True]
    return (*(Asked("health checks", port) for port in probed), *(Asked("requests", port) for port in served))


def _probed_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    if not service.health_check_links.is_complete or len(service.health_checks) != 1:
        return (UNKNOWN,)
    return _ports_of(service.health_checks[0], service, group)


def _served_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports to which requests come from where probes come from.

    The front ends of global external load balancers send both; others send requests from proxy-only subnets or hand
    on the client's. https://cloud.google.com/load-balancing/docs/firewall-rules
    """
    if service.is_regional or isinstance(group.target, Reference) or group.kinds != {GroupKind.INSTANCE_GROUP}:
        return ()
    if service.is_external is False:
        return ()
    name = _DEFAULT_PORT_NAME if service.port_name is None else service.port_name
    if isinstance(name, str) and group.defines_port(name) is False:
        # Another rule says so.
        return ()
    return (UNKNOWN,) if service.is_external is UNKNOWN else _serving_ports(service, group)


def _ports_of(check: HealthCheck, service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    settings = check.settings
    port, name = settings.number("port"), settings.string("portName")
    specification = settings.string("portSpecification")
    if isinstance(specification, Unknown):
        return (UNKNOWN,)
    if specification == "USE_SERVING_PORT":
        return _serving_ports(service, group)
    if isinstance(port, Unknown) or specification == "USE_NAMED_PORT":
        return (UNKNOWN,)
    if port:
        return (like(port, int(port)),)
    default = None if isinstance(check.protocol, Unknown) else _DEFAULT_PORTS.get(check.protocol or "")
    return (UNKNOWN if default is None or name is not None else default,)


def _serving_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The numbers that a group has for the service's port name; a NEG's endpoints have ports of their own."""
    name = _DEFAULT_PORT_NAME if service.port_name is None else service.port_name
    if isinstance(group.target, Reference) or group.kinds != {GroupKind.INSTANCE_GROUP} or isinstance(name, Unknown):
        return (UNKNOWN,)
    ports = group.target.asked.objects("namedPorts")
    if isinstance(ports, Unknown) or service.is_passthrough is not False:
        return (UNKNOWN,)
    names = [port.string("name") for port in ports]
    if any(isinstance(found, Unknown) for found in names) or name not in names:
        return (UNKNOWN,)
    numbers = [port.number("port") for port, found in zip(ports, names, strict=True) if found == name]
    return tuple(UNKNOWN if isinstance(number, Unknown | None) else like(number, int(number)) for number in numbers)
