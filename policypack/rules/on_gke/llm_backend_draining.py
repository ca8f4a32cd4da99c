"""What `llm-backend-draining` says of backends on GKE."""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import Policy
from policypack.model.values.values import Unknown
from policypack.rules.on_gke.policies import how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail, known

# https://github.com/GoogleCloudPlatform/gke-gateway-api/blob/main/apis/networking/v1/gcpbackendpolicy_types.go
_LONGEST_SECONDS: Final = 3600.0


def outlasts_responses(backend: GkeBackend, min_seconds: int) -> Checks:
    """Connections are drained for `min_seconds`, or as long as the timeout if that is 0, and not 0 s, the default."""

    def check(policy: Policy) -> Checks:
        draining = known(policy.seconds("draining"), policy.field("draining"), policy.name)
        timeout = policy.seconds("timeout")
        if draining > 0 or min_seconds:
            timeout = min_seconds or known(timeout, policy.field("timeout"), policy.name)
        # Without any draining it is too short, whatever the timeout is.
        wanted = 1.0 if isinstance(timeout, Unknown) else min(timeout, _LONGEST_SECONDS)
        if draining < wanted:
            reason = "the option `min_seconds`" if min_seconds else f"the timeout, up to {_LONGEST_SECONDS:g} s"
            yield Fail(
                f"Connection draining of {backend.label} is {draining:g} s, {whence(policy, 'draining')}.",
                f"Draining as long as {reason}.",
                how_to_set(backend, policy, {"draining": round(max(wanted, 1 if min_seconds else 600))}),
            )

    yield on_settings(backend, check)
