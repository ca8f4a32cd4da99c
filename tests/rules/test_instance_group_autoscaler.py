"""`instance-group-autoscaler` on failing, passing, unknown and not applicable groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fleets import autoscaler, managed, template, zonal
from tests.stacks import Computed, Out, R, build, check_verdict, findings, mig, service, statuses
from tests.stacks import backend as any_backend

RULE = "instance-group-autoscaler"
GPU = template()
CPU = template("cpu", "e2-standard-8")
OTHER_STACK = R("StackReference", "platform")


def backend(group: Any, **properties: Any) -> dict[str, Any]:
    """A backend with a limit that says how busy GPUs are, unless `properties` leave it out."""
    return any_backend(group, **{"maxRatePerInstance": 4, **properties})


def serving(*groups: R, name: str = "chat", **inputs: Any) -> R:
    return service([backend(group) for group in groups], name, **inputs)


def check_scaled(
    expected: str, *, of: R | None = GPU, entry: dict[str, Any] | None = None, regional: bool = True, **policy: Any
) -> None:
    """A group with an autoscaler of this policy gets this verdict."""
    group = managed(of=of) if regional else zonal()
    target = dict(entry or {})
    inputs: dict[str, Any] = {"region": "us-central1"} if target.pop("own_region", False) else {}
    inputs |= {key: target.pop(key) for key in ("protocol", "loadBalancingScheme") if key in target}
    subject = service([backend(group, **target)], **inputs)
    check_verdict(RULE, [subject, group, autoscaler(group, **policy), GPU, CPU], expected, group.name)


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ({}, "passed"),
        ({"mode": "ON"}, "passed"),
        ({"mode": "ONLY_SCALE_OUT"}, "passed"),
        ({"mode": "ONLY_UP"}, "passed"),
        ({"mode": "OFF"}, "failed"),
        ({"mode": Computed()}, "undecided"),
        ({"minReplicas": 1}, "failed"),
        ({"minReplicas": 0}, "failed"),
        ({"minReplicas": Computed()}, "undecided"),
        ({"minReplicas": None}, "undecided"),
        ({"loadBalancingUtilization": {"target": 0.99}}, "passed"),
        ({"loadBalancingUtilization": {"target": 1}}, "failed"),
        ({"loadBalancingUtilization": {"target": 1.2}}, "failed"),
        ({"loadBalancingUtilization": {"target": 0}}, "failed"),
        ({"loadBalancingUtilization": {"target": "0.7"}}, "passed"),
        ({"loadBalancingUtilization": {}}, "passed"),
        ({"loadBalancingUtilization": {"target": Computed()}}, "undecided"),
        ({"loadBalancingUtilization": Computed()}, "undecided"),
        ({"cpuUtilization": {"target": 0.6}}, "passed"),
        ({"cpuUtilization": {"target": 1}}, "failed"),
        ({"cpuUtilization": {"target": 1}, "metrics": [{"name": "queue"}]}, "failed"),
        ({"loadBalancingUtilization": None, "cpuUtilization": {"target": 0.6}}, "failed"),
        ({"loadBalancingUtilization": None}, "failed"),
        ({"loadBalancingUtilization": None, "scalingSchedules": [{"name": "day"}]}, "undecided"),
        (
            {
                "loadBalancingUtilization": None,
                "scalingSchedules": [{"name": "day"}],
                "cpuUtilization": {"target": 0.6},
            },
            "failed",
        ),
        ({"loadBalancingUtilization": None, "metrics": [{"name": "queue", "target": 5}]}, "passed"),
        ({"loadBalancingUtilization": None, "metrics": Computed()}, "undecided"),
        ({"policy": Computed()}, "undecided"),
        ({"policy": [{"minReplicas": 2, "maxReplicas": 4, "loadBalancingUtilization": [{"target": 0.5}]}]}, "passed"),
        ({"mode": "OFF", "minReplicas": Computed()}, "failed"),
        ({"minReplicas": 5, "maxReplicas": 4}, "failed"),
        ({"minReplicas": 4, "maxReplicas": 4}, "passed"),
        ({"minReplicas": 4, "maxReplicas": Computed()}, "undecided"),
    ],
)
def test_policies(policy: dict[str, Any], status: Any) -> None:
    check_scaled(status, **policy)


BY_CPU: dict[str, Any] = {"loadBalancingUtilization": None, "cpuUtilization": {"target": 0.6}}


def test_cpu_utilization_alone_suits_machines_without_gpus() -> None:
    attached = template("attached", "n1-standard-8", guestAccelerators=[{"type": "nvidia-tesla-t4", "count": 1}])
    unknown = template("unknown", Computed())
    expected: list[tuple[R, Any]] = [(CPU, "passed"), (GPU, "failed"), (attached, "failed"), (unknown, "undecided")]
    for of, status in expected:
        group = managed(of=of)
        resources = [serving(group), group, autoscaler(group, **BY_CPU), of]
        check_verdict(RULE, resources, status, group.name)
    check_scaled("undecided", of=None, **BY_CPU)
    flexible = mig(
        versions=[{"instanceTemplate": Out(CPU, "id")}], instanceFlexibilityPolicy={"instanceSelections": []}
    )
    resources = [serving(flexible), flexible, autoscaler(flexible, **BY_CPU), CPU]
    check_verdict(RULE, resources, "undecided", flexible.name)


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"balancingMode": "RATE", "maxRatePerInstance": 4}, "passed"),
        ({"balancingMode": "RATE", "maxRate": 40}, "failed"),
        ({"maxRate": 40}, "failed"),
        ({"maxRate": 0}, "passed"),
        ({"maxRate": Computed()}, "undecided"),
        ({"protocol": "TCP"}, "failed"),
        ({"protocol": "SSL"}, "failed"),
        ({"protocol": "HTTP2"}, "passed"),
        ({"protocol": Computed()}, "undecided"),
        ({"own_region": True, "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}, "failed"),
        ({"own_region": True, "loadBalancingScheme": "INTERNAL_MANAGED"}, "passed"),
        ({"own_region": True, "loadBalancingScheme": Computed()}, "undecided"),
    ],
)
def test_load_balancing_utilization_needs_a_target_that_machines_change(entry: dict[str, Any], status: Any) -> None:
    check_scaled(status, entry=entry)
    by_metrics: dict[str, Any] = {"loadBalancingUtilization": None, "metrics": [{"name": "queue"}]}
    check_scaled("passed", entry=entry, **by_metrics)


ALONE: dict[str, Any] = {"maxRatePerInstance": None}


@pytest.mark.parametrize(
    ("entry", "policy", "expected"),
    [
        pytest.param(ALONE, {}, "failed", id="UTILIZATION is that of CPUs"),
        pytest.param({**ALONE, "balancingMode": None}, {}, "failed", id="UTILIZATION by default"),
        pytest.param({}, {}, "passed", id="UTILIZATION with a rate"),
        pytest.param({**ALONE, "balancingMode": "RATE", "maxRatePerInstance": 4}, {}, "passed", id="RATE"),
        pytest.param(ALONE, {"metrics": [{"name": "queue"}]}, "passed", id="a metric beside it"),
        pytest.param(ALONE, {"cpuUtilization": {"target": 0.6}}, "failed", id="CPUs twice"),
        pytest.param({**ALONE, "maxUtilization": None}, {}, "passed", id="no limit, which another rule judges"),
        pytest.param({"maxRatePerInstance": Computed()}, {}, "undecided", id="a computed rate"),
        pytest.param({**ALONE, "balancingMode": "IN_FLIGHT"}, {}, "passed", id="requests in flight: not documented"),
    ],
)
def test_load_balancing_utilization_of_cpus(entry: dict[str, Any], policy: dict[str, Any], expected: Any) -> None:
    check_scaled(expected, entry=entry, **policy)
    check_scaled("undecided" if expected == "failed" else expected, of=None, entry=entry, **policy)
    check_scaled("passed", of=CPU, entry=entry, **policy)


@pytest.mark.parametrize(
    "machine_type", ["ct5lp-hightpu-4t", "ct5p-hightpu-1t", "ct6e-standard-4t", "tpu7x-standard-4t"]
)
def test_cpus_may_say_nothing_of_tpus(machine_type: str) -> None:
    tpu = template("tpu", machine_type)
    group = managed(of=tpu)
    check_verdict(RULE, [serving(group), group, autoscaler(group, **BY_CPU), tpu], "undecided", group.name)
    check_verdict(RULE, [serving(group), group, autoscaler(group), tpu], "passed", group.name)


def test_one_application_load_balancer_is_enough() -> None:
    group = managed()
    tcp, http = serving(group, protocol="TCP"), serving(group, name="http")
    check_verdict(RULE, [tcp, http, group, autoscaler(group)], "passed", group.name)


def test_a_limit_of_another_group_is_another_group_s() -> None:
    """On a first preview it is not known which backend has which group."""
    us, eu = zonal("us-central1-a"), zonal("europe-west4-a")
    subject = service([backend(us, maxRate=40), backend(eu)])
    resources = [subject, us, eu, autoscaler(us), autoscaler(eu)]
    check_verdict(RULE, resources, ("undecided", "failed"), us.name)
    check_verdict(RULE, resources, ("undecided", "passed"), eu.name)
    both_limited = [service([backend(us, maxRate=40), backend(eu, maxRate=20)]), *resources[1:]]
    check_verdict(RULE, both_limited, "failed", eu.name)


def test_the_groups_of_a_region_count_together() -> None:
    a, b, eu = zonal("us-central1-a"), zonal("us-central1-b"), zonal("europe-west4-a")
    one: dict[str, Any] = {"minReplicas": 1}
    scalers = [autoscaler(a, **one), autoscaler(b, **one), autoscaler(eu, **one)]
    check_verdict(RULE, [serving(a, b, eu), a, b, eu, *scalers], "passed", a.name)
    check_verdict(RULE, [serving(a, b, eu), a, b, eu, *scalers], "failed", eu.name)
    # Each service needs its own two.
    resources = [serving(a, b), serving(a, name="batch"), a, b, *scalers[:2]]
    check_verdict(RULE, resources, "failed", a.name)
    check_verdict(RULE, resources, "passed", b.name)


def test_neighbours_of_unknown_size() -> None:
    a, unmanaged = zonal("us-central1-a"), R("InstanceGroup", "unmanaged", {"zone": "us-central1-b"})
    one = autoscaler(a, minReplicas=1)
    beside = service([backend(a), {**backend(a), "group": Out(unmanaged, "id")}])
    check_verdict(RULE, [beside, a, unmanaged, one], "undecided", a.name)
    outside = service([backend(a), backend("zones/us-central1-b/instanceGroups/x")])
    check_verdict(RULE, [outside, a, one], "undecided", a.name)
    elsewhere = service([backend(a), backend("zones/europe-west4-b/instanceGroups/x")])
    check_verdict(RULE, [elsewhere, a, one], "failed", a.name)
    fixed = zonal("us-central1-b", targetSize=1)
    check_verdict(RULE, [serving(a, fixed), a, fixed, one], "passed", a.name)
    late = service([backend(a), backend(Computed((OTHER_STACK,)))])
    check_verdict(RULE, [late, a, one, OTHER_STACK], "undecided", a.name)
    check_verdict(RULE, [late, a, autoscaler(a), OTHER_STACK], "passed", a.name)


def test_without_an_autoscaler() -> None:
    group, other = managed(targetSize=4), managed("europe-west4")
    resources = [serving(group), group, other, autoscaler(other)]
    check_verdict(RULE, resources, "failed", group.name)
    check_verdict(RULE, resources, "undecided", group.name, is_complete=False)


def test_an_autoscaler_whose_target_is_not_known() -> None:
    group, other = managed(), managed("europe-west4")
    maybe = R("RegionAutoscaler", "maybe", {"region": "us-central1", "target": Computed((group, other))})
    check_verdict(RULE, [serving(group), group, other, maybe], "undecided", group.name)
    elsewhere = R("RegionAutoscaler", "maybe", {"region": "us-central1", "target": Computed((OTHER_STACK,))})
    check_verdict(RULE, [serving(group), group, elsewhere, OTHER_STACK], "undecided", group.name)
    by_url = "projects/p/regions/us-central1/instanceGroupManagers/other"
    outside = R("RegionAutoscaler", "outside", {"region": "us-central1", "target": by_url})
    check_verdict(RULE, [serving(group), group, outside], "failed", group.name)
    named = managed(name=Computed())
    assert statuses(RULE, build(serving(named), named, outside)) == {named.name: "undecided"}


def test_an_autoscaler_found_by_url() -> None:
    group = managed(name="llm")
    url = "https://www.googleapis.com/compute/v1/projects/p-demo/regions/us-central1/instanceGroupManagers/llm"
    scaler = autoscaler(group)
    scaler.inputs["target"] = url
    check_verdict(RULE, [serving(group), group, scaler], "passed", group.name)


def test_a_size_that_somebody_else_decides() -> None:
    group = managed(targetSize=2)
    group.options["ignore_changes"] = ("targetSize",)
    check_verdict(RULE, [serving(group), group], "undecided", group.name)
    check_verdict(RULE, [serving(group), group, autoscaler(group)], "passed", group.name)
    group.options = {"is_read": True}
    check_verdict(RULE, [serving(group), group], "undecided", group.name)


def test_a_service_that_a_group_may_serve() -> None:
    group, other = managed(), managed("europe-west4")
    either = service([backend(Computed((group, other), Out(group)), maxRate=9)])
    resources = [either, group, other, autoscaler(group), autoscaler(other)]
    check_verdict(RULE, resources, ("undecided", "failed"), group.name)


def test_what_is_not_judged() -> None:
    group, unmanaged = managed(), R("InstanceGroup", "unmanaged", {"zone": "us-central1-a"})
    assert statuses(RULE, build(group, unmanaged, service([{"group": Out(unmanaged, "id")}]))) == {}
    named = service([backend("zones/z/instanceGroups/x")], description=Out(group, "id"))
    check_verdict(RULE, [named, group], "not applicable", group.name)


def test_a_fleet_with_gpus_that_no_service_uses() -> None:
    used, idle = managed(of=GPU), managed("europe-west4", of=GPU)
    cpus = managed("us-east4", of=CPU)
    resources = [serving(used), used, idle, cpus, autoscaler(used), GPU, CPU]
    check_verdict(RULE, resources, "not applicable", idle.name)
    check_verdict(RULE, resources, None, cpus.name)
    check_verdict(RULE, resources, None, idle.name, services={"names": ["chat"]})
    (found,) = [one for one in findings(RULE, build(*resources)) if one.name == idle.name]
    assert found.not_applicable == "it is not a backend of any service"


def test_a_group_that_is_its_reservation() -> None:
    bound = template(reservationAffinity={"type": "SPECIFIC_RESERVATION"})
    group = managed(of=bound, targetSize=4)
    check_verdict(RULE, [serving(group), group, bound], "undecided", group.name)
    check_verdict(RULE, [serving(group), group, bound, autoscaler(group, minReplicas=1)], "failed", group.name)
    open_ = template(reservationAffinity={"type": "ANY_RESERVATION"})
    other = managed(of=open_, targetSize=4)
    check_verdict(RULE, [serving(other), other, open_], "failed", other.name)
    computed = template(reservationAffinity={"type": Computed(value="SPECIFIC_RESERVATION")})
    third = managed(of=computed, targetSize=4)
    check_verdict(RULE, [serving(third), third, computed], "undecided", third.name)


def test_the_option() -> None:
    group = managed()
    resources = [serving(group), group, autoscaler(group)]
    check_verdict(RULE, resources, "failed", group.name, min_replicas=3)
    one = [*resources[:2], autoscaler(group, minReplicas=1)]
    check_verdict(RULE, one, "passed", group.name, min_replicas=1)


def test_the_message_lists_all_that_is_wrong() -> None:
    group = managed(of=GPU)
    policy: dict[str, Any] = {**BY_CPU, "minReplicas": 1, "cpuUtilization": {"target": 1}}
    scaler = autoscaler(group, **policy)
    (found,) = findings(RULE, build(serving(group), group, scaler, GPU))
    assert [problem.observed for problem in found.problems] == [
        "`chat` keeps 1 of its VMs in this region.",
        "`autoscaler-mig-us-central1` scales VMs with GPUs by CPU utilization alone.",
        "`autoscaler-mig-us-central1` keeps `cpu_utilization` at 1.",
    ]


@pytest.mark.parametrize(("protocol", "expected"), [("HTTP", "passed"), ("TCP", "failed"), (Computed(), "undecided")])
def test_the_signal_of_a_service_that_a_group_may_serve(protocol: Any, expected: Any) -> None:
    group, other = managed(), managed("europe-west4")
    either = service([backend(Computed((group, other), Out(group)))], protocol=protocol)
    resources = [either, group, other, autoscaler(group), autoscaler(other)]
    check_verdict(RULE, resources, expected, group.name)


KEPT: dict[str, Any] = {"statefulDisks": [{"deviceName": "weights"}]}


@pytest.mark.parametrize(
    ("inputs", "has_autoscaler", "status"),
    [
        pytest.param({**KEPT, "targetSize": 4}, False, "passed", id="a fixed size, as it has to be"),
        pytest.param({**KEPT, "targetSize": 1}, False, "failed", id="one VM"),
        pytest.param({**KEPT, "targetSize": Computed()}, False, "undecided", id="a size that is not known"),
        pytest.param(KEPT, True, "failed", id="an autoscaler, which Compute Engine refuses"),
        pytest.param({"statefulDisks": [], "targetSize": 4}, False, "failed", id="nothing is kept"),
        pytest.param({"statefulDisks": [], "targetSize": 4}, True, "passed", id="nothing is kept, and it is scaled"),
        pytest.param({"statefulExternalIps": Computed(), "targetSize": 4}, False, "undecided", id="stateful or not"),
    ],
)
def test_a_stateful_group(inputs: dict[str, Any], has_autoscaler: bool, status: Any) -> None:
    group = managed(**inputs)
    scalers = [autoscaler(group)] if has_autoscaler else []
    check_verdict(RULE, [serving(group), group, *scalers], status, group.name)


@pytest.mark.parametrize(
    ("of", "says"), [pytest.param(GPU, True, id="with GPUs"), pytest.param(CPU, False, id="without GPUs")]
)
def test_the_fix_for_none_names_what_gpus_need(of: R, says: bool) -> None:
    group = managed(of=of)
    (found,) = findings(RULE, build(serving(group), group, of))
    (problem,) = [one for one in found.problems if one.observed == "It has no autoscaler."]
    assert ("For VMs with GPUs, limit the backend with `max_rate_per_instance`." in problem.fix) is says


def test_a_group_has_one_autoscaler() -> None:
    group, other = managed(of=GPU), managed("europe-west4", of=GPU)
    first, second = autoscaler(group), autoscaler(group, "second")
    check_verdict(RULE, [serving(group), group, GPU, first, second], "failed", group.name)
    check_verdict(RULE, [serving(group, other), group, other, GPU, first, autoscaler(other)], "passed", group.name)
    elsewhere = R("RegionAutoscaler", "second", {**second.inputs, "region": "europe-west4"})
    check_verdict(RULE, [serving(group), group, GPU, first, elsewhere], "passed", group.name)
    maybe = R("RegionAutoscaler", "second", {**second.inputs, "target": Computed((group, other))})
    assert statuses(RULE, build(serving(group, other), group, other, GPU, first, maybe))[group.name] == "passed"


def test_one_that_is_off_is_only_told_to_be_switched_on() -> None:
    group = managed()
    scaler = autoscaler(group, mode="OFF", minReplicas=4)
    (found,) = findings(RULE, build(serving(group), group, scaler, GPU))
    assert [problem.observed for problem in found.problems] == [f"`{scaler.name}` is switched off."]
