"""The rule `backend-session-affinity`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.attributes import SESSION_AFFINITIES
from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.product import Cell, is_refused
from policypack.model.values.logic import all_of, any_of, equals, negation
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.conditions import FITS_ITS_FRONT
from policypack.rules.refusal import refused, which_product
from policypack.verdict import Checks, Fail, NotApplicable, known, not_known, provided

# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/#localitylbpolicy_python
_POLICIES_WITHOUT_AFFINITY: Final = (
    "ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "ORIGINAL_DESTINATION", "WEIGHTED_ROUND_ROBIN",
)  # fmt: skip
# Those under which `consistent_hash` is read.
# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices: `consistentHash`
_HASHING: Final = ("MAGLEV", "RING_HASH")
# It keeps a session by a cookie that names the backend, not by hashing.
_STATEFUL: Final = "STRONG_COOKIE_AFFINITY"


@rule(
    title="Session affinity is one that the load balancer has, and takes effect",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#session_affinity",
    applies=(FITS_ITS_FRONT,),
)
def backend_session_affinity(service: BackendService, options: Options) -> Checks:
    """A service has a session affinity of its load balancer, and nothing beside it that defeats it.

    ## What it checks
    The value of `session_affinity` is one that the load balancer has: cookies and headers with HTTP alone, and of
    these the classic one has GENERATED_COOKIE only; CLIENT_IP_PROTO and CLIENT_IP_PORT_PROTO behind passthrough load
    balancers, CLIENT_IP_NO_DESTINATION behind the internal one
    (the table is in `docs/load-balancers.md`). STRONG_COOKIE_AFFINITY has its
    `strong_session_affinity_cookie`, which may be empty.

    With a value other than NONE: no backend that takes a target is in UTILIZATION mode, the provider's default, and
    `locality_lb_policy` is not one of those under which session affinity has no effect (ROUND_ROBIN, LEAST_REQUEST,
    RANDOM, ORIGINAL_DESTINATION, WEIGHTED_ROUND_ROBIN). STRONG_COOKIE_AFFINITY does not depend on that policy.
    `consistent_hash` is not beside such a policy either. Left out, the policy is MAGLEV.

    Serverless NEGs have neither session affinity nor a locality policy: Cloud Run has its own.

    ## Why it matters
    The API refuses some of these during the update. Others it takes and ignores, and prompt caches stay cold.
    Utilization changes from second to second, and the share of each group with it: sessions move between groups, and
    with them the prompt caches that affinity was to keep warm. Google Cloud documents the two as incompatible.

    ## Applies to
    Global and regional services of every scheme. Modes and policies of those in front of internet and Private Service
    Connect NEGs, where they say nothing, are not judged, nor are those of passthrough load balancers.

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
    When the affinity, its cookie, a balancing mode, the locality policy, the scheme or the protocol is computed and
    decides, `backends` is built inside `apply`, or the kind of a backend is not known.
    """
    yield _hash_is_read(service)
    yield _serverless_has_none(service)
    has_affinity = negation(equals(service.session_affinity, "NONE"))
    if has_affinity is False:
        return
    yield _load_balancer_has_it(service)
    if service.is_passthrough is True:
        return
    backends = known(service.backends, "backends", because=service.links.why)
    if backends and service.is_measured is False and service.has_serverless_backends is False:
        yield NotApplicable("its backends have no balancing mode that counts")
        return
    doubt = not_known("session_affinity" if service.is_passthrough is False else "load_balancing_scheme")
    counts = all_of([has_affinity, negation(service.is_passthrough)])
    yield provided(counts, doubt, _policy_keeps_sessions(service))
    for backend in backends:
        yield provided(all_of([counts, backend.is_measured]), doubt, _mode_keeps_sessions(backend))


def _load_balancer_has_it(service: BackendService) -> Checks:
    affinity = known(service.session_affinity, "session_affinity")
    row = SESSION_AFFINITIES.get(affinity)
    if not row:
        return
    cells = [row.cells[product] for product in service.products]
    having = [
        name for name, other in SESSION_AFFINITIES.items() if Cell.TAKEN in map(other.cells.get, service.products)
    ]
    yield from refused(
        cells,
        Fail(
            f"It has `session_affinity` {affinity}, which this load balancer does not have.",
            f"One of {', '.join(having)}.",
            "Set `session_affinity` to one of them.",
        ),
        which_product(service),
    )
    if affinity == _STATEFUL:
        yield provided(negation(is_refused(cells)), which_product(service), _has_cookie(service))


def _has_cookie(service: BackendService) -> Checks:
    if not known(service.sets("strong_session_affinity_cookie"), "strong_session_affinity_cookie"):
        yield Fail(
            f"It has `session_affinity` {_STATEFUL} and no `strong_session_affinity_cookie`.",
            "The cookie that this affinity needs.",
            'Set `strong_session_affinity_cookie={"name": "llm", "ttl": {"seconds": 3600}}`.',
        )


def _serverless_has_none(service: BackendService) -> Checks:
    """Serverless NEGs have neither: affinity "won't work", and the policy is not supported.

    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """
    entries = () if isinstance(service.backends, Unknown) else service.backends
    is_serverless = any_of([service.has_serverless_backends is True, *(one.is_serverless for one in entries)])
    has_affinity = negation(equals(service.session_affinity, "NONE"))
    for name, is_set, fix in (
        ("session_affinity", has_affinity, "Remove it; Cloud Run has `session_affinity=True` on its own template."),
        ("locality_lb_policy", service.sets("locality_lb_policy"), "Remove it."),
    ):
        found = all_of([is_serverless, is_set])
        if known(found, name if is_set is UNKNOWN else "backends", because="serverless NEGs do not have it"):
            yield Fail(
                f"It has `{name}`, which has no effect with its serverless NEGs.",
                f"No `{name}` on a service of serverless NEGs.",
                fix,
            )


def _hash_is_read(service: BackendService) -> Checks:
    is_set, policy = service.sets("consistent_hash"), service.locality_lb_policy
    if is_set is False or policy is None or (isinstance(policy, str) and policy in _HASHING):
        return
    if known(is_set, "consistent_hash") and known(policy, "locality_lb_policy") not in _HASHING:
        yield Fail(
            f"It has `consistent_hash`, which has no effect with `locality_lb_policy` {policy}.",
            f"`consistent_hash` with `locality_lb_policy` {' or '.join(_HASHING)}.",
            'Set `locality_lb_policy="RING_HASH"`, or remove `consistent_hash`.',
        )


def _policy_keeps_sessions(service: BackendService) -> Checks:
    if equals(service.session_affinity, _STATEFUL) is True or service.has_serverless_backends is True:
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
