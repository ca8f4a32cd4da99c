"""Whether DNS records describe the forwarding rules that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.frontend.addresses import ports_of
from policypack.model.frontend.dns import Lead, leads_to
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.values.logic import all_of, any_of, equals, is_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.verdict import Checks, Fail, Undecided, provided


@dataclass(frozen=True)
class _Difference:
    """A property of a target, and whether it has another value than the forwarding rule demands."""

    name: str
    wanted: str
    is_there: bool | Unknown


def records_describe(front: ForwardingRule) -> Iterator[Checks]:
    """What is wrong with the health-checked targets of DNS records that lead to a forwarding rule.

    What a target says "must match the configuration of the load balancer located at the LoadBalancerTarget's IP
    address, port, and region": https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets
    """
    for lead in leads_to(front.stack, front.resource):
        rules = [ForwardingRule.of(rule, front.stack) for rule in lead.rules]
        is_none = all_of(_is_another(target, rule) for target in lead.targets for rule in rules)
        doubt = Undecided(f"whether DNS record `{lead.record}` describes it is not known", "routing_policy")
        yield provided(all_of([lead.is_certain or UNKNOWN, is_none]), doubt, _is_described(front, lead))


def _is_another(target: Properties, front: ForwardingRule) -> bool | Unknown:
    return any_of(difference.is_there for difference in _differences(target, front))


def _is_described(front: ForwardingRule, lead: Lead) -> Checks:
    found = [[one for one in _differences(target, front) if one.is_there is not False] for target in lead.targets]
    # Of targets that may all be the one meant, it is that of the rule's region, or else the one that is most like it.
    closest = min(found, key=lambda differences: (any(one.name == "region" for one in differences), len(differences)))
    names = " and ".join(f"``{one.name}``" for one in closest)
    yield Fail(
        f"DNS record `{lead.record}` leads to it with another {names}.",
        "Targets with the type, protocol, port and region of the forwarding rule at their address.",
        "In the target, set " + " and ".join(f"``{one.name}`` to `{one.wanted}`" for one in closest) + ".",
    )


def _differences(target: Properties, front: ForwardingRule) -> Iterator[_Difference]:
    """Those of what the target says, since what it leaves out is not wrong."""
    kind, given = _type_of(front), target.string("loadBalancerType")
    if given is not None and kind is not None:
        yield _Difference("load_balancer_type", str(kind), negation(equals(given, kind)))
    protocol, given = front.protocol, target.string("ipProtocol")
    if given is not None and is_in(protocol, ("TCP", "UDP")) is not False:
        is_same = equals(when_known(given, str.upper), protocol)
        yield _Difference("ip_protocol", str(protocol).lower(), negation(is_same))
    port = target.string("port")
    if port is not None:
        ports = ports_of(front)
        listed = "" if isinstance(ports, Unknown) else " or ".join(_spelled(one) for one in ports)
        yield _Difference("port", listed, _is_none_of(port, ports))
    region = target.string("region")
    if region is not None and front.is_regional:
        yield _Difference("region", str(front.region), negation(equals(region, front.region)))


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
