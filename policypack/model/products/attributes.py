"""What each load balancer does with the attributes of a backend service: one row an attribute.

A letter a product, in the order of `PRODUCTS`: T(aken), R(efused), N(o effect), ? not documented, - no such property.
The columns: Application Load Balancers (global external, classic, regional external, cross-region internal, regional
internal), proxy Network Load Balancers (the same), passthrough ones (external, internal), Cloud Service Mesh (HTTP,
gRPC, TCP).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from policypack.model.products.product import Cell, Product, Row, by_product, is_refused
from policypack.model.products.sources import (
    API,
    ARMOR,
    BACKEND_SERVICES,
    CDN,
    CHECKS,
    CHECKS_API,
    CUSTOM_METRICS,
    FEATURES,
    GLOBAL_SDK,
    HEADERS,
    IAP,
    LOGGING,
    REGIONAL_SDK,
    SERVERLESS_NEGS,
    SERVICE_POLICY,
    URL_MAPS,
)


def _table(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> dict[str, Row]:
    return {name: Row(name, by_product(letters), *rest) for name, letters, *rest in rows}


# fmt: off
ATTRIBUTES: Final = _table(
    # Name, columns as above, source, what else there is to know.
    ("port_name",                  "TTTTT TTTTT RR TTT", f"{BACKEND_SERVICES}#named_ports",
     "Only for instance groups; a service with serverless NEGs must not have it."),
    ("timeout_sec",                "TTTTT TTTTT NN T?T", f"{BACKEND_SERVICES}#timeout-setting",
     "For requests, the time to the last byte of the response; for connections, the time that they may be idle. A "
     "service with serverless NEGs must not set a value other than 30 seconds."),
    ("connection_draining_timeout_sec", "TTTTT TTTTT TT ???", f"{BACKEND_SERVICES}#connection_draining"),
    ("log_config",                 "TTTTT TTTTT ?? NNN", LOGGING,
     "For requests or connections; the proxies of a mesh write their own logs."),
    # The feature table leaves the classic one out; https://cloud.google.com/load-balancing/docs/https/custom-headers is
    # about it alone.
    ("custom_request_headers",     "TTTTT RRRRR RR ???", HEADERS),
    ("custom_response_headers",    "TT-T- RR-R- -- ???", HEADERS),
    ("custom_metrics",             "TRTTT RRRRR RR TT?", CUSTOM_METRICS,
     "Of the service, for `locality_lb_policy` WEIGHTED_ROUND_ROBIN."),
    # The API's text leaves the cross-region internal one out; this page has it, and so has Google's guide to it. Of
    # regional services the API names those that speak HTTP alone.
    ("outlier_detection",          "TRTTT TR??? RR TTT", SERVERLESS_NEGS,
     "With serverless NEGs, only on a global external or a cross-region internal Application Load Balancer, without "
     "success rates and without `iap`."),
    # Of regional services the provider names internal ones that speak HTTP alone.
    ("circuit_breakers",           "RR??T RR??? RR TTT", API),
    ("max_stream_duration",        "RRRRR RRRRR RR TTT", API),
    # It may stay behind after the migration.
    ("external_managed_migration_state", "?T-R- RR-R- -- RRR", GLOBAL_SDK),
    ("external_managed_migration_testing_percentage", "RT-R- RR-R- -- RRR", GLOBAL_SDK,
     "With the state TEST_BY_PERCENTAGE."),
    # For service meshes of gRPC clients: proxies cannot use it.
    ("locality_lb_policies",       "RR-R- RR-R- -- ?T?", API),
    # The provider names internal load balancers for TCP, UDP and HTTP, but not whether it means proxies for TCP.
    ("subsetting",                 "--R-T --R-? RT ---", REGIONAL_SDK),
    ("iap",                        "TTTTT RRRRR RR RRR", IAP, "Not together with `enable_cdn`."),
    ("enable_cdn",                 "TT?RR RRRRR RR RRR", CDN, "Not together with `iap`."),
    ("security_policy",            "TTT?T TT??? TR T??", ARMOR,
     "In the service's own scope. An external passthrough load balancer needs the type CLOUD_ARMOR_NETWORK."),
    ("edge_security_policy",       "TT-R- TT-R- -- RRR", ARMOR),
    ("service_lb_policy",          "TRTTT TRTTT RR TTT", SERVICE_POLICY,
     "Has no effect on regional managed instance groups."),
    ("preference",                 "TR-T- TR-T- -- TTT", GLOBAL_SDK,
     "Of a backend. Has no effect on regional managed instance groups."),
    ("failover",                   "--R-R --R-R TT ---", REGIONAL_SDK, "Of a backend."),
    ("failover_policy",            "RRRRR RRRRR TT RRR", API),
    ("connection_tracking_policy", "RRRRR RRRRR TT RRR", API),
    ("ha_policy",                  "RRRRR RRRRR TT RRR", REGIONAL_SDK),
    ("network",                    "RRRRR RRRRR TT RRR", REGIONAL_SDK,
     "Of an external passthrough load balancer, only with `ha_policy`."),
    ("network_pass_through_lb_traffic_policy", "RRRRR RRRRR RT RRR", API),
)

# How one endpoint of a group is chosen: the values of `locality_lb_policy`.
LOCALITY_POLICIES: Final = _table(
    ("ROUND_ROBIN",                "TRTTT TRTTT RR TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    ("LEAST_REQUEST",              "TRTTT TRTTT RR TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    ("RANDOM",                     "TRTTT TRTTT RR TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    # The page leaves the global external one out.
    ("ORIGINAL_DESTINATION",       "?RTTT TRTTT RR TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    ("RING_HASH",                  "TRTTT TRTTT RR TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    # It has this of Application Load Balancers, whose weights come from answers to requests.
    ("WEIGHTED_ROUND_ROBIN",       "TRTTT ?R??? RR TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    ("MAGLEV",                     "TRTTT TRTTT T? TTT", f"{BACKEND_SERVICES}#locality-lb-policy"),
    ("WEIGHTED_MAGLEV",            "RRRRR RRRRR T? RRR", f"{BACKEND_SERVICES}#locality-lb-policy"),
)

# How requests of one client stay with one backend: the values of `session_affinity`.
SESSION_AFFINITIES: Final = _table(
    ("NONE",                       "TTTTT TTTTT TT TTT", f"{BACKEND_SERVICES}#session_affinity"),
    ("CLIENT_IP",                  "TTTTT TTTTT TT TT?", f"{BACKEND_SERVICES}#session_affinity"),
    ("CLIENT_IP_PROTO",            "RRRRR RRRRR TT RRR", API),
    ("CLIENT_IP_PORT_PROTO",       "RRRRR RRRRR TT RRR", API),
    ("CLIENT_IP_NO_DESTINATION",   "RRRRR RRRRR RT RRR", API),
    ("GENERATED_COOKIE",           "TTTTT RRRRR RR TTR", API),
    ("HEADER_FIELD",               "TRTTT RRRRR RR TTR", FEATURES),
    ("HTTP_COOKIE",                "TRTTT RRRRR RR TTR", FEATURES),
    ("STRONG_COOKIE_AFFINITY",     "TRTTT RRRRR RR ??R", FEATURES, "Needs `strong_session_affinity_cookie`."),
)

# The policies under which session affinity has no effect.
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/#localitylbpolicy_python
POLICIES_WITHOUT_AFFINITY: Final = (
    "ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "ORIGINAL_DESTINATION", "WEIGHTED_ROUND_ROBIN",
)
# Those under which `consistent_hash` is read.
# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices: `consistentHash`
HASHING_POLICIES: Final = ("MAGLEV", "RING_HASH")

LEGACY_HEALTH_CHECK: Final = "legacy health check"
USE_SERVING_PORT: Final = "USE_SERVING_PORT"
USE_NAMED_PORT: Final = "USE_NAMED_PORT"
# What a health check can be or have, by the load balancer that uses it.
HEALTH_CHECKS: Final = _table(
    (LEGACY_HEALTH_CHECK,          "TTRRR RRRRR RR ???", CHECKS,
     "`HttpHealthCheck` and `HttpsHealthCheck`, which are for target pools; only for instance groups."),
    (USE_SERVING_PORT,             "TTTTT TTTTT RR ???", CHECKS_API),
    (USE_NAMED_PORT,               "RRRRR RRRRR RR RRR", CHECKS_API,
     "USE_SERVING_PORT probes the named port of the service."),
)

# What the routes of a URL map do with requests before a service of the load balancer gets them. "URL maps for classic
# Application Load Balancers only support the urlRewrite action within" a route action.
ROUTE_ACTIONS: Final = _table(
    ("url_rewrite",                "TTTTT ----- -- T??", URL_MAPS),
    ("weighted_backend_services",  "TRTTT ----- -- T??", URL_MAPS),
    ("retry_policy",               "TRTTT ----- -- T??", URL_MAPS),
    ("timeout",                    "TRTTT ----- -- T??", URL_MAPS),
    ("request_mirror_policy",      "TRTTT ----- -- T??", URL_MAPS),
    ("cors_policy",                "TRTTT ----- -- T??", URL_MAPS),
    ("fault_injection_policy",     "TRTTT ----- -- T??", URL_MAPS),
    ("max_stream_duration",        "?R??? ----- -- T??", URL_MAPS),
)
# fmt: on


def cells_of_row(table: Mapping[str, Row], name: str, products: Iterable[Product]) -> list[Cell]:
    """What each of the products does with one row of a table; nothing with a name that the table does not have."""
    row = table.get(name)
    return [row.cells[product] for product in products] if row else []


def taken_by_any(table: Mapping[str, Row], products: Iterable[Product]) -> list[str]:
    """The names of the rows that some of the products take."""
    return [name for name, row in table.items() if Cell.TAKEN in map(row.cells.get, products)]


def refused_by_all(table: Mapping[str, Row], products: Iterable[Product]) -> list[str]:
    """The names of the rows that all of the products refuse or ignore."""
    return [name for name, row in table.items() if is_refused(row.cells[one] for one in products) is True]


def locality_policy(name: str) -> Row:
    """What the load balancers do with a value of `locality_lb_policy`; one that is new, as with most."""
    return LOCALITY_POLICIES.get(name, LOCALITY_POLICIES["ROUND_ROBIN"])
