"""The rule `load-balancer-attributes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.product import family_of
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rule import Options, rule
from policypack.verdict import Fail, Undecided, Verdict

# Load balancers: (regional or not, scheme).
_CLASSIC: Final = (False, "EXTERNAL")
_GLOBAL: Final = (False, "EXTERNAL_MANAGED")
_CROSS_REGION: Final = (False, "INTERNAL_MANAGED")
_MESH: Final = (False, "INTERNAL_SELF_MANAGED")
_REGIONAL: Final = (True, "EXTERNAL_MANAGED")
_REGIONAL_INTERNAL: Final = (True, "INTERNAL_MANAGED")
_PASSTHROUGH: Final = ((True, "EXTERNAL"), (True, "INTERNAL"))
_PROXIES: Final = (_CLASSIC, _GLOBAL, _CROSS_REGION, _MESH, _REGIONAL, _REGIONAL_INTERNAL)

# Where an attribute is refused or ignored, and where documents do not agree. Sources: the fields of
# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices and of
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/ and .../regionbackendservice/.
_REFUSED: Final = {
    "portName": _PASSTHROUGH,
    "outlierDetection": (_CLASSIC, *_PASSTHROUGH),
    "circuitBreakers": (_CLASSIC, _GLOBAL, *_PASSTHROUGH),
    "serviceLbPolicy": (_CLASSIC, *_PASSTHROUGH),
    "maxStreamDuration": tuple({*_PROXIES, *_PASSTHROUGH} - {_MESH}),
    "edgeSecurityPolicy": (_CROSS_REGION, _MESH),
    "network": _PROXIES,
    "haPolicy": _PROXIES,
    "failoverPolicy": _PROXIES,
    "connectionTrackingPolicy": _PROXIES,
}
_UNCLEAR: Final = {
    "outlierDetection": (_CROSS_REGION,),
    "circuitBreakers": (_CROSS_REGION, _REGIONAL),
}
_MAGLEV: Final = ("MAGLEV", "WEIGHTED_MAGLEV")

# What becomes of an attribute, by scheme and protocol.
Outcome = Callable[[str, str | None], str]
FINE, REFUSED, UNCLEAR = "fine", "refused", "unclear"


@rule(
    title="The service sets nothing that its load balancer refuses or ignores",
    severity="high",
    level="mandatory",
    stage="resource",
    url="https://cloud.google.com/load-balancing/docs/features",
)
def load_balancer_attributes(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Each attribute of a backend service is one that its load balancer has.

    ## What it checks
    By scheme, scope and protocol: `port_name` (no passthrough load balancer), `outlier_detection`, `locality_lb_policy`
    and `service_lb_policy` (no classic and no passthrough one; an external passthrough one has MAGLEV and
    WEIGHTED_MAGLEV, which no other has), `circuit_breakers` (internal and service mesh only), `max_stream_duration`
    (service mesh only), `iap` (application ones only), `enable_cdn` (external application ones only, and not together
    with `iap`), `edge_security_policy` (no internal one), a backend's `preference` (not with the classic scheme
    EXTERNAL), and `failover`, `failover_policy`, `connection_tracking_policy`, `ha_policy` and `network` (passthrough
    only). A service that is no load balancer at all is left to `load-balancer-product`.

    ## Why it matters
    The provider's preview accepts all of these. The API refuses some during the update, and ignores others: then
    ejecting broken servers, a login or a fallback is in the program and not in production.

    ## Applies to
    Global and regional backend services of every scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL",
        protocol="HTTP",
        port_name="http",
        outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},
    )
    ```

    ## Passes
    ```diff
         "chat",
    -    load_balancing_scheme="EXTERNAL",
    +    load_balancing_scheme="EXTERNAL_MANAGED",
         protocol="HTTP",
    ```

    ## Undecided
    When scheme or protocol is computed and decides, it is not known whether an attribute is set, or the documentation
    does not agree on a combination: outlier detection and circuit breakers of a cross-region internal load balancer,
    circuit breakers and CDN of a regional external one, Maglev on an internal passthrough one.
    """
    for key in _REFUSED:
        yield from _judge(service, python_name(key), service.has_setting(key), _outcome(service, key))
    yield from _judge_locality_policy(service)
    yield from _judge(service, "iap", service.uses_iap, _outcome_of_iap(service))
    yield from _judge(service, "enable_cdn", service.uses_cdn, _outcome_of_cdn(service))
    yield from _judge_iap_with_cdn(service)
    if isinstance(service.backends, Unknown):
        yield from _judge_backend(service, "a backend", UNKNOWN, UNKNOWN)
        return
    for backend in service.backends:
        preference = backend.preference
        has_preference = UNKNOWN if isinstance(preference, Unknown) else preference is not None
        yield from _judge_backend(service, f"backend `{backend.label}`", has_preference, backend.is_failover)


def _judge(
    service: BackendService, name: str, is_set: bool | Unknown, outcome: Outcome, owner: str = "it"
) -> Iterator[Verdict]:
    if is_set is False:
        return
    outcomes = {outcome(scheme, protocol) for scheme in _schemes(service) for protocol in _protocols(service)}
    if outcomes == {FINE}:
        return
    if is_set is UNKNOWN:
        yield Undecided(f"it is not known whether {owner} has `{name}`")
    elif outcomes == {REFUSED}:
        yield Fail(
            f"{owner[0].upper()}{owner[1:]} has `{name}`, which is refused or ignored with scheme {service.scheme}.",
            "Attributes that the load balancer has.",
            f"Remove `{name}`, or use a load balancer that has it.",
        )
    elif isinstance(service.family, Unknown):
        yield Undecided(f"its scheme or protocol is not known, and so whether {owner} can have `{name}`")
    else:
        yield Undecided(f"the documentation does not agree on `{name}` with scheme {service.scheme}")


def _schemes(service: BackendService) -> tuple[str, ...]:
    if not isinstance(service.scheme, Unknown):
        return (service.scheme,)
    # Also those that form no load balancer with this scope, about which this rule says nothing.
    return tuple({scheme for _, scheme in (*_PROXIES, *_PASSTHROUGH)})


def _protocols(service: BackendService) -> tuple[str | None, ...]:
    return ("HTTP", "TCP", "UDP") if isinstance(service.protocol, Unknown) else (service.protocol,)


def _outcome(service: BackendService, key: str) -> Outcome:
    def outcome(scheme: str, protocol: str | None) -> str:
        family = family_of(scheme, protocol, is_regional=service.is_regional)
        if family is None:
            return FINE
        load_balancer = (service.is_regional, scheme)
        if load_balancer in _REFUSED[key]:
            return REFUSED
        return UNCLEAR if load_balancer in _UNCLEAR.get(key, ()) else FINE

    return outcome


def _judge_locality_policy(service: BackendService) -> Iterator[Verdict]:
    policy = service.locality_lb_policy
    if policy is None:
        return

    def outcome(scheme: str, protocol: str | None) -> str:
        if family_of(scheme, protocol, is_regional=service.is_regional) is None:
            return FINE
        if (service.is_regional, scheme) not in _PASSTHROUGH:
            is_weighted = isinstance(policy, Unknown) or policy == "WEIGHTED_MAGLEV"
            return REFUSED if (service.is_regional, scheme) == _CLASSIC or is_weighted else FINE
        if isinstance(policy, Unknown) or policy not in _MAGLEV:
            return REFUSED
        return FINE if scheme == "EXTERNAL" else UNCLEAR

    yield from _judge(service, "locality_lb_policy", UNKNOWN if isinstance(policy, Unknown) else True, outcome)


def _outcome_of_iap(service: BackendService) -> Outcome:
    def outcome(scheme: str, protocol: str | None) -> str:
        family = family_of(scheme, protocol, is_regional=service.is_regional)
        if family is None:
            return FINE
        return REFUSED if family != "application" or scheme == "INTERNAL_SELF_MANAGED" else FINE

    return outcome


def _outcome_of_cdn(service: BackendService) -> Outcome:
    def outcome(scheme: str, protocol: str | None) -> str:
        family = family_of(scheme, protocol, is_regional=service.is_regional)
        if family is None:
            return FINE
        if family != "application" or scheme in ("INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"):
            return REFUSED
        return UNCLEAR if service.is_regional else FINE

    return outcome


def _judge_iap_with_cdn(service: BackendService) -> Iterator[Verdict]:
    uses = (service.uses_iap, service.uses_cdn)
    if False in [use for use in uses if not isinstance(use, Unknown)]:
        return
    if UNKNOWN in [use for use in uses if isinstance(use, Unknown)]:
        yield Undecided("it is not known whether it has both `iap` and `enable_cdn`")
        return
    yield Fail(
        "It has both `iap` and `enable_cdn`.",
        "Identity-Aware Proxy or Cloud CDN, not both on one service.",
        "Set `enable_cdn=False`: answers of a model are not to be cached.",
    )


def _judge_backend(
    service: BackendService, owner: str, has_preference: bool | Unknown, is_failover: bool | Unknown
) -> Iterator[Verdict]:
    def preference(scheme: str, protocol: str | None) -> str:
        return REFUSED if (service.is_regional, scheme) == _CLASSIC else FINE

    def failover(scheme: str, protocol: str | None) -> str:
        return REFUSED if (service.is_regional, scheme) in (_REGIONAL, _REGIONAL_INTERNAL) else FINE

    yield from _judge(service, "preference", has_preference, preference, owner)
    yield from _judge(service, "failover", is_failover, failover, owner)
