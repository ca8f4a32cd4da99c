"""The rule `forwarding-rule-scheme`; its demands are in `rules/forwarding/`, a file for each thing that it judges."""

from __future__ import annotations

from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.rules.forwarding.address import has_its_address, has_its_address_alone
from policypack.rules.forwarding.certificates import has_one_kind, takes_a_map, takes_certificates
from policypack.rules.forwarding.network import is_near_its_backends
from policypack.rules.forwarding.place import (
    has_its_map_there,
    has_its_subnetwork,
    is_in_one_project,
    leads_to_its_place,
    names_its_subnetwork,
)
from policypack.rules.forwarding.ports import has_one_port, names_its_ports, reaches_servers
from policypack.rules.forwarding.protocol import has_protocol_of, is_for_tcp
from policypack.rules.forwarding.proxies import has_proxies_there, is_not_among_proxies
from policypack.rules.forwarding.records import records_describe
from policypack.rules.forwarding.routes import has_valid_routes, rewrites_alone
from policypack.rules.forwarding.scheme import fits_behind, leads_to_packets, takes_proxy
from policypack.rules.forwarding.tier import is_in_its_tier
from policypack.verdict import Checks, Undecided, not_known, provided, unresolved

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
    - The rule, the proxy and the URL map are in one project. The backend services may be in others (Shared VPC).
    - An internal rule without a proxy is in a network of its VMs.
    - Global resources lead to global ones, and regional resources to regional ones in the same region.
    - Target SSL proxies have an external scheme.
    - Services with HTTP, HTTPS or HTTP/2 are behind HTTP and HTTPS proxies, services with TCP or SSL behind the other
      proxies.
    - A service behind a proxy has no passthrough scheme (INTERNAL, or EXTERNAL if it is regional). A forwarding rule
      without a proxy leads to a regional service with scheme INTERNAL or EXTERNAL.
    - A rule in front of a target proxy has the protocol TCP and exactly one port, in `port_range`. Without a proxy, a
      rule for TCP or UDP leads to a service with that protocol or UNSPECIFIED, and a rule for L3_DEFAULT to one with
      UNSPECIFIED.
    - Without a proxy, a rule names its ports by one of `ports` (five at most), `port_range` (external rules only) and
      `all_ports`, which L3_DEFAULT requires. With instance groups behind it, a TCP rule is for a port that they serve
      on, because a passthrough load balancer does not change ports. It fails if the firewall admits nobody to any port
      of the rule, and the named ports of the group, or its health check, have another.
    - If a regional rule in Standard Tier leads to a global classic load balancer, all backends are in the region of the
      rule.

    Other parts of the front end are compatible, too:

    - The URL map of a classic Application Load Balancer (scheme EXTERNAL) has no route action except `url_rewrite`: no
      weights, retries, timeouts, mirroring, CORS or fault injection.
    - The URL map has a default, as has each path matcher, and no route leads both to a service and a redirect. Paths
      begin with `/` and have a `*` only at their end. A path matcher has path rules or route rules, not both, and each
      route rule a `priority` of its own.
    - If the stack creates the network, a regional rule in front of a target proxy has an active proxy-only subnetwork
      in its network and region, with the purpose REGIONAL_MANAGED_PROXY. `frontend-regions` checks cross-region load
      balancers.
    - A target proxy does not have both `ssl_certificates` and `certificate_manager_certificates`.
    - Certificate Manager certificates are attached by a `certificate_map` on global external load balancers, and by
      `certificate_manager_certificates` on all others.
    - External global rules have global addresses, and regional rules addresses of their region. Global internal rules
      have addresses in the region of their subnetwork. One that the stack reserves is internal for an internal rule and
      external for an external one, and in the tier of the rule. Several internal rules share one only with the purpose
      SHARED_LOADBALANCER_VIP. An address is of the rule's `ip_version`, if it has one.
    - Internal rules are in PREMIUM tier. Their subnetwork is no proxy-only one, in the region of a regional rule, and
      that of their address. In a network in custom mode they name it, unless they have an address.
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
    - a regional rule without Standard Tier leads to a global proxy, which the documentation does not cover;
    - a passthrough rule has none of the named ports of a group: nothing in the stack shows whether the servers respond
      on another one. Declare that port in `named_ports`, and the rule passes.
    """
    yield is_in_its_tier(front)
    yield has_its_subnetwork(front)
    yield from is_not_among_proxies(front)
    yield names_its_subnetwork(front)
    yield from has_its_address(front)
    yield from unresolved(front.proxy_links)
    yield from unresolved(front.service_links)
    if front.proxy_links.members:
        yield has_one_port(front)
    for proxy in front.proxies:
        yield from _fits(front, proxy)
    for service in front.direct_services:
        yield leads_to_packets(front, service)
        yield is_near_its_backends(front, service)
        yield has_protocol_of(front, service)
        yield from names_its_ports(front, service)
        yield reaches_servers(front, service)
    yield from records_describe(front)
    yield from has_its_address_alone(front)


def _fits(front: ForwardingRule, proxy: Proxy) -> Checks:
    yield is_in_one_project(front, proxy)
    yield leads_to_its_place(front, proxy)
    yield takes_proxy(front, proxy)
    yield is_for_tcp(front, proxy)
    yield has_proxies_there(front, proxy)
    yield has_its_map_there(proxy)
    yield takes_a_map(front, proxy)
    yield takes_certificates(front, proxy)
    yield has_one_kind(front, proxy)
    yield from _may_lead_to_others(front, proxy)
    for service in proxy.services:
        yield fits_behind(proxy, service, front)
    for url_map in proxy.url_maps:
        yield from has_valid_routes(url_map)
        yield provided(front.is_classic_with(proxy), _WHICH_ONE, rewrites_alone(url_map))


def _may_lead_to_others(front: ForwardingRule, proxy: Proxy) -> Checks:
    """What is not known of the services behind a proxy matters only if one of those that it may be does not fit."""
    if not proxy.why_services_unknown:
        return
    doubt = Undecided(proxy.why_services_unknown, "url_map")
    if proxy.further_services is None:
        yield doubt
    for service in proxy.further_services or ():
        yield provided(UNKNOWN, doubt, fits_behind(proxy, service, front))
