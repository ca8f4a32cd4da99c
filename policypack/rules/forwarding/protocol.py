"""The protocols of a forwarding rule, of its target proxy and of the services behind it."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.verdict import Checks, Fail, known, setting


def is_for_tcp(front: ForwardingRule, proxy: Proxy) -> Checks:
    """Target proxies receive TCP.

    https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#ip_protocols
    """
    if known(front.protocol, "ip_protocol") != "TCP":
        yield Fail(
            f"It is for {front.protocol}, and `{proxy.name}` is a target proxy.",
            "The protocol TCP: target proxies receive nothing else.",
            setting({"ip_protocol": "TCP"}),
        )


def speaks_as(service: BackendService, proxy: Proxy) -> Checks:
    """A service behind a target proxy speaks what the proxy speaks."""
    protocol, spoken = known(service.protocol, "protocol", service.name), proxy.protocols
    if protocol is not None and protocol not in spoken:
        yield Fail(
            f"`{proxy.name}` is a target {proxy.kind} proxy, and `{service.name}` speaks {protocol}.",
            f"A service that speaks one of {', '.join(spoken)}.",
            "Use a target proxy that matches the service's protocol.",
        )


def has_protocol_of(front: ForwardingRule, service: BackendService) -> Checks:
    """A rule that sends packets to a service has its protocol, which is UNSPECIFIED for all.

    https://cloud.google.com/load-balancing/docs/internal#forwarding-rule-protocols
    """
    ours, theirs = known(front.protocol, "ip_protocol"), known(service.protocol, "protocol", service.name)
    if theirs in ("TCP", "UDP") and theirs != ours:
        yield Fail(
            f"It is for {ours}, and backend service `{service.name}` has protocol {theirs}.",
            "The protocol of the service, which may be UNSPECIFIED for every rule.",
            f"Set ``ip_protocol`` to `{theirs}`, or `protocol` of `{service.name}` to `UNSPECIFIED`.",
        )
