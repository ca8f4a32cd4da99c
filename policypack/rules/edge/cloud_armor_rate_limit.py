"""The rule `cloud-armor-rate-limit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.security.security_policy import (
    SecurityPolicy,
    has_security_policy,
    security_policies,
    security_policy_links,
)
from policypack.rule import Options, rule
from policypack.rules.on_gke.edge.cloud_armor import limits_clients
from policypack.rules.shared.conditions import IS_EXTERNAL, TAKES_CLOUD_ARMOR
from policypack.rules.shared.routes import is_the_only_way
from policypack.rules.shared.vouched import vouched_or_seen
from policypack.verdict import Checks, Condition, Fail, Undecided, decided, known

_HAS_CLOUD_ARMOR: Final = Condition(
    has_security_policy, "it has no Cloud Armor policy, which `backend-cloud-armor` requires", "security_policy"
)


@dataclass(frozen=True)
class RateLimitOptions(Options):
    """Options of `cloud-armor-rate-limit`.

    Attributes:
        per_client: whether the limit must count each client by itself. By default it must: one limit for all (the
            provider's default, `enforce_on_key="ALL"`) lets one client use up what the others need:
            https://cloud.google.com/armor/docs/rate-limiting-overview#identifying_clients_for_rate_limiting
        vouched: globs on resources outside the stack that their owner vouches for: the name, the path
            (`projects/P/global/securityPolicies/N`), or the logical name of the `StackReference` that provides it.
    """

    per_client: bool = True
    vouched: tuple[str, ...] = ()


@rule(
    title="Each client's request rate is limited",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/armor/docs/rate-limiting-overview",
    applies=(IS_EXTERNAL, TAKES_CLOUD_ARMOR, _HAS_CLOUD_ARMOR),
    gke=lambda backend, options: limits_clients(backend, lambda policy: _limits_rate(policy, options), options.vouched),
)
def cloud_armor_rate_limit(service: BackendService, options: RateLimitOptions) -> Checks:
    """The service's Cloud Armor policy limits how many requests a client sends.

    ## What it checks
    The policy has an enforced rule with action `throttle` or `rate_based_ban`, before any rule that decides about
    everybody, and its key tells clients from another: an address, a header, a cookie or a TLS fingerprint. Besides, no
    rules together let many clients through that no such limit is about, be it the last rule or none that matches. Known
    clients may pass without a limit: ranges of addresses up to a /8, and networks by their number (`origin.asn`).

    On GKE it is the policy that a GCPBackendPolicy or a BackendConfig names.

    ## Why it matters
    A prompt takes seconds of GPU time, and no load balancer setting sheds load: once all regions are full, it overfills
    them. A single client in a loop then causes an outage for everyone, and a bill from the autoscaler.

    ## Applies to
    External services with a Cloud Armor policy; `backend-cloud-armor` requires that they have one. Not where requests
    can go around the load balancer to a Cloud Run service, as `run-service-ingress` says.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    policy = gcp.compute.SecurityPolicy(
        "armor",
        rules=[
            {
                "priority": 1000,
                "action": "deny(403)",
                "match": {"expr": {"expression": "origin.region_code == 'XX'"}},
            },
            {
                "priority": 2147483647,
                "action": "allow",
                "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
            },
        ],
    )
    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", security_policy=policy.id)
    ```

    ## Passes
    ```diff
                 "priority": 1000,
    -            "action": "deny(403)",
    -            "match": {"expr": {"expression": "origin.region_code == 'XX'"}},
    +            "action": "throttle",
    +            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
    +            "rate_limit_options": {
    +                "conform_action": "allow",
    +                "exceed_action": "deny(429)",
    +                "enforce_on_key": "IP",
    +                "rate_limit_threshold": {"count": 60, "interval_sec": 60},
    +            },
             },
    @@
                 "priority": 2147483647,
    -            "action": "allow",
    +            "action": "deny(403)",
                 "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
    ```

    ## Undecided
    When the policy is not in the stack, what decides in its rules is computed, or an expression decides who passes.
    Of expressions these are understood: `true`, `inIpRange`, `origin.asn`, `origin.region_code`, preconfigured rules.
    """
    outside = Undecided("its Cloud Armor policy is not in this stack", "security_policy")
    yield vouched_or_seen(service, security_policy_links(service), "securityPolicy", options.vouched, outside)
    for policy in security_policies(service):
        yield _limits_rate(policy, options)
    yield is_the_only_way(service)


def _limits_rate(policy: SecurityPolicy, options: RateLimitOptions) -> Checks:
    limits = policy.limits_rate(of_each_client=options.per_client)
    if known(limits, "rules", policy.name, because=policy.why_rules_unknown):
        yield from _limits_everybody(policy, options)
        return
    is_shared = options.per_client and policy.limits_rate(of_each_client=False) is True
    shared = "has a single rate limit shared by all clients"
    does = shared if is_shared else "does not rate limit before it allows or denies requests"
    yield Fail(
        f"Cloud Armor policy `{policy.name}` {does}.",
        "A rate limit for each client." if options.per_client else "A rate limit.",
        'Add a rule with action `throttle` and ``"enforce_on_key": "IP"`` in ``rate_limit_options``, ahead of the '
        "rules that allow requests.",
    )


def _limits_everybody(policy: SecurityPolicy, options: RateLimitOptions) -> Checks:
    doubt = Undecided(f"who passes `{policy.name}` without a rate limit is not known: an expression decides", "rules")
    if decided(policy.lets_many_pass(of_each_client=options.per_client), doubt):
        yield Fail(
            f"Cloud Armor policy `{policy.name}` rate limits some clients and lets many others through without a "
            "limit.",
            "A rate limit for every client except known addresses.",
            'Give the rule with action `throttle` ``"src_ip_ranges": ["*"]``, ahead of the rules that allow many '
            "clients, or deny all other clients with the last rule.",
        )
