"""The proxy-only subnetwork that the target proxies of a forwarding rule have their addresses from.

https://cloud.google.com/load-balancing/docs/proxy-only-subnets
"""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.frontend.entry import RegionalEntry
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.network.subnetwork import Subnetwork
from policypack.model.values.logic import equals
from policypack.rules.shared.places import has_proxies
from policypack.verdict import Checks, Fail, known, not_known, provided


def has_proxies_there(front: ForwardingRule, proxy: Proxy) -> Checks:
    """The network of a regional rule of a managed scheme has proxies in its region."""
    if front.is_regional and proxy.is_regional and not front.resource.is_read:
        needs_some = equals(front.fact(lambda kind: kind.needs_proxies), True)
        doubt = not_known("load_balancing_scheme", because="with a managed one it needs a proxy-only subnetwork")
        yield provided(needs_some, doubt, has_proxies(RegionalEntry.of(front.resource, front.stack)))


def is_not_among_proxies(front: ForwardingRule) -> Iterator[Checks]:
    """Whether a rule has its address from another subnetwork than its proxies."""
    for target in front.subnetwork_links.targets:
        yield is_none_of_proxies(Subnetwork.of(target, front.stack), "It has the `subnetwork`")


def is_none_of_proxies(subnetwork: Subnetwork, begins: str) -> Checks:
    """What is wrong with a subnetwork of an address, said in a sentence that begins in some way.

    "The IP address for the load balancer's forwarding rule doesn't come from the proxy-only subnet":
    https://cloud.google.com/load-balancing/docs/proxy-only-subnets
    """
    if known(subnetwork.is_for_proxies, "purpose", subnetwork.name):
        yield Fail(
            f"{begins} `{subnetwork.name}`, which is a proxy-only one with `purpose` {subnetwork.purpose}.",
            "A subnetwork with `purpose` PRIVATE: proxies have all addresses of a proxy-only one.",
            "Set `subnetwork` to another one in the same network and region.",
        )
