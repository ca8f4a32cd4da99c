"""What the targets of DNS routing policies say of the forwarding rules that they lead to.

A target has to fit the rule as it has to be. Where something is wrong with the rule itself, that is what it is told to
become; where either the rule or what it leads to may change, the target may fit each of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.frontend.addresses import ports_of, spelled_ports
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.products.product import INTERNAL_SCHEMES
from policypack.model.values.logic import any_of, equals, is_in, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_PASSTHROUGH: Final = "regionalL4ilb"
_REGIONAL: Final = "regionalL7ilb"
_GLOBAL: Final = "globalL7ilb"
_PROTOCOLS: Final = ("TCP", "UDP")


@dataclass(frozen=True)
class Difference:
    """A property of a target, the values that fit the forwarding rule, and whether it has another."""

    name: str
    fitting: tuple[str, ...]
    is_there: bool | Unknown


def is_another(target: Properties, front: ForwardingRule) -> bool | Unknown:
    """Whether a target is not for a forwarding rule, whatever its address."""
    return any_of(difference.is_there for difference in differences(target, front))


def differences(target: Properties, front: ForwardingRule) -> Iterator[Difference]:
    """How a target and a forwarding rule differ, or may, in what the target says; what it leaves out is not wrong."""
    protocol = target.string("ipProtocol")
    found = {
        "load_balancer_type": (target.string("loadBalancerType"), _types_of(front)),
        "ip_protocol": (protocol if protocol is None else when_known(protocol, str.lower), _protocols_of(front)),
        "region": (target.string("region"), _regions_of(front)),
    }
    for name, (given, fitting) in found.items():
        if given is not None and fitting:
            differs = negation(any_of(equals(given, one) for one in fitting))
            yield Difference(name, tuple(dict.fromkeys(known_in(fitting))), differs)
    port = target.string("port")
    if port is not None:
        ports = ports_of(front)
        listed = () if isinstance(ports, Unknown) else tuple(spelled_ports(one) for one in ports)
        yield Difference("port", listed, _is_none_of(port, ports))


def _types_of(front: ForwardingRule) -> tuple[str | Unknown, ...]:
    """What Cloud DNS calls the load balancer; none for those that it has no name for."""
    if isinstance(front.scheme, Unknown):
        return (UNKNOWN,)
    if front.scheme not in INTERNAL_SCHEMES:
        return ()
    if not front.proxies:
        is_passthrough = front.scheme == "INTERNAL" and front.is_regional
        own = (_PASSTHROUGH,) if is_passthrough else ()
        return own if front.proxy_links.is_complete else (*own, UNKNOWN)
    if not all(proxy.kind in ("HTTP", "HTTPS") for proxy in front.proxies):
        return ()
    if not front.is_regional:
        return (_GLOBAL,)
    return (_REGIONAL,) if all(proxy.is_regional for proxy in front.proxies) else (_REGIONAL, _GLOBAL)


def _protocols_of(front: ForwardingRule) -> tuple[str | Unknown, ...]:
    """The protocol of a rule and of the services that it sends packets to; before a target proxy, TCP."""
    if front.proxies:
        return ("tcp",)
    if is_in(front.protocol, _PROTOCOLS) is False:
        return ()
    # One of the two that differ has to change, and either may.
    behind = (one.protocol for one in front.direct_services if one.protocol is not None)
    found = [front.protocol, *(one for one in behind if is_in(one, _PROTOCOLS) is not False)]
    if not front.proxy_links.is_complete and equals(front.protocol, "TCP") is not True:
        found.append(UNKNOWN)
    return tuple(when_known(one, str.lower) for one in found)


def _regions_of(front: ForwardingRule) -> tuple[str | Unknown, ...]:
    """The region of a rule and of what it leads to, which have to be one; none of a global rule."""
    if not front.is_regional:
        return ()
    proxies = [one.region for one in front.proxies if one.is_regional]
    return (front.region, *proxies, *(one.region for one in front.direct_services if one.is_regional))


def _is_none_of(port: str | Unknown, ports: tuple[range, ...] | Unknown) -> bool | Unknown:
    if isinstance(port, Unknown) or isinstance(ports, Unknown) or not port.isdecimal():
        return UNKNOWN
    return all(int(port) not in one for one in ports)
