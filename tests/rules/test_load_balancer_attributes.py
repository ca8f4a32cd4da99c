"""`load-balancer-attributes` on failing, passing and unknown services."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.products.attributes import ATTRIBUTES
from policypack.rules.legality.load_balancer_attributes import _JUDGED_OTHERWISE
from tests.rules.load_balancers import (
    CLASSIC,
    GLOBAL,
    IN_REGION,
    INTERNAL_NLB,
    LOAD_BALANCERS,
    MESH,
    NLB,
    REGIONAL,
    row,
)
from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, service, statuses

RULE = "load-balancer-attributes"
GROUP = "projects/p/zones/us-central1-a/instanceGroups/a"
BLOCK = {"maxEjectionPercent": 50}

# Attribute -> what these load balancers say to it: Passed, Failed, Undecided or not there at all. It is from
# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices, which says for which schemes and protocols
# each field is, and from https://cloud.google.com/load-balancing/docs/features: not from the pack's own table.
MATRIX: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "PPPPPPPP PPPPPPP"),
    "port name": ({"portName": "http"}, "PPPPPPFF PPPPPPP"),
    "outlier detection": ({"outlierDetection": BLOCK}, "FPPPPPFF FPUUUPP"),
    "empty outlier detection": ({"outlierDetection": {}}, "FPPPPPFF FPUUUPP"),
    "circuit breakers": ({"circuitBreakers": {"maxRequests": 8}}, "FFUPUPFF FFUUUPP"),
    "request headers": ({"customRequestHeaders": ["X-Client-Region: {client_region}"]}, "PPPUPPFF FFFFFUU"),
    "no request headers": ({"customRequestHeaders": []}, "PPPPPPPP PPPPPPP"),
    "custom metrics": ({"customMetrics": [{"name": "orca.named_metrics.kv", "dryRun": False}]}, "FPPPPPFF FFFFFPU"),
    "least request": ({"localityLbPolicy": "LEAST_REQUEST"}, "FPPPPPFF FPPPPPP"),
    "round robin": ({"localityLbPolicy": "ROUND_ROBIN"}, "FPPPPPFF FPPPPPP"),
    "random": ({"localityLbPolicy": "RANDOM"}, "FPPPPPFF FPPPPPP"),
    "ring hash": ({"localityLbPolicy": "RING_HASH"}, "FPPPPPFF FPPPPPP"),
    "original destination": ({"localityLbPolicy": "ORIGINAL_DESTINATION"}, "FUPPPPFF FPPPPPP"),
    "weighted round robin": ({"localityLbPolicy": "WEIGHTED_ROUND_ROBIN"}, "FPPPPPFF FUUUUPP"),
    "Maglev": ({"localityLbPolicy": "MAGLEV"}, "FPPPPPPU FPPPPPP"),
    "weighted Maglev": ({"localityLbPolicy": "WEIGHTED_MAGLEV"}, "FFFFFFPU FFFFFFF"),
    "service policy": ({"serviceLbPolicy": "projects/p/x/y"}, "FPPPPPFF FPPPPPP"),
    "stream duration": ({"maxStreamDuration": {"seconds": "900"}}, "FFFPFFFF FFFFFPP"),
    "edge policy": ({"edgeSecurityPolicy": "projects/p/x/y"}, "PPFF---- PPF--FF"),
    "network": ({"network": "projects/p/global/networks/n"}, "FFFFFFFP FFFFFFF"),
    "network to move an address in": (
        {"network": "projects/p/global/networks/n", "haPolicy": {"fastIpMove": "GARP_RA"}},
        "FFFFFFPP FFFFFFF",
    ),
    "subsetting": ({"subsetting": {"policy": "CONSISTENT_HASH_SUBSETTING"}}, "----FPFP ---FU--"),
    "zonal affinity": ({"networkPassThroughLbTrafficPolicy": {"zonalAffinity": {}}}, "FFFFFFFP FFFFFFF"),
    "response headers": ({"customResponseHeaders": ["X-Served-By: llm"]}, "PPPU---- FFF--UU"),
    "migration state": ({"externalManagedMigrationState": "PREPARE"}, "PUFF---- FFF--FF"),
    "migration percentage": (
        {"externalManagedMigrationState": "TEST_BY_PERCENTAGE", "externalManagedMigrationTestingPercentage": 10},
        "PFFF---- FFF--FF",
    ),
    "policies of gRPC clients": ({"localityLbPolicies": [{"policy": {"name": "LEAST_REQUEST"}}]}, "FFFU---- FFF--PU"),
    "failover policy": ({"failoverPolicy": {"failoverRatio": 0.5}}, "FFFFFFPP FFFFFFF"),
    "connection tracking": ({"connectionTrackingPolicy": {"trackingMode": "PER_SESSION"}}, "FFFFFFPP FFFFFFF"),
    "high availability": ({"haPolicy": {"fastIpMove": "DISABLED"}}, "FFFFFFPP FFFFFFF"),
    "IAP": ({"iap": {"enabled": True}}, "PPPFPPFF FFFFFFF"),
    "IAP off": ({"iap": {"enabled": False}}, "PPPPPPPP PPPPPPP"),
    "CDN": ({"enableCdn": True}, "PPFFUFFF FFFFFFF"),
    "CDN off": ({"enableCdn": False}, "PPPPPPPP PPPPPPP"),
    "IAP and CDN": ({"enableCdn": True, "iap": {"enabled": True}}, "FFFFFFFF FFFFFFF"),
    "IAP off and CDN": ({"enableCdn": True, "iap": {"enabled": False}}, "PPFFUFFF FFFFFFF"),
    "preference": ({"backends": [backend(GROUP, preference="PREFERRED")]}, "FPPP---- FPP--PP"),
    "default preference": ({"backends": [backend(GROUP, preference="DEFAULT")]}, "FPPP---- FPP--PP"),
    "failover": ({"backends": [backend(GROUP, failover=True)]}, "----FFPP ---FF--"),
    "no failover": ({"backends": [backend(GROUP, failover=False)]}, "----PPPP ---PP--"),
}


@pytest.mark.parametrize(
    ("attribute", "load_balancer", "status"),
    [(name, *cell) for name, (_, letters) in MATRIX.items() for cell in row(LOAD_BALANCERS, letters).items()],
)
def test_attribute_of_a_load_balancer(attribute: str, load_balancer: str, status: str) -> None:
    check_verdict(RULE, [service(**{**LOAD_BALANCERS[load_balancer], **MATRIX[attribute][0]})], status)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        # What is computed
        ({**CLASSIC, "outlierDetection": Computed()}, "undecided"),
        ({"outlierDetection": Computed()}, "passed"),
        ({"loadBalancingScheme": Computed(), "outlierDetection": BLOCK}, "undecided"),
        ({"loadBalancingScheme": Computed()}, "passed"),
        ({**NLB, "portName": Computed()}, "undecided"),
        ({**NLB, "portName": "http", "protocol": Computed()}, "undecided"),
        ({**NLB, "portName": "http", "protocol": None}, "failed"),
        ({**IN_REGION, "loadBalancingScheme": None, "protocol": "TCP"}, "failed"),
        ({**CLASSIC, "localityLbPolicy": Computed()}, "undecided"),
        ({"localityLbPolicy": Computed()}, "undecided"),
        ({"iap": {"enabled": Computed()}}, "passed"),
        ({"iap": {"enabled": Computed()}, "enableCdn": True}, "undecided"),
        ({"iap": Computed(), "enableCdn": True}, "undecided"),
        ({"iap": {"enabled": True}, "enableCdn": Computed()}, "undecided"),
        ({"iap": {"enabled": True}, "protocol": "TCP"}, "failed"),
        ({"iap": {"enabled": True}, "protocol": Computed()}, "undecided"),
        ({"enableCdn": True, "protocol": "SSL"}, "failed"),
        # Those that proxy Network Load Balancers alone refuse
        ({"customRequestHeaders": ["X-Client-Region: {client_region}"], "protocol": "TCP"}, "failed"),
        ({"customRequestHeaders": Computed(), "protocol": "TCP"}, "undecided"),
        ({"customRequestHeaders": ["X-Client-Region: {client_region}"], "protocol": Computed()}, "undecided"),
        ({"customMetrics": [{"name": "orca.named_metrics.kv", "dryRun": False}], "protocol": "TCP"}, "failed"),
        (
            {**MESH, "customMetrics": [{"name": "orca.named_metrics.kv", "dryRun": False}], "protocol": "TCP"},
            "undecided",
        ),
        ({**CLASSIC, "backends": Computed()}, "undecided"),
        ({**REGIONAL, "backends": Computed()}, "undecided"),
        ({"backends": Computed()}, "passed"),
        ({**CLASSIC, "backends": [backend(GROUP, preference=Computed())]}, "undecided"),
        ({**CLASSIC, "backends": [backend(GROUP)]}, "passed"),
        # A service that is no load balancer
        ({**IN_REGION, "loadBalancingScheme": "EXTERNAL", "protocol": "HTTP", "portName": "http"}, "passed"),
        ({"loadBalancingScheme": "INTERNAL", "outlierDetection": BLOCK}, "passed"),
        ({"protocol": "GRPC", "maxStreamDuration": {"seconds": "1"}}, "passed"),
        ({**MESH, "protocol": "GRPC", "maxStreamDuration": {"seconds": "1"}}, "passed"),
        # A scheme left out is the provider's default.
        ({"loadBalancingScheme": None, "outlierDetection": BLOCK}, "passed"),
    ],
)
def test_verdict(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(**inputs)], status)


LB_POLICY = "gcp:networkservices/serviceLbPolicies:ServiceLbPolicies"
GLOBAL_POLICY = R(LB_POLICY, "global", {"location": "global"})
US_POLICY = R(LB_POLICY, "us", {"location": "us-central1"})
EU_POLICY = R(LB_POLICY, "eu", {"location": "europe-west4"})
POLICIES = (GLOBAL_POLICY, US_POLICY, EU_POLICY)


@pytest.mark.parametrize(
    ("policy", "of_global", "of_regional"),
    [
        (Computed((GLOBAL_POLICY,)), "passed", "failed"),
        (Computed((US_POLICY,)), "failed", "passed"),
        (Computed((EU_POLICY,)), "failed", "failed"),
        (Computed((GLOBAL_POLICY, US_POLICY)), "passed", "passed"),
        (Computed(), "passed", "passed"),
        ("//networkservices.googleapis.com/projects/p/locations/global/serviceLbPolicies/a", "passed", "failed"),
        ("projects/p/locations/us-central1/serviceLbPolicies/a", "failed", "passed"),
        ("a", "passed", "passed"),
    ],
)
def test_the_place_of_a_service_policy(policy: Any, of_global: str, of_regional: str) -> None:
    for inputs, status in ((GLOBAL, of_global), (REGIONAL, of_regional)):
        subject = service(**inputs, serviceLbPolicy=policy)
        assert statuses(RULE, build(subject, *POLICIES))["chat"] == status


NETWORK = R("Network", "vpc")
SLOW = R("HealthCheck", "check", {"tcpHealthCheck": {"port": 8000}})
WEIGHED = R("HealthCheck", "check", {"httpHealthCheck": {"port": 8000, "requestPath": "/weight"}})
DRAINS_NONE = {"failoverPolicy": {"disableConnectionDrainOnFailover": True}}


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"tlsSettings": {"sni": "llm"}}, "failed"),
        ({"tlsSettings": {"sni": "llm"}, "protocol": None}, "failed"),
        ({"tlsSettings": {"sni": "llm"}, "protocol": "HTTPS"}, "passed"),
        ({"tlsSettings": {"sni": "llm"}, "protocol": "HTTP2"}, "passed"),
        ({"tlsSettings": {"sni": "llm"}, "protocol": "SSL"}, "passed"),
        ({"tlsSettings": {"sni": "llm"}, "protocol": "TCP"}, "failed"),
        ({"tlsSettings": {"sni": "llm"}, "protocol": Computed()}, "undecided"),
        ({"tlsSettings": Computed()}, "undecided"),
        ({**NLB, **DRAINS_NONE}, "passed"),
        ({**NLB, **DRAINS_NONE, "protocol": "UDP"}, "failed"),
        ({**NLB, **DRAINS_NONE, "protocol": Computed()}, "undecided"),
        ({**NLB, "failoverPolicy": {"dropTrafficIfUnhealthy": True}, "protocol": "UDP"}, "passed"),
        ({**NLB, "network": "projects/p/global/networks/n", "haPolicy": Computed()}, "undecided"),
        ({**NLB, "network": Out(NETWORK, "id")}, "failed"),
        ({**REGIONAL, "network": Out(NETWORK, "id")}, "failed"),
        ({**INTERNAL_NLB, "network": Out(NETWORK, "id")}, "passed"),
        ({**NLB, "network": Computed()}, "undecided"),
        ({**NLB, "localityLbPolicy": "WEIGHTED_MAGLEV", "healthChecks": Out(SLOW, "id")}, "failed"),
        ({**NLB, "localityLbPolicy": "WEIGHTED_MAGLEV", "healthChecks": Out(WEIGHED, "id")}, "passed"),
        ({**NLB, "localityLbPolicy": "MAGLEV", "healthChecks": Out(SLOW, "id")}, "passed"),
        ({**CLASSIC, "externalManagedMigrationTestingPercentage": 10}, "failed"),
        (
            {
                **CLASSIC,
                "externalManagedMigrationState": "PREPARE",
                "externalManagedMigrationTestingPercentage": 10,
            },
            "failed",
        ),
        (
            {
                **CLASSIC,
                "externalManagedMigrationState": Computed(),
                "externalManagedMigrationTestingPercentage": 10,
            },
            "undecided",
        ),
    ],
)
def test_attributes_that_need_another(inputs: dict[str, Any], status: str) -> None:
    checks = [value.of for value in inputs.values() if isinstance(value, Out)]
    check_verdict(RULE, [service(**inputs), *checks], status)


RUN = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
PSC = R(
    "RegionNetworkEndpointGroup", "psc", {"region": "us-central1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"}
)
SOME_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
ERRORS = {"consecutiveErrors": 5, "consecutiveGatewayFailure": 3, "enforcingConsecutiveErrors": 100}


@pytest.mark.parametrize(
    ("group", "block", "inputs", "status"),
    [
        (RUN, ERRORS, {}, "passed"),
        (RUN, ERRORS, {"loadBalancingScheme": "INTERNAL_MANAGED"}, "passed"),
        (RUN, ERRORS, CLASSIC, "failed"),
        (RUN, ERRORS, REGIONAL, "failed"),
        (RUN, ERRORS, LOAD_BALANCERS["regional internal"], "failed"),
        (PSC, ERRORS, REGIONAL, "passed"),
        (SOME_NEG, ERRORS, REGIONAL, "undecided"),
        (RUN, None, REGIONAL, "passed"),
        (RUN, Computed(), REGIONAL, "undecided"),
        (RUN, {"enforcingSuccessRate": 100}, {}, "failed"),
        (RUN, {"enforcingSuccessRate": 0}, {}, "passed"),
        (RUN, {"successRateMinimumHosts": 3}, {}, "failed"),
        (RUN, {"successRateRequestVolume": 50}, {}, "failed"),
        (RUN, {"successRateStdevFactor": 1900}, {}, "failed"),
        (RUN, {"successRateStdevFactor": Computed()}, {}, "undecided"),
        (PSC, {"enforcingSuccessRate": 100}, {}, "passed"),
        (SOME_NEG, {"enforcingSuccessRate": 100}, {}, "undecided"),
        (RUN, ERRORS, {"iap": {"enabled": True}}, "failed"),
        (RUN, ERRORS, {"iap": {"enabled": False}}, "passed"),
        (RUN, ERRORS, {"iap": {"enabled": Computed()}}, "undecided"),
        (PSC, ERRORS, {"iap": {"enabled": True}}, "passed"),
    ],
)
def test_outlier_detection_of_serverless_negs(group: R, block: Any, inputs: dict[str, Any], status: str) -> None:
    subject = service([backend(Out(group, "id"))], **{**inputs, "outlierDetection": block})
    check_verdict(RULE, [subject, RUN, PSC, SOME_NEG], status)


def test_all_success_rates_that_are_not_known_are_named() -> None:
    block = {"enforcingSuccessRate": 100, "successRateMinimumHosts": Computed(), "successRateStdevFactor": Computed()}
    (found,) = findings(RULE, build(service([backend(Out(RUN, "id"))], outlierDetection=block), RUN))
    assert [problem.observed for problem in found.problems] == [
        "It has serverless NEGs, and its `outlier_detection` has `enforcing_success_rate`."
    ]
    assert found.reasons == (
        "`success_rate_minimum_hosts` is not known",
        "`success_rate_stdev_factor` is not known",
    )


def test_every_attribute_that_is_judged_otherwise_is_one() -> None:
    assert set(_JUDGED_OTHERWISE) <= set(ATTRIBUTES)


def test_the_default_scheme_is_that_of_the_providers_version() -> None:
    old = {"provider": {"version": "9.35.0"}}
    subject = R("BackendService", "chat", {"protocol": "HTTP", "outlierDetection": BLOCK}, old)
    check_verdict(RULE, [subject], "failed")


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(GROUP, preference="PREFERRED")], **CLASSIC, outlierDetection=BLOCK)
    (found,) = findings(RULE, build(subject))
    assert [problem.observed for problem in found.problems] == [
        "It has `outlier_detection`, which is rejected or ignored with scheme EXTERNAL.",
        "Backend `a` has `preference`, which is rejected or ignored with scheme EXTERNAL.",
    ]


INTERNET = R("GlobalNetworkEndpointGroup", "api", {"networkEndpointType": "INTERNET_FQDN_PORT"})
WEB = R("RegionNetworkEndpointGroup", "web", {"region": "us-central1", "networkEndpointType": "INTERNET_FQDN_PORT"})


@pytest.mark.parametrize(
    ("group", "inputs", "status"),
    [
        pytest.param(INTERNET, {"outlierDetection": ERRORS}, "failed", id="watched over the internet"),
        pytest.param(INTERNET, {"outlierDetection": Computed()}, "undecided", id="watched or not"),
        pytest.param(INTERNET, {}, "passed", id="not watched"),
        pytest.param(WEB, {"outlierDetection": ERRORS, **REGIONAL}, "passed", id="a regional internet NEG"),
        pytest.param(PSC, {"outlierDetection": ERRORS}, "passed", id="a published service"),
    ],
)
def test_global_internet_negs_have_no_outlier_detection(group: R, inputs: dict[str, Any], status: str) -> None:
    subject = service([backend(group, maxUtilization=None)], portName=None, **inputs)
    check_verdict(RULE, [subject, INTERNET, WEB, PSC], status)


RETRY = {"retryPolicy": {"numRetries": 1, "retryConditions": ["connect-failure"]}}


@pytest.mark.parametrize(
    ("neg", "action", "status"),
    [
        pytest.param(INTERNET, RETRY, "failed", id="retried over the internet"),
        pytest.param(INTERNET, {"requestMirrorPolicy": {"backendService": "x"}}, "failed", id="mirrored"),
        pytest.param(INTERNET, {"urlRewrite": {"hostRewrite": "api.example.com"}}, "passed", id="rewritten"),
        pytest.param(INTERNET, {"retryPolicy": Computed()}, "undecided", id="retried or not"),
        pytest.param(WEB, RETRY, "passed", id="retried over the internet from a region"),
        pytest.param(PSC, RETRY, "passed", id="retried by Private Service Connect"),
    ],
)
def test_route_actions_over_the_internet(neg: R, action: dict[str, Any], status: str) -> None:
    place: dict[str, Any] = {"region": "us-central1"} if neg is WEB else {}
    subject = service([backend(neg, capacityScaler=1.0)], protocol="HTTPS", portName=None, **place)
    kind = "RegionUrlMap" if neg is WEB else "URLMap"
    routes = R(kind, "map", {"defaultService": Out(subject, "id"), "defaultRouteAction": action, **place})
    check_verdict(RULE, [subject, neg, routes], status)
