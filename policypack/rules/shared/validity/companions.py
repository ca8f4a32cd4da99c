"""Attributes of a backend service that need another attribute of it.

The quotations are from https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.service_settings import location_of_lb_policy
from policypack.model.products.product import Family
from policypack.model.values.logic import all_of, equals, is_set, negation
from policypack.verdict import Checks, Fail, Undecided, known, not_known, provided, setting

_WITH_TLS: Final = ("HTTPS", "HTTP2", "SSL")
_WITH_WEIGHTS: Final = ("HTTP", "HTTPS", "HTTP2")
_BY_PERCENTAGE: Final = "TEST_BY_PERCENTAGE"


def needs_others(service: BackendService) -> Iterator[Checks]:
    """What is wrong with attributes that another attribute of the service makes invalid."""
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
    has_none = negation(is_set(service.resource.asked.object("haPolicy")))
    is_wrong = all_of([is_external, service.sets("network"), has_none])
    doubt = not_known("ha_policy", because="without it, an external passthrough load balancer has no `network`")
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
