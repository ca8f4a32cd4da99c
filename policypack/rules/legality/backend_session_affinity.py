"""The rule `backend-session-affinity`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.logic import all_of, equals, negation
from policypack.rule import Options, rule
from policypack.verdict import Checks, Fail, NotApplicable, known, not_known, provided

# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/#localitylbpolicy_python
_POLICIES_WITHOUT_AFFINITY: Final = ("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "ORIGINAL_DESTINATION")
# It keeps a session by a cookie that names the backend, not by hashing.
_STATEFUL: Final = "STRONG_COOKIE_AFFINITY"


@rule(
    title="Session affinity goes with balancing mode and locality policy",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#session_affinity",
)
def backend_session_affinity(service: BackendService, options: Options) -> Checks:
    """A service with session affinity has no balancing mode or locality policy that defeats it.

    ## What it checks
    With a `session_affinity` other than NONE: no backend that takes a target is in UTILIZATION mode, the provider's
    default, and `locality_lb_policy` is not one of those under which session affinity has no effect (ROUND_ROBIN,
    LEAST_REQUEST, RANDOM, ORIGINAL_DESTINATION). STRONG_COOKIE_AFFINITY does not depend on that policy.

    ## Why it matters
    Utilization changes from second to second, and the share of each group with it: sessions move between groups, and
    with them the prompt caches that affinity was to keep warm. Google Cloud documents the two as incompatible.

    ## Applies to
    Global and regional services of proxy load balancers. Those in front of serverless, internet and Private Service
    Connect NEGs, where the mode says nothing, are not judged, nor are those of passthrough load balancers.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        session_affinity="CLIENT_IP",
        backends=[
            {
                "group": "projects/my-project/regions/us-central1/instanceGroups/llm",
                "balancing_mode": "UTILIZATION",
                "max_utilization": 0.8,
            }
        ],
    )
    ```

    ## Passes
    ```diff
                 "group": "projects/my-project/regions/us-central1/instanceGroups/llm",
    -            "balancing_mode": "UTILIZATION",
    -            "max_utilization": 0.8,
    +            "balancing_mode": "RATE",
    +            "max_rate_per_instance": 4,
             }
    ```

    ## Undecided
    When the affinity, a balancing mode or the locality policy is computed and decides, `backends` is built inside
    `apply`, or the kind of a backend is not known.
    """
    has_affinity = negation(equals(service.session_affinity, "NONE"))
    if has_affinity is False:
        return
    if service.is_passthrough is True:
        yield NotApplicable("a passthrough load balancer has neither a locality policy of these nor UTILIZATION mode")
        return
    backends = known(service.backends, "backends", because=service.links.why)
    if backends and service.is_measured is False:
        yield NotApplicable("its backends have no balancing mode that counts")
        return
    doubt = not_known("session_affinity" if service.is_passthrough is False else "load_balancing_scheme")
    counts = all_of([has_affinity, negation(service.is_passthrough)])
    yield provided(counts, doubt, _policy_keeps_sessions(service))
    for backend in backends:
        yield provided(all_of([counts, backend.is_measured]), doubt, _mode_keeps_sessions(backend))


def _policy_keeps_sessions(service: BackendService) -> Checks:
    if equals(service.session_affinity, _STATEFUL) is True:
        return
    policy = known(service.locality_lb_policy, "locality_lb_policy")
    if policy in _POLICIES_WITHOUT_AFFINITY:
        if service.backends:
            known(service.is_measured, "backends", because="session affinity counts with some kinds of them alone")
        yield Fail(
            f"It has session affinity and `locality_lb_policy` {policy}, under which affinity has no effect.",
            "Session affinity with `locality_lb_policy` MAGLEV or RING_HASH, or none of its own.",
            'Set `session_affinity="NONE"`, or `locality_lb_policy="MAGLEV"`.',
        )


def _mode_keeps_sessions(backend: Backend) -> Checks:
    if known(backend.balancing_mode, "balancing_mode", backend.label) == "UTILIZATION":
        known(backend.is_measured, "group", backend.label)
        yield Fail(
            f"Backend `{backend.label}` is in UTILIZATION mode, and the service has session affinity.",
            "Session affinity with another balancing mode than UTILIZATION.",
            'Set `session_affinity="NONE"`, or `balancing_mode="RATE"` with `max_rate_per_instance`.',
        )
