"""`llm-backend-zones` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.rules.fleets import both, judged, zonal
from tests.stacks import Computed, Out, R, backend, build, findings, mig, service, statuses

RULE = "llm-backend-zones"
TWO = ["us-central1-a", "us-central1-b"]
OTHER_STACK = R("StackReference", "platform")


def regional(zones: Any = None, shape: Any = None, region: str = "us-central1") -> R:
    return mig(region, distributionPolicyZones=zones, distributionPolicyTargetShape=shape)


@pytest.mark.parametrize(
    ("zones", "shape", "expected"),
    [
        (None, None, both("passed")),
        ([], None, both("passed")),
        (TWO, None, both("passed")),
        (TWO, "EVEN", both("passed")),
        (TWO, "BALANCED", both("passed")),
        (TWO, "ANY", both("failed")),
        (TWO, "ANY_SINGLE_ZONE", both("failed")),
        (None, "ANY_SINGLE_ZONE", both("failed")),
        (TWO[:1], None, both("failed")),
        (TWO[:1], "EVEN", both("failed")),
        ([TWO[0], TWO[0]], None, both("failed")),
        ([TWO[0], f"https://www.googleapis.com/compute/v1/projects/p/zones/{TWO[0]}"], None, both("failed")),
        ([f"zones/{zone}" for zone in TWO], None, both("passed")),
        ([*TWO, Computed((), "us-central1-f")], None, both("passed")),
        ([TWO[0], Computed((), TWO[1])], None, ("undecided", "passed")),
        ([TWO[0], Computed((), TWO[0])], None, ("undecided", "failed")),
        ([Computed((), TWO[0])], None, both("failed")),
        (Computed((), TWO), None, ("undecided", "passed")),
        (TWO, Computed((), "ANY"), ("undecided", "failed")),
        (TWO[:1], Computed((), "EVEN"), both("failed")),
        (None, Computed((), "EVEN"), ("undecided", "passed")),
    ],
)
def test_a_regional_group(zones: Any, shape: Any, expected: Any) -> None:
    group = regional(zones, shape)
    assert judged(RULE, "chat", service([backend(group)]), group) == expected


A, B, EU = zonal("us-central1-a"), zonal("us-central1-b"), zonal("europe-west4-a")
SINGLE = regional(TWO[:1])
GOOD = regional(region="europe-west4")
NEGS = [R("NetworkEndpointGroup", f"neg-{zone}", {"zone": zone}) for zone in TWO]
HYBRID = R("NetworkEndpointGroup", "hybrid", {"zone": TWO[0], "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"})
EITHER = R("NetworkEndpointGroup", "either", {"zone": TWO[0], "networkEndpointType": Computed()})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
UNMANAGED = R("InstanceGroup", "unmanaged", {"zone": "us-central1-c"})


@pytest.mark.parametrize(
    ("backends", "inputs", "expected"),
    [
        ([backend(A)], {}, both("failed")),
        ([backend(A), backend(B)], {}, both("passed")),
        ([backend(A), backend(B), backend(EU)], {}, both("failed")),
        ([backend(A), backend(B), backend(GOOD)], {}, both("passed")),
        ([backend(A), {**backend(A), "group": Out(UNMANAGED, "id")}], {}, both("passed")),
        ([{**backend(A), "group": Out(UNMANAGED, "id")}], {}, both("failed")),
        # A group in one zone and another in a second one; a group in a zone of the regional group.
        ([backend(SINGLE), backend(B)], {}, both("passed")),
        ([backend(SINGLE), backend(A)], {}, both("failed")),
        ([backend(NEGS[0])], {}, both("failed")),
        ([backend(neg) for neg in NEGS], {}, both("passed")),
        ([backend(NEGS[0]), backend(HYBRID)], {}, both("failed")),
        ([backend(HYBRID)], {}, both("not applicable")),
        ([backend(EITHER)], {}, both("undecided")),
        ([backend(SERVERLESS)], {}, both("not applicable")),
        ([backend("projects/p/global/networkEndpointGroups/n")], {}, both("not applicable")),
        ([backend("projects/p/zones/us-central1-a/instanceGroups/x")], {}, both("failed")),
        ([backend(f"projects/p/zones/{zone}/instanceGroups/x") for zone in TWO], {}, both("passed")),
        ([backend("projects/p/regions/us-central1/instanceGroups/x")], {}, both("undecided")),
        ([backend("projects/p/regions/us-central1/instanceGroups/x"), backend(EU)], {}, both("failed")),
        ([backend(A)], {"region": "us-central1"}, both("failed")),
        ([backend(A), backend(B)], {"region": "us-central1", "loadBalancingScheme": "INTERNAL"}, both("passed")),
        ([backend(A)], {"options": {"ignore_changes": ("backends",)}}, both("undecided")),
        ([backend(A), backend(B)], {"options": {"ignore_changes": ("backends",)}}, both("passed")),
        ([], {}, both("not applicable")),
        (None, {}, both("not applicable")),
        (Computed((A,), [backend(A)]), {}, ("undecided", "failed")),
        ([backend(A), Computed((B,), backend(B))], {}, both("passed")),
        ([backend(Computed((OTHER_STACK,)))], {}, both("undecided")),
    ],
)
def test_services(backends: Any, inputs: dict[str, Any], expected: Any) -> None:
    groups = [A, B, EU, SINGLE, GOOD, *NEGS, HYBRID, EITHER, SERVERLESS, UNMANAGED, OTHER_STACK]
    assert judged(RULE, "chat", service(backends, **inputs), *groups) == expected


def test_a_group_whose_region_is_not_known_may_be_in_any() -> None:
    somewhere = zonal("us-central1-b")
    somewhere.inputs["zone"] = Computed()
    assert statuses(RULE, build(service([backend(A), backend(somewhere)]), A, somewhere)) == {"chat": "undecided"}


def test_a_group_read_from_elsewhere() -> None:
    group = mig()
    group.options.update(inputs=None, is_read=True)
    url = {"id": group.url("id"), "instanceGroup": group.url("instanceGroup"), "region": "us-central1"}
    subject = service([backend(group.url("instanceGroup"))])
    for zones, status in ((TWO, "passed"), (TWO[:1], "failed"), (UNKNOWN, "undecided")):
        outputs = {**url, "distributionPolicyZones": zones, "distributionPolicyTargetShape": "EVEN"}
        group.options["outputs"] = outputs
        assert statuses(RULE, build(subject, group)) == {"chat": status}


def test_options() -> None:
    group = regional(TWO)
    assert judged(RULE, "chat", service([backend(group)]), group, options={"min_zones": 3}) == both("failed")
    single = regional(TWO[:1])
    assert judged(RULE, "chat", service([backend(single)]), single, options={"min_zones": 1}) == both("passed")
    anywhere = regional(TWO, "ANY")
    options = {"spreading_shapes": ["EVEN", "BALANCED", "ANY"]}
    assert judged(RULE, "chat", service([backend(anywhere)]), anywhere, options=options) == both("passed")


def test_the_reason_why_it_is_not_judged() -> None:
    for backends, reason in (([], "it has no backends"), ([backend(SERVERLESS)], "its backends have no zones")):
        (found,) = findings(RULE, build(service(backends), SERVERLESS))
        assert found.not_applicable == reason


def test_the_message_names_each_region() -> None:
    (found,) = findings(RULE, build(service([backend(A), backend(EU)]), A, EU, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "In `europe-west4` all backends are in 1 zone, or may be. "
        "In `us-central1` all backends are in 1 zone, or may be."
    ]
