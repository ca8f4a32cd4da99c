"""The network tier of a forwarding rule.

https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts
"""

from __future__ import annotations

from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.values.logic import is_in
from policypack.verdict import Checks, Fail, known


def is_in_its_tier(front: ForwardingRule) -> Checks:
    """Global and internal rules are in PREMIUM tier."""
    if is_in(front.network_tier, (None, "PREMIUM")) is True:
        return
    why = "internal rules are in PREMIUM tier"
    if not known(front.fact(lambda kind: kind.is_premium), "load_balancing_scheme", because=why):
        return
    tier = known(front.network_tier, "network_tier")
    which = f"has scheme `{front.scheme}`, and is" if front.is_regional else "is global and"
    kind = "internal forwarding rules" if front.is_regional else "a global forwarding rule"
    yield Fail(
        f"It {which} in network tier `{tier}`.",
        f"PREMIUM, the only tier of {kind}.",
        "Omit ``network_tier``.",
    )
