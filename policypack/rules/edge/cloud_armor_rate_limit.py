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
from policypack.verdict import Checks, Condition, Fail, Undecided, blocked, decided

_HAS_CLOUD_ARMOR: Final = Condition(
    has_security_policy, "it has no Cloud Armor policy, which `backend-cloud-armor` requires", "security_policy"
)


@dataclass(frozen=True)
class RateLimitOptions(Options):
    """Options of `cloud-armor-rate-limit`.

    Attributes:
        per_client: whether each client must have its own limit. By default it must: with one limit for all (the
            provider's default, `enforce_on_key="ALL"`), a single client can use up what the others need
            (https://cloud.google.com/armor/docs/rate-limiting-overview#identifying_clients_for_rate_limiting).
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
    """The service's Cloud Armor policy limits how many requests each client can send.

    ## What it checks
    The policy has an enforced rule with the action `throttle` or `rate_based_ban`, ahead of any rule that decides for
    all clients. The key of that rule distinguishes clients: by address, header, cookie or TLS fingerprint.

    No other part of the policy lets many clients through without such a limit, neither other rules nor the default when
    no rule matches. Known clients may be exempt: address ranges up to a /8, and networks by their number
    (`origin.asn`).

    On GKE, the policy is the one that a GCPBackendPolicy or a BackendConfig names.

    ## Why it matters
    A prompt takes seconds of GPU time, and no load balancer setting sheds load: once all regions are full, the load
    balancer overfills them. A single client in a loop then causes an outage for everyone, and a bill from the
    autoscaler.

    ## Applies to
    External services with a Cloud Armor policy; `backend-cloud-armor` requires the policy. Services are exempt if
    requests can reach a Cloud Run service around the load balancer (see `run-service-ingress`).

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
    The verdict is undecided when:

    - the policy is not in the stack;
    - a value in its rules that decides is computed;
    - an expression decides who passes. The rule understands `true`, `inIpRange`, `origin.asn`, `origin.region_code` and
      preconfigured rules.
    """
    outside = Undecided("its Cloud Armor policy is not in this stack", "security_policy")
    yield vouched_or_seen(service, security_policy_links(service), "securityPolicy", options.vouched, outside)
    for policy in security_policies(service):
        yield _limits_rate(policy, options)
    yield is_the_only_way(service)


def _limits_rate(policy: SecurityPolicy, options: RateLimitOptions) -> Checks:
    limits = policy.limits_rate(of_each_client=options.per_client)
    if decided(limits, blocked(policy.why_rules_unknown, "rules", policy.name)):
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
            'Set ``"src_ip_ranges": ["*"]`` in the rule with action `throttle`, and move it ahead of the rules that '
            "allow many clients; or deny all other clients in the last rule.",
        )
