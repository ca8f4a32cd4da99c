"""What `llm-backend-draining` says of backends on GKE."""

from __future__ import annotations

from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import DEFAULT_DRAINING_SECONDS, DEFAULT_TIMEOUT_SECONDS, Policy
from policypack.model.values.values import Unknown
from policypack.rules.on_gke.policies import how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail, known

# https://github.com/GoogleCloudPlatform/gke-gateway-api/blob/main/apis/networking/v1/gcpbackendpolicy_types.go
_LONGEST_SECONDS: Final = 3600.0


def outlasts_responses(backend: GkeBackend, min_seconds: int) -> Checks:
    """Connections are drained for `min_seconds`, or as long as the timeout if that is 0, and not 0 s, the default."""

    def check(policy: Policy) -> Checks:
        given = known(policy.number("draining"), policy.field("draining"), policy.name)
        draining, needed = DEFAULT_DRAINING_SECONDS if given is None else given, _needed(policy, min_seconds)
        # Without any draining it is too short, whatever the timeout is.
        is_none = draining <= 0 and isinstance(needed, Unknown)
        wanted = 1.0 if is_none else known(needed, policy.field("timeout"), policy.name)
        if draining < wanted:
            reason = "the option `min_seconds`" if min_seconds else f"the timeout, up to {_LONGEST_SECONDS:g} s"
            why = whence(policy, is_set=given is not None)
            yield Fail(
                f"Connection draining of {backend.label} is {draining:g} s, {why}.",
                f"Draining as long as {reason}.",
                how_to_set(backend, policy, {"draining": round(max(wanted, 1 if min_seconds else 600))}),
            )

    yield on_settings(backend, check)


def _needed(policy: Policy, min_seconds: int) -> float | Unknown:
    """The shortest draining that is accepted, in seconds."""
    if min_seconds:
        return min_seconds
    timeout = policy.number("timeout")
    if isinstance(timeout, Unknown):
        return timeout
    return min(DEFAULT_TIMEOUT_SECONDS if timeout is None else timeout, _LONGEST_SECONDS)
