"""The rule `load-balancer-attributes`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.service_settings import location_of_lb_policy
from policypack.model.frontend.route import Route
from policypack.model.products.attributes import ATTRIBUTES, locality_policy
from policypack.model.products.kinds import BackendKind
from policypack.model.products.product import Cell, Family
from policypack.model.values.logic import all_of, any_of, equals, is_set, known_in, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import FITS_ITS_FRONT
from policypack.rules.shared.kind_settings import outlier_detection_fits_serverless
from policypack.rules.shared.refusal import which_product
from policypack.rules.shared.routes import on_routes
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

_WITH_TLS: Final = ("HTTPS", "HTTP2", "SSL")
_WITH_WEIGHTS: Final = ("HTTP", "HTTPS", "HTTP2")
_BY_PERCENTAGE: Final = "TEST_BY_PERCENTAGE"


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
    - With a global internet NEG, it is not supported. Neither are `retry_policy` and `request_mirror_policy` of the
      routes to such a service.

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
    yield from _has_what_they_need(service)
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
    doubt = not_known("backends", because="global internet NEGs do not support ``outlier_detection``")
    fail = Fail(
        "It has ``outlier_detection``, which its global internet NEG does not support.",
        "No ``outlier_detection`` on a service with a global internet NEG.",
        "Remove ``outlier_detection``.",
    )
    has_one = _has_global_internet_neg(service)
    yield provided(all_of([service.outlier_detection.is_set, has_one]), doubt, iter([fail]))
    doubt = not_known("backends", because="global internet NEGs do not support all route actions")
    yield provided(has_one, doubt, on_routes(service, _does_what_it_takes))


def _has_global_internet_neg(service: BackendService) -> bool | Unknown:
    is_one = BackendKind.GLOBAL_INTERNET_NEG
    return when_known(service.backends, lambda backends: any_of(one.is_a(is_one) for one in backends))


def _does_what_it_takes(route: Route, label: str) -> Iterator[Checks]:
    """Request mirroring and retry policies "aren't supported with global internet NEG backends", says the same page."""
    yield from (_does_not(route, label, name) for name in ("request_mirror_policy", "retry_policy"))


def _does_not(route: Route, label: str, name: str) -> Checks:
    if known(route.does(name), name, because="global internet NEGs do not support it"):
        yield Fail(
            f"It has ``{name}`` in {label}, which its global internet NEG does not support.",
            f"No ``{name}`` on routes to a global internet NEG.",
            f"Remove ``{name}`` from that route.",
        )


def _has_what_they_need(service: BackendService) -> Iterator[Checks]:
    """What is wrong with attributes that need another one.

    The quotations are from https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
    """
    if service.products:
        yield _has_its_lb_policy(service)
        yield _authenticates_over_tls(service)
        yield _fails_over_connections(service)
        yield _has_its_network(service)
        yield _has_weights(service)
        yield _migrates_by_percentage(service)


def _has_its_lb_policy(service: BackendService) -> Checks:
    """ "For a global backend service, the service lb policy must be global. For a regional backend service, the service
    lb policy must be regional and in the same region."
    """
    location = location_of_lb_policy(service.resource, service.stack)
    if location is None or service.is_passthrough is True:
        return
    wanted = known(service.region, "region") if service.is_regional else "global"
    # What is not known of it is rarely wrong: a program that computes it makes it for the service.
    if equals(location, wanted) is False:
        yield Fail(
            f"It is {_there(wanted)}, and its ``service_lb_policy`` is {_there(str(location))}.",
            "A service load balancing policy in the location of the service.",
            f'Create the `ServiceLbPolicies` with ``location="{wanted}"``.',
        )


def _there(location: str) -> str:
    return location if location == "global" else f"in `{location}`"


def _authenticates_over_tls(service: BackendService) -> Checks:
    """ "May only be specified when the backend protocol is SSL, HTTPS or HTTP2." """
    if known(service.sets("tls_settings"), "tls_settings"):
        protocol = known(service.protocol, "protocol") or "HTTP"
        if protocol not in _WITH_TLS:
            yield Fail(
                f"It has ``tls_settings``, and speaks {protocol} to its backends.",
                f"With ``tls_settings``, one of the protocols {', '.join(_WITH_TLS)}.",
                "Set `protocol` to `HTTPS` if the servers speak TLS, or remove ``tls_settings``.",
            )


def _fails_over_connections(service: BackendService) -> Checks:
    """ "This can be set to true only if the protocol is TCP." """
    policy = service.resource.asked.block("failoverPolicy")
    drops = policy.boolean("disableConnectionDrainOnFailover", default=False)
    is_wrong = all_of([service.is_passthrough, drops, negation(equals(service.protocol, "TCP"))])
    doubt = not_known("protocol", because="``disable_connection_drain_on_failover`` is for TCP alone")
    fail = Fail(
        "Its ``failover_policy`` has ``disable_connection_drain_on_failover``, and its protocol is not TCP.",
        "``disable_connection_drain_on_failover`` only with the protocol TCP.",
        setting({"failover_policy": {"disable_connection_drain_on_failover": False}}),
    )
    yield provided(is_wrong, doubt, iter([fail]))


def _has_its_network(service: BackendService) -> Checks:
    """ "This field can only be specified when the load balancing scheme is set to INTERNAL, or when the load balancing
    scheme is set to EXTERNAL and haPolicy fastIpMove is enabled."
    """
    is_external = all_of([service.is_passthrough, equals(service.scheme, "EXTERNAL")])
    has_none = negation(service.sets("ha_policy"))
    is_wrong = all_of([is_external, service.sets("network"), has_none])
    unclear = "ha_policy" if has_none is UNKNOWN else "network"
    doubt = not_known(unclear, because="an external passthrough load balancer has a `network` only with ``ha_policy``")
    fail = Fail(
        "It has `network`, which an external passthrough load balancer supports only with ``ha_policy``.",
        "No `network`: the network is that of the backends.",
        "Remove `network`.",
    )
    yield provided(is_wrong, doubt, iter([fail]))


def _has_weights(service: BackendService) -> Checks:
    """Of WEIGHTED_MAGLEV: "the Backend Service must configure a non legacy HTTP-based Health Check"."""
    if any(product.family is not Family.PASSTHROUGH for product in service.products):
        return
    if equals(service.locality_lb_policy, "WEIGHTED_MAGLEV") is not True:
        return
    for check in service.health_checks:
        protocol = known(check.protocol, "health_checks", check.name, because="WEIGHTED_MAGLEV needs an HTTP one")
        if protocol is not None and protocol not in _WITH_WEIGHTS:
            yield Fail(
                f"Its ``locality_lb_policy`` is WEIGHTED_MAGLEV, and health check `{check.name}` is for {protocol}.",
                "A health check for HTTP, HTTPS or HTTP/2: the weights are in the headers of its responses.",
                f"Give `{check.name}` an ``http_health_check``, or set ``locality_lb_policy`` to `MAGLEV`.",
            )


def _migrates_by_percentage(service: BackendService) -> Checks:
    """ "This value can only be set if [...] the migration state is TEST_BY_PERCENTAGE." """
    asked = service.resource.asked
    has_share = all_of([service.is_classic, is_set(asked.number("externalManagedMigrationTestingPercentage"))])
    is_wrong = all_of([has_share, negation(equals(asked.string("externalManagedMigrationState"), _BY_PERCENTAGE))])
    doubt = Undecided("``external_managed_migration_state`` is not known", "external_managed_migration_state")
    fail = Fail(
        "It has ``external_managed_migration_testing_percentage``, and its migration state is not TEST_BY_PERCENTAGE.",
        "A percentage only while the migration is tested by it.",
        setting({"external_managed_migration_state": _BY_PERCENTAGE}, is_safe=False),
    )
    yield provided(is_wrong, doubt, iter([fail]))
