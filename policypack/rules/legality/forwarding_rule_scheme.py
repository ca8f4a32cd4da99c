"""The rule `forwarding-rule-scheme`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, Undecided, Verdict
from policypack.wording import quoted

_APPLICATION: Final = ("HTTP", "HTTPS", "HTTP2", "H2C", "GRPC")
# https://cloud.google.com/load-balancing/docs/target-proxies
_PROTOCOLS: Final = {
    "HTTP": _APPLICATION,
    "HTTPS": _APPLICATION,
    "SSL": ("SSL", "TCP"),
    "TCP": ("TCP", "SSL"),
    "gRPC": ("GRPC",),
}
_SAME_PLACE: Final = "Global with global, and regional with regional in the same region."


@rule(
    title="Forwarding rule, proxy and service belong together",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts",
)
def forwarding_rule_scheme(front: ForwardingRule, options: Options) -> Iterator[Verdict]:
    """What a forwarding rule leads to has its scheme, its scope and a protocol that the proxy speaks.

    ## What it checks
    From the forwarding rule through the target proxy and its URL map to each backend service: the same load balancing
    scheme (a global rule with EXTERNAL may also lead to a service with EXTERNAL_MANAGED, which is how one migrates);
    global with global, regional with regional in the same region; HTTP, HTTPS and HTTP/2 services behind HTTP and
    HTTPS proxies, TCP and SSL services behind the others. Without a proxy: a regional service with scheme INTERNAL or
    EXTERNAL. In Standard Tier, where a regional rule leads to a global classic load balancer: all backends in the
    rule's region.

    ## Why it matters
    The provider's preview accepts every combination; the API refuses these with error 400, at the very end of the
    deployment, when all else stands: "load balancing scheme EXTERNAL_MANAGED does not match the backend service load
    balancing scheme EXTERNAL".

    ## Applies to
    Global and regional forwarding rules on the path to a backend service, of every scheme.

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
    When the proxy, the URL map's services, a scheme or a region is computed. Also for a regional rule that leads to a
    global proxy without Standard Tier, which the documentation does not know.
    """
    if not front.is_regional and isinstance(front.network_tier, Unknown):
        yield Undecided("its network tier is not known")
    elif not front.is_regional and front.network_tier not in (None, "PREMIUM"):
        yield Fail(
            f"It is global and in network tier `{front.network_tier}`.",
            "PREMIUM, the only tier of a global forwarding rule.",
            "Leave `network_tier` out.",
        )
    for links in (front.proxy_links, front.service_links):
        if links.why:
            yield Undecided(links.why)
    for proxy in front.proxies:
        yield from _judge_proxy(front, proxy)
    for service in front.direct_services:
        yield from _judge_direct(front, service)


def _judge_proxy(front: ForwardingRule, proxy: Proxy) -> Iterator[Verdict]:
    is_classic_standard = front.is_regional and not proxy.is_regional
    if is_classic_standard:
        yield from _judge_standard_tier(front, proxy)
    else:
        yield from _judge_place(front, proxy, f"target proxy `{proxy.name}`")
    if proxy.why_services_unknown:
        yield Undecided(proxy.why_services_unknown)
    for service in proxy.services:
        yield from _judge_scheme(front, service)
        yield from _judge_place(proxy, service, f"backend service `{service.name}`")
        protocol = service.protocol
        if isinstance(protocol, Unknown):
            yield Undecided(f"the protocol of `{service.name}` is not known")
        elif protocol is not None and protocol not in _PROTOCOLS[proxy.kind]:
            yield Fail(
                f"`{proxy.name}` is a target {proxy.kind} proxy, and `{service.name}` speaks {protocol}.",
                f"A service behind such a proxy speaks one of {', '.join(_PROTOCOLS[proxy.kind])}.",
                "Use the target proxy that fits the service's protocol.",
            )


def _judge_standard_tier(front: ForwardingRule, proxy: Proxy) -> Iterator[Verdict]:
    if isinstance(front.scheme, str) and front.scheme != "EXTERNAL":
        yield Fail(
            f"It is regional, and target proxy `{proxy.name}` is global.",
            _SAME_PLACE,
            "Use a `GlobalForwardingRule`, or a regional proxy, URL map and service.",
        )
        return
    if not isinstance(front.network_tier, str) or front.network_tier != "STANDARD":
        yield Undecided(f"it is regional and `{proxy.name}` is global, which is documented for Standard Tier only")
        return
    for service in proxy.services:
        elsewhere = sorted(region for region in service.regions.certain if region != front.region_if_known)
        if front.region_if_known and elsewhere:
            yield Fail(
                f"It is in Standard Tier in `{front.region_if_known}`, and `{service.name}` has backends in "
                f"{quoted(elsewhere)}.",
                "In Standard Tier, backends in the forwarding rule's region alone.",
                "Use a `GlobalForwardingRule` in Premium Tier, which reaches all regions.",
            )
        elif not front.region_if_known or service.regions.upper is None or service.regions.upper > 1:
            yield Undecided(f"whether all backends of `{service.name}` are in its region is not known")
        elif not service.regions.certain and service.regions.upper:
            yield Undecided(f"the region of the backends of `{service.name}` is not known")


def _judge_direct(front: ForwardingRule, service: BackendService) -> Iterator[Verdict]:
    if not service.is_regional:
        yield Fail(
            f"It sends packets to `{service.name}` without a proxy, and that is a global service.",
            "A regional service with scheme INTERNAL or EXTERNAL, or a target proxy.",
            "Set `target` to a target proxy instead of `backend_service`.",
        )
        return
    yield from _judge_place(front, service, f"backend service `{service.name}`")
    if isinstance(front.scheme, str) and front.scheme not in ("INTERNAL", "EXTERNAL"):
        yield Fail(
            f"It has scheme `{front.scheme}` and sends packets to `{service.name}` without a proxy.",
            "A target proxy for this scheme.",
            "Set `target` to a target proxy instead of `backend_service`.",
        )
    else:
        yield from _judge_scheme(front, service)


def _judge_scheme(front: ForwardingRule, service: BackendService) -> Iterator[Verdict]:
    ours, theirs = front.scheme, service.scheme
    if isinstance(ours, Unknown) or isinstance(theirs, Unknown):
        yield Undecided(f"whether it has the scheme of `{service.name}` is not known")
        return
    migrates = ours == "EXTERNAL" and theirs == "EXTERNAL_MANAGED" and not service.is_regional
    if migrates and front.is_regional:
        yield Undecided(f"whether a regional rule with `{ours}` may lead to `{service.name}` is not documented")
    elif ours != theirs and not migrates:
        yield Fail(
            f"It has scheme `{ours}`, and backend service `{service.name}` has `{theirs}`.",
            "The same scheme on the forwarding rule and the service.",
            f"Set `load_balancing_scheme='{theirs}'` on the forwarding rule, or the other way round.",
        )


def _judge_place(one: ForwardingRule | Proxy, other: Proxy | BackendService, what: str) -> Iterator[Verdict]:
    name = "It" if isinstance(one, ForwardingRule) else f"Target proxy `{one.name}`"
    if one.is_regional != other.is_regional:
        ours, theirs = ("regional", "global") if one.is_regional else ("global", "regional")
        yield Fail(f"{name} is {ours}, and {what} is {theirs}.", _SAME_PLACE, f"Use the {ours} resource for both.")
    elif one.is_regional and (one.region is UNKNOWN or other.region is UNKNOWN):
        yield Undecided(f"whether it is in the region of {what} is not known")
    elif one.is_regional and one.region != other.region:
        yield Fail(
            f"{name} is in `{one.region}`, and {what} in `{other.region}`.", _SAME_PLACE, "Create both in one region."
        )
