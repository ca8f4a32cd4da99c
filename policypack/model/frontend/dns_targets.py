"""What the targets of DNS routing policies say of the forwarding rules that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.frontend.addresses import ports_of
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.values.logic import any_of, equals, is_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown


@dataclass(frozen=True)
class Difference:
    """A property of a target, and whether it has another value than the forwarding rule demands."""

    name: str
    wanted: str
    is_there: bool | Unknown


def is_another(target: Properties, front: ForwardingRule) -> bool | Unknown:
    """Whether a target is not for a forwarding rule, whatever its address."""
    return any_of(difference.is_there for difference in differences(target, front))


def differences(target: Properties, front: ForwardingRule) -> Iterator[Difference]:
    """How a target and a forwarding rule differ, or may, in what the target says; what it leaves out is not wrong."""
    kind, given = _type_of(front), target.string("loadBalancerType")
    if given is not None and kind is not None:
        yield Difference("load_balancer_type", str(kind), negation(equals(given, kind)))
    protocol, given = front.protocol, target.string("ipProtocol")
    if given is not None and is_in(protocol, ("TCP", "UDP")) is not False:
        is_same = equals(when_known(given, str.upper), protocol)
        yield Difference("ip_protocol", str(protocol).lower(), negation(is_same))
    port = target.string("port")
    if port is not None:
        ports = ports_of(front)
        listed = "" if isinstance(ports, Unknown) else " or ".join(_spelled(one) for one in ports)
        yield Difference("port", listed, _is_none_of(port, ports))
    region = target.string("region")
    if region is not None and front.is_regional:
        yield Difference("region", str(front.region), negation(equals(region, front.region)))


def _type_of(front: ForwardingRule) -> str | Unknown | None:
    """What Cloud DNS calls the load balancer; `None` for those that it has no name for."""
    if isinstance(front.scheme, Unknown):
        return UNKNOWN
    if front.scheme == "INTERNAL":
        return "regionalL4ilb" if front.is_regional else None
    if front.scheme != "INTERNAL_MANAGED":
        return None
    if not front.proxies:
        return None if front.proxy_links.is_complete else UNKNOWN
    is_application = all(proxy.kind in ("HTTP", "HTTPS") for proxy in front.proxies)
    return ("regionalL7ilb" if front.is_regional else "globalL7ilb") if is_application else None


def _is_none_of(port: str | Unknown, ports: tuple[range, ...] | Unknown) -> bool | Unknown:
    if isinstance(port, Unknown) or isinstance(ports, Unknown) or not port.isdecimal():
        return UNKNOWN
    return all(int(port) not in one for one in ports)


def _spelled(ports: range) -> str:
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports.stop - 1}"
