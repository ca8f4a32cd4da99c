"""What `llm-backend-logging` says of backends on GKE."""

from __future__ import annotations

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.policies import ALL_REQUESTS, Policy, Setting
from policypack.rules.on_gke.policies import field_of, given, how_to_set, on_settings, whence
from policypack.verdict import Checks, Fail


def logs_requests(backend: GkeBackend, min_sample_rate: float) -> Checks:
    """The requests of a backend are logged, all or at least this share of them; none are where no object says so."""
    yield on_settings(backend, lambda policy: _policy_logs(backend, policy, min_sample_rate))


def _policy_logs(backend: GkeBackend, policy: Policy, min_sample_rate: float) -> Checks:
    least = f"at least {min_sample_rate:g} of the requests" if min_sample_rate else "the requests"
    every, is_on = ALL_REQUESTS[policy.kind], policy.flag("logging")
    # Without a rate all requests are logged.
    rates: dict[Setting, float] = {"sample rate": every} if policy.sets("sample rate") else {}
    fix = how_to_set(backend, policy, {"logging": True, **rates})
    if is_on is False:
        why = whence(policy, "logging")
        yield Fail(f"Requests to {backend.label} are not logged, {why}.", f"A log of {least}.", fix)
        return
    rate = given(policy, "sample rate", policy.number("sample rate"))
    share = 1.0 if rate is None else rate / every
    if share <= 0 or share < min_sample_rate:
        yield Fail(f"{field_of(policy, 'sample rate')} logs {share:g} of the requests.", f"A log of {least}.", fix)
    else:
        given(policy, "logging", is_on)
