"""The tables of load balancers, and that the rules which judge by them never contradict them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as combinations
from typing import Any

import pytest

from policypack.authoring.load_balancers import TOPICS, short_name
from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.attributes import ATTRIBUTES, LOCALITY_POLICIES, SESSION_AFFINITIES
from policypack.model.products.kinds import KINDS, BackendKind
from policypack.model.products.product import (
    MESH_SCHEME,
    PRODUCTS,
    PROTOCOLS,
    SCHEMES,
    Cell,
    Family,
    Product,
    by_product,
    nearest_products,
    products_of,
)
from policypack.model.products.targets import (
    CAPACITY,
    LIMITS_OF_MODES,
    MODES,
    MODES_OF_KINDS,
    SETTINGS_OF_KINDS,
    TARGET_FIELDS,
    TARGETS_OF_MODES,
)
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options
from policypack.verdict import Fail, NotApplicable
from tests.stacks import BY_NAME, R, backend, build, mig, service, statuses

IN_REGION: dict[str, Any] = {"region": "us-central1"}
IN_ZONE: dict[str, Any] = {"zone": "us-central1-a"}
BAD = (Cell.REFUSED, Cell.NO_EFFECT)


def a_service(scheme: str, protocol: str, *, is_regional: bool, **inputs: Any) -> R:
    region = IN_REGION if is_regional else {}
    return service(**{**region, "loadBalancingScheme": scheme, "protocol": protocol, "portName": None, **inputs})


def service_of(product: Product, **inputs: Any) -> R:
    return a_service(product.scheme, product.protocols[0], is_regional=product.is_regional, **inputs)


def view_of(subject: R, *others: R) -> BackendService:
    stack = build(subject, *others, deployed=True)
    (view,) = [BackendService.of(resource, stack) for resource in stack.of_types(BackendService.TYPES)]
    return view


# What the protocols HTTP, HTTPS, HTTP2, GRPC, TCP, SSL and UDP form with scope and scheme: A(pplication), N(etwork
# proxy) or P(assthrough) load balancers; a small letter is none that exists, of the family that it comes closest to.
FORMED = {
    ("global", "EXTERNAL_MANAGED"): "AAAaNN.",
    ("global", "EXTERNAL"): "AAAaNN.",
    ("global", "INTERNAL_MANAGED"): "AAAaNn.",
    ("global", "INTERNAL_SELF_MANAGED"): "AAAANn.",
    ("global", "INTERNAL"): "aaaann.",
    ("regional", "EXTERNAL_MANAGED"): "AAAaNn.",
    ("regional", "EXTERNAL"): "ppppPpP",
    ("regional", "INTERNAL_MANAGED"): "AAAaNn.",
    ("regional", "INTERNAL_SELF_MANAGED"): ".......",
    ("regional", "INTERNAL"): "ppppPpP",
}
FAMILIES = {"a": Family.APPLICATION, "n": Family.PROXY_NETWORK, "p": Family.PASSTHROUGH, ".": None}


@pytest.mark.parametrize(("scope", "scheme"), FORMED, ids=lambda part: part)
def test_what_scope_scheme_and_protocol_form(scope: str, scheme: str) -> None:
    is_regional = scope == "regional"
    for protocol, letter in zip(
        ("HTTP", "HTTPS", "HTTP2", "GRPC", "TCP", "SSL", "UDP"), FORMED[scope, scheme], strict=True
    ):
        view = view_of(a_service(scheme, protocol, is_regional=is_regional))
        assert (protocol, view.family) == (protocol, FAMILIES[letter.lower()])
        assert (protocol, view.is_load_balancer) == (protocol, letter.isupper())
        assert (protocol, view.is_passthrough) == (protocol, letter.lower() == "p")
        assert (protocol, bool(view.products)) == (protocol, letter.isupper())


def test_a_service_without_a_protocol_is_of_one_load_balancer() -> None:
    places = {(product.scheme, product.is_regional) for product in PRODUCTS}
    found = {place: products_of(place[0], None, is_regional=place[1]) for place in places}
    assert [place for place, products in found.items() if len(products) != 1] == []


def test_what_is_not_known_leaves_all_that_it_may_become() -> None:
    for is_regional, scheme, protocol in combinations((False, True), SCHEMES, PROTOCOLS):
        known = nearest_products(scheme, protocol, is_regional=is_regional)
        assert set(known) <= set(nearest_products(UNKNOWN, protocol, is_regional=is_regional))
        assert set(known) <= set(nearest_products(scheme, UNKNOWN, is_regional=is_regional))


@pytest.mark.parametrize("letters", ["T", "TTTTT TTTTT TT TTTT"])
def test_a_row_has_a_letter_for_every_column(letters: str) -> None:
    with pytest.raises(ValueError, match=f"the row `{letters}` has {len(letters.replace(' ', ''))} letters"):
        by_product(letters)


def test_every_row_has_a_source() -> None:
    rows = [*ATTRIBUTES.values(), *LOCALITY_POLICIES.values(), *SESSION_AFFINITIES.values(), *MODES.values()]
    assert [row.name for row in rows if not row.source.startswith("https://")] == []
    assert [row.kind for row in KINDS.values() if not row.source.startswith("https://")] == []


def test_every_attribute_is_in_one_topic_of_the_page() -> None:
    assert sorted(name for names in TOPICS.values() for name in names) == sorted(ATTRIBUTES)


def test_what_a_service_is_follows_from_its_row() -> None:
    for product in PRODUCTS:
        view = view_of(service_of(product))
        assert view.products == (product,)
        assert view.logs_requests is (product.family is not Family.PASSTHROUGH and product.scheme != MESH_SCHEME)
        if view.logs_requests is False:
            assert ATTRIBUTES["log_config"].cells[product] is not Cell.TAKEN
        if view.has_outlier_detection is True:
            assert ATTRIBUTES["outlier_detection"].cells[product] is Cell.TAKEN


# An attribute with a value -> its name in the table.
SET: dict[str, dict[str, Any]] = {
    "port_name": {"portName": "http"},
    "outlier_detection": {"outlierDetection": {"maxEjectionPercent": 50}},
    "circuit_breakers": {"circuitBreakers": {"maxRequests": 8}},
    "service_lb_policy": {"serviceLbPolicy": "projects/p/x/y"},
    "max_stream_duration": {"maxStreamDuration": {"seconds": "900"}},
    "edge_security_policy": {"edgeSecurityPolicy": "projects/p/x/y"},
    "network": {"network": "projects/p/global/networks/n", "haPolicy": {"fastIpMove": "GARP_RA"}},
    "network_pass_through_lb_traffic_policy": {"networkPassThroughLbTrafficPolicy": {"zonalAffinity": {}}},
    "subsetting": {"subsetting": {"policy": "CONSISTENT_HASH_SUBSETTING"}},
    "custom_response_headers": {"customResponseHeaders": ["X-Served-By: llm"]},
    "external_managed_migration_state": {"externalManagedMigrationState": "PREPARE"},
    "locality_lb_policies": {"localityLbPolicies": [{"policy": {"name": "LEAST_REQUEST"}}]},
    "ha_policy": {"haPolicy": {"fastIpMove": "DISABLED"}},
    "failover_policy": {"failoverPolicy": {"failoverRatio": 0.5}},
    "connection_tracking_policy": {"connectionTrackingPolicy": {"trackingMode": "PER_SESSION"}},
    "iap": {"iap": {"enabled": True}},
    "enable_cdn": {"enableCdn": True},
    "preference": {"backends": [backend("projects/p/zones/us-central1-a/instanceGroups/a", preference="PREFERRED")]},
    "failover": {"backends": [backend("projects/p/zones/us-central1-a/instanceGroups/a", failover=True)]},
}
STATUSES = {
    Cell.TAKEN: "passed", Cell.REFUSED: "failed", Cell.NO_EFFECT: "failed", Cell.NOT_DOCUMENTED: "undecided",
}  # fmt: skip


@pytest.mark.parametrize("product", PRODUCTS, ids=short_name)
def test_attributes_are_judged_as_the_table_says(product: Product) -> None:
    rows = [(ATTRIBUTES[name], inputs) for name, inputs in SET.items()]
    rows += [(row, {"localityLbPolicy": name}) for name, row in LOCALITY_POLICIES.items()]
    wanted = {row.name: STATUSES[row.cells[product]] for row, _ in rows if product in row.cells}
    found = {
        row.name: statuses("load-balancer-attributes", build(service_of(product, **inputs)))["chat"]
        for row, inputs in rows
        if product in row.cells
    }
    assert found == wanted


GROUPS = {
    BackendKind.INSTANCE_GROUP: R("InstanceGroupManager", "group", IN_ZONE),
    BackendKind.REGIONAL_INSTANCE_GROUP: mig("us-central1"),
    BackendKind.ZONAL_NEG: R("NetworkEndpointGroup", "group", IN_ZONE),
    BackendKind.ZONAL_IP_NEG: R("NetworkEndpointGroup", "group", {**IN_ZONE, "networkEndpointType": "GCE_VM_IP"}),
    BackendKind.HYBRID_NEG: R(
        "NetworkEndpointGroup", "group", {**IN_ZONE, "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"}
    ),
    BackendKind.SERVERLESS_NEG: R("RegionNetworkEndpointGroup", "group", IN_REGION),
    BackendKind.GLOBAL_INTERNET_NEG: R(
        "GlobalNetworkEndpointGroup", "group", {"networkEndpointType": "INTERNET_FQDN_PORT"}
    ),
    BackendKind.REGIONAL_INTERNET_NEG: R(
        "RegionNetworkEndpointGroup", "group", {**IN_REGION, "networkEndpointType": "INTERNET_FQDN_PORT"}
    ),
    BackendKind.PRIVATE_SERVICE_CONNECT_NEG: R(
        "RegionNetworkEndpointGroup", "group", {**IN_REGION, "networkEndpointType": "PRIVATE_SERVICE_CONNECT"}
    ),
    BackendKind.PORT_MAPPING_NEG: R(
        "RegionNetworkEndpointGroup", "group", {**IN_REGION, "networkEndpointType": "GCE_VM_IP_PORTMAP"}
    ),
}


def places() -> list[tuple[bool, str, str]]:
    """Scope, scheme and protocol, one of those that form the same: what is judged here depends on that alone."""
    found: dict[tuple[object, ...], tuple[bool, str, str]] = {}
    for is_regional, scheme, protocol in combinations((False, True), SCHEMES, PROTOCOLS):
        formed = products_of(scheme, protocol, is_regional=is_regional)
        nearest = nearest_products(scheme, protocol, is_regional=is_regional)
        found.setdefault((is_regional, scheme, formed, nearest), (is_regional, scheme, protocol))
    return list(found.values())


def cells_of(product: Product, kind: BackendKind, mode: str, field: str | None) -> dict[str, Cell]:
    """What the tables say of a backend of a kind, with a mode and perhaps a target, behind a load balancer."""
    cells = {
        "kind": KINDS[kind].cells[product],
        "mode": MODES[mode].cells[product],
        "mode of kind": MODES_OF_KINDS[mode][kind],
    }
    if field:
        cells["target"] = CAPACITY["targets"].cells[product]
        cells["target of mode"] = TARGETS_OF_MODES[mode][field]
        cells["target of kind"] = SETTINGS_OF_KINDS[field][kind]
    return cells


@pytest.mark.parametrize("kind", GROUPS, ids=lambda kind: kind.name)
def test_no_rule_contradicts_the_tables(kind: BackendKind) -> None:
    rules = [BY_NAME["load-balancer-balancing-mode"], BY_NAME["backend-group-kind"]]
    contradictions = []
    for is_regional, scheme, protocol in places():
        view = view_of(
            a_service(scheme, protocol, is_regional=is_regional, backends=[backend(GROUPS[kind])]), GROUPS[kind]
        )
        (first,) = known_backends(view)
        assert first.backend_kinds == {kind}
        for mode, field in combinations(MODES, (None, *TARGET_FIELDS)):
            target = {field: 0.8 if field == "maxUtilization" else 5} if field else {}
            changed = replace(first, properties=Properties({"balancingMode": mode, **target}))
            vars(view)["backends"] = (changed,)
            verdicts = [verdict for rule in rules for verdict in rule.verdicts(view, Options())]
            assert not any(isinstance(verdict, NotApplicable) for verdict in verdicts)
            fails = any(isinstance(verdict, Fail) for verdict in verdicts)
            for product in view.products:
                cells = cells_of(product, kind, mode, field)
                refusing = {name for name, cell in cells.items() if cell in BAD}
                lacks_limit = mode in LIMITS_OF_MODES and field not in LIMITS_OF_MODES[mode]
                must_fail = refusing & {"kind", "mode", "target", "target of mode"}
                if (fails and not refusing and not lacks_limit) or (must_fail and not fails):
                    contradictions.append((short_name(product), protocol, mode, field, fails, sorted(refusing)))
    assert contradictions == []


def known_backends(view: BackendService) -> tuple[Any, ...]:
    assert isinstance(view.backends, tuple)
    return view.backends
