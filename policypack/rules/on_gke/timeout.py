"""What `llm-backend-timeout` says of backends on GKE."""

from __future__ import annotations

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import Policy
from policypack.rules.on_gke.policies import given, how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail


def waits_long_enough(backend: GkeBackend, min_seconds: int, max_seconds: int) -> Checks:
    """The timeout of a backend is within bounds, in seconds; it is 30 where no object sets it.

    Those of HTTPRoutes have no effect on GKE.
    """
    yield on_settings(backend, lambda policy: _policy_waits(backend, policy, min_seconds, max_seconds))


def _policy_waits(backend: GkeBackend, policy: Policy, min_seconds: int, max_seconds: int) -> Checks:
    timeout = given(policy, "timeout", policy.seconds("timeout"))
    if min_seconds <= timeout <= max_seconds:
        return
    is_short = timeout < min_seconds
    fix = how_to_set(backend, policy, {"timeout": min_seconds if is_short else max_seconds})
    yield Fail(
        f"The timeout of {backend.label} is {timeout:g} s, {whence(policy, 'timeout')}.",
        f"A timeout of {min_seconds} to {max_seconds} s.",
        f"{fix} It must cover the longest response." if is_short else fix,
    )
