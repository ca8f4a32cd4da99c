"""The rule `backend-cloud-armor`."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.proxy import is_external
from policypack.model.frontend.security_policy import (
    SecurityPolicy,
    edge_security_policy_is_set,
    has_security_policy,
    leaves_security_policy_to_others,
    security_policies,
    security_policy_links,
    takes_security_policy,
)
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict


@rule(
    title="Cloud Armor filters what the internet sends",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/armor/docs/security-policy-overview",
)
def backend_cloud_armor(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Every external service has a Cloud Armor policy that does something.

    ## What it checks
    `security_policy` is set, and the policy, if it is in the stack, has an enforced rule (no `preview`) that denies,
    redirects or limits. An edge security policy does not count: it has no rate limits and no rules on requests.

    ## Why it matters
    The address is public, and every request that gets through costs seconds of a GPU. The load balancer itself sheds
    nothing: it distributes whatever comes.

    ## Applies to
    Services with scheme EXTERNAL_MANAGED or EXTERNAL: global ones, and regional ones of Application Load Balancers.
    Internal services need none; regional Network Load Balancers take none of this kind.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", port_name="http")
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    policy = gcp.compute.SecurityPolicy(
        "armor",
        rules=[
            {
                "priority": 1000,
                "action": "allow",
                "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["198.51.100.0/24"]}},
            },
            {
                "priority": 2147483647,
                "action": "deny(403)",
                "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
            },
        ],
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        security_policy=policy.id,
    )
    ```

    ## Undecided
    When the scheme or the policy's rules are computed, or `ignore_changes` leaves the policy to something else. A
    policy outside the stack passes: somebody wrote it for others to use.
    """
    if is_external(service) is False:
        yield NotApplicable("it is internal")
    elif takes_security_policy(service) is False:
        yield NotApplicable("its load balancer takes no such policy")
    elif not has_security_policy(service):
        yield _without_policy(service)
    elif security_policy_links(service).why:
        yield Undecided(security_policy_links(service).why)
    else:
        for policy in security_policies(service):
            yield from _judge(policy, service)


def _without_policy(service: BackendService) -> Verdict:
    if leaves_security_policy_to_others(service):
        return Undecided("`ignore_changes` leaves its security policy to something else")
    if is_external(service) is UNKNOWN or takes_security_policy(service) is UNKNOWN:
        return Undecided("it has no Cloud Armor policy, and its load balancer is not known")
    edge = edge_security_policy_is_set(service)
    return Fail(
        "It has no Cloud Armor policy" + (" but one at the edge, which limits no rates." if edge is True else "."),
        "A backend security policy.",
        "Set `security_policy` to a `SecurityPolicy` that allows known clients, or limits the rate of each.",
    )


def _judge(policy: SecurityPolicy, service: BackendService) -> Iterator[Verdict]:
    filters, kind = policy.filters, policy.kind
    if isinstance(kind, Unknown):
        yield Undecided(f"the type of `{policy.name}` is not known")
    elif kind != "CLOUD_ARMOR":
        yield Fail(
            f"Its security policy `{policy.name}` has type `{kind}`, which does not filter requests to backends.",
            "A security policy of type CLOUD_ARMOR.",
            "Leave out `type` of the security policy, or create another one.",
        )
    elif filters is False and is_external(service) is True and takes_security_policy(service) is True:
        yield Fail(
            f"Its Cloud Armor policy `{policy.name}` lets every request through.",
            "A rule that is enforced and denies, redirects or limits.",
            "Add a rule with action `throttle` or `deny(403)`, and `preview=False`.",
        )
    elif filters is not True:
        yield Undecided(policy.why_rules_unknown or f"what the rules of `{policy.name}` do is not known")
