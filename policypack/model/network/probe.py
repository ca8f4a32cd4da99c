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
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES, LEGACY_HEALTH_CHECK_TYPES
from policypack.model.values.ranges import Range
from policypack.model.values.values import UNKNOWN, Properties, Unknown

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
_BLOCKS: Final = (
    "httpHealthCheck",
    "httpsHealthCheck",
    "http2HealthCheck",
    "tcpHealthCheck",
    "sslHealthCheck",
    "grpcHealthCheck",
    "grpcTlsHealthCheck",
)


@dataclass(frozen=True)
class ProbeSources:
    """Where the probes of a service's health check come from.

    Attributes:
        ranges: the ranges.
        is_exclusive: backends are unhealthy if these probes do not reach them; others may do instead if it is false.
    """

    ranges: tuple[Range, ...]
    is_exclusive: bool = True


def probe_sources(service: BackendService) -> ProbeSources | str:
    """Where probes come from, or why that is not known, a clause."""
    if service.is_passthrough is UNKNOWN:
        return "its load balancing scheme is not known, and so where its health check comes from"
    if service.is_passthrough is True:
        return _passthrough_sources(service, is_external=service.is_external is True)
    policy = service.resource.asked.string("ipAddressSelectionPolicy")
    if isinstance(policy, Unknown):
        return "`ip_address_selection_policy` is not known, and so whether its health check uses IPv6"
    if policy == "IPV6_ONLY" and service.scheme is UNKNOWN:
        return "its load balancing scheme is not known, and so where its health check comes from"
    if policy == "IPV6_ONLY":
        is_global_external = not service.is_regional and service.is_external is True and service.is_classic is False
        return ProbeSources(_ranges(_GLOBAL_EXTERNAL_IPV6 if is_global_external else _USUAL_IPV6))
    return ProbeSources(_ranges(_USUAL), is_exclusive=policy != "PREFER_IPV6")


def _passthrough_sources(service: BackendService, *, is_external: bool) -> ProbeSources | str:
    rules = on_path(service.stack, service.resource, FORWARDING_RULE_TYPES)
    versions = [rule.asked.string("ipVersion") for rule in rules]
    if any(isinstance(version, Unknown) for version in versions):
        return "the IP version of its forwarding rules is not known, and so where its health check comes from"
    four = _EXTERNAL_PASSTHROUGH if is_external else _USUAL
    six = _EXTERNAL_PASSTHROUGH_IPV6 if is_external else _USUAL_IPV6
    if "IPV6" not in versions:
        return ProbeSources(_ranges(four))
    return ProbeSources(_ranges(six if all(version == "IPV6" for version in versions) else (*four, *six)))


def _ranges(texts: tuple[str, ...]) -> tuple[Range, ...]:
    return tuple(ip_network(text) for text in texts)


def is_probed_from_google(group: Group) -> bool | Unknown:
    """Whether Google's probes ask the machines of a group; NEGs outside Google Cloud are checked in other ways."""
    probed = {kind in (GroupKind.INSTANCE_GROUP, GroupKind.ZONAL_NEG) for kind in group.kinds}
    return probed.pop() if len(probed) == 1 else UNKNOWN


def probed_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines that the health check asks; `UNKNOWN` for one that is not known."""
    if not service.health_check_links.is_complete or len(service.health_checks) != 1:
        return (UNKNOWN,)
    return _ports_of(service.health_checks[0], service, group)


def served_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines to which requests come from where probes come from.

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
    settings = _settings(check)
    port, name = settings.number("port"), settings.string("portName")
    specification = settings.string("portSpecification")
    if isinstance(specification, Unknown):
        return (UNKNOWN,)
    if specification == "USE_SERVING_PORT":
        return _serving_ports(service, group)
    if isinstance(port, Unknown) or specification == "USE_NAMED_PORT":
        return (UNKNOWN,)
    if port:
        return (int(port),)
    default = None if isinstance(check.protocol, Unknown) else _DEFAULT_PORTS.get(check.protocol or "")
    return (UNKNOWN if default is None or name is not None else default,)


def _settings(check: HealthCheck) -> Properties:
    """The block of its protocol; a legacy check has none, and a protocol of its own."""
    asked = check.resource.asked
    if check.resource.type in LEGACY_HEALTH_CHECK_TYPES:
        return asked
    blocks = [block for key in _BLOCKS if (block := asked.object(key)) is not None]
    return blocks[0] if len(blocks) == 1 and isinstance(blocks[0], Properties) else Properties(UNKNOWN)


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
    return tuple(int(number) if isinstance(number, int | float) else UNKNOWN for number in numbers)
