"""The ports that backends serve on, and those that health checks ask."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.graph.reference import Reference
from policypack.model.graph.tokens import NETWORK_ENDPOINT, NETWORK_ENDPOINT_LIST
from policypack.model.products.attributes import USE_SERVING_PORT
from policypack.model.values.properties import Properties
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks: what a check without a port asks. The
# provider and the API name different ports for TCP, and gRPC has none.
_DEFAULT_PORTS: Final = {"HTTP": 80, "HTTPS": 443, "HTTP2": 443, "SSL": 443}
# The API's default of `portName`: https://cloud.google.com/load-balancing/docs/backend-service#named_ports
_DEFAULT_PORT_NAME: Final = "http"


def follows_serving_port(check: HealthCheck) -> bool | Unknown:
    """Whether a check asks whatever port the backend service serves on."""
    specification = check.settings.string("portSpecification")
    return UNKNOWN if isinstance(specification, Unknown) else specification == USE_SERVING_PORT


def asked_port(check: HealthCheck) -> int | Unknown:
    """The port that a check asks by its number, or by its protocol's default; `UNKNOWN` as well for any other."""
    settings = check.settings
    port, name = settings.number("port"), settings.string("portName")
    specification = settings.string("portSpecification")
    if isinstance(specification, Unknown) or isinstance(port, Unknown):
        return UNKNOWN
    if specification in (USE_SERVING_PORT, "USE_NAMED_PORT"):
        return UNKNOWN
    if port:
        return like(port, int(port))
    default = None if isinstance(check.protocol, Unknown) else _DEFAULT_PORTS.get(check.protocol or "")
    return UNKNOWN if default is None or name is not None else default


def checked_ports(check: HealthCheck, service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines that a service's check asks."""
    if follows_serving_port(check) is True:
        return serving_ports(service, group) or (UNKNOWN,)
    return (asked_port(check),)


def serving_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines that requests go to; none if the group certainly lacks the service's named port.

    Instance groups have numbers for the service's port name, the endpoints of a NEG ports of their own.
    """
    if service.is_passthrough is not False:
        return (UNKNOWN,)
    if group.kinds == {GroupKind.ZONAL_NEG}:
        return _endpoint_ports(group)
    name = _DEFAULT_PORT_NAME if service.port_name is None else service.port_name
    if group.kinds != {GroupKind.INSTANCE_GROUP} or isinstance(name, Unknown):
        return (UNKNOWN,)
    return group.port_numbers(name)


def _endpoint_ports(group: Group) -> tuple[int | Unknown, ...]:
    """The ports of those endpoints of a zonal NEG that are resources of the stack; each may leave its to the NEG."""
    if isinstance(group.target, Reference):
        return (UNKNOWN,)
    neg, ports = group.target, list[float | Unknown | None]()
    for user in group.stack.users(neg, (NETWORK_ENDPOINT, NETWORK_ENDPOINT_LIST)):
        listed = [user.asked] if user.type == NETWORK_ENDPOINT else user.asked.objects("networkEndpoints")
        endpoints = [Properties(UNKNOWN)] if isinstance(listed, Unknown) else listed
        ports += [endpoint.number("port") for endpoint in endpoints]
    numbers = [neg.asked.number("defaultPort") if port is None else port for port in ports]
    known = tuple(dict.fromkeys(like(number, int(number)) for number in numbers if isinstance(number, int | float)))
    return known if known and len(ports) == sum(isinstance(n, int | float) for n in numbers) else (UNKNOWN,)
