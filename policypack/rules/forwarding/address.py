"""The address of a forwarding rule.

https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#ip_address_specifications
"""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.frontend.addresses import (
    SHARED_PURPOSE,
    NamedAddress,
    StaticAddress,
    named_address_of,
    rivals_of,
    rules_beside,
    static_address_of,
    version_of_address,
)
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.network.subnetwork import Subnetwork
from policypack.model.values.logic import equals
from policypack.rules.forwarding.proxies import is_none_of_proxies
from policypack.rules.shared.places import are_together
from policypack.verdict import Checks, Fail, Undecided, known, provided
from policypack.wording import quoted


def has_its_address(front: ForwardingRule) -> Iterator[Checks]:
    """A reserved address is in the scope, of the kind and in the tier of the rule."""
    address = static_address_of(front)
    if address:
        yield _is_of_its_kind(front, address)
        yield _is_shared(front, address)
        yield _is_in_its_tier(front, address)
        yield from _is_of_its_subnetwork(front, address)
    for one in (address, named_address_of(front)):
        if one:
            yield _is_there(front, one)
    yield _is_of_its_version(front)


def has_its_address_alone(front: ForwardingRule) -> Iterator[Checks]:
    """No other rule has the same address, protocol and port."""
    for rival, clash in rivals_of(front):
        doubt = Undecided(f"whether `{rival.name}` has its address and port is not known", "ip_address")
        fail = Fail(
            f"Forwarding rule `{rival.name}` has the same address and protocol, and an overlapping port.",
            "One forwarding rule per address, protocol and port.",
            "Give one of them another address or port, or delete it.",
        )
        yield provided(clash, doubt, iter([fail]))


def _is_there(front: ForwardingRule, address: StaticAddress | NamedAddress) -> Checks:
    scope = known(front.fact(lambda kind: kind.address_scope), "load_balancing_scheme")
    if not scope:
        return
    if (scope == "regional") == front.is_regional:
        yield from are_together(front, address, "It", f"its address `{address.name}`")
    elif not address.is_regional:
        yield Fail(
            f"It has scheme `{front.scheme}`, and its address `{address.name}` is global.",
            "An address in the region of its subnetwork.",
            f"Use an `Address` in the region of `subnetwork` in place of `{address.name}`.",
        )
    elif front.subnetwork_region is not None:
        here, there = known(front.subnetwork_region, "subnetwork"), known(address.region, "region", address.name)
        if here != there:
            yield Fail(
                f"Its `subnetwork` is in `{here}`, and its address `{address.name}` in `{there}`.",
                "An address in the region of its subnetwork.",
                f"Create `{address.name}` in `{here}`.",
            )


def _is_of_its_version(front: ForwardingRule) -> Checks:
    ours, theirs = front.ip_version, version_of_address(front)
    if ours is not None and theirs is not None and known(theirs, "ip_address") != known(ours, "ip_version"):
        yield Fail(
            f"It has ``ip_version`` {ours}, and its address is {theirs}.",
            "An address of the IP version of the rule.",
            f"Set ``ip_version`` to `{theirs}`, or use an address of {ours}.",
        )


def _is_of_its_subnetwork(front: ForwardingRule, address: StaticAddress) -> Iterator[Checks]:
    """The address belongs to "the network/subnet configured for the forwarding rule".

    https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules: `IPAddress`
    """
    for target in address.subnetworks:
        yield is_none_of_proxies(Subnetwork.of(target, front.stack), f"Its address `{address.name}` is from")
        for own in front.subnetwork_links.targets:
            if own is not target:
                fail = Fail(
                    f"Its `subnetwork` is `{own.name}`, and its address `{address.name}` is from `{target.name}`.",
                    "An address from its subnetwork.",
                    f"Set `subnetwork` of `{address.name}` to that of the rule, or the other way round.",
                )
                yield iter([fail])


def _is_of_its_kind(front: ForwardingRule, address: StaticAddress) -> Checks:
    wanted = known(front.fact(lambda kind: kind.address), "load_balancing_scheme")
    kind = known(address.kind, "address_type", address.name)
    if wanted and kind != wanted:
        yield Fail(
            f"It has scheme `{front.scheme}`, and its address `{address.name}` is {kind}.",
            f"An address with ``address_type`` {wanted}.",
            f"Set ``address_type`` of `{address.name}` to `{wanted}`, or omit ``ip_address``.",
        )


def _is_shared(front: ForwardingRule, address: StaticAddress) -> Checks:
    """https://cloud.google.com/load-balancing/docs/internal/multiple-forwarding-rules-same-ip."""
    others = rules_beside(front)
    is_internal = equals(address.kind, "INTERNAL") is True
    if others and is_internal and known(address.purpose, "purpose", address.name) != SHARED_PURPOSE:
        yield Fail(
            f"It shares the internal address `{address.name}` with {quoted([other.name for other in others])}.",
            f"An address with `purpose` {SHARED_PURPOSE}, which several internal rules can have.",
            f"Set `purpose` of `{address.name}` to `{SHARED_PURPOSE}`.",
        )


def _is_in_its_tier(front: ForwardingRule, address: StaticAddress) -> Checks:
    """https://www.pulumi.com/registry/packages/gcp/api-docs/compute/forwardingrule/#inputs: equal to the address's."""
    if known(front.fact(lambda kind: kind.address), "load_balancing_scheme") != "EXTERNAL":
        return
    ours, theirs = known(front.network_tier, "network_tier"), known(address.network_tier, "network_tier", address.name)
    has_to_change = ours != "PREMIUM" and front.fact(lambda kind: kind.is_premium) is True
    if ours and theirs and ours != theirs and not has_to_change:
        yield Fail(
            f"It is in network tier `{ours}`, and its address `{address.name}` in `{theirs}`.",
            "The same network tier.",
            f"Set ``network_tier`` of `{address.name}` to `{ours}`.",
        )
