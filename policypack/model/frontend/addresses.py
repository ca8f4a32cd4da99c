"""The addresses that a stack reserves, and which forwarding rules claim one address, protocol and port.

"For external forwarding rules, two or more forwarding rules cannot use the same [IPAddress, IPProtocol] pair, and
cannot have overlapping portRanges", and internal ones within a network neither:
https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from typing import Final, TypeAlias

from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.graph.reference import parse_reference, region_setting
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import ADDRESS, FORWARDING_RULE_TYPES, GLOBAL_ADDRESS, SUBNETWORK_TYPES
from policypack.model.graph.view import View
from policypack.model.products.fronts import FRONTS
from policypack.model.values.logic import all_of, any_of, equals, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown

Ports: TypeAlias = "tuple[range, ...]"
_FAMILIES: Final = {kind.scheme: kind.address for kind in FRONTS}
# The purpose of an internal address that several rules may have.
SHARED_PURPOSE: Final = "SHARED_LOADBALANCER_VIP"
_DEFAULT_VERSION: Final = "IPV4"
_EVERY_PORT: Final = (range(65536),)


class StaticAddress(View):
    """An address that the stack reserves, global or regional."""

    TYPES = (ADDRESS, GLOBAL_ADDRESS)

    @property
    def is_regional(self) -> bool:
        return self.resource.type == ADDRESS

    @property
    def region(self) -> str | Unknown:
        return region_setting(self.resource)

    @property
    def kind(self) -> str | Unknown:
        """`EXTERNAL` or `INTERNAL`."""
        return self.resource.asked.string("addressType", default="EXTERNAL")

    @property
    def ip_version(self) -> str | Unknown:
        """`IPV4` or `IPV6`."""
        return self.resource.asked.string("ipVersion", default=_DEFAULT_VERSION)

    @cached_property
    def subnetworks(self) -> tuple[Resource, ...]:
        """The subnetwork of the stack that it is from, if it is from one."""
        return self.link("subnetwork", SUBNETWORK_TYPES).targets if self.is_regional else ()

    @property
    def purpose(self) -> str | Unknown:
        return self.resource.asked.string("purpose", default="GCE_ENDPOINT")

    @property
    def network_tier(self) -> str | Unknown | None:
        """`PREMIUM` or `STANDARD`; `None` takes that of the project."""
        return None if not self.is_regional else self.resource.asked.string("networkTier")


@dataclass(frozen=True)
class NamedAddress:
    """An address that a forwarding rule names by its URL: a global one, or one in a region."""

    name: str
    is_regional: bool
    region: str | Unknown


def named_address_of(front: ForwardingRule) -> NamedAddress | None:
    """The address that a forwarding rule names by its URL; `None` for a number, a bare name or what is not known."""
    text = front.resource.asked.string("ipAddress")
    named = parse_reference(text) if isinstance(text, str) else None
    if not named or named.collection != "addresses":
        return None
    return NamedAddress(named.name, named.scope == "regions", named.region or UNKNOWN)


def static_address_of(front: ForwardingRule) -> StaticAddress | None:
    """The address of the stack that a forwarding rule has."""
    found = _address_resource(front)
    return StaticAddress.of(found, front.stack) if found else None


def version_of_address(front: ForwardingRule) -> str | Unknown | None:
    """`IPV4` or `IPV6`, as the address of a forwarding rule is; `None` where it is none of the stack and no number."""
    address, text = static_address_of(front), front.resource.asked.string("ipAddress")
    if address:
        return address.ip_version
    if not isinstance(text, str):
        return text
    try:
        return f"IPV{ip_network(text, strict=False).version}"
    except ValueError:
        return None


def rules_beside(front: ForwardingRule) -> tuple[ForwardingRule, ...]:
    """The other forwarding rules that have a rule's address, if the stack reserves it."""
    address = _address_resource(front)
    others = (other for other in _rules(front.stack) if other.urn != front.urn)
    return tuple(other for other in others if address and _address_resource(other) is address)


def rivals_of(front: ForwardingRule) -> Iterator[tuple[ForwardingRule, bool | Unknown]]:
    """The forwarding rules that claim an address and a port of this one (true), or may (not known)."""
    # One without an address gets one of its own.
    has_one = front.resource.asked.string("ipAddress") is not None
    for other in _rules(front.stack) if has_one else ():
        if other.urn != front.urn:
            clash = _clash(front, other)
            if clash is not False:
                yield other, clash


@per_stack
def _rules(stack: Stack) -> tuple[ForwardingRule, ...]:
    found = (ForwardingRule.of(one, stack) for one in stack.of_types(FORWARDING_RULE_TYPES) if not one.is_read)
    return tuple(rule for rule in found if rule.resource.asked.string("ipAddress") is not None)


def _clash(one: ForwardingRule, other: ForwardingRule) -> bool | Unknown:
    family, other_family = (when_known(rule.scheme, lambda scheme: _FAMILIES.get(scheme, "")) for rule in (one, other))
    # Rules for some sources stand beside the one for all others.
    steers = any_of(when_known(rule.resource.asked.strings("sourceIpRanges"), bool) for rule in (one, other))
    return all_of(
        [
            when_known(family, bool),
            equals(family, other_family),
            negation(steers),
            equals(_version(one), _version(other)) is not False,
            equals(one.protocol, other.protocol),
            _share_a_port(ports_of(one), ports_of(other)),
            _are_at_one_address(one, other, is_internal=equals(family, "INTERNAL") is True),
        ]
    )


def _version(rule: ForwardingRule) -> str | Unknown:
    found = (version_of_address(rule), rule.ip_version)
    return next((one for one in found if isinstance(one, str)), UNKNOWN)


def _are_at_one_address(one: ForwardingRule, other: ForwardingRule, *, is_internal: bool) -> bool | Unknown:
    ours, theirs = _address_resource(one), _address_resource(other)
    if ours and theirs:
        return ours is theirs
    is_one = equals(_address(one, ours), _address(other, theirs))
    return is_one if is_one is not True or not is_internal else _in_one_network(one, other)


def _address_resource(rule: ForwardingRule) -> Resource | None:
    """The address of the stack that a rule has."""
    sources = [rule.stack.by_urn(urn) for urn in rule.resource.edges.get("ipAddress", ())]
    return sources[0] if len(sources) == 1 and sources[0] and sources[0].type in (ADDRESS, GLOBAL_ADDRESS) else None


def _address(rule: ForwardingRule, resource: Resource | None) -> str | Unknown | None:
    if not resource:
        return rule.resource.asked.string("ipAddress")
    asked, made = resource.asked.string("address"), resource.result.string("address")
    return asked if isinstance(asked, str) else made if isinstance(made, str) else UNKNOWN


def _in_one_network(one: ForwardingRule, other: ForwardingRule) -> bool | Unknown:
    """An internal address may be in use once in each network."""
    named = (
        equals(one.resource.asked.string(key), other.resource.asked.string(key))
        for key in ("network", "subnetwork")
        if one.resource.asked.string(key) is not None
    )
    wired = (
        bool(one.resource.edges.get(key)) and one.resource.edges.get(key) == other.resource.edges.get(key)
        for key in ("network", "subnetwork")
    )
    return True if any_of([*named, *wired]) is True else UNKNOWN


def ports_of(rule: ForwardingRule) -> Ports | Unknown:
    """The ports that a forwarding rule is for; `UNKNOWN` as well where it names none."""
    asked = rule.resource.asked
    if asked.boolean("allPorts") is True:
        return _EVERY_PORT
    listed, spanned = asked.strings("ports"), asked.string("portRange")
    if isinstance(listed, Unknown) or isinstance(spanned, Unknown):
        return UNKNOWN
    ranges = [_range(one) for one in [*listed, *([spanned] if spanned else [])]]
    known = tuple(one for one in ranges if not isinstance(one, Unknown))
    return known if known and len(known) == len(ranges) else UNKNOWN


def spelled_ports(ports: range) -> str:
    """Ports as a forwarding rule has them: `80` or `8000-8999`."""
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports.stop - 1}"


def _range(text: str | Unknown) -> range | Unknown:
    if isinstance(text, Unknown):
        return UNKNOWN
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1) if first.isdecimal() and (last or first).isdecimal() else UNKNOWN


def _share_a_port(ours: Ports | Unknown, theirs: Ports | Unknown) -> bool | Unknown:
    if isinstance(ours, Unknown) or isinstance(theirs, Unknown):
        return UNKNOWN
    return any(one.start < other.stop and other.start < one.stop for one in ours for other in theirs)
