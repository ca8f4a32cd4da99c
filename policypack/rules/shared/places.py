"""Whether resources that belong together are in one place, and are described as what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.certificates import placed_certificates
from policypack.model.frontend.dns import Lead, leads_to
from policypack.model.frontend.dns_targets import differences, is_another
from policypack.model.frontend.entry import Entry
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.links import Links
from policypack.model.graph.reference import location_of
from policypack.model.graph.resource import Resource
from policypack.model.network.subnetwork import Subnetwork
from policypack.model.products.product import CLASSIC_SCHEME
from policypack.model.values.logic import all_of, equals
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.verdict import Checks, Fail, Undecided, decided, known, not_known, provided
from policypack.wording import quoted

SAME_PLACE = "Both global, or both regional in the same region."


class Placed(Protocol):
    """A resource that is global or in a region."""

    @property
    def name(self) -> str:
        """The logical name."""

    @property
    def is_regional(self) -> bool:
        """It is in a region."""

    @property
    def region(self) -> str | Unknown:
        """The region of a regional one."""


def are_together(one: Placed, other: Placed, called: str, other_called: str) -> Checks:
    """What is wrong if one resource is global and the other regional, or both are in different regions.

    Args:
        one: the one.
        other: the other.
        called: what to call the one at the beginning of a sentence.
        other_called: what to call the other within one.
    """
    if one.is_regional != other.is_regional:
        ours, theirs = ("regional", "global") if one.is_regional else ("global", "regional")
        yield Fail(
            f"{called} is {ours}, and {other_called} is {theirs}.", SAME_PLACE, f"Use the {ours} resource for both."
        )
    elif one.is_regional:
        here, there = known(one.region, "region", one.name), known(other.region, "region", other.name)
        if here != there:
            yield Fail(
                f"{called} is in `{here}`, and {other_called} in `{there}`.", SAME_PLACE, "Create both in one region."
            )


def leads_to_its_place(front: ForwardingRule, proxy: Proxy) -> Checks:
    """What is wrong with where a forwarding rule and its target proxy are.

    Of a classic load balancer in Standard Tier the rule is regional, and the rest global:
    https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts
    """
    if not front.is_regional or proxy.is_regional:
        yield from are_together(front, proxy, "It", f"target proxy `{proxy.name}`")
    elif equals(front.scheme, CLASSIC_SCHEME) is False:
        yield Fail(
            f"It is regional, and target proxy `{proxy.name}` is global.",
            SAME_PLACE,
            "Use a `GlobalForwardingRule`, or a regional proxy, URL map and service.",
        )
    elif equals(front.network_tier, "STANDARD") is not True:
        yield Undecided(f"`{proxy.name}` is global, which is documented for Standard Tier only", "network_tier")
    else:
        for service in proxy.services:
            yield _serves_region_alone(front, service)


def has_its_map_there(proxy: Proxy) -> Checks:
    """What is wrong with where the URL map of a proxy is: global ones have global maps, regional ones their region's.

    https://cloud.google.com/load-balancing/docs/url-map-concepts
    """
    for found in proxy.url_map_links.members:
        region = location_of(found) if isinstance(found, Resource) else found.region
        if region is None and not proxy.is_regional:
            continue
        there = "global" if region is None else f"in `{known(region, 'region', found.name)}`"
        here = f"in `{known(proxy.region, 'region', proxy.name)}`" if proxy.is_regional else "global"
        if here != there:
            kind = f'a `RegionUrlMap` with ``region="{proxy.region}"``' if proxy.is_regional else "a `URLMap`"
            yield Fail(
                f"Target proxy `{proxy.name}` is {here}, and its URL map `{found.name}` is {there}.",
                SAME_PLACE,
                f"Use {kind}, or a proxy and a forwarding rule in the location of the URL map.",
            )


def _serves_region_alone(front: ForwardingRule, service: BackendService) -> Checks:
    """In Standard Tier a regional rule leads to a global service, which then is in the rule's region alone."""
    region, regions = known(front.region, "region"), service.regions
    elsewhere = sorted(regions.certain - {region})
    if elsewhere:
        yield Fail(
            f"It is in Standard Tier in `{region}`, and `{service.name}` has backends in {quoted(elsewhere)}.",
            "In Standard Tier, only backends in the forwarding rule's region.",
            "Use a `GlobalForwardingRule` in Premium Tier, which reaches all regions.",
        )
    elif regions.upper is None or regions.upper > regions.lower:
        yield not_known("backends", service.name, because="some may be in other regions")


def has_its_subnetwork(front: ForwardingRule) -> Checks:
    """Whether the subnetwork of a regional rule is in its region.

    https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#internal-forwarding-rules
    """
    # What is not known of it is rarely wrong: the program gives a rule and its subnetwork one region.
    if front.is_regional and equals(front.region, front.subnetwork_region) is False and front.subnetwork_region:
        yield Fail(
            f"It is in `{front.region}`, and its `subnetwork` in `{front.subnetwork_region}`.",
            "A subnetwork in the rule's region.",
            f"Set `subnetwork` to one in `{front.region}`.",
        )


def is_not_among_proxies(front: ForwardingRule) -> Checks:
    """Whether a rule has its address from another subnetwork than its proxies.

    "The IP address for the load balancer's forwarding rule doesn't come from the proxy-only subnet":
    https://cloud.google.com/load-balancing/docs/proxy-only-subnets
    """
    for target in front.subnetwork_links.targets:
        subnetwork = Subnetwork.of(target, front.stack)
        if known(subnetwork.is_for_proxies, "purpose", subnetwork.name):
            yield Fail(
                f"Its `subnetwork` `{subnetwork.name}` is a proxy-only one, with `purpose` {subnetwork.purpose}.",
                "A subnetwork with `purpose` PRIVATE: proxies have all addresses of a proxy-only one.",
                "Set `subnetwork` to another one in the same network and region.",
            )


def records_describe(front: ForwardingRule) -> Iterator[Checks]:
    """What is wrong with the health-checked targets of DNS records that lead to a forwarding rule.

    What a target says "must match the configuration of the load balancer located at the LoadBalancerTarget's IP
    address, port, and region": https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets
    """
    for lead in leads_to(front.stack, front.resource):
        rules = [ForwardingRule.of(rule, front.stack) for rule in lead.rules]
        is_none = all_of(is_another(target, rule) for target in lead.targets for rule in rules)
        doubt = Undecided(f"whether DNS record `{lead.record}` describes it is not known", "routing_policy")
        yield provided(all_of([lead.is_certain or UNKNOWN, is_none]), doubt, _is_described(front, lead))


def _is_described(front: ForwardingRule, lead: Lead) -> Checks:
    found = [[one for one in differences(target, front) if one.is_there is True] for target in lead.targets]
    # Of targets that may all be the one meant, it is that of the rule's region, or else the one that is most like it.
    closest = min(found, key=lambda wrong: (any(one.name == "region" for one in wrong), len(wrong)))
    names = " and ".join(f"``{one.name}``" for one in closest)
    values = " and ".join(f"``{one.name}`` to {' or '.join(f'`{value}`' for value in one.fitting)}" for one in closest)
    yield Fail(
        f"DNS record `{lead.record}` leads to it with another {names}.",
        "Targets with the type, protocol, port and region of the forwarding rule at their address.",
        f"In the target, set {values}.",
    )


@dataclass(frozen=True)
class Policies:
    """The two kinds of a policy or a certificate, one for global and one for regional resources.

    Attributes:
        called: what to call one in a sentence.
        owner: what to call a resource that has one.
        of_global: the resource that global ones are, by its Python name.
        of_regional: the resource that regional ones are.
        place: the property of regional ones that says where they are.
    """

    called: str
    owner: str
    of_global: str
    of_regional: str
    place: str = "region"

    def fitting(self, owner: Placed) -> str:
        """The resource that a policy of `owner` has to be."""
        return self.of_regional if owner.is_regional else self.of_global


@dataclass(frozen=True)
class Found:
    """A policy or a certificate: its name, its region (`None` for a global one), and the property that decides it."""

    name: str
    region: str | Unknown | None
    deciding: str = "region"


_SSL_CERTIFICATES: Final = Policies("certificate", "proxy", "SSLCertificate", "RegionSslCertificate")
_OF_CERTIFICATE_MANAGER: Final = Policies("certificate", "proxy", "Certificate", "Certificate", "location")


def is_of_its_scope(owner: Placed, links: Links, policies: Policies, otherwise: str) -> Checks:
    """What is wrong with policies that are not global as their owner is, or not in its region.

    Args:
        owner: the resource that has the policies.
        links: the property that points at them.
        policies: what they are.
        otherwise: what becomes of a policy of another scope, a sentence.
    """
    for policy in links.members:
        region = location_of(policy) if isinstance(policy, Resource) else policy.region
        use_it = f"set ``{links.property_name}`` to it"
        yield _is_of_its_scope(owner, Found(policy.name, region), use_it, policies, otherwise)


def certificates_are_there(proxy: Proxy) -> Checks:
    """What is wrong with where the certificates of a proxy are.

    https://github.com/terraform-google-modules/terraform-google-lb-http/issues/423: "Must be a valid SslCertificate URL
    or a valid Certificate Manager certificate URL within the same scope"
    """
    for one in placed_certificates(proxy):
        kinds = _OF_CERTIFICATE_MANAGER if one.is_of_certificate_manager else _SSL_CERTIFICATES
        found, use_it = Found(one.name, one.region, one.property_name), f"name it in ``{one.property_name}``"
        yield _is_of_its_scope(proxy, found, use_it, kinds, "The API rejects that.")


def _is_of_its_scope(owner: Placed, policy: Found, use_it: str, policies: Policies, otherwise: str) -> Checks:
    region = policy.region
    if not owner.is_regional and region is None:
        return
    here = known(owner.region, "region") if owner.is_regional else None
    theirs = "global" if region is None else f"in {known(region, policy.deciding, policy.name)}"
    ours = f"in {here}" if here else "global"
    if theirs == ours:
        return
    place = f"`{policies.fitting(owner)}`" + (f' with ``{policies.place}="{here}"``' if here else "")
    yield Fail(
        f"Its {policies.called} `{policy.name}` is {theirs}, and the {policies.owner} is {ours}. {otherwise}",
        f"One of the kind {place}.",
        f"Create the {policies.called} as {place}, and {use_it}.",
    )


def has_proxies(entry: Entry) -> Checks:
    """Whether the network of a forwarding rule has proxies in its region; only a network of the stack is judged.

    "An active proxy-only subnetwork is required in the same region": the forwarding rule is refused without one.
    https://cloud.google.com/load-balancing/docs/proxy-only-subnets
    """
    if entry.network is None or not entry.stack.is_complete:
        return
    doubt = Undecided(f"whether there are proxies in the region of `{entry.name}` is not known", "subnetwork")
    if decided(entry.has_proxies, doubt):
        return
    place = f"`{entry.own_region}`" if isinstance(entry.own_region, str) else "a region"
    others, purpose = entry.other_proxy_subnetworks, entry.PURPOSES[0]
    kind = "cross-region" if entry.is_regional else "regional"
    but = f", and {quoted(others)} is for {kind} load balancers" if others else ""
    yield Fail(
        f"`{entry.name}` is in {place}, where its network has no proxies for it{but}.",
        f"An active proxy-only subnetwork with purpose {purpose} in each region with a forwarding rule.",
        f'Create a `Subnetwork` in {place} with ``purpose="{purpose}"`` and ``role="ACTIVE"``, and have the forwarding '
        "rule wait for it (``depends_on``).",
    )
