"""`llm-backend-zones` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.rules.fleets import zonal
from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "llm-backend-zones"
TWO = ["us-central1-a", "us-central1-b"]
OTHER_STACK = R("StackReference", "platform")


def regional(zones: Any = None, shape: Any = None, region: str = "us-central1") -> R:
    return mig(region, distributionPolicyZones=zones, distributionPolicyTargetShape=shape)


@pytest.mark.parametrize(
    ("zones", "shape", "expected"),
    [
        (None, None, "passed"),
        ([], None, "passed"),
        (TWO, None, "passed"),
        (TWO, "EVEN", "passed"),
        (TWO, "BALANCED", "passed"),
        (TWO, "ANY", "failed"),
        (TWO, "ANY_SINGLE_ZONE", "failed"),
        (None, "ANY_SINGLE_ZONE", "failed"),
        (TWO[:1], None, "failed"),
        (TWO[:1], "EVEN", "failed"),
        ([TWO[0], TWO[0]], None, "failed"),
        ([TWO[0], f"https://www.googleapis.com/compute/v1/projects/p/zones/{TWO[0]}"], None, "failed"),
        ([f"zones/{zone}" for zone in TWO], None, "passed"),
        ([*TWO, Computed((), "us-central1-f")], None, "passed"),
        ([TWO[0], Computed((), TWO[1])], None, ("undecided", "passed")),
        ([TWO[0], Computed((), TWO[0])], None, ("undecided", "failed")),
        ([Computed((), TWO[0])], None, "failed"),
        (Computed((), TWO), None, ("undecided", "passed")),
        (TWO, Computed((), "ANY"), ("undecided", "failed")),
        (TWO[:1], Computed((), "EVEN"), "failed"),
        (None, Computed((), "EVEN"), ("undecided", "passed")),
    ],
)
def test_a_regional_group(zones: Any, shape: Any, expected: Any) -> None:
    group = regional(zones, shape)
    check_verdict(RULE, [service([backend(group)]), group], expected)


A, B, EU = zonal("us-central1-a"), zonal("us-central1-b"), zonal("europe-west4-a")
SINGLE = regional(TWO[:1])
GOOD = regional(region="europe-west4")
NEGS = [R("NetworkEndpointGroup", f"neg-{zone}", {"zone": zone}) for zone in TWO]
HYBRID = R("NetworkEndpointGroup", "hybrid", {"zone": TWO[0], "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"})
EITHER = R("NetworkEndpointGroup", "either", {"zone": TWO[0], "networkEndpointType": Computed()})
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
HYBRID_B = R("NetworkEndpointGroup", "hybrid-b", {"zone": TWO[1], "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"})
NEG_URL = "networkEndpointGroups"


def zonal_url(letter: str, collection: str = "instanceGroups", name: str = "x") -> dict[str, Any]:
    return backend(f"projects/p/zones/us-central1-{letter}/{collection}/{name}")


def read(type_: str, zone: str, collection: str) -> R:
    """A group that is read with `.get(name, id)`, of which the id is known and nothing else."""
    outputs = {"id": f"projects/p/zones/{zone}/{collection}/x-{zone}", "selfLink": UNKNOWN, "instanceGroup": UNKNOWN}
    return R(type_, f"{collection}-{zone}", {"zone": zone}, {"inputs": None, "outputs": outputs, "is_read": True})


NEGS_READ = {zone: read("NetworkEndpointGroup", zone, NEG_URL) for zone in TWO}
GROUPS_READ = {zone: read("InstanceGroup", zone, "instanceGroups") for zone in TWO}
READ = [*NEGS_READ.values(), *GROUPS_READ.values()]


def read_neg(zone: str) -> Any:
    return Computed((NEGS_READ[zone],))


def read_group(zone: str) -> Any:
    return Computed((GROUPS_READ[zone],))


UNMANAGED = R("InstanceGroup", "unmanaged", {"zone": "us-central1-c"})


@pytest.mark.parametrize(
    ("backends", "inputs", "expected"),
    [
        ([backend(A)], {}, "failed"),
        ([backend(A), backend(B)], {}, "passed"),
        ([backend(A), backend(B), backend(EU)], {}, "failed"),
        ([backend(A), backend(B), backend(GOOD)], {}, "passed"),
        ([backend(A), {**backend(A), "group": Out(UNMANAGED, "id")}], {}, "passed"),
        ([{**backend(A), "group": Out(UNMANAGED, "id")}], {}, "failed"),
        # A group in one zone and another in a second one; a group in a zone of the regional group.
        ([backend(SINGLE), backend(B)], {}, "passed"),
        ([backend(SINGLE), backend(A)], {}, "failed"),
        ([backend(NEGS[0])], {}, "failed"),
        ([backend(neg) for neg in NEGS], {}, "passed"),
        ([backend(NEGS[0]), backend(HYBRID)], {}, "failed"),
        ([backend(HYBRID)], {}, "not applicable"),
        ([backend(EITHER)], {}, "undecided"),
        ([backend(SERVERLESS)], {}, "not applicable"),
        ([backend("projects/p/global/networkEndpointGroups/n")], {}, "not applicable"),
        ([backend("projects/p/zones/us-central1-a/instanceGroups/x")], {}, "failed"),
        ([backend(f"projects/p/zones/{zone}/instanceGroups/x") for zone in TWO], {}, "passed"),
        ([backend("projects/p/regions/us-central1/instanceGroups/x")], {}, "undecided"),
        ([backend("projects/p/regions/us-central1/instanceGroups/x"), backend(EU)], {}, "failed"),
        ([backend(A)], {"region": "us-central1"}, "failed"),
        ([backend(A), backend(B)], {"region": "us-central1", "loadBalancingScheme": "INTERNAL"}, "passed"),
        ([backend(A)], {"options": {"ignore_changes": ("backends",)}}, "undecided"),
        ([backend(A), backend(B)], {"options": {"ignore_changes": ("backends",)}}, "passed"),
        ([], {}, "not applicable"),
        (None, {}, "not applicable"),
        (Computed((A,), [backend(A)]), {}, ("undecided", "failed")),
        # An entry of which nothing is known may be drained.
        ([backend(A), Computed((B,), backend(B))], {}, ("undecided", "passed")),
        ([backend(A), backend(B, capacityScaler=0)], {}, ("undecided", "failed")),
        ([backend(A), backend(B, capacityScaler=0.5)], {}, "passed"),
        ([backend(A), backend(B), backend(EU, capacityScaler=0)], {}, ("undecided", "passed")),
        ([backend(A), backend(B, capacityScaler=Computed((), 0))], {}, ("undecided", "failed")),
        ([zonal_url("a"), zonal_url("b") | {"capacityScaler": 0}], {}, "failed"),
        # NEGs of which the URL alone is known are zonal or hybrid.
        ([zonal_url("a", NEG_URL), zonal_url("b", NEG_URL)], {}, "passed"),
        ([zonal_url("a", NEG_URL), zonal_url("a", NEG_URL, "y")], {}, "undecided"),
        ([backend(NEGS[0]), zonal_url("b", NEG_URL)], {}, "passed"),
        ([backend(NEGS[0]), zonal_url("a", NEG_URL)], {}, "failed"),
        ([backend(NEGS[0]), backend(HYBRID_B)], {}, "passed"),
        ([backend(HYBRID), backend(HYBRID_B)], {}, "not applicable"),
        ([backend("projects/p/regions/us-central1/networkEndpointGroups/n")], {}, "not applicable"),
        ([backend(read_neg(zone)) for zone in TWO], {}, "passed"),
        ([backend(read_neg(TWO[0]))], {}, "undecided"),
        ([backend(read_group(zone)) for zone in TWO], {}, "passed"),
        ([backend(read_group(TWO[0]))], {}, "failed"),
        ([backend(Computed((OTHER_STACK,)))], {}, "undecided"),
    ],
)
def test_services(backends: Any, inputs: dict[str, Any], expected: Any) -> None:
    groups = [A, B, EU, SINGLE, GOOD, *NEGS, HYBRID, HYBRID_B, EITHER, SERVERLESS, UNMANAGED, OTHER_STACK, *READ]
    check_verdict(RULE, [service(backends, **inputs), *groups], expected)


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
        check_verdict(RULE, [subject, group], status)


def test_options() -> None:
    group = regional(TWO)
    check_verdict(RULE, [service([backend(group)]), group], "failed", min_zones=3)
    single = regional(TWO[:1])
    check_verdict(RULE, [service([backend(single)]), single], "passed", min_zones=1)
    anywhere = regional(TWO, "ANY")
    options: dict[str, Any] = {"spreading_shapes": ["EVEN", "BALANCED", "ANY"]}
    check_verdict(RULE, [service([backend(anywhere)]), anywhere], "passed", **options)


def test_the_reason_why_it_is_not_judged() -> None:
    for backends, reason in (([], "it has no backends"), ([backend(SERVERLESS)], "its backends have no zones")):
        (found,) = findings(RULE, build(service(backends), SERVERLESS))
        assert found.not_applicable == reason


def test_the_message_names_each_region() -> None:
    (found,) = findings(RULE, build(service([backend(A), backend(EU)]), A, EU, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "In `europe-west4`, all backends may be in one zone. In `us-central1`, all backends may be in one zone."
    ]


def test_the_fix_is_of_the_kind_of_the_backends() -> None:
    (found,) = findings(RULE, build(service([backend(NEGS[0])]), NEGS[0]))
    assert "zonal NEG" in found.problems[0].fix
    assert "InstanceGroupManager" not in found.problems[0].fix
    (found,) = findings(RULE, build(service([backend(A)]), A))
    assert "`RegionInstanceGroupManager`" in found.problems[0].fix


def test_the_reason_says_what_would_decide() -> None:
    perhaps_drained = [backend(A), backend(B, capacityScaler=Computed())]
    outside = [backend("projects/p/regions/us-central1/instanceGroups/x")]
    for backends, reason in (
        (perhaps_drained, "it is not known which backends in `us-central1` are drained"),
        (outside, "it is not known in how many zones of `us-central1` its backends are"),
    ):
        (found,) = findings(RULE, build(service(backends), A, B))
        assert found.reasons == (reason,)
