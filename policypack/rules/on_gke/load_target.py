"""What `llm-backend-max-utilization` says of backends on GKE."""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import Policy
from policypack.model.kubernetes.kinds import GATEWAY
from policypack.rules.on_gke.policies import how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, known, provided

_EXAMPLE: Final = 10


def has_a_limit(backend: GkeBackend) -> Checks:
    """A backend of several clusters has a limit, so that requests go to another cluster before one is overloaded.

    In one cluster there is none to go to, and an Ingress sets a rate of its own.
    https://cloud.google.com/kubernetes-engine/docs/how-to/customize-backend-multicluster-inference-gateway
    """
    spans = backend.spans_clusters if backend.way == GATEWAY else False
    if spans is False:
        yield NotApplicable("its load balancer has only one cluster, so there is nowhere else to send requests")
    else:
        doubt = Undecided(f"whether {backend.label} is in several clusters is not known", "gatewayClassName")
        yield provided(spans, doubt, on_settings(backend, lambda policy: _policy_limits(backend, policy)))


def _policy_limits(backend: GkeBackend, policy: Policy) -> Checks:
    if not known(policy.has_limit, "default", policy.name):
        yield Fail(
            f"Nothing limits the load on {backend.label} in a cluster, {whence(policy, 'max rate')}.",
            "A limit on requests per Pod, or on a custom metric.",
            f"{how_to_set(backend, policy, {'max rate': _EXAMPLE})} It is the number of requests per second that one "
            "server can handle.",
        )
