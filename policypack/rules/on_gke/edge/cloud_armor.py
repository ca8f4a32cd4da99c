"""What `backend-cloud-armor` and `cloud-armor-rate-limit` say of backends on GKE."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.fronts import Front
from policypack.model.gke.policies import Policy
from policypack.model.graph.tokens import SECURITY_POLICY_TYPES
from policypack.model.security.security_policy import SecurityPolicy
from policypack.rules.on_gke.edge.fronts import on_fronts
from policypack.rules.on_gke.edge.named import Named, judge_named, to_name, unless_vouched_for
from policypack.rules.on_gke.policies import how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail, NotApplicable

_KINDS = Named("Cloud Armor policy", SECURITY_POLICY_TYPES, "SecurityPolicy", "RegionSecurityPolicy")


def is_filtered(backend: GkeBackend, judge: Callable[[SecurityPolicy], Checks]) -> Checks:
    """A backend that clients on the internet reach has a Cloud Armor policy of the scope of its load balancer.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_cloud_armor

    Args:
        backend: the backend.
        judge: what to ask of a policy of the stack. One outside it passes: somebody wrote it for others to use.
    """
    yield on_fronts(
        backend, lambda front: on_settings(backend, lambda policy: _names_a_policy(backend, front, policy, judge))
    )


def _names_a_policy(
    backend: GkeBackend, front: Front, policy: Policy, judge: Callable[[SecurityPolicy], Checks]
) -> Checks:
    if policy.text("security policy") is None:
        name, which = to_name(front, _KINDS, "which has to allow only known clients, or rate limit each client")
        yield Fail(
            f"{backend.label} has no Cloud Armor policy, {whence(policy, 'security policy')}.",
            "A backend security policy.",
            f"{how_to_set(backend, policy, {'security policy': name})} {which}",
        )
    yield judge_named(
        front, policy, "security policy", _KINDS, lambda found: judge(SecurityPolicy.of(found, front.stack))
    )


def limits_clients(backend: GkeBackend, judge: Callable[[SecurityPolicy], Checks], vouched: Sequence[str]) -> Checks:
    """The Cloud Armor policy of a backend that clients on the internet reach is one that `judge` finds right.

    Args:
        backend: the backend.
        judge: what to ask of a policy of the stack.
        vouched: globs on policies elsewhere whose owners answer for them.
    """
    yield on_fronts(
        backend, lambda front: on_settings(backend, lambda policy: _policy_limits(front, policy, judge, vouched))
    )


def _policy_limits(
    front: Front, policy: Policy, judge: Callable[[SecurityPolicy], Checks], vouched: Sequence[str]
) -> Checks:
    if policy.text("security policy") is None:
        yield NotApplicable("it has no Cloud Armor policy, which `backend-cloud-armor` requires")
    yield judge_named(
        front,
        policy,
        "security policy",
        _KINDS,
        lambda found: judge(SecurityPolicy.of(found, front.stack)),
        outside=lambda name: unless_vouched_for(name, _KINDS.called, vouched),
    )
