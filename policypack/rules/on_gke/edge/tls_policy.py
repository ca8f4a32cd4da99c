"""What `frontend-tls-policy` says of backends on GKE."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policypack.model.frontend.ssl_policy import SslPolicy
from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.edge.front_policies import frontend_configs, policies_of
from policypack.model.gke.edge.listeners import terminates_tls
from policypack.model.gke.fronts import Front
from policypack.model.gke.policies import Policy
from policypack.model.graph.tokens import SSL_POLICY_TYPES
from policypack.model.kubernetes.kinds import FRONTEND_CONFIG, GATEWAY_POLICY
from policypack.rules.on_gke.edge.fronts import how_to_configure, on_fronts
from policypack.rules.on_gke.edge.named import Named, judge_named, to_name, unless_vouched_for
from policypack.rules.on_gke.policies import field_of, on_policies
from policypack.verdict import Checks, Fail, Undecided, provided

_KINDS = Named("SSL policy", SSL_POLICY_TYPES, "SSLPolicy", "RegionSslPolicy")


def refuses_old_tls(
    backend: GkeBackend, required: str, judge: Callable[[SslPolicy], Checks], vouched: Sequence[str]
) -> Checks:
    """Gateways and Ingresses that clients on the internet reach by HTTPS have an SSL policy.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_ssl_policies,
    https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration#ssl

    Args:
        backend: the backend.
        required: what is asked for, a sentence.
        judge: what to ask of a policy of the stack.
        vouched: globs on policies elsewhere whose owners answer for them.
    """
    yield on_fronts(backend, lambda front: _terminates_it_well(front, required, judge, vouched))


def _terminates_it_well(
    front: Front, required: str, judge: Callable[[SslPolicy], Checks], vouched: Sequence[str]
) -> Checks:
    kind = FRONTEND_CONFIG if front.is_ingress else GATEWAY_POLICY
    attached = frontend_configs(front) if front.is_ingress else policies_of(front, kind)
    doubt = Undecided(f"whether {front.label} terminates TLS is not known", "listeners")
    yield provided(
        terminates_tls(front),
        doubt,
        on_policies(attached, kind, lambda policy: _has_ssl_policy(front, policy, required, judge, vouched)),
    )


def _has_ssl_policy(
    front: Front, policy: Policy, required: str, judge: Callable[[SslPolicy], Checks], vouched: Sequence[str]
) -> Checks:
    if policy.text("ssl policy") is None:
        yield Fail(f"{front.label} has no SSL policy, so clients can negotiate TLS 1.0.", required, _how(front, policy))
    yield judge_named(
        front,
        policy,
        "ssl policy",
        _KINDS,
        lambda found: judge(SslPolicy.of(found, front.stack)),
        outside=lambda name: unless_vouched_for(name, _KINDS.called, vouched),
    )


def _how(front: Front, policy: Policy) -> str:
    name, which = to_name(front, _KINDS, "with profile RESTRICTED and a minimum of TLS 1.2")
    if policy.object:
        return f"Set {field_of(policy, 'ssl policy')} to `{name}`. {which}"
    setting = f'{{"sslPolicy": "{name}"}}'
    if front.is_ingress:
        return f"{how_to_configure(front, policy, setting)}. {which}"
    target = f'{{"group": "{front.group}", "kind": "Gateway", "name": "{front.identity}"}}'
    return (
        f"Create a GCPGatewayPolicy (`{policy.api_version}`) in the namespace of {front.label} with "
        f'``spec={{"targetRef": {target}, "default": {setting}}}``. {which}'
    )
