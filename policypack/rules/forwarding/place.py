"""Where a forwarding rule, its target proxy, URL map and subnetwork are."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.reference import location_of
from policypack.model.graph.resource import Resource
from policypack.model.products.product import CLASSIC_SCHEME
from policypack.model.values.logic import all_of, equals
from policypack.rules.shared.places import SAME_PLACE, are_together, is_in_its_project
from policypack.verdict import Checks, Fail, Undecided, known, not_known, provided
from policypack.wording import quoted


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


def names_its_subnetwork(front: ForwardingRule) -> Checks:
    """An internal rule names its subnetwork if its network is "in custom subnet mode".

    https://www.pulumi.com/registry/packages/gcp/api-docs/compute/forwardingrule/#inputs
    """
    if front.has_subnetwork_or_address:
        return
    for network, is_custom in front.networks_in_custom_mode:
        is_internal = equals(front.fact(lambda kind: kind.address), "INTERNAL")
        doubt = not_known("auto_create_subnetworks", network, because="in custom mode the rule needs a `subnetwork`")
        fail = Fail(
            f"It has no `subnetwork`, and its network `{network}` is in custom mode.",
            "The subnetwork that it has its address from.",
            f"Set `subnetwork` to one of `{network}`.",
        )
        yield provided(all_of([is_internal, is_custom]), doubt, iter([fail]))


def is_in_one_project(front: ForwardingRule, proxy: Proxy) -> Checks:
    """A rule, its target proxy and its URL map are in one project; the services may be in others."""
    required = "A forwarding rule, its target proxy and its URL map in one project; services may be in others."
    called = f"arget proxy `{proxy.name}`"
    yield from is_in_its_project(front.resource, proxy.resource, "It", f"t{called}", required)
    for url_map in proxy.url_maps:
        its_map = f"its URL map `{url_map.name}`"
        yield from is_in_its_project(proxy.resource, url_map.resource, f"T{called}", its_map, required)
