"""`backend-group-kind` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "backend-group-kind"
US, EU = mig("us-central1"), mig("europe-west4")
ZONAL = R("InstanceGroupManager", "mig-zonal", {"zone": "us-central1-a"})
UNMANAGED = R("InstanceGroup", "unmanaged", {"zone": "us-central1-b"})
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
HYBRID = R(
    "NetworkEndpointGroup", "hybrid", {"zone": "us-central1-a", "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"}
)
VM_IPS = R("NetworkEndpointGroup", "vm-ips", {"zone": "us-central1-a", "networkEndpointType": "GCE_VM_IP"})
NEWER_NEG = R(
    "NetworkEndpointGroup", "newer", {"zone": "us-central1-a", "networkEndpointType": "GCE_VM_IP_DEDICATED_BACKEND"}
)
SOME_NEG = R("NetworkEndpointGroup", "some-neg", {"zone": "us-central1-a", "networkEndpointType": Computed()})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
_PUBLISHED = "projects/p/regions/us-central1/serviceAttachments/llm"
PSC = R(
    "RegionNetworkEndpointGroup",
    "psc",
    {"region": "us-central1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT", "pscTargetService": _PUBLISHED},
)
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
OTHER_STACK = R("StackReference", "platform")


def region_neg(name: str, kind: str = "SERVERLESS", region: Any = "us-central1", **inputs: Any) -> R:
    return R("RegionNetworkEndpointGroup", name, {"region": region, "networkEndpointType": kind, **inputs})


CLOUD_RUN: dict[str, Any] = {"cloudRun": {"service": "llm"}}
RUN_US, RUN_US_2 = region_neg("run-us", **CLOUD_RUN), region_neg("run-us-2", **CLOUD_RUN)
RUN_EU = region_neg("run-eu", region="europe-west4", **CLOUD_RUN)
RUN_SOMEWHERE = region_neg("run-somewhere", region=Computed(), **CLOUD_RUN)
APP_ENGINE = region_neg("app-engine", region="europe-west4", appEngine={"service": "llm"})
GATEWAY = region_neg("gateway", serverlessDeployment={"platform": "apigateway.googleapis.com", "resource": "llm"})
FUNCTION = region_neg("function", cloudFunction={"function": "llm"})
SOME_PLATFORM = region_neg("some-platform", region="europe-west4", cloudRun=Computed())
PORT_MAP, PORT_MAP_2 = region_neg("port-map", "GCE_VM_IP_PORTMAP"), region_neg("port-map-2", "GCE_VM_IP_PORTMAP")
INTERNET_2 = R("GlobalNetworkEndpointGroup", "internet-2", {"networkEndpointType": "INTERNET_IP_PORT"})
REGIONAL_INTERNET = [region_neg(f"internet-{number}", "INTERNET_FQDN_PORT") for number in range(10, 61)]
ATTACHMENT = R("gcp:compute/serviceAttachment:ServiceAttachment", "attachment", {"region": "us-central1"})
API, API_2 = (
    region_neg(name, "PRIVATE_SERVICE_CONNECT", pscTargetService="us-central1-aiplatform.googleapis.com")
    for name in ("api", "api-2")
)
PUBLISHED = region_neg("published", "PRIVATE_SERVICE_CONNECT", pscTargetService=_PUBLISHED)
PUBLISHED_2 = region_neg("published-2", "PRIVATE_SERVICE_CONNECT", pscTargetService=Computed((ATTACHMENT,), _PUBLISHED))
NOWHERE = region_neg("nowhere", "PRIVATE_SERVICE_CONNECT", region="europe-west4")
SOME_PSC = region_neg("some-psc", "PRIVATE_SERVICE_CONNECT", pscTargetService=Computed())
RESOURCES = (
    US, EU, ZONAL, UNMANAGED, NEG, HYBRID, VM_IPS, NEWER_NEG, SOME_NEG, SERVERLESS, PSC, INTERNET, UNKNOWN_NEG,
    OTHER_STACK,
    RUN_US, RUN_US_2, RUN_EU, RUN_SOMEWHERE, APP_ENGINE, SOME_PLATFORM, PORT_MAP, PORT_MAP_2, INTERNET_2,
    *REGIONAL_INTERNET, ATTACHMENT, API, API_2, PUBLISHED, PUBLISHED_2, SOME_PSC,
    GATEWAY, FUNCTION, NOWHERE,
)  # fmt: skip
ELSEWHERE = Computed((OTHER_STACK,))
BARE = {"maxUtilization": None}
RATE = {"balancingMode": "RATE", **BARE}
CONNECTION = {"balancingMode": "CONNECTION", **BARE}
IN_FLIGHT = {"balancingMode": "IN_FLIGHT", **BARE}
FOR_SERVERLESS: dict[str, Any] = {"portName": None}
REGIONAL = {"region": "us-central1"}
PASSTHROUGH = {**REGIONAL, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP", "portName": None}
TCP = {"protocol": "TCP"}
HTTPS: dict[str, Any] = {"protocol": "HTTPS"}

# (backends, inputs, status)
CASES: list[tuple[Any, dict[str, Any], str]] = [
    # Instance groups
    ([backend(US)], {}, "passed"),
    ([backend(US), backend(EU)], {}, "passed"),
    ([backend(US, maxRatePerInstance=4)], {}, "passed"),
    ([backend(US, **RATE, maxRatePerInstance=4)], {}, "passed"),
    ([backend(US, **RATE, maxRate=400)], {}, "failed"),
    ([backend(US, maxRate=400)], {}, "failed"),
    ([backend(US, maxRate=0)], {}, "passed"),
    ([backend(US, **CONNECTION, maxConnections=400)], TCP, "failed"),
    ([backend(US, **IN_FLIGHT, maxInFlightRequests=400)], {}, "failed"),
    ([backend(US), backend(EU, maxRate=400)], {}, "failed"),
    ([backend(US, **RATE, maxRate=Computed())], {}, "undecided"),
    ([backend(US, **RATE, maxRatePerEndpoint=4)], {}, "failed"),
    ([backend(US, **RATE, maxRatePerEndpoint=Computed())], {}, "undecided"),
    ([backend(US, balancingMode=Computed())], {}, "passed"),
    ([backend(ZONAL, **RATE, maxRate=400)], {}, "passed"),
    ([backend(Out(UNMANAGED, "id"), **RATE, maxRate=400)], {}, "passed"),
    ([backend(ZONAL, maxRatePerEndpoint=4)], {}, "failed"),
    ([backend("projects/p/regions/us-central1/instanceGroups/a", **RATE, maxRate=400)], {}, "failed"),
    ([backend("projects/p/zones/us-central1-a/instanceGroups/a", **RATE, maxRate=400)], {}, "passed"),
    ([backend(ELSEWHERE, **RATE, maxRate=400)], {}, "undecided"),
    ([backend(US, maxRate=400)], {**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
    ([backend(US, maxRate=400)], {**REGIONAL, "loadBalancingScheme": Computed()}, "undecided"),
    ([backend(US, maxRate=400)], {"loadBalancingScheme": Computed()}, "failed"),
    ([backend(ZONAL)], {**REGIONAL, "loadBalancingScheme": Computed()}, "passed"),
    ([backend(US, maxRate=400)], PASSTHROUGH, "passed"),
    # Preference and service policies
    ([backend(US, preference="PREFERRED")], {}, "failed"),
    ([backend(US, preference="DEFAULT")], {}, "passed"),
    ([backend(US, preference=Computed())], {}, "undecided"),
    ([backend(ZONAL, preference="PREFERRED")], {}, "passed"),
    ([backend(ELSEWHERE, preference="PREFERRED")], {**FOR_SERVERLESS}, "undecided"),
    ([backend(US, preference="PREFERRED")], {"loadBalancingScheme": "EXTERNAL"}, "passed"),
    ([backend(US, preference="PREFERRED")], {"loadBalancingScheme": Computed()}, "undecided"),
    ([backend(US)], {"serviceLbPolicy": "projects/p/locations/global/serviceLbPolicies/spray"}, "failed"),
    ([backend(US)], {"serviceLbPolicy": Computed()}, "undecided"),
    ([backend(ZONAL)], {"serviceLbPolicy": Computed()}, "passed"),
    ([backend(NEG, **RATE, maxRatePerEndpoint=4)], {"serviceLbPolicy": "projects/p/global/x/y"}, "passed"),
    # NEGs with endpoints
    ([backend(NEG)], {}, "failed"),
    ([backend(NEG, balancingMode=None, **BARE)], {}, "failed"),
    ([backend(HYBRID)], {}, "failed"),
    ([backend(SOME_NEG)], {}, "failed"),
    ([backend("zones/us-central1-a/networkEndpointGroups/n", **BARE)], {}, "failed"),
    ([backend(NEG, **RATE, maxRatePerEndpoint=4)], {}, "passed"),
    ([backend(HYBRID, **RATE, maxRate=400)], {}, "passed"),
    ([backend(NEG, **RATE, maxRatePerInstance=4)], {}, "failed"),
    ([backend(NEG, **RATE, maxRatePerInstance=Computed())], {}, "undecided"),
    ([backend(NEG, **BARE | {"balancingMode": Computed()})], {}, "undecided"),
    ([backend(HYBRID, balancingMode="CONNECTION", **BARE)], PASSTHROUGH, "failed"),
    ([backend(NEWER_NEG, balancingMode="CONNECTION", **BARE)], PASSTHROUGH, "undecided"),
    # Serverless and the like
    ([backend(SERVERLESS, **BARE, capacityScaler=1.0)], FOR_SERVERLESS, "passed"),
    ([backend(SERVERLESS, balancingMode=None, **BARE)], FOR_SERVERLESS, "passed"),
    ([backend(SERVERLESS)], FOR_SERVERLESS, "failed"),
    ([backend(SERVERLESS, **BARE, maxRate=4)], FOR_SERVERLESS, "failed"),
    ([backend(SERVERLESS, **BARE)], {}, "failed"),
    ([backend(SERVERLESS, **BARE)], {"portName": Computed()}, "undecided"),
    ([backend(SERVERLESS, **BARE)], {**FOR_SERVERLESS, "timeoutSec": 900}, "failed"),
    ([backend(SERVERLESS, **BARE)], {**FOR_SERVERLESS, "timeoutSec": 30}, "passed"),
    ([backend(SERVERLESS, **BARE)], {**FOR_SERVERLESS, "timeoutSec": Computed()}, "undecided"),
    ([backend(SERVERLESS, **BARE)], {**FOR_SERVERLESS, **TCP}, "failed"),
    ([backend(SERVERLESS, **BARE)], {**FOR_SERVERLESS, "protocol": Computed()}, "undecided"),
    ([backend(SERVERLESS, **BARE)], {**FOR_SERVERLESS, "loadBalancingScheme": "EXTERNAL"}, "passed"),
    ([backend(PSC, **BARE)], {"timeoutSec": 900}, "passed"),
    ([backend(PSC)], {}, "failed"),
    ([backend(INTERNET, **BARE)], {"timeoutSec": 900}, "passed"),
    ([backend(INTERNET, **BARE, maxConnections=4)], {}, "failed"),
    # It may be a port mapping or an internet NEG, which a global load balancer does not take.
    ([backend(UNKNOWN_NEG, **BARE)], FOR_SERVERLESS, "undecided"),
    ([backend(UNKNOWN_NEG, **BARE)], {}, "undecided"),
    ([backend(UNKNOWN_NEG, **BARE)], {**FOR_SERVERLESS, "timeoutSec": 900}, "undecided"),
    ([backend(UNKNOWN_NEG)], FOR_SERVERLESS, "undecided"),
    # Passthrough load balancers
    ([backend(US, **CONNECTION)], PASSTHROUGH, "passed"),
    ([backend(VM_IPS, **CONNECTION)], PASSTHROUGH, "passed"),
    ([backend(NEG, **CONNECTION)], PASSTHROUGH, "failed"),
    ([backend(SOME_NEG, **CONNECTION)], PASSTHROUGH, "undecided"),
    ([backend(HYBRID, **CONNECTION)], PASSTHROUGH, "failed"),
    ([backend(SERVERLESS, **CONNECTION)], PASSTHROUGH, "failed"),
    ([backend(PSC, **CONNECTION)], {**PASSTHROUGH, "loadBalancingScheme": "INTERNAL"}, "failed"),
    ([backend(HYBRID, **CONNECTION)], {**PASSTHROUGH, "protocol": Computed()}, "undecided"),
    # Mixtures
    ([backend(US), backend(NEG, **RATE, maxRatePerEndpoint=4)], {}, "failed"),
    ([backend(NEG, **RATE, maxRatePerEndpoint=4), backend(HYBRID, **RATE, maxRatePerEndpoint=4)], {}, "passed"),
    # Unknown as a whole
    (Computed(), {}, "undecided"),
    ([], {}, "not applicable"),
    (None, {}, "not applicable"),
]


@pytest.mark.parametrize(("backends", "inputs", "status"), CASES)
def test_verdict(backends: Any, inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(backends, **inputs), *RESOURCES], status)


_US, _ZONE = "projects/p/regions/us-central1", "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a"
EACH = {**RATE, "maxRatePerEndpoint": 4}


def plain(*groups: Any) -> list[dict[str, Any]]:
    return [backend(group, balancingMode=None, **BARE, capacityScaler=1.0) for group in groups]


def rated(*groups: Any) -> list[dict[str, Any]]:
    return [backend(group, **EACH) for group in groups]


REGIONAL_ALB = {**REGIONAL, **FOR_SERVERLESS, "loadBalancingScheme": "INTERNAL_MANAGED"}
REGIONAL_EXTERNAL_ALB = {**REGIONAL, **FOR_SERVERLESS}
CROSS_REGION = {**FOR_SERVERLESS, "loadBalancingScheme": "INTERNAL_MANAGED"}
CLASSIC = {**FOR_SERVERLESS, "loadBalancingScheme": "EXTERNAL"}
MESH = {**FOR_SERVERLESS, "loadBalancingScheme": "INTERNAL_SELF_MANAGED"}
INTERNAL_PASSTHROUGH = {**PASSTHROUGH, "loadBalancingScheme": "INTERNAL"}
TOGETHER: dict[str, tuple[Any, dict[str, Any], Any]] = {
    # What `group` is the URL of
    "an instance": ([backend(f"{_ZONE}/instances/vm")], {}, "failed"),
    "a target pool": ([backend(f"{_US}/targetPools/pool")], {}, "failed"),
    "another service": ([backend(f"{_US}/backendServices/other")], {}, "failed"),
    "a network": ([backend("projects/p/global/networks/default")], {}, "failed"),
    "a manager": ([backend(f"{_US}/instanceGroupManagers/llm")], {}, "failed"),
    "a manager in a zone": ([backend(f"{_ZONE}/instanceGroupManagers/llm")], {}, "failed"),
    "a manager behind a passthrough load balancer": (
        [backend(f"{_US}/instanceGroupManagers/llm", **CONNECTION)], PASSTHROUGH, "failed",
    ),
    "a zonal group": ([backend(f"{_ZONE}/instanceGroups/llm")], {}, "passed"),
    "a regional group": ([backend(f"{_US}/instanceGroups/llm")], {}, "passed"),
    "a NEG in a zone": (rated(f"{_ZONE}/networkEndpointGroups/n"), {}, "passed"),
    "NEGs of GKE in two zones": (
        rated(f"{_ZONE}/networkEndpointGroups/n", f"{_ZONE[:-1]}b/networkEndpointGroups/n"), {}, "passed",
    ),
    # Kinds of NEGs
    "GCE_VM_IP behind a proxy": (rated(VM_IPS), {}, "failed"),
    "GCE_VM_IP behind a regional proxy": (rated(VM_IPS), REGIONAL_ALB, "failed"),
    "GCE_VM_IP in a mesh": (rated(VM_IPS), MESH, "failed"),
    "ports or none behind a proxy": (rated(SOME_NEG), {}, "undecided"),
    "port mapping behind a proxy": (plain(PORT_MAP), FOR_SERVERLESS, "failed"),
    "port mapping behind an external passthrough": ([backend(PORT_MAP, **CONNECTION)], PASSTHROUGH, "failed"),
    "port mapping": ([backend(PORT_MAP, **CONNECTION)], INTERNAL_PASSTHROUGH, "passed"),
    "two port mapping NEGs": (
        [backend(PORT_MAP, **CONNECTION), backend(PORT_MAP_2, **CONNECTION)], INTERNAL_PASSTHROUGH, "failed",
    ),
    "a global internet NEG behind a regional one": (plain(INTERNET), REGIONAL_ALB, "failed"),
    "a global internet NEG across regions": (plain(INTERNET), CROSS_REGION, "failed"),
    "a regional internet NEG behind a global one": (plain(REGIONAL_INTERNET[0]), {}, "failed"),
    "Private Service Connect behind a classic one": (plain(PUBLISHED), CLASSIC, "failed"),
    "serverless in a mesh": (plain(RUN_US), MESH, "passed"),
    # Mixtures
    "zonal and hybrid": (rated(NEG, HYBRID), {}, "passed"),
    "zonal and serverless": ([*rated(NEG), *plain(RUN_EU)], FOR_SERVERLESS, "failed"),
    "serverless and Private Service Connect": (plain(RUN_EU, PUBLISHED), FOR_SERVERLESS, "failed"),
    "serverless and internet": (plain(RUN_EU, INTERNET), FOR_SERVERLESS, "failed"),
    "instance group and serverless": ([backend(US), *plain(RUN_EU)], FOR_SERVERLESS, "failed"),
    "zonal and regional instance group": ([backend(US), backend(ZONAL)], {}, "passed"),
    "serverless and perhaps another": (plain(RUN_EU, UNKNOWN_NEG), FOR_SERVERLESS, "undecided"),
    "Cloud Run and App Engine": (plain(RUN_US, APP_ENGINE), FOR_SERVERLESS, "failed"),
    "Cloud Run and perhaps another": (plain(RUN_US, SOME_PLATFORM), FOR_SERVERLESS, "undecided"),
    # Counts
    "Cloud Run in two regions": (plain(RUN_US, RUN_EU), FOR_SERVERLESS, "passed"),
    "Cloud Run twice in a region": (plain(RUN_US, RUN_US_2, RUN_EU), FOR_SERVERLESS, "failed"),
    "Cloud Run twice in a region behind a classic one": (plain(RUN_US, RUN_US_2), CLASSIC, "passed"),
    "Cloud Run in a region and somewhere": (plain(RUN_US, RUN_SOMEWHERE), FOR_SERVERLESS, "undecided"),
    "Cloud Run in two regions across regions": (plain(RUN_US, RUN_EU), CROSS_REGION, "passed"),
    "Cloud Run once in a region": (plain(RUN_US), REGIONAL_ALB, "passed"),
    "two Cloud Run services of a regional one": (plain(RUN_US, RUN_US_2), REGIONAL_ALB, "failed"),
    "two of perhaps a regional one": (
        plain(RUN_US, RUN_US_2), {**REGIONAL, **FOR_SERVERLESS, "protocol": Computed()}, "undecided",
    ),
    "two internet NEGs": (plain(INTERNET, INTERNET_2), {}, "failed"),
    "two internet NEGs of a classic one": (plain(INTERNET, INTERNET_2), CLASSIC, "failed"),
    "one internet NEG": (plain(INTERNET), {}, "passed"),
    "50 regional internet NEGs": (plain(*REGIONAL_INTERNET[:50]), REGIONAL_EXTERNAL_ALB, "passed"),
    "51 regional internet NEGs": (plain(*REGIONAL_INTERNET), REGIONAL_EXTERNAL_ALB, "failed"),
    "one Google API": (plain(API), HTTPS, "passed"),
    "a Google API and a NEG of a kind that is not known": (plain(API, UNKNOWN_NEG), HTTPS, "failed"),
    "a Google API and a NEG outside the stack": (plain(API, f"{_US}/networkEndpointGroups/n"), HTTPS, "failed"),
    "a published service and a NEG of a kind that is not known": (plain(PUBLISHED, UNKNOWN_NEG), HTTPS, "undecided"),
    "an internet NEG and a NEG outside the stack": (
        plain(INTERNET, f"{_US}/networkEndpointGroups/n"), HTTPS, "failed",
    ),
    "serverless and perhaps another of a regional one": (plain(RUN_US, UNKNOWN_NEG), REGIONAL_ALB, "failed"),
    "two Google APIs": (plain(API, API_2), {}, "failed"),
    "a Google API and a published service": (plain(API, PUBLISHED), {}, "failed"),
    "two published services": (plain(PUBLISHED, PUBLISHED_2), {}, "passed"),
    "a published service and perhaps a Google API": (plain(PUBLISHED, SOME_PSC), {}, "undecided"),
    "two published services of a regional one": (plain(PUBLISHED, PUBLISHED_2), REGIONAL_ALB, "failed"),
    "one published service of a regional one": (plain(PUBLISHED), REGIONAL_ALB, "passed"),
    # Protocols to Google APIs
    "HTTP to a Google API": (plain(API), {"protocol": "HTTP"}, "failed"),
    "the default protocol to a Google API": (plain(API), {"protocol": None}, "failed"),
    "HTTP/2 without TLS to a Google API": (plain(API), {"protocol": "H2C"}, "failed"),
    "HTTP/2 to a Google API": (plain(API), {"protocol": "HTTP2"}, "passed"),
    "TCP to a Google API, through which clients encrypt": (plain(API), TCP, "passed"),
    "a computed protocol to a Google API": (plain(API), {"protocol": Computed()}, "undecided"),
    "HTTP to what may be a Google API": (plain(SOME_PSC), {"protocol": "HTTP"}, "undecided"),
    "HTTPS to what may be a Google API": (plain(SOME_PSC), HTTPS, "passed"),
    "HTTP to a published service": (plain(PUBLISHED), {"protocol": "HTTP"}, "passed"),
    "HTTP to a Google API in one region": (plain(API), REGIONAL_ALB, "failed"),
    # Targets of Private Service Connect
    "Private Service Connect to nowhere": (plain(NOWHERE), HTTPS, "failed"),
    "Private Service Connect to nowhere and a published service": (plain(NOWHERE, PUBLISHED), HTTPS, "failed"),
    # Platforms
    "App Engine": (plain(APP_ENGINE), FOR_SERVERLESS, "passed"),
    "App Engine behind a classic one": (plain(APP_ENGINE), CLASSIC, "passed"),
    "App Engine across regions": (plain(APP_ENGINE), CROSS_REGION, "failed"),
    "App Engine behind a regional one": (plain(APP_ENGINE), REGIONAL_EXTERNAL_ALB, "failed"),
    "API Gateway": (plain(GATEWAY), FOR_SERVERLESS, "passed"),
    "API Gateway across regions": (plain(GATEWAY), CROSS_REGION, "failed"),
    "App Engine of a computed scheme": (
        plain(APP_ENGINE), {**FOR_SERVERLESS, "loadBalancingScheme": Computed()}, "undecided",
    ),
    "a function behind a regional one, of either generation": (plain(FUNCTION), REGIONAL_EXTERNAL_ALB, "passed"),
    "some product across regions": (plain(SOME_PLATFORM), CROSS_REGION, "passed"),
    # Modes and scalers of NEGs that have none
    "serverless in RATE mode": ([backend(RUN_US, **RATE)], FOR_SERVERLESS, "failed"),
    "Private Service Connect in CONNECTION mode": ([backend(API, **CONNECTION)], TCP, "failed"),
    "internet in RATE mode": ([backend(INTERNET, **RATE)], {}, "failed"),
    "serverless in some mode": ([backend(RUN_US, **BARE | {"balancingMode": Computed()})], FOR_SERVERLESS, "undecided"),
    "serverless with half its capacity": ([backend(RUN_US, **BARE, capacityScaler=0.5)], FOR_SERVERLESS, "failed"),
    "serverless with some capacity": (
        [backend(RUN_US, **BARE, capacityScaler=Computed())], FOR_SERVERLESS, "undecided",
    ),
    "an instance group with half its capacity": ([backend(US, capacityScaler=0.5)], {}, "passed"),
    "an instance group with some capacity": ([backend(US, capacityScaler=Computed())], {}, "passed"),
}  # fmt: skip


@pytest.mark.parametrize(("backends", "inputs", "status"), TOGETHER.values(), ids=TOGETHER)
def test_kinds_mixtures_and_counts(backends: Any, inputs: dict[str, Any], status: Any) -> None:
    check_verdict(RULE, [service(backends, **inputs), *RESOURCES], status)


def test_the_url_of_a_manager_is_told_from_that_of_its_group_once_it_is_known() -> None:
    by_manager = service([backend(Out(US, "selfLink"))])
    check_verdict(RULE, [by_manager, US], ("passed", "failed"))
    check_verdict(RULE, [service([backend(Out(US, "id"))]), US], ("passed", "failed"))


def test_a_mixture_is_certain_where_the_entries_are_not() -> None:
    subject = service([backend(Out(NEG, "id"), **EACH), backend(Out(RUN_EU, "id"), **EACH)], **FOR_SERVERLESS)
    (found,) = findings(RULE, build(subject, NEG, RUN_EU))
    assert found.problems[0].observed == (
        "It mixes kinds of backends that cannot be combined: `neg` is a zonal NEG (GCE_VM_IP_PORT); `run-eu` is a "
        "serverless NEG."
    )


def test_the_fix_for_a_serverless_neg_with_a_rate_ends_in_no_mode() -> None:
    subject = service([backend(RUN_US, **RATE, maxRatePerEndpoint=4)], **FOR_SERVERLESS)
    (found,) = findings(RULE, build(subject, RUN_US, deployed=True))
    assert found.problems[0].fix == "Omit `balancing_mode` and all targets."


def test_backends_of_two_regional_groups_need_not_be_told_apart() -> None:
    subject = service([backend(US, maxRate=4), backend(EU)])
    check_verdict(RULE, [subject, US, EU], "failed")


def test_a_group_that_is_one_of_several_is_undecided() -> None:
    subject = service([Computed((US, ZONAL), backend(US, maxRate=4))])
    check_verdict(RULE, [subject, US, ZONAL], ("undecided", "failed"))


def test_an_unknown_group_beside_it_hides_which_is_which() -> None:
    subject = service([backend(NEG), backend(ELSEWHERE, **RATE)], **FOR_SERVERLESS)
    check_verdict(RULE, [subject, NEG, OTHER_STACK], ("undecided", "failed"))


def test_the_backend_that_is_not_known_is_named() -> None:
    subject = service([backend(NEG, **EACH), backend(ELSEWHERE, **RATE)], **FOR_SERVERLESS)
    (found,) = findings(RULE, build(subject, NEG, OTHER_STACK, deployed=True))
    assert "`group` of `backends[1]` is not known: some kinds of backends cannot be combined" in found.reasons


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(NEG, maxRatePerInstance=4), backend(SERVERLESS, **BARE)], timeoutSec=900)
    (found,) = findings(RULE, build(subject, NEG, SERVERLESS, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "It mixes kinds of backends that cannot be combined: `neg` is a zonal NEG (GCE_VM_IP_PORT); `run` is a "
        "serverless NEG.",
        "Backend `neg` is a zonal NEG (GCE_VM_IP_PORT) in UTILIZATION mode.",
        "Backend `neg` is a zonal NEG (GCE_VM_IP_PORT), and `max_rate_per_instance` is set.",
        "Backend `run` is a serverless NEG, and `port_name` is set.",
        "Backend `run` is a serverless NEG, and `timeout_sec` is set.",
    ]


def test_a_reason_is_given_once() -> None:
    (found,) = findings(RULE, build(service([backend(ELSEWHERE)]), OTHER_STACK))
    assert found.reasons == ("`group` of `backends[0]` is not known: kinds of backends differ in this",)


def test_the_reason_names_what_would_decide() -> None:
    inputs: dict[str, Any] = {**FOR_SERVERLESS, "protocol": Computed()}
    computed = service([backend(SERVERLESS, **BARE)], **inputs)
    (found,) = findings(RULE, build(computed, SERVERLESS))
    assert found.reasons == ("`protocol` is not known: load balancers differ in this",)
    inputs = {**PASSTHROUGH}
    passthrough = service([backend(SOME_NEG, **CONNECTION)], **inputs)
    (found,) = findings(RULE, build(passthrough, SOME_NEG))
    assert found.reasons == ("`group` of `some-neg` is not known: kinds of backends differ in this",)
