"""What `llm-backend-draining` says of backends on GKE."""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import Policy
from policypack.model.values.logic import or_else
from policypack.rules.on_gke.policies import given, how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail

# https://github.com/GoogleCloudPlatform/gke-gateway-api/blob/main/apis/networking/v1/gcpbackendpolicy_types.go
_LONGEST_SECONDS: Final = 3600.0
_EXAMPLE_SECONDS: Final = 600


def outlasts_responses(backend: GkeBackend, min_seconds: int) -> Checks:
    """Connections are drained for `min_seconds`, or as long as the timeout if that is 0, and not 0 s, the default."""
    yield on_settings(backend, lambda policy: _policy_drains(backend, policy, min_seconds))


def _policy_drains(backend: GkeBackend, policy: Policy, min_seconds: int) -> Checks:
    draining = given(policy, "draining", policy.seconds("draining"))
    longest = min_seconds or policy.seconds("timeout")
    if draining > 0:
        longest = given(policy, "timeout", longest)
    # Without any draining it is too short, whatever the timeout is.
    wanted = min(or_else(longest, 1.0), _LONGEST_SECONDS)
    if draining < wanted:
        reason = "the option `min_seconds`" if min_seconds else f"the timeout, up to {_LONGEST_SECONDS:g} s"
        seconds = max(wanted, 0 if min_seconds else _EXAMPLE_SECONDS)
        yield Fail(
            f"Connection draining of {backend.label} is {draining:g} s, {whence(policy, 'draining')}.",
            f"Draining as long as {reason}.",
            how_to_set(backend, policy, {"draining": round(seconds)}),
        )
