"""The rule `backend-cloud-armor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.security.security_policy import (
    SecurityPolicy,
    edge_security_policy_is_set,
    edge_security_policy_links,
    has_security_policy,
    leaves_security_policy_to_others,
    security_policies,
    security_policy_links,
)
from policypack.rule import Options, rule
from policypack.rules.on_gke.edge.cloud_armor import is_filtered
from policypack.rules.shared.conditions import IS_EXTERNAL, TAKES_CLOUD_ARMOR
from policypack.rules.shared.places import Policies, is_of_its_scope
from policypack.rules.shared.routes import is_the_only_way
from policypack.rules.shared.vouched import vouched_or_seen
from policypack.verdict import Checks, Fail, Undecided, blocked, decided, known

_POLICIES: Final = Policies("Cloud Armor policy", "service", "SecurityPolicy", "RegionSecurityPolicy")


@dataclass(frozen=True)
class CloudArmorOptions(Options):
    """Options of `backend-cloud-armor`.

    Attributes:
        vouched: globs on resources outside the stack that their owner vouches for: the name, the path
            (`projects/P/global/securityPolicies/N`), or the logical name of the `StackReference` that provides it.
    """

    vouched: tuple[str, ...] = ()


@rule(
    title="Cloud Armor filters requests from the internet",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/armor/docs/security-policy-overview",
    applies=(IS_EXTERNAL, TAKES_CLOUD_ARMOR),
    gke=lambda backend, options: is_filtered(backend, _filters_requests),
)
def backend_cloud_armor(service: BackendService, options: CloudArmorOptions) -> Checks:
    """Every external service has a Cloud Armor policy that filters requests.

    ## What it checks
    `security_policy` is set. If the policy is in the stack, it has at least one enforced rule (without `preview`) that
    denies, redirects or rate limits. An edge security policy does not count, because it has no rate limits and no rules
    for requests.

    The policy has the scope of the service: a `SecurityPolicy` for a global service, a `RegionSecurityPolicy` of the
    same region for a regional service. For a global service, the provider rewrites the URL of any other policy to a
    global policy of the same name, which does not exist or is a different policy.

    On GKE, a GCPBackendPolicy (`securityPolicy`) or, behind an Ingress, a BackendConfig (`securityPolicy.name`) names
    the policy.

    ## Why it matters
    The address is public, and every request that gets through costs GPU time. The load balancer does not shed load: it
    distributes every request it receives.

    ## Applies to
    Services with scheme EXTERNAL_MANAGED or EXTERNAL: global services, and regional services of Application Load
    Balancers. Internal services need no policy, and regional Network Load Balancers do not support this kind. Even a
    correct policy does not pass if requests can reach a Cloud Run service around the load balancer (see
    `run-service-ingress`).

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

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: GCPBackendPolicy
    metadata: {name: chat, namespace: llm}
    spec:
      targetRef: {group: inference.networking.k8s.io, kind: InferencePool, name: chat}
      default:
        securityPolicy: chat
    ```

    ## Undecided
    When the scheme or the rules of the policy are computed, or `ignore_changes` leaves the policy to another tool. A
    policy outside the stack passes: it was written for others to use.
    """
    if not has_security_policy(service):
        yield _has_policy_from_elsewhere(service)
    for links in (security_policy_links(service), edge_security_policy_links(service)):
        yield is_of_its_scope(service, links, _POLICIES, _otherwise(service))
    yield vouched_or_seen(service, security_policy_links(service), "securityPolicy", options.vouched)
    for policy in security_policies(service):
        yield _filters_requests(policy)
    yield is_the_only_way(service)


def _has_policy_from_elsewhere(service: BackendService) -> Checks:
    if leaves_security_policy_to_others(service):
        yield Undecided("``ignore_changes`` leaves its security policy to another tool", "security_policy")
        return
    but = " except an edge policy, which cannot rate limit" if edge_security_policy_is_set(service) is True else ""
    yield Fail(
        f"It has no Cloud Armor policy{but}.",
        "A backend security policy.",
        f"Set ``security_policy`` to a `{_POLICIES.fitting(service)}` that allows only known clients, or rate limits "
        "each client.",
    )


def _otherwise(service: BackendService) -> str:
    """What becomes of a policy of another scope: https://github.com/hashicorp/terraform-provider-google/issues/29240"""
    if service.is_regional:
        return "It is attached only after the service has been created; if that fails, the service stays unprotected."
    return "The provider substitutes the global policy of the same name."


def _filters_requests(policy: SecurityPolicy) -> Checks:
    kind = known(policy.kind, "type", policy.name)
    if kind != "CLOUD_ARMOR":
        yield Fail(
            f"Its security policy `{policy.name}` has type `{kind}`, which does not filter requests to backends.",
            "A security policy of type CLOUD_ARMOR.",
            "Omit `type` of the security policy, or create another one.",
        )
    elif not decided(policy.filters, blocked(policy.why_rules_unknown, "rules", policy.name)):
        yield Fail(
            f"Its Cloud Armor policy `{policy.name}` lets every request through.",
            "An enforced rule that denies, redirects or rate limits.",
            'Add a rule with action `throttle` or `deny(403)`, and ``"preview": False``.',
        )
