"""The rule `load-balancer-attributes`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.attributes import ATTRIBUTES, locality_policy
from policypack.model.products.kinds import BackendKind
from policypack.model.products.product import Cell
from policypack.model.values.logic import all_of, any_of, is_set, known_in, when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT
from policypack.rules.shared.kind_settings import outlier_detection_fits_serverless
from policypack.rules.shared.refusal import which_product
from policypack.rules.shared.validity.companions import needs_others
from policypack.verdict import Checks, Fail, Undecided, known, not_known, provided, setting

# The rows of the table that are judged otherwise than by whether the service sets them, or not here, and why.
_JUDGED_OTHERWISE: Final = {
    "timeout_sec": "the API fills it in, and where it has no effect it does no harm",
    "connection_draining_timeout_sec": "the provider fills it in, and no load balancer is known to refuse it",
    "log_config": "where it has no effect it does no harm: the proxies of a mesh write logs of their own",
    "security_policy": "no load balancer is known to refuse it, and `backend-cloud-armor` judges which it is",
    "iap": "it may be there and off",
    "enable_cdn": "it may be there and off",
    "preference": "it is one of a backend",
    "failover": "it is one of a backend",
}


@rule(
    title="The load balancer supports every attribute that is set",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/features",
    applies=(FITS_ITS_FRONT,),
)
def load_balancer_attributes(service: BackendService, options: Options) -> Checks:
    """The load balancer supports each attribute of the backend service.

    ## What it checks
    The service and its backends set no attribute that their load balancer rejects or ignores. The full table, by
    scheme, scope and protocol, is in `docs/load-balancers.md`. In short, these load balancers support the attribute:

    - `port_name`: all except passthrough.
    - `outlier_detection`, `locality_lb_policy`, `service_lb_policy`: all except classic and passthrough. The external
      passthrough load balancer supports the locality policies MAGLEV and WEIGHTED_MAGLEV; no other supports
      WEIGHTED_MAGLEV.
    - `circuit_breakers`: the regional internal Application Load Balancer and Cloud Service Mesh.
    - `max_stream_duration`: Cloud Service Mesh.
    - `iap`, `custom_request_headers`: Application Load Balancers.
    - `custom_metrics` of the service: Application Load Balancers except the classic one, and Cloud Service Mesh.
    - `enable_cdn`: the global external and the classic Application Load Balancer, and not together with `iap`.
    - `edge_security_policy`: global external and classic.
    - `preference` of a backend: global ones, except those with the classic scheme EXTERNAL.
    - `failover` of a backend, `failover_policy`, `connection_tracking_policy`, `ha_policy`, `network`: passthrough.
    - `subsetting`: internal, except cross-region. `network_pass_through_lb_traffic_policy`: internal passthrough.
    - `custom_response_headers`: global Application Load Balancers. `external_managed_migration_state`: classic.

    Some attributes need another:

    - `service_lb_policy` is global for a global service, and in the service's region for a regional one.
    - `tls_settings` needs the protocol HTTPS, HTTP2 or SSL.
    - `disable_connection_drain_on_failover` needs the protocol TCP.
    - `network` of an external passthrough load balancer needs `ha_policy`.
    - `locality_lb_policy` WEIGHTED_MAGLEV needs a health check for HTTP, HTTPS or HTTP/2, whose responses have the
      weights.
    - `external_managed_migration_testing_percentage` needs the state TEST_BY_PERCENTAGE.

    For outlier detection, the kind of backend matters, too:

    - With serverless NEGs, it works only on global services and without `iap`. It has none of `enforcing_success_rate`,
      `success_rate_minimum_hosts`, `success_rate_request_volume` and `success_rate_stdev_factor`.
    - With a global internet NEG, it is not supported.

    If no load balancer matches the service at all, `load-balancer-product` reports it.

    ## Why it matters
    The provider's preview accepts all of these. The API rejects some during the update and ignores others: outlier
    detection, a login or a failover then exists in the program but not in production.

    ## Applies to
    Global and regional backend services of every scheme. Passthrough services behind a target proxy are exempt, because
    their scheme is wrong (see `forwarding-rule-scheme`).

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
    The verdict is undecided when:

    - the scheme or the protocol is computed, and the verdict depends on it;
    - it is not known whether an attribute is set;
    - `outlier_detection` is set, and it is not known whether the backends are serverless NEGs;
    - the documentation is silent or contradictory.

    The documentation leaves these combinations open:

    - `outlier_detection` on regional and on internal proxy Network Load Balancers;
    - `circuit_breakers` on cross-region internal load balancers, regional proxy Network Load Balancers and the regional
      external Application Load Balancer;
    - `enable_cdn` on the regional external Application Load Balancer;
    - MAGLEV and WEIGHTED_MAGLEV on the internal passthrough load balancer;
    - WEIGHTED_ROUND_ROBIN on proxy Network Load Balancers;
    - ORIGINAL_DESTINATION on the global external Application Load Balancer;
    - `custom_request_headers` on Cloud Service Mesh, and `custom_metrics` on Cloud Service Mesh with TCP.
    """
    for name, row in ATTRIBUTES.items():
        if name not in _JUDGED_OTHERWISE:
            yield _is_taken(service, service.cell_of(row), name, service.sets(name))
    yield _is_taken(service, service.cell_of(ATTRIBUTES["iap"]), "iap", service.uses_iap)
    yield _is_taken(service, service.cell_of(ATTRIBUTES["enable_cdn"]), "enable_cdn", service.uses_cdn)
    yield _locality_policy_fits(service)
    yield from needs_others(service)
    yield _has_iap_or_cdn(service)
    yield outlier_detection_fits_serverless(service)
    yield _watches_no_internet_neg(service)
    preference, failover = (service.cell_of_backends(ATTRIBUTES[name]) for name in ("preference", "failover"))
    for label, has_preference, is_failover in _backends(service):
        yield _is_taken(service, preference, "preference", has_preference, label)
        yield _is_taken(service, failover, "failover", is_failover, label)


def _backends(service: BackendService) -> list[tuple[str, bool | Unknown, bool | Unknown]]:
    """What to call each backend, and whether it has a preference and is a failover backend."""
    if service.backends is UNKNOWN:
        return [("", UNKNOWN, UNKNOWN)]
    return [(one.label, is_set(one.preference), one.is_failover) for one in known_in(service.backends)]


def _is_taken(
    service: BackendService, cell: Cell | Unknown, name: str, is_there: bool | Unknown, label: str = ""
) -> Checks:
    if is_there is False or cell is Cell.TAKEN:
        return
    known(is_there, name, label)
    if cell is Cell.REFUSED:
        owner = f"Backend `{label}`" if label else "It"
        yield Fail(
            f"{owner} has ``{name}``, which is rejected or ignored with scheme {service.scheme}.",
            "Only attributes that the load balancer supports.",
            f"Remove ``{name}``, or use a load balancer that supports it.",
        )
    elif cell is UNKNOWN:
        yield which_product(service)
    else:
        yield Undecided(f"the documentation is unclear about ``{name}`` with scheme {service.scheme}", name)


def _locality_policy_fits(service: BackendService) -> Checks:
    policy = service.locality_lb_policy
    if policy is not None and service.products:
        row = locality_policy(known(policy, "locality_lb_policy"))
        yield from _is_taken(service, service.cell_of(row), "locality_lb_policy", True)


def _has_iap_or_cdn(service: BackendService) -> Checks:
    if known(all_of([service.uses_iap, service.uses_cdn]), "iap", because="it cannot be combined with ``enable_cdn``"):
        yield Fail(
            "It has both `iap` and ``enable_cdn``.",
            "Either Identity-Aware Proxy or Cloud CDN, not both on one service.",
            setting({"enable_cdn": False}, ": model responses must not be cached."),
        )


def _watches_no_internet_neg(service: BackendService) -> Checks:
    """https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts#limitations."""
    is_one = BackendKind.GLOBAL_INTERNET_NEG
    has_one = when_known(service.backends, lambda backends: any_of(one.is_a(is_one) for one in backends))
    doubt = not_known("backends", because="global internet NEGs do not support ``outlier_detection``")
    fail = Fail(
        "It has ``outlier_detection``, which its global internet NEG does not support.",
        "No ``outlier_detection`` on a service with a global internet NEG.",
        "Remove ``outlier_detection``.",
    )
    yield provided(all_of([service.outlier_detection.is_set, has_one]), doubt, iter([fail]))
