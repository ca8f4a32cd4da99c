"""The rule `load-balancer-attributes`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.attributes import ATTRIBUTES, locality_policy
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.product import Cell, Product, Row, is_refused
from policypack.model.values.logic import all_of, is_set
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.conditions import FITS_ITS_FRONT
from policypack.rules.refusal import which_product
from policypack.verdict import Checks, Fail, Undecided, known, not_known, provided
from policypack.wording import quoted

# Those that a service has if it sets them at all.
_JUDGED: Final = (
    "port_name",
    "outlier_detection",
    "circuit_breakers",
    "service_lb_policy",
    "max_stream_duration",
    "edge_security_policy",
    "network",
    "ha_policy",
    "failover_policy",
    "connection_tracking_policy",
)


@rule(
    title="The service sets nothing that its load balancer refuses or ignores",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/features",
    applies=(FITS_ITS_FRONT,),
)
def load_balancer_attributes(service: BackendService, options: Options) -> Checks:
    """Each attribute of a backend service is one that its load balancer has.

    ## What it checks
    By scheme, scope and protocol: `port_name` (no passthrough load balancer), `outlier_detection`, `locality_lb_policy`
    and `service_lb_policy` (no classic and no passthrough one; an external passthrough one has MAGLEV and
    WEIGHTED_MAGLEV, which no other has), `circuit_breakers` (internal and service mesh only), `max_stream_duration`
    (service mesh only), `iap` (application ones only), `enable_cdn` (external application ones only, and not together
    with `iap`), `edge_security_policy` (no internal one), a backend's `preference` (not with the classic scheme
    EXTERNAL), and `failover`, `failover_policy`, `connection_tracking_policy`, `ha_policy` and `network` (passthrough
    only). With serverless NEGs `outlier_detection` is for global services alone, has no `enforcing_success_rate` and no
    `success_rate_minimum_hosts`, `success_rate_request_volume` or `success_rate_stdev_factor`, and does nothing beside
    `iap`. A service that is no load balancer at all is left to `load-balancer-product`.

    ## Why it matters
    The provider's preview accepts all of these. The API refuses some during the update, and ignores others: then
    ejecting broken servers, a login or a fallback is in the program and not in production.

    ## Applies to
    Global and regional backend services of every scheme, but for passthrough ones behind a target proxy, whose scheme
    is wrong.

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
    does not agree on a combination: outlier detection of a cross-region internal proxy Network Load Balancer, circuit
    breakers of a cross-region internal load balancer, circuit breakers and CDN of a regional external one, Maglev on
    an internal passthrough one. Outlier detection also while it is not known whether the backends are serverless NEGs.
    """
    for name in _JUDGED:
        yield _fits(service, ATTRIBUTES[name], service.sets(name))
    yield _fits(service, ATTRIBUTES["iap"], service.uses_iap)
    yield _fits(service, ATTRIBUTES["enable_cdn"], service.uses_cdn)
    yield _locality_policy_fits(service)
    yield _has_iap_or_cdn(service)
    is_set, serverless = service.outlier_detection.is_set, service.has_serverless_backends
    doubt = not_known("backends", because="serverless NEGs do not take all of `outlier_detection`")
    yield provided(all_of([is_set, serverless]), doubt, _outlier_detection_fits_serverless(service))
    for label, preference, failover in _backends(service):
        yield _backend_fits(service, label, ATTRIBUTES["preference"], preference)
        yield _backend_fits(service, label, ATTRIBUTES["failover"], failover)


def _backends(service: BackendService) -> list[tuple[str, bool | Unknown, bool | Unknown]]:
    """What to call each backend, and whether it has a preference and is a failover backend."""
    if service.backends is UNKNOWN:
        return [("", UNKNOWN, UNKNOWN)]
    return [(one.label, is_set(one.preference), one.is_failover) for one in service.backends]


def _fits(service: BackendService, row: Row, is_there: bool | Unknown, name: str = "") -> Checks:
    is_certain = service.is_load_balancer is True
    return _is_taken(service, row, service.products, is_there, is_certain=is_certain, name=name or row.name)


def _backend_fits(service: BackendService, label: str, row: Row, is_there: bool | Unknown) -> Checks:
    # The scheme alone decides on these.
    products, is_certain = service.products_of_scheme, service.scheme is not UNKNOWN
    return _is_taken(service, row, products, is_there, is_certain=is_certain, name=row.name, label=label)


def _is_taken(
    service: BackendService,
    row: Row,
    products: tuple[Product, ...],
    is_there: bool | Unknown,
    *,
    is_certain: bool,
    name: str,
    label: str = "",
) -> Checks:
    cells = {row.cells[product] for product in products if product in row.cells}
    if is_there is False or cells <= {Cell.TAKEN}:
        return
    known(is_there, name, label)
    if is_refused(cells) is True and is_certain:
        owner = f"Backend `{label}`" if label else "It"
        yield Fail(
            f"{owner} has `{name}`, which is refused or ignored with scheme {service.scheme}.",
            "Attributes that the load balancer has.",
            f"Remove `{name}`, or use a load balancer that has it.",
        )
    elif service.undecided_property:
        yield which_product(service)
    else:
        yield Undecided(f"the documentation does not agree on `{name}` with scheme {service.scheme}", name)


def _locality_policy_fits(service: BackendService) -> Checks:
    policy = service.locality_lb_policy
    if policy is not None and service.products:
        row = locality_policy(known(policy, "locality_lb_policy"))
        yield from _fits(service, row, True, "locality_lb_policy")


def _outlier_detection_fits_serverless(service: BackendService) -> Checks:
    if service.is_regional:
        yield Fail(
            "It is regional, and has serverless NEGs and `outlier_detection`.",
            "No `outlier_detection`: that of serverless NEGs is for global services.",
            "Remove `outlier_detection`, or use a global `BackendService`.",
        )
        return
    yield _counts_errors_alone(service)
    if known(service.uses_iap, "iap", because="with it `outlier_detection` does nothing for serverless NEGs"):
        yield Fail(
            "It has serverless NEGs, `outlier_detection` and `iap`, beside which that does nothing.",
            "Outlier detection or Identity-Aware Proxy on a service of serverless NEGs.",
            "Set `iap_enabled=True` on the Cloud Run services, and remove `iap` here.",
        )


def _counts_errors_alone(service: BackendService) -> Checks:
    rates = service.outlier_detection.success_rates
    found = [name for name, is_there in rates.items() if is_there is True]
    if found:
        yield Fail(
            f"It has serverless NEGs, and its `outlier_detection` has {quoted(found)}.",
            "Consecutive errors and gateway failures: success rates are not supported with serverless NEGs.",
            f"Remove {quoted(found)}.",
        )
    for name, is_there in rates.items():
        known(is_there, name)


def _has_iap_or_cdn(service: BackendService) -> Checks:
    if known(all_of([service.uses_iap, service.uses_cdn]), "iap", because="it does not go with `enable_cdn`"):
        yield Fail(
            "It has both `iap` and `enable_cdn`.",
            "Identity-Aware Proxy or Cloud CDN, not both on one service.",
            "Set `enable_cdn=False`: answers of a model are not to be cached.",
        )
