"""The load balancing schemes of a forwarding rule and of the services that it leads to."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.products.product import PASSTHROUGH_SCHEMES, PROXY_SCHEMES
from policypack.rules.forwarding.protocol import speaks_as
from policypack.rules.shared.places import are_together
from policypack.verdict import Checks, Fail, Undecided, known


def fits_behind(proxy: Proxy, service: BackendService, front: ForwardingRule) -> Checks:
    """A service behind a proxy has the scheme of the forwarding rule, and place and protocol of the proxy."""
    if service.is_passthrough is True:
        yield Fail(
            f"`{service.name}` has passthrough scheme `{service.scheme}` but is behind target proxy `{proxy.name}`.",
            f"Behind a proxy, a service with scheme {' or '.join(PROXY_SCHEMES)}.",
            "Set ``load_balancing_scheme`` to `EXTERNAL_MANAGED` or `INTERNAL_MANAGED` on service and forwarding rule.",
        )
        return
    yield _has_scheme_of(front, service)
    yield are_together(proxy, service, f"Target proxy `{proxy.name}`", f"backend service `{service.name}`")
    yield speaks_as(service, proxy)


def takes_proxy(front: ForwardingRule, proxy: Proxy) -> Checks:
    """Its scheme has target proxies of that kind: internal load balancers have no target SSL proxy.

    https://cloud.google.com/load-balancing/docs/target-proxies
    """
    is_wrong = front.fact(lambda kind: bool(kind.proxies) and proxy.kind not in kind.proxies, proxy)
    if known(is_wrong, "load_balancing_scheme"):
        yield Fail(
            f"`{proxy.name}` is a target {proxy.kind} proxy, which scheme `{front.scheme}` does not support.",
            f"A target proxy of a kind that scheme `{front.scheme}` supports.",
            f"Use a target TCP proxy in place of `{proxy.name}`, or for HTTP a target HTTP or HTTPS proxy.",
        )


def leads_to_packets(front: ForwardingRule, service: BackendService) -> Checks:
    """Without a proxy, a rule of a passthrough scheme leads to a regional service of that scheme."""
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
    if front.has_scheme_of(service) is False:
        yield Fail(
            f"It has scheme `{ours}`, but backend service `{service.name}` has `{theirs}`.",
            "The same scheme on the forwarding rule and the service.",
            f"Set ``load_balancing_scheme`` to `{theirs}` on the forwarding rule"
            + ("." if service.is_regional else ", or change the service to match."),
        )
    elif ours != theirs and front.is_regional:
        yield Undecided(
            f"the documentation does not say whether a regional rule may lead to `{service.name}`",
            "load_balancing_scheme",
        )
