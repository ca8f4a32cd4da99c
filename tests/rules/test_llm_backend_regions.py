"""`llm-backend-regions` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "llm-backend-regions"
US, EU, ASIA = mig("us-central1"), mig("europe-west4"), mig("asia-east1")
US_ZONE_A = R("InstanceGroupManager", "zonal-a", {"zone": "us-central1-a"})
US_ZONE_B = R("InstanceGroupManager", "zonal-b", {"zone": "us-central1-b"})
US_AI_ZONE = R("InstanceGroup", "ai-zone", {"zone": "us-central1-ai1a"})
EU_NEG = R("NetworkEndpointGroup", "neg-eu", {"zone": "europe-west4-b"})
US_NEG = R("NetworkEndpointGroup", "neg-us", {"zone": "us-central1-b"})
EU_RUN = R("RegionNetworkEndpointGroup", "run-eu", {"region": "europe-west4"})
US_RUN = R("RegionNetworkEndpointGroup", "run-us", {"region": "us-central1"})
INTERNET = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
ELSEWHERE = R("RegionInstanceGroupManager", "mig-computed", {"region": Computed()})
NETWORK = R("Network", "net")
OTHER_STACK = R("StackReference", "platform")
CLUSTER = R("Cluster", "gke")
FLEET = R("Fleet", "fleet")

URL = "https://www.googleapis.com/compute/v1/projects/p-demo/"
CONTROLLER = {"ignore_changes": ("backends",)}

# name -> (backends, further inputs, expected)
CASES: dict[str, tuple[Any, dict[str, Any], Expected]] = {
    "two regions": ([backend(US), backend(EU)], {}, "passed"),
    "one region": ([backend(US)], {}, "failed"),
    "two zones of one region": ([backend(US_ZONE_A), backend(US_ZONE_B)], {}, "failed"),
    "a zone with a longer name": ([backend(US_ZONE_A), backend(US_AI_ZONE)], {}, "failed"),
    "zonal NEGs in two regions": ([backend(US_NEG), backend(EU_NEG)], {}, "passed"),
    "serverless NEGs in two regions": ([backend(US_RUN), backend(EU_RUN)], {}, "passed"),
    "an internet NEG may be anywhere": ([backend(INTERNET)], {}, "undecided"),
    "an internet NEG and a group": ([backend(INTERNET), backend(US_NEG)], {}, "undecided"),
    "no backends": (None, {}, "failed"),
    "an empty list": ([], {}, "failed"),
    "URLs in two regions": (
        [backend(f"{URL}regions/us-central1/instanceGroups/a"), backend("zones/europe-west4-b/instanceGroups/b")],
        {},
        "passed",
    ),
    "a URL in the region of the other": (
        [backend(US), backend(f"{URL}zones/us-central1-b/networkEndpointGroups/n")],
        {},
        "failed",
    ),
    "not a URL": ([backend(US), backend("my-group")], {}, "undecided"),
    "built inside apply": (Computed((US, EU), [backend(US), backend(EU)]), {}, ("undecided", "passed")),
    "one entry computed": ([backend(US), Computed((EU,), backend(EU))], {}, "passed"),
    "computed from one of two groups": ([backend(US), backend(Computed((US, EU), Out(EU)))], {}, "passed"),
    "one of two further groups": ([backend(US), backend(Computed((EU, ASIA), Out(EU)))], {}, ("undecided", "passed")),
    "one of two groups in one region": ([backend(Computed((US_ZONE_A, US_ZONE_B), Out(US_ZONE_A)))], {}, "failed"),
    "one of two groups in the region of the other backend": (
        [backend("zones/us-central1-c/instanceGroups/x"), backend(Computed((US_ZONE_A, US_ZONE_B), Out(US_ZONE_A)))],
        {},
        "failed",
    ),
    "a number from elsewhere beside a group": (
        [backend(US), backend(EU, maxRatePerInstance=Computed((NETWORK,), 4))],
        {},
        "passed",
    ),
    "a group of another stack": ([backend(US), backend(Computed((OTHER_STACK,)))], {}, "undecided"),
    "a group of another stack beside two": (
        [backend(US), backend(EU), backend(Computed((OTHER_STACK,)))],
        {},
        ("undecided", "passed"),
    ),
    "node pools of a cluster": ([backend(US), backend(Computed((CLUSTER,)))], {}, "undecided"),
    "through a component": ([backend(US), backend(Computed((FLEET,)))], {}, "undecided"),
    "one backend from a component": ([backend(Computed((FLEET,)))], {}, "failed"),
    "no edges at all": ([backend(US), backend(Computed())], {}, "undecided"),
    "regional": ([backend(US)], {"region": "us-central1"}, "failed"),
    "regional with groups of two regions": ([backend(US), backend(EU)], {"region": "us-central1"}, "failed"),
    "regional without a known region": ([backend(US)], {"region": Computed()}, "failed"),
    "left to a controller": (None, {"options": CONTROLLER}, "undecided"),
    "one region and a controller": ([backend(US)], {"options": CONTROLLER}, "undecided"),
    "two regions and a controller": ([backend(US), backend(EU)], {"options": CONTROLLER}, "passed"),
}

GROUPS = (US, EU, ASIA, US_ZONE_A, US_ZONE_B, US_AI_ZONE, EU_NEG, US_NEG, EU_RUN, US_RUN, INTERNET)
OTHERS = (NETWORK, OTHER_STACK, CLUSTER, FLEET)


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: str) -> None:
    backends, inputs, expected = CASES[case]
    check_verdict(RULE, [service(backends, **inputs), *GROUPS, *OTHERS], expected)


def test_a_group_may_be_in_a_computed_region() -> None:
    stack = build(service([backend(US), backend(ELSEWHERE)]), US, ELSEWHERE)
    assert statuses(RULE, stack) == {"chat": "undecided"}


@pytest.mark.parametrize(
    ("minimum", "backends", "status"),
    [
        (1, [backend(US)], "passed"),
        (1, [], "failed"),
        (3, [backend(US), backend(EU)], "failed"),
        (3, [backend(US), backend(EU), backend(ASIA)], "passed"),
    ],
)
def test_min_regions(minimum: int, backends: Any, status: str) -> None:
    check_verdict(RULE, [service(backends), *GROUPS], status, min_regions=minimum)


def regional(region: Any, name: str, backends: Any = None) -> R:
    return service([backend(US)] if backends is None else backends, name, region=region)


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([regional("us-central1", "chat-us"), regional("europe-west4", "chat-eu")], "passed"),
        ([regional("us-central1", "chat-us"), regional("us-central1", "chat-eu")], "failed"),
        ([regional("us-central1", "chat-us"), regional("europe-west4", "chat-eu", [])], "failed"),
        ([regional("us-central1", "chat-us"), regional("europe-west4", "chat-eu", Computed())], "undecided"),
        ([regional("us-central1", "chat-us"), regional(Computed(), "chat-eu")], "undecided"),
        ([regional("us-central1", "chat-us"), regional("europe-west4", "embed-eu")], "failed"),
    ],
)
def test_regional_peers(services: list[R], expected: str) -> None:
    check_verdict(RULE, [*services, *GROUPS], expected, "chat-us", regional_peers=["chat-*"])


def test_peers_may_still_come_during_an_update() -> None:
    first = build(regional("us-central1", "chat-us"), US, deployed=True, is_complete=False)
    assert statuses(RULE, first, regional_peers=["chat-*"]) == {"chat-us": "undecided"}
    assert statuses(RULE, first) == {"chat-us": "failed"}


def test_a_group_of_another_project_with_the_same_name_is_not_ours() -> None:
    ours = mig("us-central1", name="llm")
    theirs = backend("projects/other/regions/europe-west4/instanceGroups/llm")
    assert statuses(RULE, build(service([backend(ours), theirs]), ours, deployed=True)) == {"chat": "passed"}


def test_a_service_that_is_not_targeted_is_not_judged() -> None:
    new = R("BackendService", "chat", {}, {"inputs": {}, "outputs": {}})
    assert statuses(RULE, build(new)) == {}


def test_a_service_that_is_read_is_judged_by_its_outputs() -> None:
    outputs = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": [{"group": "projects/p/regions/us-central1/instanceGroups/a", "maxUtilization": 0}],
    }
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    check_verdict(RULE, [read], "failed")
    unknown = R("BackendService", "chat", {}, {"inputs": None, "outputs": {"backends": UNKNOWN}, "is_read": True})
    check_verdict(RULE, [unknown], "undecided")


def test_the_message_says_what_is_and_what_to_use() -> None:
    (found,) = findings(RULE, build(service([backend(US)]), US))
    assert found.problems[0].observed == "All backends are in 1 region (`us-central1`)."
    (found,) = findings(RULE, build(regional("us-central1", "chat"), US))
    assert "global `BackendService`" in found.problems[0].fix
    (found,) = findings(RULE, build(service([])))
    assert [problem.observed for problem in found.problems] == ["It has no backends, so it serves nothing."]


def test_peers_left_to_a_controller_may_be_in_any_of_their_regions() -> None:
    peers = [
        service(None, f"chat-{region}", region=region, options={"ignore_changes": ("backends",)})
        for region in ("us-central1", "europe-west4")
    ]
    expected = {"chat-us-central1": "undecided", "chat-europe-west4": "undecided"}
    assert statuses(RULE, build(*peers), regional_peers=["chat-*"]) == expected


def test_one_glob_that_passes_is_enough() -> None:
    peers = [
        regional("us-central1", "chat-us"),
        regional("europe-west4", "eu"),
        regional("us-east1", "chat-x", Computed()),
    ]
    stack = build(*peers, *GROUPS)
    assert statuses(RULE, stack, regional_peers=["chat-*"])["chat-us"] == "undecided"
    assert statuses(RULE, stack, regional_peers=["chat-*", "*"])["chat-us"] == "passed"


def test_what_hands_on_groups_of_others_settles_nothing() -> None:
    member = R("gcp:compute/instanceGroupMembership:InstanceGroupMembership", "member")
    backends = [backend(Computed((member,))), backend(EU, maxRate=Computed((ASIA,), 4))]
    check_verdict(RULE, [service(backends), member, EU, ASIA], "undecided")
