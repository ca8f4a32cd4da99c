"""`health-check-attachable` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, backend, build, check, check_verdict, findings, mig, service

RULE = "health-check-attachable"
REGIONS = ["us-central1", "us-east1", "europe-west1"]
US = mig("us-central1")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
REGIONAL_INTERNET = R(
    "RegionNetworkEndpointGroup", "web", {"region": "us-central1", "networkEndpointType": "INTERNET_FQDN_PORT"}
)
PSC = R(
    "RegionNetworkEndpointGroup", "psc", {"region": "us-central1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"}
)
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, NEG, SERVERLESS, INTERNET, REGIONAL_INTERNET, PSC, UNKNOWN_NEG, OTHER_STACK)
HEALTH, DNS, MAYBE = check(), check(sourceRegions=REGIONS), check(sourceRegions=Computed())
IN_US = R("RegionHealthCheck", "check", {"region": "us-central1", "httpHealthCheck": {"port": 8000}})
IN_EU = R("RegionHealthCheck", "check", {"region": "europe-west1", "httpHealthCheck": {"port": 8000}})
SOMEWHERE = R("RegionHealthCheck", "check", {"region": Computed((), "us-central1"), "httpHealthCheck": {"port": 8000}})
LEGACY = R("HttpHealthCheck", "check", {"requestPath": "/health"})
LEGACY_HTTPS = R("HttpsHealthCheck", "check", {"requestPath": "/health"})
REGIONAL: dict[str, Any] = {"region": "us-central1"}
TCP = {"protocol": "TCP"}
PASSTHROUGH = {**REGIONAL, **TCP, "loadBalancingScheme": "INTERNAL"}
TCP_ON_SERVING_PORT = R("HealthCheck", "check", {"tcpHealthCheck": {"portSpecification": "USE_SERVING_PORT"}})


def on(specification: Any) -> R:
    return R("HealthCheck", "check", {"httpHealthCheck": {"portSpecification": specification, "portName": "http"}})


@pytest.mark.parametrize(
    ("health_check", "backends", "inputs", "status"),
    [
        (HEALTH, [backend(US)], {}, "passed"),
        (HEALTH, [], {}, "passed"),
        (HEALTH, [backend(NEG)], {}, "passed"),
        (LEGACY, [backend(US)], {}, "passed"),
        (check(sourceRegions=[]), [backend(US)], {}, "passed"),
        # Legacy checks
        (LEGACY, [backend(US)], {"loadBalancingScheme": "EXTERNAL"}, "passed"),
        (LEGACY_HTTPS, [backend(US)], {"protocol": "HTTPS"}, "passed"),
        (LEGACY, [backend(US)], REGIONAL, "failed"),
        (LEGACY, [backend(US)], {**REGIONAL, "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
        (LEGACY, [backend(US)], PASSTHROUGH, "failed"),
        (LEGACY, [backend(US)], {"loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
        (LEGACY, [backend(US)], TCP, "failed"),
        (LEGACY, [backend(US)], {**TCP, "loadBalancingScheme": "EXTERNAL"}, "failed"),
        (LEGACY, [backend(US)], {"protocol": Computed()}, "undecided"),
        (LEGACY, [backend(NEG)], {}, "undecided"),
        ("projects/p/global/httpHealthChecks/x", [backend(US)], REGIONAL, "failed"),
        ("projects/p/global/httpHealthChecks/x", [backend(US)], {}, "undecided"),
        # Ports
        (on("USE_NAMED_PORT"), [backend(US)], {}, "failed"),
        (on("USE_NAMED_PORT"), [backend(US)], REGIONAL, "failed"),
        (on("USE_NAMED_PORT"), [backend(US)], PASSTHROUGH, "failed"),
        (on("USE_NAMED_PORT"), [backend(US)], {"loadBalancingScheme": Computed()}, "failed"),
        (on("USE_SERVING_PORT"), [backend(US)], {}, "passed"),
        (on("USE_SERVING_PORT"), [backend(NEG)], REGIONAL, "passed"),
        (on("USE_SERVING_PORT"), [backend(US)], PASSTHROUGH, "failed"),
        (on("USE_SERVING_PORT"), [backend(US)], {**REGIONAL, **TCP, "loadBalancingScheme": Computed()}, "undecided"),
        # With HTTP it can only be an Application Load Balancer; EXTERNAL is for `load-balancer-product` to refuse.
        (on("USE_SERVING_PORT"), [backend(US)], {**REGIONAL, "loadBalancingScheme": Computed()}, "passed"),
        (on("USE_SERVING_PORT"), [backend(US)], {**REGIONAL, "loadBalancingScheme": "EXTERNAL"}, "passed"),
        (on("USE_FIXED_PORT"), [backend(US)], PASSTHROUGH, "passed"),
        (on(Computed()), [backend(US)], {}, "undecided"),
        (TCP_ON_SERVING_PORT, [backend(US)], TCP, "passed"),
        (DNS, [backend(US)], {}, "failed"),
        (DNS, [], {}, "failed"),
        (DNS, Computed(), {}, "failed"),
        (DNS, [backend(US)], REGIONAL, "failed"),
        (MAYBE, [backend(US)], {}, "undecided"),
        (None, [backend(US)], {}, "not applicable"),
        ("projects/p/global/healthChecks/x", [backend(US)], {}, "undecided"),
        ("projects/p/regions/us-central1/healthChecks/x", [backend(US)], {}, "failed"),
        (Computed(), [backend(US)], {}, "undecided"),
        # Regions
        (IN_US, [backend(US)], {}, "failed"),
        (IN_US, [backend(US)], REGIONAL, "passed"),
        (IN_EU, [backend(US)], REGIONAL, "failed"),
        (HEALTH, [backend(US)], REGIONAL, "passed"),
        (IN_US, [backend(US)], {"region": Computed()}, "undecided"),
        # Kinds of backend
        (HEALTH, [backend(SERVERLESS)], {}, "failed"),
        (None, [backend(SERVERLESS)], {}, "not applicable"),
        (HEALTH, [backend(INTERNET)], {}, "failed"),
        (HEALTH, [backend(REGIONAL_INTERNET)], REGIONAL, "passed"),
        (HEALTH, [backend(PSC)], {}, "undecided"),
        (HEALTH, [backend(UNKNOWN_NEG)], {}, "undecided"),
        (HEALTH, [backend(Computed((OTHER_STACK,)))], {}, "undecided"),
        (HEALTH, Computed(), {}, "undecided"),
        # Instance groups and NEGs never mix.
        (HEALTH, [backend("zones/us-a1-b/instanceGroups/x"), backend(Computed((OTHER_STACK,)))], {}, "passed"),
    ],
)
def test_verdict(health_check: R | str | None, backends: Any, inputs: dict[str, Any], status: str) -> None:
    checks = [health_check] if isinstance(health_check, R) else []
    link = Out(health_check, "id") if isinstance(health_check, R) else health_check
    check_verdict(RULE, [service(backends, healthChecks=link, **inputs), *RESOURCES, *checks], status)


def test_a_region_that_is_computed() -> None:
    subject = service([backend(US)], **REGIONAL, healthChecks=Out(SOMEWHERE, "id"))
    check_verdict(RULE, [subject, US, SOMEWHERE], ("undecided", "passed"))


def test_a_check_that_is_read_shows_its_source_regions() -> None:
    def read(**outputs: Any) -> R:
        url = "projects/p-demo/global/healthChecks/x"
        return R("HealthCheck", "check", {}, {"inputs": None, "outputs": {"id": url, **outputs}, "is_read": True})

    subject = service([backend(US)], healthChecks="projects/p-demo/global/healthChecks/x")
    check_verdict(RULE, [subject, US, read(sourceRegions=REGIONS)], "failed")
    check_verdict(
        RULE, [subject, US, read(sourceRegions=[], httpHealthCheck={"port": 8000, "portSpecification": ""})], "passed"
    )
    check_verdict(RULE, [subject, US, read()], "undecided")


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(SERVERLESS)], healthChecks=Out(DNS, "id"))
    (found,) = findings(RULE, build(subject, SERVERLESS, DNS))
    assert [problem.observed for problem in found.problems] == [
        "Its health check `check` has `source_regions`.",
        "It has a health check, and backend `run` is a serverless NEG.",
    ]


def test_the_fix_for_a_named_port_is_one_that_the_load_balancer_has() -> None:
    def fix(**inputs: Any) -> str:
        named = on("USE_NAMED_PORT")
        (found,) = findings(RULE, build(service([backend(US)], healthChecks=Out(named, "id"), **inputs), named, US))
        return found.problems[0].fix

    assert fix().startswith('Set `port_specification="USE_SERVING_PORT"`')
    assert fix(**PASSTHROUGH).startswith("Set `port` to the port")


GRPC = R("RegionHealthCheck", "check", {"region": "us-central1", "grpcHealthCheck": {"port": 443}})
PROXIED = check(httpHealthCheck={"requestPath": "/health", "proxyHeader": "PROXY_V1"})


@pytest.mark.parametrize(
    ("health_check", "group", "status"),
    [
        pytest.param(GRPC, REGIONAL_INTERNET, "failed", id="gRPC over the internet"),
        pytest.param(PROXIED, REGIONAL_INTERNET, "failed", id="the PROXY protocol over the internet"),
        pytest.param(IN_US, REGIONAL_INTERNET, "passed", id="HTTP over the internet"),
        pytest.param(GRPC, US, "passed", id="gRPC to machines"),
        pytest.param(PROXIED, US, "passed", id="the PROXY protocol to machines"),
        pytest.param(GRPC, UNKNOWN_NEG, "undecided", id="gRPC to a NEG of any kind"),
        pytest.param(
            check(httpHealthCheck={"proxyHeader": Computed()}), REGIONAL_INTERNET, "undecided", id="a computed header"
        ),
    ],
)
def test_what_endpoints_on_the_internet_are_asked(health_check: R, group: R, status: str) -> None:
    subject = service([backend(group)], healthChecks=Out(health_check, "id"), **REGIONAL)
    check_verdict(RULE, [subject, *RESOURCES, health_check], status)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        pytest.param({}, "passed", id="the project of the provider"),
        pytest.param({"project": "p-demo"}, "passed", id="the same project"),
        pytest.param({"project": "host"}, "failed", id="the host project of a Shared VPC"),
        pytest.param({"project": Computed((OTHER_STACK,), "p-demo")}, "passed", id="a computed project"),
        pytest.param({"project": "123456789"}, "passed", id="a project by its number"),
    ],
)
def test_the_project_of_the_check(inputs: dict[str, Any], status: str) -> None:
    check = R(
        "HealthCheck", "check", {"httpHealthCheck": {"port": 8000}, **inputs}, {"provider": {"project": "p-demo"}}
    )
    chat = service([backend(US)], healthChecks=Out(check, "id"), project="p-demo")
    check_verdict(RULE, [chat, US, check, OTHER_STACK], status)


@pytest.mark.parametrize(
    ("proxied", "status"),
    [
        pytest.param(None, "failed", id="no proxy"),
        pytest.param("chat", "passed", id="behind a proxy, whose scheme is wrong"),
        pytest.param("other", "failed", id="a proxy of another service"),
        pytest.param(Computed(), "undecided", id="a proxy of something computed"),
    ],
)
def test_a_port_waits_for_a_scheme_that_fits_its_proxy(proxied: Any, status: str) -> None:
    probe = on("USE_SERVING_PORT")
    chat = service([backend(US)], **PASSTHROUGH, healthChecks=Out(probe, "id"))
    other = service([backend(US)], "other", **PASSTHROUGH)
    to = proxied if isinstance(proxied, Computed) else Out(other if proxied == "other" else chat, "id")
    proxy = R("TargetTCPProxy", "proxy", {"backendService": to})
    (found,) = [one for one in findings(RULE, build(chat, other, US, probe, *([proxy] if proxied else [])))
                if one.name == "chat"]  # fmt: skip
    assert found.status == status
