"""`backend-group-scope` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import API, PROJECT, Computed, Out, R, backend, build, findings, mig, service, statuses

RULE = "backend-group-scope"
US, EU = mig("us-central1"), mig("europe-west4")
ZONAL = R("InstanceGroupManager", "mig-zonal", {"zone": "us-central1-a"})
UNMANAGED = R("InstanceGroup", "unmanaged", {"zone": "us-east1-b"})
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-b"})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-east1"})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {})
NOWHERE = R("RegionInstanceGroupManager", "mig-nowhere", {"region": Computed((), "us-central1")})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, EU, ZONAL, UNMANAGED, NEG, SERVERLESS, INTERNET, OTHER_STACK)
IN_US: dict[str, Any] = {"region": "us-central1"}
PATH = "zones/us-central1-a/instanceGroups/x"
BOTH_FAILED, BOTH_PASSED = ("failed", "failed"), ("passed", "passed")


def judged(backends: Any, **inputs: Any) -> tuple[str, str]:
    subject = service(backends, **inputs)
    return (
        statuses(RULE, build(subject, *RESOURCES))["chat"],
        statuses(RULE, build(subject, *RESOURCES, deployed=True))["chat"],
    )


@pytest.mark.parametrize(
    ("backends", "inputs", "expected"),
    [
        ([backend(US)], IN_US, BOTH_PASSED),
        ([backend(EU)], IN_US, BOTH_FAILED),
        ([backend(US), backend(EU)], IN_US, BOTH_FAILED),
        ([backend(US), backend(EU)], {}, BOTH_PASSED),
        ([backend(ZONAL)], IN_US, BOTH_PASSED),
        ([backend(Out(UNMANAGED, "id"))], IN_US, BOTH_FAILED),
        ([backend(NEG)], IN_US, BOTH_PASSED),
        ([backend(SERVERLESS)], IN_US, BOTH_FAILED),
        ([backend(SERVERLESS)], {"region": "us-east1"}, BOTH_PASSED),
        ([backend(INTERNET)], IN_US, BOTH_FAILED),
        ([backend(INTERNET)], {}, BOTH_PASSED),
        ([backend(EU)], {**IN_US, "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, BOTH_FAILED),
        ([backend(EU)], {**IN_US, "loadBalancingScheme": Computed()}, BOTH_FAILED),
        ([backend(f"projects/p/{PATH}")], IN_US, BOTH_PASSED),
        ([backend(f"projects/p/{PATH}")], {"region": "us-east1"}, BOTH_FAILED),
        ([backend(US)], {"region": Computed()}, ("undecided", "undecided")),
        ([backend(INTERNET)], {"region": Computed()}, BOTH_FAILED),
        ([backend(Computed((OTHER_STACK,)))], IN_US, ("undecided", "undecided")),
        ([backend(Computed((OTHER_STACK,))), backend(EU)], IN_US, ("undecided", "failed")),
        ([backend(Computed((OTHER_STACK,)))], {}, ("undecided", "undecided")),
        (Computed((US,), [backend(US)]), IN_US, ("undecided", "passed")),
        (Computed((US,)), {}, ("undecided", "undecided")),
        ([], IN_US, ("not applicable", "not applicable")),
        (None, {}, ("not applicable", "not applicable")),
        # Twice
        ([backend(US), backend(US)], {}, ("undecided", "failed")),
        ([backend(US), backend(US)], IN_US, ("undecided", "failed")),
        ([backend(US), backend(EU), backend(Computed((US,), Out(US)))], {}, ("undecided", "failed")),
        ([backend(US), backend(ZONAL)], {}, BOTH_PASSED),
        ([backend(f"projects/p/{PATH}"), backend(f"{API}projects/p/{PATH}")], {}, BOTH_FAILED),
        (
            [backend(f"projects/p/{PATH}"), backend(f"projects/p/{PATH.replace('Groups', 'GroupManagers')}")],
            {},
            BOTH_FAILED,
        ),
        ([backend(f"projects/{PROJECT}/{PATH}"), backend(PATH)], {}, BOTH_FAILED),
        ([backend(f"projects/p/{PATH}"), backend(PATH)], {}, BOTH_PASSED),
        ([backend(f"projects/p/{PATH}"), backend(PATH)], {"project": Computed()}, ("undecided", "undecided")),
        ([backend(f"projects/p/{PATH}"), backend(f"projects/123/{PATH}")], {}, ("undecided", "undecided")),
        ([backend(f"projects/1/{PATH}"), backend(f"projects/2/{PATH}")], {}, BOTH_PASSED),
        ([backend(f"projects/p/{PATH}"), backend(f"projects/q/{PATH}")], {}, BOTH_PASSED),
    ],
)
def test_verdict(backends: Any, inputs: dict[str, Any], expected: tuple[str, str]) -> None:
    assert judged(backends, **inputs) == expected


def test_a_region_that_is_computed_is_not_known_before() -> None:
    stack = build(service([backend(NOWHERE)], **IN_US), NOWHERE)
    assert statuses(RULE, stack) == {"chat": "undecided"}


def test_the_region_may_be_the_providers() -> None:
    subject = R("RegionBackendService", "chat", {"backends": [backend(EU)]})
    provider = {"provider": {"project": PROJECT, "region": "us-central1"}}
    assert statuses(RULE, build(R(subject.type, "chat", subject.inputs, provider), EU)) == {"chat": "failed"}
    assert statuses(RULE, build(R(subject.type, "chat", subject.inputs), EU)) == {"chat": "undecided"}


def test_during_an_update_what_is_known_fails() -> None:
    subject = service([backend(EU)], **IN_US)
    assert statuses(RULE, build(subject, EU, deployed=True, is_complete=False)) == {"chat": "failed"}


def test_one_finding_lists_all_that_is_wrong() -> None:
    subject = service([backend(EU), backend(EU)], **IN_US)
    (found,) = findings(RULE, build(subject, EU, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "Group `mig-europe-west4` is in more than one backend.",
        "Backend `mig-europe-west4` is in europe-west4, and the service is in us-central1.",
    ]
