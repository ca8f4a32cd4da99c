"""The rule `backend-session-affinity`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.service_settings import HEADER_AFFINITY, STATEFUL_AFFINITY
from policypack.model.products.attributes import (
    HASHING_POLICIES,
    POLICIES_WITHOUT_AFFINITY,
    SESSION_AFFINITIES,
    cells_of_row,
    taken_by_any,
)
from policypack.model.products.kinds import BackendKind
from policypack.model.products.product import is_refused
from policypack.model.values.logic import all_of, any_of, is_in, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT
from policypack.rules.shared.refusal import refused, which_product
from policypack.verdict import (
    Checks,
    Fail,
    NotApplicable,
    Undecided,
    blocked,
    decided,
    known,
    not_known,
    provided,
    setting,
)

_FIX_ON_CLOUD_RUN: Final = (
    "Remove it. Cloud Run has its own ``session_affinity=True`` on the template; with it, clients stay with an "
    "instance even while its readiness probe fails."
)


@rule(
    title="Session affinity is supported and takes effect",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#session_affinity",
    applies=(FITS_ITS_FRONT,),
)
def backend_session_affinity(service: BackendService, options: Options) -> Checks:
    """The load balancer supports the service's session affinity, and no other setting defeats it.

    ## What it checks
    The load balancer supports the value of `session_affinity` (the full table is in `docs/load-balancers.md`):

    - cookies and headers work only with HTTP, and the classic Application Load Balancer supports only GENERATED_COOKIE;
    - CLIENT_IP_PROTO and CLIENT_IP_PORT_PROTO are for passthrough load balancers, CLIENT_IP_NO_DESTINATION for the
      internal one;
    - STRONG_COOKIE_AFFINITY has a `strong_session_affinity_cookie`, which may be empty;
    - HEADER_FIELD has the name of a header in `consistent_hash`.

    With a value other than NONE, nothing defeats it:

    - No backend that supports a target is in UTILIZATION mode, the provider's default.
    - `locality_lb_policy` is not one that makes session affinity ineffective: ROUND_ROBIN, LEAST_REQUEST, RANDOM,
      ORIGINAL_DESTINATION or WEIGHTED_ROUND_ROBIN. The default is MAGLEV. STRONG_COOKIE_AFFINITY does not depend on
      that policy.

    `consistent_hash` is not set with such a policy, either. Services with serverless or global internet NEGs set
    neither session affinity nor a locality policy, because Cloud Run has its own.

    ## Why it matters
    The API rejects some of these combinations during the update. It accepts and ignores others, and prompt caches stay
    cold.

    Utilization changes from second to second, and the share of each group with it. Sessions then move between groups,
    away from the prompt caches that session affinity should keep warm. Google Cloud documents the two as incompatible.

    ## Applies to
    Global and regional services of every scheme. Modes and policies are not judged for passthrough load balancers, nor
    for services with internet and Private Service Connect NEGs, where they have no effect.

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
    The verdict is undecided when:

    - the affinity, its cookie, a balancing mode, the locality policy, the scheme or the protocol is computed, and the
      verdict depends on it;
    - `backends` is built inside `apply`;
    - the kind of a backend is not known;
    - `consistent_hash` does not name the cookie of HTTP_COOKIE.
    """
    yield _hash_is_read(service)
    is_on = service.session_affinity.is_on
    for name, is_set, fix in (
        ("session_affinity", is_on, _FIX_ON_CLOUD_RUN),
        ("locality_lb_policy", service.sets("locality_lb_policy"), "Remove it."),
    ):
        yield _serverless_has_none(service, name, is_set, fix)
        yield _internet_has_none(service, name, is_set)
    if is_on is False:
        return
    yield _load_balancer_has_it(service)
    if service.is_passthrough is True:
        return
    backends = decided(service.backends, blocked(service.links.why, "backends"))
    if backends and service.is_measured is False and service.has_serverless_backends is False:
        yield NotApplicable("its backends have no balancing mode that matters")
        return
    doubt = not_known("session_affinity" if service.is_passthrough is False else "load_balancing_scheme")
    counts = all_of([is_on, negation(service.is_passthrough)])
    yield provided(counts, doubt, _policy_keeps_sessions(service))
    for backend in backends:
        yield provided(all_of([counts, backend.is_measured]), doubt, _mode_keeps_sessions(backend))


def _hash_is_read(service: BackendService) -> Checks:
    is_set, policy = service.sets("consistent_hash"), service.locality_lb_policy
    is_ignored = all_of([is_set, negation(is_in(policy, (None, *HASHING_POLICIES)))])
    if known(is_ignored, "consistent_hash" if is_set is UNKNOWN else "locality_lb_policy"):
        yield Fail(
            f"It has ``consistent_hash``, which has no effect with ``locality_lb_policy`` {policy}.",
            f"``consistent_hash`` with ``locality_lb_policy`` {' or '.join(HASHING_POLICIES)}.",
            setting({"locality_lb_policy": "RING_HASH"}, ", or remove ``consistent_hash``."),
        )


def _serverless_has_none(service: BackendService, name: str, is_set: bool | Unknown, fix: str) -> Checks:
    """Serverless NEGs have neither: affinity "won't work", and the policy is not supported.

    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """
    has_one = when_known(service.backends, lambda backends: any_of(one.is_serverless for one in backends))
    is_serverless = any_of([service.has_serverless_backends is True, has_one])
    deciding = name if is_set is UNKNOWN else "backends"
    if known(all_of([is_serverless, is_set]), deciding, because="serverless NEGs do not have it"):
        yield Fail(
            f"It has ``{name}``, which has no effect with its serverless NEGs.",
            f"No ``{name}`` on a service with serverless NEGs.",
            fix,
        )


def _internet_has_none(service: BackendService, name: str, is_set: bool | Unknown) -> Checks:
    """https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts#limitations."""
    is_one = BackendKind.GLOBAL_INTERNET_NEG
    is_there = when_known(service.backends, lambda backends: any_of(one.is_a(is_one) for one in backends))
    deciding = name if is_set is UNKNOWN else "backends"
    if known(all_of([is_there, is_set]), deciding, because="global internet NEGs do not support it"):
        yield Fail(
            f"It has ``{name}``, which its global internet NEG does not support.",
            f"No ``{name}`` on a service with a global internet NEG.",
            "Remove it.",
        )


def _load_balancer_has_it(service: BackendService) -> Checks:
    affinity = known(service.session_affinity.value, "session_affinity")
    cells = cells_of_row(SESSION_AFFINITIES, affinity, service.products)
    fail = Fail(
        f"It has ``session_affinity`` {affinity}, which this load balancer does not support.",
        f"One of {', '.join(taken_by_any(SESSION_AFFINITIES, service.products))}.",
        "Set ``session_affinity`` to one of them.",
    )
    yield from refused(cells, fail, which_product(service))
    is_taken = negation(is_refused(cells))
    yield provided(is_taken, which_product(service), _says_what_it_hashes(service))
    if service.session_affinity.is_stateful is True:
        yield provided(is_taken, which_product(service), _has_cookie(service))


def _says_what_it_hashes(service: BackendService) -> Checks:
    affinity = service.session_affinity
    if known(affinity.says_what_it_hashes, "consistent_hash"):
        return
    if affinity.value == HEADER_AFFINITY:
        yield Fail(
            f"It has ``session_affinity`` {HEADER_AFFINITY}, and ``consistent_hash`` names no header.",
            "A header whose value keeps a client's requests together.",
            setting({"consistent_hash": {"http_header_name": "x-session-id"}}, ", or the header that clients send."),
        )
    else:
        yield Undecided(
            f"``consistent_hash`` does not say which cookie ``session_affinity`` {affinity.value} hashes; what the "
            "load balancer does then is not documented",
            "consistent_hash",
        )


def _has_cookie(service: BackendService) -> Checks:
    if not known(service.sets("strong_session_affinity_cookie"), "strong_session_affinity_cookie"):
        yield Fail(
            f"It has ``session_affinity`` {STATEFUL_AFFINITY} and no ``strong_session_affinity_cookie``.",
            "The cookie that this affinity requires.",
            setting({"strong_session_affinity_cookie": {"name": "llm", "ttl": {"seconds": 3600}}}),
        )


def _policy_keeps_sessions(service: BackendService) -> Checks:
    if service.session_affinity.is_stateful is True or service.has_serverless_backends is True:
        return
    policy = known(service.locality_lb_policy, "locality_lb_policy")
    if policy in POLICIES_WITHOUT_AFFINITY:
        if service.backends:
            known(
                service.is_measured,
                "backends",
                because="session affinity takes effect only with some kinds of backends",
            )
        yield Fail(
            f"It has session affinity, which has no effect with ``locality_lb_policy`` {policy}.",
            "Session affinity with ``locality_lb_policy`` MAGLEV or RING_HASH, or omitted.",
            setting({"session_affinity": "NONE"}, ', or ``locality_lb_policy="MAGLEV"``.'),
        )


def _mode_keeps_sessions(backend: Backend) -> Checks:
    if known(backend.balancing_mode, "balancing_mode", backend.label) == "UTILIZATION":
        known(backend.is_measured, "group", backend.label)
        yield Fail(
            f"Backend `{backend.label}` is in UTILIZATION mode, and the service has session affinity.",
            "Session affinity with a balancing mode other than UTILIZATION.",
            setting({"session_affinity": "NONE"}, ', or ``balancing_mode="RATE"`` with ``max_rate_per_instance``.'),
        )
