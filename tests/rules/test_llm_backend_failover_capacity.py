"""`llm-backend-failover-capacity` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.rules.fleets import autoscaler, managed, serving, template, zonal
from tests.stacks import Computed, Out, R, backend, build, check, check_verdict, findings, mig, service, statuses

RULE = "llm-backend-failover-capacity"
REQUEST = "gcp:compute/regionResizeRequest:RegionResizeRequest"
OTHER_STACK = R("StackReference", "platform")


def fleets(*policies: dict[str, Any], machine_types: tuple[str, ...] = (), **target: Any) -> list[R]:
    """A service over as many regions as policies, each with a group of its own template and an autoscaler."""
    regions = ("us-central1", "europe-west4", "asia-east1")[: len(policies)]
    types = machine_types or ("g2-standard-8",) * len(regions)
    templates = [template(f"template-{region}", type_) for region, type_ in zip(regions, types, strict=True)]
    groups = [managed(region, of) for region, of in zip(regions, templates, strict=True)]
    scalers = [autoscaler(group, **policy) for group, policy in zip(groups, policies, strict=True)]
    return [service([backend(group, **target) for group in groups]), *templates, *groups, *scalers]


def lb(target: float, warm: int = 2, most: int = 8) -> dict[str, Any]:
    return {"minReplicas": warm, "maxReplicas": most, "loadBalancingUtilization": {"target": target}}


def cpu(target: Any, **others: Any) -> dict[str, Any]:
    return {"loadBalancingUtilization": None, "cpuUtilization": {"target": target}, **others}


@pytest.mark.parametrize(
    ("policies", "status"),
    [
        ([{}, {}], "passed"),
        ([lb(0.5), lb(0.51)], "failed"),
        ([lb(0.65, 3), lb(0.65, 3), lb(0.65, 3)], "passed"),
        ([lb(0.7, 3), lb(0.7, 3), lb(0.7, 3)], "failed"),
        ([lb(0.5, 3), lb(0.5, 2)], "failed"),
        ([lb(0.5, 4), lb(0.5, 4), lb(0.5, 0)], "passed"),
        ([lb(0.5, 0), lb(0.5, 0)], "failed"),
        # Left out, the target of load balancing utilization is 0.8.
        ([{"loadBalancingUtilization": {}}, {}], "failed"),
        ([cpu(0.4), cpu(0.4)], "passed"),
        ([cpu(0.41), cpu(0.41)], "failed"),
        # Left out, the target of CPU utilization is 0.6, and it is the signal without any.
        ([cpu(None), cpu(None)], "failed"),
        ([{"loadBalancingUtilization": None}, {}], "failed"),
        # The more careful of two signals keeps the group emptier.
        ([{"cpuUtilization": {"target": 0.7}}] * 2, "passed"),
        ([{"cpuUtilization": {"target": 0.32}, **lb(0.9)}] * 2, "passed"),
        # Metrics can only keep it emptier still.
        ([{"metrics": [{"name": "queue", "target": 5}]}] * 2, "passed"),
        ([{"metrics": [{"name": "queue", "target": 5}], **lb(0.9)}] * 2, "undecided"),
        ([{"metrics": [{"name": "queue", "target": 5}], "loadBalancingUtilization": None}] * 2, "undecided"),
        ([{"metrics": Computed()}, {}], "undecided"),
        ([{"mode": "ONLY_SCALE_OUT"}, {}], "passed"),
        ([{"mode": "OFF"}, {}], "failed"),
        ([{"mode": Computed()}, {}], "undecided"),
        ([{"mode": "SOMETIMES"}, {}], "undecided"),
        ([{"minReplicas": Computed()}, {}], "undecided"),
        ([{"minReplicas": None}, {}], "undecided"),
        ([{"minReplicas": -1}, {}], "undecided"),
        ([{"loadBalancingUtilization": {"target": Computed()}}, {}], "undecided"),
        ([{"loadBalancingUtilization": {"target": 0}}, {}], "undecided"),
        ([{"loadBalancingUtilization": Computed()}, {}], "undecided"),
        ([{"policy": Computed()}, {}], "undecided"),
    ],
)
def test_autoscalers(policies: list[dict[str, Any]], status: Any) -> None:
    check_verdict(RULE, fleets(*policies), status)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ({"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}, "passed"),
        ({"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerInstance": 32}, "passed"),
        ({"balancingMode": "CONNECTION", "maxConnectionsPerInstance": 32}, "passed"),
        ({"balancingMode": "RATE", "maxRate": 100}, "undecided"),
        ({"balancingMode": "RATE", "maxRatePerInstance": 4, "maxRate": 100}, "undecided"),
        ({"balancingMode": "RATE", "maxRatePerInstance": Computed()}, "undecided"),
        ({"balancingMode": "CUSTOM_METRICS"}, "undecided"),
        ({"balancingMode": Computed()}, "undecided"),
        ({"maxUtilization": Computed()}, "undecided"),
        ({"capacityScaler": Computed()}, "undecided"),
        ({"capacityScaler": 0.5}, "passed"),
        ({"capacityScaler": -1}, "undecided"),
        ({"maxRatePerInstance": 4}, "passed"),
        ({"maxRatePerInstance": Computed()}, "undecided"),
        ({"maxRate": 4}, "undecided"),
        # Without a target there is no capacity, and other rules ask for one.
        ({"maxUtilization": None}, "not applicable"),
        ({"maxUtilization": 0}, "not applicable"),
        ({"balancingMode": "RATE"}, "not applicable"),
    ],
)
def test_targets(target: dict[str, Any], status: Any) -> None:
    check_verdict(RULE, fleets({}, {}, **target), status)


def test_cpu_utilization_says_nothing_of_a_rate() -> None:
    rate: dict[str, Any] = {"balancingMode": "RATE", "maxRatePerInstance": 4}
    check_verdict(RULE, fleets(cpu(0.3), cpu(0.3), **rate), "undecided")
    beside = {"cpuUtilization": {"target": 0.3}}
    check_verdict(RULE, fleets(beside, beside, **rate), "passed")
    check_verdict(RULE, fleets({**beside, **lb(0.8)}, {**beside, **lb(0.8)}, **rate), "undecided")
    check_verdict(RULE, fleets(cpu(0.3), cpu(0.3), maxRatePerInstance=4), "undecided")


def two(first: dict[str, Any], second: dict[str, Any], warm: tuple[int, int] = (2, 2)) -> list[R]:
    us, eu = managed("us-central1"), managed("europe-west4")
    scalers = [autoscaler(us, minReplicas=warm[0]), autoscaler(eu, minReplicas=warm[1])]
    return [service([backend(us, **first), backend(eu, **second)]), us, eu, *scalers]


RATE = {"balancingMode": "RATE", "maxUtilization": None}


@pytest.mark.parametrize(
    ("first", "second", "warm", "deployed"),
    [
        ({}, {"maxUtilization": 0.6}, (2, 2), "failed"),
        ({}, {"maxUtilization": 0.4}, (2, 4), "passed"),
        ({}, {"capacityScaler": 0.5}, (2, 2), "failed"),
        ({}, {"capacityScaler": 0}, (2, 2), "failed"),
        ({}, {"capacityScaler": 0.5}, (2, 4), "passed"),
        ({**RATE, "maxRatePerInstance": 8}, {**RATE, "maxRatePerInstance": 4}, (2, 4), "passed"),
        ({**RATE, "maxRatePerInstance": 8}, {**RATE, "maxRatePerInstance": 4}, (2, 2), "failed"),
        ({**RATE, "maxRatePerInstance": 8}, {}, (2, 2), "undecided"),
        # Which of two limits is reached first differs, unless they are in proportion.
        ({"maxRatePerInstance": 4}, {}, (2, 2), "undecided"),
        ({"maxRatePerInstance": 4}, {"maxRatePerInstance": 8}, (2, 2), "undecided"),
        ({"maxRatePerInstance": 4}, {"maxUtilization": 0.4, "maxRatePerInstance": 2}, (2, 4), "passed"),
        ({}, {"maxUtilization": None}, (2, 2), "not applicable"),
    ],
)
def test_differing_targets_wait_for_the_urls(
    first: dict[str, Any], second: dict[str, Any], warm: tuple[int, int], deployed: Any
) -> None:
    """On a first preview it is known which groups a service has, not which backend has which: all ways may fail."""
    preview = deployed if deployed in ("not applicable", "failed") else "undecided"
    check_verdict(RULE, two(first, second, warm), (preview, deployed))


@pytest.mark.parametrize(
    ("types", "warm", "status"),
    [
        (("e2-standard-8", "e2-standard-4"), (2, 4), "passed"),
        (("e2-standard-8", "e2-standard-4"), (2, 2), "failed"),
        (("g2-standard-48", "g2-standard-8"), (2, 8), "passed"),
        (("g2-standard-48", "g2-standard-8"), (2, 2), "failed"),
        (("a2-highgpu-1g", "g2-standard-8"), (2, 2), "undecided"),
        (("g2-standard-8", "e2-standard-8"), (2, 2), "undecided"),
        (("e2-medium", "e2-standard-8"), (2, 2), "undecided"),
    ],
)
def test_machines(types: tuple[str, str], warm: tuple[int, int], status: Any) -> None:
    resources = fleets({"minReplicas": warm[0]}, {"minReplicas": warm[1]}, machine_types=types)
    check_verdict(RULE, resources, status)


def test_a_limit_for_each_machine_weighs_them_already() -> None:
    rate = {**RATE, "maxRatePerInstance": 4}
    check_verdict(RULE, fleets({}, {}, machine_types=("a2-highgpu-1g", "e2-medium"), **rate), "passed")


def groups_of(us: R, eu: R, *others: R) -> list[R]:
    return [serving(us, eu), us, eu, autoscaler(us), autoscaler(eu), *others]


def test_templates() -> None:
    """One template for all is as good as a known machine type, in the stack or outside it."""
    unknown = template(machine_type=Computed())
    us, eu = managed("us-central1"), managed("europe-west4")
    check_verdict(RULE, groups_of(us, eu), "passed")
    us, eu = managed("us-central1", unknown), managed("europe-west4", unknown)
    check_verdict(RULE, groups_of(us, eu, unknown), "passed")
    eu = mig("europe-west4")
    check_verdict(RULE, groups_of(us, eu, unknown), "undecided")


def versions(*of: R, region: str = "us-central1", **inputs: Any) -> R:
    return mig(region, versions=[{"instanceTemplate": Out(one, "id")} for one in of], **inputs)


def test_canaries() -> None:
    old, new, large = template("old"), template("new"), template("large", "g2-standard-48")
    us, eu = versions(old, new), versions(old, region="europe-west4")
    check_verdict(RULE, groups_of(us, eu, old, new), "passed")
    us = versions(old, large)
    check_verdict(RULE, groups_of(us, eu, old, large), "undecided")
    us = versions(old, instanceFlexibilityPolicy={"instanceSelections": []})
    check_verdict(RULE, groups_of(us, eu, old), "undecided")


def test_nothing_says_what_the_load_of_a_fixed_size_is() -> None:
    us, eu = managed("us-central1", targetSize=2), managed("europe-west4", targetSize=2)
    resources = [serving(us, eu), us, eu]
    check_verdict(RULE, resources, "undecided")
    check_verdict(RULE, resources, "passed", peak_load=0.5)
    check_verdict(RULE, resources, "failed", peak_load=0.6)
    large = managed("europe-west4", targetSize=9)
    check_verdict(RULE, [serving(us, large), us, large], "undecided")
    check_verdict(RULE, [serving(us, large), us, large, autoscaler(us), autoscaler(large)], "passed")
    unknown = managed("europe-west4", targetSize=Computed())
    check_verdict(RULE, [serving(us, unknown), us, unknown], "undecided")
    left_out = managed("europe-west4")
    check_verdict(RULE, [serving(us, left_out), us, left_out], "failed")
    (found,) = findings(RULE, build(*resources, deployed=True))
    assert [(one.property_name, one.why) for one in found.undecided] == [
        (
            "target_size",
            "`mig-us-central1` has a fixed size, and no signal shows its load; set the option `peak_load` of this rule",
        )
    ]


@pytest.mark.parametrize(
    ("size", "busy", "expected"),
    [
        pytest.param(6, lb(0.8, 8, 20), "failed", id="too few for the load of the other region"),
        pytest.param(7, lb(0.8, 8, 20), "undecided", id="enough for that, and perhaps not for their own as well"),
        pytest.param(6, lb(0.7, 8, 20), "undecided", id="less load in the other region"),
        pytest.param(
            1, {"loadBalancingUtilization": None, "metrics": [{"name": "queue"}]}, "undecided", id="no signal"
        ),
    ],
)
def test_a_fixed_size_has_to_carry_the_load_of_the_others(size: int, busy: dict[str, Any], expected: str) -> None:
    us, eu = managed("us-central1"), managed("europe-west4", targetSize=size)
    resources = [serving(us, eu), us, eu, autoscaler(us, **busy)]
    check_verdict(RULE, resources, expected)
    if expected == "failed":
        (found,) = findings(RULE, build(*resources))
        assert [(problem.observed, problem.fix) for problem in found.problems] == [
            (
                "Without `us-central1`, 42.9 % of the warm capacity is left for a steady load of at least 45.7 %.",
                "Add VMs to the smaller regions or add a region.",
            )
        ]


def test_the_peak_load_stands_in_for_a_signal() -> None:
    us, eu = managed("us-central1"), managed("europe-west4")
    by_queue: dict[str, Any] = {"loadBalancingUtilization": None, "metrics": [{"name": "queue"}]}
    resources = [serving(us, eu), us, eu, autoscaler(us, **by_queue), autoscaler(eu, **by_queue)]
    check_verdict(RULE, resources, "undecided")
    check_verdict(RULE, resources, "passed", peak_load=0.5)
    check_verdict(RULE, resources, "failed", peak_load=0.51)


def test_groups_that_resize_requests_fill() -> None:
    us, eu = managed("us-central1"), managed("europe-west4")
    requests = [
        R(REQUEST, f"request-{group.name}", {"instanceGroupManager": Out(group, "name"), "resizeBy": 2})
        for group in (us, eu)
    ]
    resources = [serving(us, eu), us, eu, *requests]
    check_verdict(RULE, resources, "undecided")
    for rule in ("instance-group-autoscaler", "instance-group-autohealing"):
        check_verdict(rule, resources, "undecided", us.name)
        check_verdict(rule, resources[:3], "failed", us.name)
    stray = R(REQUEST, "stray", {"instanceGroupManager": Computed(), "resizeBy": 2})
    for rule in ("instance-group-autoscaler", "instance-group-autohealing"):
        check_verdict(rule, [*resources[:3], stray], "undecided", us.name)


@pytest.mark.parametrize(
    ("warm", "expected"),
    [
        pytest.param((2, 2), "failed", id="whichever backend is small"),
        pytest.param((20, 2), ("undecided", "passed"), id="the small backend may have the large group"),
    ],
)
def test_one_small_backend(warm: tuple[int, int], expected: Any) -> None:
    idle: dict[str, Any] = {"loadBalancingUtilization": {"target": 0.5}}
    us, eu = managed("us-central1"), managed("europe-west4")
    subject = service([backend(us, capacityScaler=0.1), backend(eu)])
    scalers = [autoscaler(us, minReplicas=warm[0], **idle), autoscaler(eu, minReplicas=warm[1], **idle)]
    check_verdict(RULE, [subject, us, eu, *scalers], expected)


def test_the_fix_names_no_group_while_any_of_them_may_be_drained() -> None:
    us, eu = managed("us-central1"), managed("europe-west4")
    resources = [service([backend(us, capacityScaler=0), backend(eu)]), us, eu, autoscaler(us), autoscaler(eu)]
    (found,) = findings(RULE, build(*resources))
    (problem,) = found.problems
    assert problem.observed.startswith(
        "Whichever backend has which group, some region cannot be lost. With one pairing: "
    )
    assert problem.fix == "Set `capacity_scaler` to 1 on the backends that are drained."
    (found,) = findings(RULE, build(*resources, deployed=True))
    assert found.problems[0].fix.startswith("Set `capacity_scaler` to 1 on the backends with `mig-us-central1`")


def test_a_limit_for_each_endpoint_is_named() -> None:
    neg, other = (
        R("NetworkEndpointGroup", name, {"zone": zone})
        for name, zone in (("a", "us-central1-a"), ("b", "europe-west4-b"))
    )
    limit: dict[str, Any] = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerEndpoint": 4}
    (found,) = findings(RULE, build(service([backend(neg, **limit), backend(other, **limit)]), neg, other))
    assert found.reasons == (
        "its capacity is not known: `backends[0]` limits each endpoint, and its number of endpoints is not known",
    )


def test_a_size_that_somebody_else_decides_is_not_known() -> None:
    us, eu = managed("us-central1", targetSize=2), managed("europe-west4", targetSize=2)
    eu.options["ignore_changes"] = ("targetSize",)
    check_verdict(RULE, [serving(us, eu), us, eu], "undecided")
    eu.options.clear()
    resources = [serving(us, eu), us, eu]
    check_verdict(RULE, resources, "undecided", is_complete=False)
    other = R("RegionAutoscaler", "computed", {"region": "europe-west4", "target": Computed((OTHER_STACK,))})
    check_verdict(RULE, [*resources, other, OTHER_STACK], "undecided")


def test_zonal_groups_of_a_region_count_together() -> None:
    a, b, eu = zonal("us-central1-a"), zonal("us-central1-b"), managed("europe-west4")

    def resources(warm: int) -> list[R]:
        scalers = [autoscaler(a, minReplicas=1), autoscaler(b, minReplicas=1), autoscaler(eu, minReplicas=warm)]
        return [serving(a, b, eu), a, b, eu, *scalers]

    check_verdict(RULE, resources(2), "passed")
    check_verdict(RULE, resources(3), "failed")


def test_after_scale_out() -> None:
    resources = fleets(lb(0.8, 2, 4), lb(0.8, 2, 4))
    check_verdict(RULE, resources, "failed")
    check_verdict(RULE, resources, "passed", after_scale_out=True)
    check_verdict(RULE, fleets(lb(0.8, 2, 3), lb(0.8, 2, 2)), "failed", after_scale_out=True)
    check_verdict(RULE, fleets(lb(0.8, 2, 4), {"maxReplicas": Computed()}), "undecided", after_scale_out=True)


US, EU = managed("us-central1"), managed("europe-west4")
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
NEG_EU = R("NetworkEndpointGroup", "neg-eu", {"zone": "europe-west4-a"})


def regional_negs(name: str, **inputs: Any) -> list[R]:
    return [R("RegionNetworkEndpointGroup", f"{name}-{one}", {"region": one, **inputs}) for one in ("r-1", "r-2")]


SERVERLESS = regional_negs("run")
OF_SOME_TYPE = regional_negs("some", networkEndpointType=Computed())
INTERNET = regional_negs("internet", networkEndpointType="INTERNET_FQDN_PORT")
UNMANAGED = R("InstanceGroup", "unmanaged", {"zone": "europe-west4-a"})
UNSET = {"maxUtilization": None}


@pytest.mark.parametrize(
    ("backends", "inputs", "expected"),
    [
        ([backend(US)], {}, "not applicable"),
        ([backend(US)], {"region": "us-central1"}, "not applicable"),
        ([backend(US), backend(EU)], {"region": "us-central1"}, "not applicable"),
        ([], {}, "not applicable"),
        ([backend(neg, **UNSET) for neg in SERVERLESS], {}, "not applicable"),
        # NEGs of a type that is not known may be of Cloud Run, but not beside other NEGs.
        ([backend(neg, **UNSET) for neg in OF_SOME_TYPE], {}, "undecided"),
        ([backend(OF_SOME_TYPE[0], **UNSET)], {}, "not applicable"),
        ([backend(neg, **UNSET) for neg in OF_SOME_TYPE], {"region": "r-1"}, "not applicable"),
        ([backend(neg, **UNSET) for neg in (OF_SOME_TYPE[0], INTERNET[1])], {}, "not applicable"),
        ([backend(SERVERLESS[0], **UNSET), backend(Computed((OTHER_STACK,)), **UNSET)], {}, "undecided"),
        ([backend("projects/p/global/networkEndpointGroups/n", **UNSET)], {}, "not applicable"),
        ([backend(neg, balancingMode="RATE", maxRatePerEndpoint=5) for neg in (NEG, NEG_EU)], {}, "undecided"),
        ([backend(US), backend("regions/europe-west4/instanceGroups/x")], {}, "undecided"),
        ([backend(US), Computed((EU,), backend(EU))], {}, ("undecided", "passed")),
        (Computed((US, EU), [backend(US), backend(EU)]), {}, ("undecided", "passed")),
        ([backend(US), backend(Computed((OTHER_STACK,)))], {}, "undecided"),
        ([backend(US), backend(EU)], {"options": {"ignore_changes": ("backends",)}}, "undecided"),
    ],
)
def test_services(backends: Any, inputs: dict[str, Any], expected: Any) -> None:
    scalers = [autoscaler(US), autoscaler(EU)]
    negs = [NEG, NEG_EU, *SERVERLESS, *OF_SOME_TYPE, *INTERNET]
    resources = [service(backends, **inputs), US, EU, *scalers, *negs, OTHER_STACK, UNMANAGED]
    check_verdict(RULE, resources, expected)


def test_an_unmanaged_group_has_no_size_that_is_known() -> None:
    resources = [service([backend(US), {**backend(US), "group": Out(UNMANAGED, "id")}]), US, autoscaler(US), UNMANAGED]
    check_verdict(RULE, resources, "undecided")


def test_outputs_alone_do_not_tell_a_drained_backend_from_a_whole_one() -> None:
    us, eu = managed("us-central1"), managed("europe-west4")
    entries = [
        {"group": one.url("instanceGroup"), "balancingMode": "UTILIZATION", "maxUtilization": 0.8, "capacityScaler": s}
        for one, s in ((us, 1), (eu, 0))
    ]
    outputs = {"loadBalancingScheme": "EXTERNAL_MANAGED", "backends": entries}
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    groups = [us, eu, autoscaler(us), autoscaler(eu)]
    assert statuses(RULE, build(read, *groups, deployed=True)) == {"chat": "undecided"}


def test_a_group_that_is_read_has_an_autoscaler_elsewhere() -> None:
    us, eu = managed("us-central1"), managed("europe-west4", targetSize=2)
    eu.options["is_read"] = True
    check_verdict(RULE, [serving(us, eu), us, eu, autoscaler(us)], "undecided")


def test_nothing_known_is_undecided() -> None:
    us, eu = managed("us-central1"), managed("europe-west4")
    us.options["outputs"] = eu.options["outputs"] = {"id": UNKNOWN}
    us.inputs["region"] = Computed()
    check_verdict(RULE, [serving(us, eu), us, eu, check()], "undecided")


def test_the_message_says_what_each_loss_leaves() -> None:
    (found,) = findings(RULE, build(*fleets(lb(0.6, 4), lb(0.6, 2)), deployed=True))
    (problem,) = found.problems
    assert problem.observed == ("Without `us-central1`, 33.3 % of the warm capacity is left for a steady load of 60 %.")
    assert problem.fix.startswith("Let the autoscalers keep the regions at 0.33 of their targets or less,")


def test_the_message_about_no_warm_machines() -> None:
    (found,) = findings(RULE, build(*fleets(lb(0.5, 0), lb(0.5, 0)), deployed=True))
    (problem,) = found.problems
    assert problem.observed == "No backend has warm VMs that can take load."
    assert problem.fix == (
        "Keep VMs warm in more than one region: set `min_replicas` of an autoscaler, or `target_size`."
    )


def test_the_message_about_drained_backends() -> None:
    (found,) = findings(RULE, build(*two({}, {"capacityScaler": 0}, (2, 2)), deployed=True))
    assert "drained" in found.problems[0].fix


def test_equal_limits_of_whole_groups_are_not_said_to_differ() -> None:
    limit: dict[str, Any] = {"balancingMode": "RATE", "maxUtilization": None, "maxRate": 20}
    (found,) = findings(RULE, build(*fleets({}, {}, **limit)))
    assert found.reasons
    assert not any("differ" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        # All regions have to get to what the worst of the losses leaves.
        ([lb(0.9, 4), lb(0.9, 2)], "0.33 of their targets or less, or add a region"),
        ([lb(0.7, 3), lb(0.7, 3), lb(0.7, 3)], "0.66 of their targets or less, or add a region"),
        # Equal regions would carry the load, so the smaller ones can be raised to that.
        ([lb(0.5, 3), lb(0.5, 2)], "0.4 of their targets or less, raise `min_replicas` in the smaller regions, or add"),
        ([lb(0.6, 6), lb(0.6, 2), lb(0.6, 2)], "0.4 of their targets or less, raise `min_replicas` in the smaller"),
    ],
)
def test_the_fix_says_how_far(policies: list[dict[str, Any]], expected: str) -> None:
    (found,) = findings(RULE, build(*fleets(*policies), deployed=True))
    for problem in found.problems:
        assert problem.fix.startswith(f"Let the autoscalers keep the regions at {expected}")


OFF = {"mode": "OFF"}
US_OFF, EU_OFF = "autoscaler-mig-us-central1", "autoscaler-mig-europe-west4"


def of_size(size: int, *policies: dict[str, Any]) -> list[R]:
    resources = fleets(*policies)
    for one in resources:
        if "InstanceGroupManager" in one.type:
            one.inputs["targetSize"] = size
    return resources


@pytest.mark.parametrize(
    ("resources", "options", "names"),
    [
        pytest.param(of_size(0, OFF, {}), {}, f"`{US_OFF}`", id="no VM"),
        pytest.param(of_size(2, OFF, OFF), {"peak_load": 0.9}, f"`{EU_OFF}` and `{US_OFF}`", id="a fixed size"),
        pytest.param(of_size(0, lb(0.5, 0), {}), {}, "", id="on, and without VMs"),
    ],
)
def test_the_fix_names_autoscalers_that_are_off(resources: list[R], options: dict[str, Any], names: str) -> None:
    (found,) = findings(RULE, build(*resources), **options)
    assert found.problems
    switch_on = f'Set `mode="ON"` of {names}: an autoscaler that is off leaves its group at `target_size`. '
    for problem in found.problems:
        assert problem.fix.startswith(switch_on) if names else "mode" not in problem.fix


def test_a_fixed_size_says_that_the_autoscaler_is_off() -> None:
    (found,) = findings(RULE, build(*of_size(2, OFF, OFF)))
    reason = f"`mig-europe-west4` has a fixed size while `{EU_OFF}` is off, and no signal shows its load"
    assert found.reasons == (f"{reason}; set the option `peak_load` of this rule",)


def test_a_group_that_is_listed_twice_counts_as_often() -> None:
    us, eu = managed("us-central1", name="llm"), managed("europe-west4", name="llm")
    twice = service([backend(one.url("instanceGroup")) for one in (us, us, eu)])
    check_verdict(RULE, [twice, us, eu, autoscaler(us), autoscaler(eu)], "passed")
