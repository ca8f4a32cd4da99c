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
REGIONAL: dict[str, Any] = {"region": "us-central1"}


@pytest.mark.parametrize(
    ("health_check", "backends", "inputs", "status"),
    [
        (HEALTH, [backend(US)], {}, "passed"),
        (HEALTH, [], {}, "passed"),
        (HEALTH, [backend(NEG)], {}, "passed"),
        (LEGACY, [backend(US)], {}, "passed"),
        (check(sourceRegions=[]), [backend(US)], {}, "passed"),
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
        (HEALTH, [backend(PSC)], {}, "passed"),
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
        url = "projects/p/global/healthChecks/x"
        return R("HealthCheck", "check", {}, {"inputs": None, "outputs": {"id": url, **outputs}, "is_read": True})

    subject = service([backend(US)], healthChecks="projects/p/global/healthChecks/x")
    check_verdict(RULE, [subject, US, read(sourceRegions=REGIONS)], "failed")
    check_verdict(RULE, [subject, US, read(sourceRegions=[])], "passed")
    check_verdict(RULE, [subject, US, read()], "undecided")


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(SERVERLESS)], healthChecks=Out(DNS, "id"))
    (found,) = findings(RULE, build(subject, SERVERLESS, DNS))
    assert [problem.observed for problem in found.problems] == [
        "Its health check `check` has `source_regions`.",
        "It has a health check, and backend `run` is a serverless NEG.",
    ]
