"""The rule `forwarding-rule-scheme`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.addresses import (
    SHARED_PURPOSE,
    NamedAddress,
    StaticAddress,
    named_address_of,
    rivals_of,
    rules_beside,
    static_address_of,
)
from policypack.model.frontend.entry import RegionalEntry
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.products.product import (
    EXTERNAL_SCHEMES,
    INTERNAL_SCHEMES,
    MIGRATIONS,
    PASSTHROUGH_SCHEMES,
    PROXY_SCHEMES,
)
from policypack.model.values.logic import all_of, equals, is_in
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.rules.shared.places import (
    are_together,
    has_its_map_there,
    has_its_subnetwork,
    has_proxies,
    is_not_among_proxies,
    leads_to_its_place,
    records_describe,
)
from policypack.rules.shared.routes import rewrites_alone
from policypack.verdict import Checks, Fail, Undecided, known, not_known, provided, setting, unresolved
from policypack.wording import quoted

_WHICH_ONE = not_known("load_balancing_scheme", because="a classic load balancer supports only one route action")


@rule(
    title="Forwarding rule, target proxy and backend service are compatible",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts",
)
def forwarding_rule_scheme(front: ForwardingRule, options: Options) -> Checks:
    """A forwarding rule leads to proxies and services of its scheme and scope, with a protocol that the proxy supports.

    ## What it checks
    From the forwarding rule through the target proxy and its URL map to each backend service:

    - The load balancing scheme is the same. A global rule with EXTERNAL may also lead to a service with
      EXTERNAL_MANAGED, as a migration step.
    - Global resources lead to global ones, and regional resources to regional ones in the same region.
    - Services with HTTP, HTTPS or HTTP/2 are behind HTTP and HTTPS proxies, services with TCP or SSL behind the other
      proxies.
    - A service behind a proxy has no passthrough scheme (INTERNAL, or EXTERNAL if it is regional). A forwarding rule
      without a proxy leads to a regional service with scheme INTERNAL or EXTERNAL.
    - A rule in front of a target proxy has the protocol TCP. Without a proxy, a rule for TCP or UDP leads to a service
      with that protocol or UNSPECIFIED, and a rule for L3_DEFAULT to one with UNSPECIFIED.
    - If a regional rule in Standard Tier leads to a global classic load balancer, all backends are in the region of the
      rule.

    Other parts of the front end are compatible, too:

    - The URL map of a classic Application Load Balancer (scheme EXTERNAL) has no route action except `url_rewrite`: no
      weights, retries, timeouts, mirroring, CORS or fault injection.
    - If the stack creates the network, a regional rule in front of a target proxy has an active proxy-only subnetwork
      in its network and region, with the purpose REGIONAL_MANAGED_PROXY. `frontend-regions` checks cross-region load
      balancers.
    - Certificate Manager certificates are attached by a `certificate_map` on global external load balancers, and by
      `certificate_manager_certificates` on all others.
    - External global rules have global addresses, and regional rules addresses of their region. One that the stack
      reserves is internal for an internal rule and external for an external one, and in the tier of the rule. Several
      internal rules share one only with the purpose SHARED_LOADBALANCER_VIP.
    - Internal rules are in PREMIUM tier. Their subnetwork is no proxy-only one, and in the region of a regional rule.
    - No two forwarding rules of the stack share an address, a protocol and a port, unless they are for specific sources
      (`source_ip_ranges`). Rules without an address each get their own.
    - The targets in the routing policy of a `RecordSet` have the type, protocol, port and region of the rule.

    ## Why it matters
    The provider's preview accepts every combination. The API rejects the wrong ones with error 400 at the very end of
    the deployment, when everything else exists: "load balancing scheme EXTERNAL_MANAGED does not match the backend
    service load balancing scheme EXTERNAL".

    ## Applies to
    Global and regional forwarding rules of every scheme on the path to a backend service.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL", protocol="HTTP", port_name="http")
    paths = gcp.compute.URLMap("paths", default_service=service.id)
    proxy = gcp.compute.TargetHttpProxy("proxy", url_map=paths.id)
    gcp.compute.GlobalForwardingRule(
        "chat", load_balancing_scheme="EXTERNAL_MANAGED", port_range="80", target=proxy.id
    )
    ```

    ## Passes
    ```diff
    -service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL", protocol="HTTP", port_name="http")
    +service = gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
     paths = gcp.compute.URLMap("paths", default_service=service.id)
    ```

    ## Undecided
    The verdict is undecided when:

    - the proxy, a scheme, an address or a region is computed, and the verdict depends on it;
    - the services of the URL map are computed, and one of the possible services does not fit;
    - a regional rule without Standard Tier leads to a global proxy, which the documentation does not cover.
    """
    yield _has_tier(front)
    yield has_its_subnetwork(front)
    yield is_not_among_proxies(front)
    address = static_address_of(front)
    if address:
        yield _has_its_address(front, address)
    named = named_address_of(front)
    if named:
        yield _has_address_there(front, named)
    yield from unresolved(front.proxy_links)
    yield from unresolved(front.service_links)
    for proxy in front.proxies:
        yield leads_to_its_place(front, proxy)
        yield _is_for_tcp(front, proxy)
        yield _has_proxies(front, proxy)
        yield has_its_map_there(proxy)
        yield _takes_a_map(front, proxy)
        yield _takes_certificates(front, proxy)
        yield from _may_lead_to_others(front, proxy)
        for service in proxy.services:
            yield _fits(front, proxy, service)
        for url_map in proxy.url_maps:
            yield provided(front.is_classic_with(proxy), _WHICH_ONE, rewrites_alone(url_map))
    for service in front.direct_services:
        yield _leads_to_packets(front, service)
        yield _has_protocol_of(front, service)
    yield from records_describe(front)
    for rival, clash in rivals_of(front):
        yield provided(clash, _may_clash(rival), _has_its_address_alone(rival))


def _has_proxies(front: ForwardingRule, proxy: Proxy) -> Checks:
    if front.is_regional and proxy.is_regional and not front.resource.is_read:
        is_managed = is_in(front.scheme, ("EXTERNAL_MANAGED", "INTERNAL_MANAGED"))
        doubt = not_known("load_balancing_scheme", because="with a managed one it needs a proxy-only subnetwork")
        yield provided(is_managed, doubt, has_proxies(RegionalEntry.of(front.resource, front.stack)))


def _takes_a_map(front: ForwardingRule, proxy: Proxy) -> Checks:
    """https://www.pulumi.com/registry/packages/gcp/api-docs/compute/targethttpsproxy/#inputs."""
    is_internal = equals(front.scheme, "INTERNAL_MANAGED")
    if known(all_of([is_internal, proxy.has_certificate_map]), "certificate_map", proxy.name):
        yield Fail(
            f"`{proxy.name}` has a ``certificate_map``, which scheme `{front.scheme}` does not support.",
            "Certificates attached directly: internal load balancers do not support certificate maps.",
            f"Name the certificates in ``certificate_manager_certificates`` of `{proxy.name}`.",
        )


def _takes_certificates(front: ForwardingRule, proxy: Proxy) -> Checks:
    """https://www.pulumi.com/registry/packages/gcp/api-docs/compute/targethttpsproxy/#inputs."""
    is_external = is_in(front.scheme, ("EXTERNAL", "EXTERNAL_MANAGED"))
    is_wrong = all_of([not proxy.is_regional, is_external, proxy.has_managed_certificates])
    if known(is_wrong, "certificate_manager_certificates", proxy.name):
        yield Fail(
            f"`{proxy.name}` has ``certificate_manager_certificates``, which a global proxy with scheme "
            f"`{front.scheme}` does not support.",
            "A certificate map: global external load balancers use one for Certificate Manager certificates.",
            f"Set ``certificate_map`` of `{proxy.name}` to a `CertificateMap` with an entry for each certificate.",
        )


def _may_lead_to_others(front: ForwardingRule, proxy: Proxy) -> Checks:
    """What is not known of the services behind a proxy matters only if one of those that it may be does not fit."""
    if not proxy.why_services_unknown:
        return
    doubt = Undecided(proxy.why_services_unknown, "url_map")
    if proxy.further_services is None:
        yield doubt
    for service in proxy.further_services or ():
        yield provided(UNKNOWN, doubt, _fits(front, proxy, service))


def _may_clash(rival: ForwardingRule) -> Undecided:
    return Undecided(f"whether `{rival.name}` has its address and port is not known", "ip_address")


def _has_its_address_alone(rival: ForwardingRule) -> Checks:
    yield Fail(
        f"Forwarding rule `{rival.name}` has the same address and protocol, and an overlapping port.",
        "One forwarding rule per address, protocol and port.",
        "Give one of them another address or port, or delete it.",
    )


def _fits(front: ForwardingRule, proxy: Proxy, service: BackendService) -> Checks:
    if service.is_passthrough is True:
        yield _is_of_no_proxy(proxy, service)
        return
    yield _has_scheme_of(front, service)
    yield are_together(proxy, service, f"Target proxy `{proxy.name}`", f"backend service `{service.name}`")
    yield _speaks_protocol(proxy, service)


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


def _is_for_tcp(front: ForwardingRule, proxy: Proxy) -> Checks:
    """https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#ip_protocols."""
    if known(front.protocol, "ip_protocol") != "TCP":
        yield Fail(
            f"It is for {front.protocol}, and `{proxy.name}` is a target proxy.",
            "The protocol TCP: target proxies receive nothing else.",
            setting({"ip_protocol": "TCP"}),
        )


def _has_protocol_of(front: ForwardingRule, service: BackendService) -> Checks:
    """https://cloud.google.com/load-balancing/docs/internal#forwarding-rule-protocols."""
    ours, theirs = known(front.protocol, "ip_protocol"), known(service.protocol, "protocol", service.name)
    if theirs in (None, "UNSPECIFIED", ours):
        return
    if theirs in ("TCP", "UDP"):
        yield Fail(
            f"It is for {ours}, and backend service `{service.name}` has protocol {theirs}.",
            "The protocol of the service, which may be UNSPECIFIED for every rule.",
            f"Set ``ip_protocol`` to `{theirs}`, or `protocol` of `{service.name}` to `UNSPECIFIED`.",
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


def _speaks_protocol(proxy: Proxy, service: BackendService) -> Checks:
    protocol, spoken = known(service.protocol, "protocol", service.name), proxy.protocols
    if protocol is not None and protocol not in spoken:
        yield Fail(
            f"`{proxy.name}` is a target {proxy.kind} proxy, and `{service.name}` speaks {protocol}.",
            f"A service that speaks one of {', '.join(spoken)}.",
            "Use a target proxy that matches the service's protocol.",
        )


def _is_of_no_proxy(proxy: Proxy, service: BackendService) -> Checks:
    yield Fail(
        f"`{service.name}` has passthrough scheme `{service.scheme}` but is behind target proxy `{proxy.name}`.",
        f"Behind a proxy, a service with scheme {' or '.join(PROXY_SCHEMES)}.",
        "Set ``load_balancing_scheme`` to `EXTERNAL_MANAGED` or `INTERNAL_MANAGED` on service and forwarding rule.",
    )


def _leads_to_packets(front: ForwardingRule, service: BackendService) -> Checks:
    if service.is_regional:
        yield are_together(front, service, "It", f"backend service `{service.name}`")
    if service.is_regional and known(front.scheme, "load_balancing_scheme") in PASSTHROUGH_SCHEMES:
        yield from _has_scheme_of(front, service)
    else:
        why = f"its scheme is `{front.scheme}`" if service.is_regional else "that is a global service"
        yield Fail(
            f"It sends packets to `{service.name}` without a proxy, and {why}.",
            "A regional service with scheme INTERNAL or EXTERNAL, or a target proxy.",
            "Set `target` to a target proxy instead of ``backend_service``.",
        )


def _has_scheme_of(front: ForwardingRule, service: BackendService) -> Checks:
    ours = known(front.scheme, "load_balancing_scheme")
    theirs = known(service.scheme, "load_balancing_scheme", service.name)
    migrates = MIGRATIONS.get(ours) == theirs and not service.is_regional
    if migrates and front.is_regional:
        yield Undecided(
            f"the documentation does not say whether a regional rule may lead to `{service.name}`",
            "load_balancing_scheme",
        )
    elif ours != theirs and not migrates:
        yield Fail(
            f"It has scheme `{ours}`, but backend service `{service.name}` has `{theirs}`.",
            "The same scheme on the forwarding rule and the service.",
            f"Set ``load_balancing_scheme`` to `{theirs}` on the forwarding rule"
            + ("." if service.is_regional else ", or change the service to match."),
        )
