"""Whether a forwarding rule has an address of its kind, and has it alone."""

from __future__ import annotations

from policypack.model.frontend.addresses import (
    SHARED_PURPOSE,
    NamedAddress,
    StaticAddress,
    named_address_of,
    rivals_of,
    rules_beside,
    static_address_of,
)
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.products.product import EXTERNAL_SCHEMES, INTERNAL_SCHEMES
from policypack.model.values.logic import equals, is_in
from policypack.rules.shared.places import are_together
from policypack.verdict import Checks, Fail, Undecided, known, provided
from policypack.wording import quoted


def has_its_address(front: ForwardingRule) -> Checks:
    """What is wrong with the network tier of a forwarding rule, and with its address."""
    yield _has_tier(front)
    address = static_address_of(front)
    if address:
        yield _has_its_address(front, address)
    named = named_address_of(front)
    if named:
        yield _has_address_there(front, named)
    for rival, clash in rivals_of(front):
        yield provided(clash, _may_clash(rival), _has_its_address_alone(rival))


def _may_clash(rival: ForwardingRule) -> Undecided:
    return Undecided(f"whether `{rival.name}` has its address and port is not known", "ip_address")


def _has_its_address_alone(rival: ForwardingRule) -> Checks:
    yield Fail(
        f"Forwarding rule `{rival.name}` has the same address and protocol, and an overlapping port.",
        "One forwarding rule per address, protocol and port.",
        "Give one of them another address or port, or delete it.",
    )


def _has_its_address(front: ForwardingRule, address: StaticAddress) -> Checks:
    """https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#ip_address_specifications."""
    scheme = known(front.scheme, "load_balancing_scheme")
    if scheme not in (*EXTERNAL_SCHEMES, *INTERNAL_SCHEMES):
        return
    yield _is_of_its_kind(scheme, address)
    yield _is_shared(front, address)
    yield _has_address_there(front, address)
    if scheme in EXTERNAL_SCHEMES:
        yield _is_in_its_tier(front, address)


def _has_address_there(front: ForwardingRule, address: StaticAddress | NamedAddress) -> Checks:
    if front.is_regional or known(front.scheme, "load_balancing_scheme") in EXTERNAL_SCHEMES:
        yield from are_together(front, address, "It", f"its address `{address.name}`")


def _is_of_its_kind(scheme: str, address: StaticAddress) -> Checks:
    kind, wanted = known(address.kind, "address_type", address.name), scheme.partition("_")[0]
    if kind != wanted:
        yield Fail(
            f"It has scheme `{scheme}`, and its address `{address.name}` is {kind}.",
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
    ours, theirs = known(front.network_tier, "network_tier"), known(address.network_tier, "network_tier", address.name)
    if ours and theirs and ours != theirs:
        yield Fail(
            f"It is in network tier `{ours}`, and its address `{address.name}` in `{theirs}`.",
            "The same network tier.",
            f"Set ``network_tier`` of `{address.name}` to `{ours}`.",
        )


def _has_tier(front: ForwardingRule) -> Checks:
    if not front.is_regional and known(front.network_tier, "network_tier") not in (None, "PREMIUM"):
        yield Fail(
            f"It is global and in network tier `{front.network_tier}`.",
            "PREMIUM, the only tier of a global forwarding rule.",
            "Omit ``network_tier``.",
        )
    elif known(front.network_tier, "network_tier") == "STANDARD" and is_in(front.scheme, INTERNAL_SCHEMES) is True:
        yield Fail(
            f"It has scheme `{front.scheme}`, and is in network tier `STANDARD`.",
            "PREMIUM, the only tier of internal forwarding rules.",
            "Omit ``network_tier``.",
        )
