"""`backend-session-affinity` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, backend, build, check_verdict, findings, mig, service

RULE = "backend-session-affinity"
US, EU = mig("us-central1"), mig("europe-west4")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
PSC = R(
    "RegionNetworkEndpointGroup", "psc", {"region": "us-central1", "networkEndpointType": "PRIVATE_SERVICE_CONNECT"}
)
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
OTHER_STACK = R("StackReference", "platform")
RATE = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}
AFFINE: dict[str, Any] = {"sessionAffinity": "CLIENT_IP"}
STATEFUL: dict[str, Any] = {"sessionAffinity": "STRONG_COOKIE_AFFINITY", "strongSessionAffinityCookie": {}}
HASH: dict[str, Any] = {"consistentHash": {"httpHeaderName": "x-session-id"}}
CLASSIC, MESH = {"loadBalancingScheme": "EXTERNAL"}, {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}
TCP = {"protocol": "TCP"}
CONNECTION = {"balancingMode": "CONNECTION", "maxUtilization": None, "maxConnectionsPerInstance": 4}
PASSTHROUGH = {"region": "us-central1", "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}


def hashed(**inputs: Any) -> dict[str, Any]:
    return {"consistentHash": inputs}


# (backends, inputs, status)
CASES: list[tuple[Any, dict[str, Any], str]] = [
    ([backend(US)], {}, "passed"),
    ([backend(US)], {"sessionAffinity": "NONE"}, "passed"),
    ([backend(US)], {"sessionAffinity": ""}, "passed"),
    ([backend(US)], AFFINE, "failed"),
    ([backend(US, balancingMode=None)], AFFINE, "failed"),
    ([backend(US)], {"sessionAffinity": "GENERATED_COOKIE"}, "failed"),
    ([backend(US)], STATEFUL, "failed"),
    ([backend(US)], {"sessionAffinity": Computed()}, "undecided"),
    ([backend(US, **RATE)], AFFINE, "passed"),
    # It may be one that the load balancer does not have.
    ([backend(US, **RATE)], {"sessionAffinity": Computed()}, "undecided"),
    ([backend(US, **RATE), backend(EU)], AFFINE, "failed"),
    ([backend(US, balancingMode=Computed())], AFFINE, "undecided"),
    ([backend(US)], {**AFFINE, "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
    ([backend(US)], {**AFFINE, "loadBalancingScheme": "EXTERNAL"}, "failed"),
    ([backend(US)], {**AFFINE, "loadBalancingScheme": Computed()}, "failed"),
    ([backend(US)], {**AFFINE, "region": "us-central1"}, "failed"),
    ([backend(US)], {**AFFINE, "region": "us-central1", "loadBalancingScheme": Computed()}, "undecided"),
    ([backend(US)], {**AFFINE, **PASSTHROUGH}, "passed"),
    ([backend(NEG)], AFFINE, "failed"),
    ([backend(PSC)], AFFINE, "not applicable"),
    ([backend(SERVERLESS)], AFFINE, "failed"),
    ([backend(UNKNOWN_NEG)], AFFINE, "undecided"),
    ([backend(SERVERLESS)], {"localityLbPolicy": "ROUND_ROBIN"}, "failed"),
    ([backend(SERVERLESS)], {"localityLbPolicy": Computed()}, "undecided"),
    ([backend(SERVERLESS)], {"sessionAffinity": Computed()}, "undecided"),
    # What is not known of the one leaves the other certain.
    ([backend(SERVERLESS)], {"sessionAffinity": Computed(), "localityLbPolicy": "ROUND_ROBIN"}, "failed"),
    ([backend(SERVERLESS)], {}, "passed"),
    ([backend(UNKNOWN_NEG)], {"localityLbPolicy": "ROUND_ROBIN"}, "undecided"),
    ([backend(UNKNOWN_NEG)], {}, "passed"),
    (Computed(), {"localityLbPolicy": "ROUND_ROBIN"}, "undecided"),
    (Computed(), {}, "passed"),
    ([backend(Computed((OTHER_STACK,)))], AFFINE, "undecided"),
    ([backend(Computed((OTHER_STACK,)), **RATE)], AFFINE, "passed"),
    ([], AFFINE, "passed"),
    (Computed(), AFFINE, "undecided"),
    (Computed(), {}, "passed"),
    # The policy within a group
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": "MAGLEV"}, "passed"),
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": "RING_HASH"}, "passed"),
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": "LEAST_REQUEST"}, "failed"),
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": "ROUND_ROBIN"}, "failed"),
    ([], {**AFFINE, "localityLbPolicy": "ROUND_ROBIN"}, "failed"),
    ([backend(Computed((OTHER_STACK,)), **RATE)], {**AFFINE, "localityLbPolicy": "ROUND_ROBIN"}, "undecided"),
    ([backend(SERVERLESS)], {**AFFINE, "localityLbPolicy": "ROUND_ROBIN"}, "failed"),
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": "WEIGHTED_ROUND_ROBIN"}, "failed"),
    ([backend(US, **RATE)], {"sessionAffinity": "HEADER_FIELD"}, "failed"),
    ([backend(US, **RATE)], {"sessionAffinity": "HTTP_COOKIE"}, "undecided"),
    ([backend(US, **RATE)], {"sessionAffinity": "HEADER_FIELD", **hashed(httpHeaderName="x-user")}, "passed"),
    ([backend(US, **RATE)], {"sessionAffinity": "HEADER_FIELD", **hashed(httpHeaderName=Computed())}, "undecided"),
    ([backend(US, **RATE)], {"sessionAffinity": "HEADER_FIELD", **hashed(httpCookie={"name": "a"})}, "failed"),
    ([backend(US, **RATE)], {"sessionAffinity": "HTTP_COOKIE", **hashed(httpCookie={"name": "a"})}, "passed"),
    (
        [backend(US, **RATE)],
        {"sessionAffinity": "HEADER_FIELD", "localityLbPolicy": "RING_HASH", **hashed(httpHeaderName="x-user")},
        "passed",
    ),
    ([backend(US, **RATE)], {"sessionAffinity": "HTTP_COOKIE", "localityLbPolicy": "ROUND_ROBIN"}, "failed"),
    # What is hashed
    ([backend(US, **RATE)], {**HASH, "localityLbPolicy": "RING_HASH"}, "passed"),
    ([backend(US, **RATE)], {**HASH, "localityLbPolicy": "MAGLEV"}, "passed"),
    ([backend(US, **RATE)], HASH, "passed"),
    ([backend(US, **RATE)], {**HASH, "localityLbPolicy": "LEAST_REQUEST"}, "failed"),
    ([backend(US, **RATE)], {**HASH, "localityLbPolicy": Computed()}, "undecided"),
    ([backend(US, **RATE)], {"consistentHash": Computed(), "localityLbPolicy": "LEAST_REQUEST"}, "undecided"),
    # The cookie of a stateful affinity
    ([backend(US, **RATE)], STATEFUL, "passed"),
    ([backend(US, **RATE)], {**STATEFUL, "strongSessionAffinityCookie": {"name": "llm"}}, "passed"),
    ([backend(US, **RATE)], {"sessionAffinity": "STRONG_COOKIE_AFFINITY"}, "failed"),
    ([backend(US, **RATE)], {**STATEFUL, "strongSessionAffinityCookie": Computed()}, "undecided"),
    # The values of each load balancer
    ([backend(US, **RATE)], {"sessionAffinity": "CLIENT_IP_PROTO"}, "failed"),
    ([backend(US, **RATE)], {"sessionAffinity": "CLIENT_IP_NO_DESTINATION"}, "failed"),
    ([backend(US, **RATE)], {**CLASSIC, "sessionAffinity": "GENERATED_COOKIE"}, "passed"),
    ([backend(US, **RATE)], {**CLASSIC, "sessionAffinity": "HEADER_FIELD"}, "failed"),
    ([backend(US, **RATE)], {**CLASSIC, "sessionAffinity": "HTTP_COOKIE"}, "failed"),
    ([backend(US, **RATE)], {**CLASSIC, **STATEFUL}, "failed"),
    ([backend(US, **CONNECTION)], {**TCP, "sessionAffinity": "GENERATED_COOKIE"}, "failed"),
    ([backend(US, **CONNECTION)], {**TCP, "sessionAffinity": "CLIENT_IP"}, "passed"),
    ([backend(US, **RATE)], {"protocol": Computed(), "sessionAffinity": "GENERATED_COOKIE"}, "undecided"),
    ([backend(US, **RATE)], {"protocol": Computed(), "sessionAffinity": "CLIENT_IP"}, "passed"),
    ([backend(US)], {**PASSTHROUGH, "sessionAffinity": "GENERATED_COOKIE"}, "failed"),
    ([backend(US)], {**PASSTHROUGH, **STATEFUL}, "failed"),
    ([backend(US)], {**PASSTHROUGH, "sessionAffinity": "CLIENT_IP_PORT_PROTO"}, "passed"),
    ([backend(US)], {**PASSTHROUGH, "sessionAffinity": "CLIENT_IP_NO_DESTINATION"}, "failed"),
    (
        [backend(US)],
        {**PASSTHROUGH, "loadBalancingScheme": "INTERNAL", "sessionAffinity": "CLIENT_IP_NO_DESTINATION"},
        "passed",
    ),
    ([backend(US, **RATE)], {**MESH, "sessionAffinity": "HEADER_FIELD", **hashed(httpHeaderName="x-user")}, "passed"),
    ([backend(US, **RATE)], {**MESH, **STATEFUL}, "passed"),
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": Computed()}, "undecided"),
    (
        [backend(US, **RATE)],
        {**STATEFUL, "localityLbPolicy": "LEAST_REQUEST"},
        "passed",
    ),
    ([backend(US, **RATE)], {"localityLbPolicy": "LEAST_REQUEST"}, "passed"),
    ([backend(US, **RATE)], {"sessionAffinity": Computed(), "localityLbPolicy": "RANDOM"}, "undecided"),
]


@pytest.mark.parametrize(("backends", "inputs", "status"), CASES)
def test_verdict(backends: Any, inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(backends, **inputs), US, EU, NEG, SERVERLESS, PSC, UNKNOWN_NEG, OTHER_STACK], status)


def test_the_message_names_mode_and_policy() -> None:
    subject = service([backend(US)], **AFFINE, localityLbPolicy="LEAST_REQUEST")
    (found,) = findings(RULE, build(subject, US))
    assert [problem.observed for problem in found.problems] == [
        "It has session affinity, which has no effect with `locality_lb_policy` LEAST_REQUEST.",
        "Backend `mig-us-central1` is in UTILIZATION mode, and the service has session affinity.",
    ]


INTERNET = R("GlobalNetworkEndpointGroup", "api", {"networkEndpointType": "INTERNET_FQDN_PORT"})


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        pytest.param(AFFINE, "failed", id="affinity"),
        pytest.param({"localityLbPolicy": "ROUND_ROBIN"}, "failed", id="a locality policy"),
        pytest.param({"sessionAffinity": "NONE"}, "passed", id="no affinity"),
        pytest.param({"sessionAffinity": Computed()}, "undecided", id="affinity or not"),
    ],
)
def test_global_internet_negs_have_none(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service([backend(INTERNET, maxUtilization=None)], **inputs), INTERNET], status)
