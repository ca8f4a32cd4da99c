"""The rule `cloud-armor-rate-limit`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.proxy import is_external
from policypack.model.frontend.security_policy import (
    SecurityPolicy,
    has_security_policy,
    security_policies,
    security_policy_links,
    takes_security_policy,
)
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@dataclass(frozen=True)
class RateLimitOptions(Options):
    """Options of `cloud-armor-rate-limit`.

    Attributes:
        per_client: whether the limit must count each client by itself. By default it must: one limit for all (the
            provider's default, `enforce_on_key="ALL"`) lets one client use up what the others need:
            https://cloud.google.com/armor/docs/rate-limiting-overview#identifying_clients_for_rate_limiting
    """

    per_client: bool = True


@rule(
    title="Each client's rate is bounded",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/armor/docs/rate-limiting-overview",
)
def cloud_armor_rate_limit(service: BackendService, options: RateLimitOptions) -> Iterator[Verdict]:
    """The service's Cloud Armor policy limits how many requests a client sends.

    ## What it checks
    The policy has an enforced rule with action `throttle` or `rate_based_ban`, before any rule that decides about
    everybody, and its key tells clients from another: an address, a header, a cookie or a TLS fingerprint.

    ## Why it matters
    A prompt takes seconds of a GPU, and no setting of the load balancer sheds load: once all regions are full, it
    overfills them. One client with a loop is then everybody's outage, and the autoscaler's bill.

    ## Applies to
    External services with a Cloud Armor policy; that they have one is asked for by `backend-cloud-armor`.

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
    When the policy is not in the stack, or what decides in its rules is computed.
    """
    if is_external(service) is False:
        yield NotApplicable("it is internal")
    elif takes_security_policy(service) is False:
        yield NotApplicable("its load balancer takes no such policy")
    elif not has_security_policy(service):
        yield NotApplicable("it has no Cloud Armor policy, which `backend-cloud-armor` asks for")
    elif not security_policies(service):
        yield Undecided(security_policy_links(service).why or "its Cloud Armor policy is not in this stack")
    else:
        for policy in security_policies(service):
            yield from _judge(policy, service, options)


def _judge(policy: SecurityPolicy, service: BackendService, options: RateLimitOptions) -> Iterator[Verdict]:
    limits = policy.limits_rate(of_each_client=options.per_client)
    if limits is UNKNOWN:
        yield Undecided(policy.why_rules_unknown or f"whether `{policy.name}` limits rates is not known")
    elif limits is False and (is_external(service) is UNKNOWN or takes_security_policy(service) is UNKNOWN):
        yield Undecided("its load balancer is not known")
    elif limits is False:
        shared = options.per_client and policy.limits_rate(of_each_client=False) is True
        yield Fail(
            f"Cloud Armor policy `{policy.name}` "
            + ("has one limit for all clients together." if shared else "limits no rates before it decides."),
            "A rate limit for each client." if options.per_client else "A rate limit.",
            "Add a rule with action `throttle` and `rate_limit_options` with `enforce_on_key='IP'`, ahead of the rules "
            "that allow.",
        )
