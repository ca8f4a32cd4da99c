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
SOME_NEG = R("NetworkEndpointGroup", "some-neg", {"zone": "us-central1-a", "networkEndpointType": Computed()})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1", "networkEndpointType": "SERVERLESS"})
PSC = R(
    "RegionNetworkEndpointGroup", "psc", {"region": "us-central1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"}
)
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (
    US, EU, ZONAL, UNMANAGED, NEG, HYBRID, VM_IPS, SOME_NEG, SERVERLESS, PSC, INTERNET, UNKNOWN_NEG, OTHER_STACK,
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
    ([backend(UNKNOWN_NEG, **BARE)], FOR_SERVERLESS, "passed"),
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


def test_backends_of_two_regional_groups_need_not_be_told_apart() -> None:
    subject = service([backend(US, maxRate=4), backend(EU)])
    check_verdict(RULE, [subject, US, EU], "failed")


def test_a_group_that_is_one_of_several_is_undecided() -> None:
    subject = service([Computed((US, ZONAL), backend(US, maxRate=4))])
    check_verdict(RULE, [subject, US, ZONAL], ("undecided", "failed"))


def test_an_unknown_group_beside_it_hides_which_is_which() -> None:
    subject = service([backend(NEG), backend(ELSEWHERE, **RATE)], **FOR_SERVERLESS)
    check_verdict(RULE, [subject, NEG, OTHER_STACK], ("undecided", "failed"))


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(NEG, maxRatePerInstance=4), backend(SERVERLESS, **BARE)], timeoutSec=900)
    (found,) = findings(RULE, build(subject, NEG, SERVERLESS, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "Backend `neg` is a zonal or hybrid NEG in UTILIZATION mode, the provider's default.",
        "Backend `neg` is a zonal NEG (GCE_VM_IP_PORT), and `max_rate_per_instance` is set.",
        "Backend `run` is a serverless NEG, and `port_name` is set.",
        "Backend `run` is a serverless NEG, and `timeout_sec` is set.",
    ]


def test_a_reason_is_given_once() -> None:
    (found,) = findings(RULE, build(service([backend(ELSEWHERE)]), OTHER_STACK))
    assert found.reasons == ("`group` of `backends[0]` is not known: kinds of backends differ in this",)
