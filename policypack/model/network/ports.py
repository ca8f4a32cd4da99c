"""The ports that backends serve on, and those that health checks ask."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.graph.attached import attached_to
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import NETWORK_ENDPOINT, NETWORK_ENDPOINT_LIST
from policypack.model.products.attributes import USE_NAMED_PORT, USE_SERVING_PORT
from policypack.model.values.logic import any_of, equals, is_set, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks: what a check without a port asks. The
# provider and the API name different ports for TCP, and gRPC has none.
_DEFAULT_PORTS: Final = {"HTTP": 80, "HTTPS": 443, "HTTP2": 443, "SSL": 443}
# The API's default of `portName`: https://cloud.google.com/load-balancing/docs/backend-service#named_ports
_DEFAULT_PORT_NAME: Final = "http"
_ENDPOINT_TYPES: Final = (NETWORK_ENDPOINT, NETWORK_ENDPOINT_LIST)


def follows_serving_port(check: HealthCheck) -> bool | Unknown:
    """Whether a check asks whatever port the backend service serves on."""
    return equals(check.settings.string("portSpecification"), USE_SERVING_PORT)


def named_port(check: HealthCheck) -> str | Unknown | None:
    """The named port that a check asks; `None` for one that goes by a number, its protocol or the serving port.

    https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks: a port by number counts before a name.
    """
    settings = check.settings
    specification, name = settings.string("portSpecification"), settings.string("portName")
    if isinstance(specification, str):
        return name if specification == USE_NAMED_PORT else None
    port = settings.number("port")
    if isinstance(specification, Unknown) or isinstance(port, Unknown):
        return UNKNOWN
    return None if port else name


def asked_port(check: HealthCheck) -> int | Unknown:
    """The port that a check asks by its number, or by its protocol's default; `UNKNOWN` as well for any other."""
    settings = check.settings
    port, name = settings.number("port"), settings.string("portName")
    specification = settings.string("portSpecification")
    if isinstance(specification, Unknown) or isinstance(port, Unknown):
        return UNKNOWN
    if specification in (USE_SERVING_PORT, USE_NAMED_PORT):
        return UNKNOWN
    if port:
        return like(port, int(port))
    default = None if isinstance(check.protocol, Unknown) else _DEFAULT_PORTS.get(check.protocol or "")
    return UNKNOWN if default is None or name is not None else default


def chosen_port(check: HealthCheck) -> int | Unknown | None:
    """The port that a check asks by a number that somebody chose; `None` if nobody did."""
    default = asks_a_default_port(check)
    if isinstance(default, Unknown):
        return UNKNOWN
    return None if default or isinstance(asked_port(check), Unknown) else asked_port(check)


def asks_a_default_port(check: HealthCheck) -> bool | Unknown:
    """Whether a check says nothing of its port, so that it asks the one of its protocol."""
    settings, number = check.settings, check.settings.number("port")
    is_by_number = when_known(number, bool)
    return negation(
        any_of((is_by_number, is_set(settings.string("portSpecification")), is_set(settings.string("portName"))))
    )


def port_to_check(service: BackendService, check: HealthCheck | None = None) -> int | None:
    """The port that a service's health check should ask: the one that a check of it asks, else that of all its groups.

    `None` if that is not known, or is not one.
    """
    chosen = chosen_port(check) if check else None
    if isinstance(chosen, int):
        return chosen
    ports = [port for group in service.groups for port in serving_ports(service, group)]
    numbers = {port for port in ports if isinstance(port, int)}
    return numbers.pop() if len(numbers) == 1 and all(isinstance(port, int) for port in ports) else None


def ports_of_check(check: HealthCheck, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines that a check asks by a number or by a name of its own.

    None at all if the group certainly lacks the port of that name.
    """
    name = named_port(check)
    if not isinstance(name, str):
        return (asked_port(check),)
    return group.port_numbers(name) if group.kinds == {GroupKind.INSTANCE_GROUP} else (UNKNOWN,)


def checked_ports(check: HealthCheck, service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines that a service's check asks."""
    follows = follows_serving_port(check) is True
    return (serving_ports(service, group) if follows else ports_of_check(check, group)) or (UNKNOWN,)


def serving_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    """The ports of a group's machines that requests go to; none if the group certainly lacks the service's named port.

    Instance groups have numbers for the service's port name, the endpoints of a NEG ports of their own.
    """
    if service.is_passthrough is not False:
        return (UNKNOWN,)
    if group.kinds in ({GroupKind.ZONAL_NEG}, {GroupKind.HYBRID_NEG}):
        return _endpoint_ports(group)
    name = _DEFAULT_PORT_NAME if service.port_name is None else service.port_name
    if group.kinds != {GroupKind.INSTANCE_GROUP} or isinstance(name, Unknown):
        return (UNKNOWN,)
    return group.port_numbers(name)


def shows_endpoints(group: Group) -> bool:
    """Whether endpoints of the stack are in a zonal NEG, or may be; otherwise all come from elsewhere."""
    return isinstance(group.target, Resource) and bool(attached_to(group.stack, group.target, _ENDPOINT_TYPES))


def _endpoint_ports(group: Group) -> tuple[int | Unknown, ...]:
    """The ports of those endpoints of a NEG that are resources of the stack; each may leave its to the NEG."""
    if isinstance(group.target, Reference):
        return (UNKNOWN,)
    neg, ports = group.target, list[float | Unknown | None]()
    for one, belongs in attached_to(group.stack, neg, _ENDPOINT_TYPES):
        listed = [one.asked] if one.type == NETWORK_ENDPOINT else one.asked.objects("networkEndpoints")
        endpoints = [Properties(UNKNOWN)] if isinstance(listed, Unknown) or belongs is UNKNOWN else listed
        ports += [endpoint.number("port") for endpoint in endpoints]
    numbers = [neg.asked.number("defaultPort") if port is None else port for port in ports]
    known = tuple(dict.fromkeys(like(number, int(number)) for number in numbers if isinstance(number, int | float)))
    return known if known and len(ports) == sum(isinstance(n, int | float) for n in numbers) else (UNKNOWN,)
