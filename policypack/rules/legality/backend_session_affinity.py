"""The rule `backend-session-affinity`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict

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
def backend_session_affinity(service: BackendService, options: Options) -> Iterator[Verdict]:
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
    affinity = service.session_affinity
    if isinstance(affinity, str) and affinity == "NONE":
        return
    if service.is_passthrough is True:
        yield NotApplicable("a passthrough load balancer has neither a locality policy of these nor UTILIZATION mode")
    elif isinstance(service.backends, Unknown):
        yield Undecided(f"its balancing modes are not known: {service.links.why or '`backends` is not known'}")
    elif service.backends and service.is_measured is False:
        yield NotApplicable("its backends have no balancing mode that counts")
    else:
        for verdict in (*_judge_policy(service), *_judge_modes(service.backends)):
            yield _if_certain(service, verdict)


def _judge_policy(service: BackendService) -> Iterator[Verdict]:
    affinity, policy = service.session_affinity, service.locality_lb_policy
    if isinstance(affinity, str) and affinity == _STATEFUL:
        return
    if isinstance(policy, Unknown):
        yield Undecided("`locality_lb_policy` is not known")
    elif policy not in _POLICIES_WITHOUT_AFFINITY:
        return
    elif not service.has_no_backends and service.is_measured is UNKNOWN:
        yield Undecided("the kind of its backends is not known, and so whether session affinity counts")
    else:
        yield Fail(
            f"It has session affinity and `locality_lb_policy` {policy}, under which affinity has no effect.",
            "Session affinity with `locality_lb_policy` MAGLEV or RING_HASH, or none of its own.",
            'Set `session_affinity="NONE"`, or `locality_lb_policy="MAGLEV"`.',
        )


def _judge_modes(backends: tuple[Backend, ...]) -> Iterator[Verdict]:
    for backend in backends:
        mode, name = backend.balancing_mode, f"`{backend.label}`"
        if backend.is_measured is False:
            continue
        if isinstance(mode, Unknown):
            yield Undecided(f"the balancing mode of {name} is not known")
        elif mode != "UTILIZATION":
            continue
        elif backend.is_measured is UNKNOWN:
            yield Undecided(f"the kind of {name} is not known, and so whether its balancing mode counts")
        else:
            yield Fail(
                f"Backend {name} is in UTILIZATION mode, and the service has session affinity.",
                "Session affinity with another balancing mode than UTILIZATION.",
                'Set `session_affinity="NONE"`, or `balancing_mode="RATE"` with `max_rate_per_instance`.',
            )


def _if_certain(service: BackendService, verdict: Verdict) -> Verdict:
    """The verdict, undecided if the service may turn out to have no session affinity, or to be passthrough."""
    if not isinstance(verdict, Fail):
        return verdict
    if isinstance(service.session_affinity, Unknown):
        return Undecided("`session_affinity` is not known")
    if service.is_passthrough is UNKNOWN:
        return Undecided("its load balancing scheme is not known, and so whether it has session affinity of this kind")
    return verdict
