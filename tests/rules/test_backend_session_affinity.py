"""`backend-session-affinity` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, R, backend, build, check_verdict, findings, mig, service

RULE = "backend-session-affinity"
US, EU = mig("us-central1"), mig("europe-west4")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
OTHER_STACK = R("StackReference", "platform")
RATE = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}
AFFINE: dict[str, Any] = {"sessionAffinity": "CLIENT_IP"}
PASSTHROUGH = {"region": "us-central1", "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}

# (backends, inputs, status)
CASES: list[tuple[Any, dict[str, Any], str]] = [
    ([backend(US)], {}, "passed"),
    ([backend(US)], {"sessionAffinity": "NONE"}, "passed"),
    ([backend(US)], {"sessionAffinity": ""}, "passed"),
    ([backend(US)], AFFINE, "failed"),
    ([backend(US, balancingMode=None)], AFFINE, "failed"),
    ([backend(US)], {"sessionAffinity": "GENERATED_COOKIE"}, "failed"),
    ([backend(US)], {"sessionAffinity": "STRONG_COOKIE_AFFINITY"}, "failed"),
    ([backend(US)], {"sessionAffinity": Computed()}, "undecided"),
    ([backend(US, **RATE)], AFFINE, "passed"),
    ([backend(US, **RATE)], {"sessionAffinity": Computed()}, "passed"),
    ([backend(US, **RATE), backend(EU)], AFFINE, "failed"),
    ([backend(US, balancingMode=Computed())], AFFINE, "undecided"),
    ([backend(US)], {**AFFINE, "loadBalancingScheme": "INTERNAL_MANAGED"}, "failed"),
    ([backend(US)], {**AFFINE, "loadBalancingScheme": "EXTERNAL"}, "failed"),
    ([backend(US)], {**AFFINE, "loadBalancingScheme": Computed()}, "failed"),
    ([backend(US)], {**AFFINE, "region": "us-central1"}, "failed"),
    ([backend(US)], {**AFFINE, "region": "us-central1", "loadBalancingScheme": Computed()}, "undecided"),
    ([backend(US)], {**AFFINE, **PASSTHROUGH}, "not applicable"),
    ([backend(NEG)], AFFINE, "failed"),
    ([backend(SERVERLESS)], AFFINE, "not applicable"),
    ([backend(UNKNOWN_NEG)], AFFINE, "not applicable"),
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
    ([backend(SERVERLESS)], {**AFFINE, "localityLbPolicy": "ROUND_ROBIN"}, "not applicable"),
    ([backend(US, **RATE)], {**AFFINE, "localityLbPolicy": Computed()}, "undecided"),
    (
        [backend(US, **RATE)],
        {"sessionAffinity": "STRONG_COOKIE_AFFINITY", "localityLbPolicy": "LEAST_REQUEST"},
        "passed",
    ),
    ([backend(US, **RATE)], {"localityLbPolicy": "LEAST_REQUEST"}, "passed"),
    ([backend(US, **RATE)], {"sessionAffinity": Computed(), "localityLbPolicy": "RANDOM"}, "undecided"),
]


@pytest.mark.parametrize(("backends", "inputs", "status"), CASES)
def test_verdict(backends: Any, inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service(backends, **inputs), US, EU, NEG, SERVERLESS, UNKNOWN_NEG, OTHER_STACK], status)


def test_the_message_names_mode_and_policy() -> None:
    subject = service([backend(US)], **AFFINE, localityLbPolicy="LEAST_REQUEST")
    (found,) = findings(RULE, build(subject, US))
    assert [problem.observed for problem in found.problems] == [
        "It has session affinity and `locality_lb_policy` LEAST_REQUEST, under which affinity has no effect.",
        "Backend `mig-us-central1` is in UTILIZATION mode, and the service has session affinity.",
    ]
