"""What the loss of each region means for each service: the same verdict as the rule's, and changes that do help."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.evaluate import Status
from policypack.failover.analysis import failovers
from policypack.failover.overflow import Flow
from policypack.failover.result import (
    INFERRED,
    Amounts,
    Change,
    Demand,
    DemandError,
    Picture,
    ServiceFailover,
    Survivor,
    Verdict,
)
from policypack.model.graph.stack import Stack
from tests.recorded import recorded_resources
from tests.rules.fleet_stacks import stacks
from tests.rules.fleets import autoscaler, managed, serving, template
from tests.stacks import Computed, R, backend, build, findings, service, statuses
from tests.test_properties import SETTINGS
from tests.test_recordings import NAMES

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
RULE = "llm-backend-failover-capacity"
SIGNAL = "llm-backend-failover-signal"
REGIONS = ("us-central1", "us-east1", "europe-west4", "asia-east1")
STATUSES: dict[Verdict, Status] = {
    "survives": "passed",
    "fails": "failed",
    "undecided": "undecided",
    "one region": "not applicable",
    "not applicable": "not applicable",
}
RATE: dict[str, Any] = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}
BOTH: dict[str, Any] = {"maxRatePerInstance": 4}


def policy(target: float, warm: int, most: int = 8) -> dict[str, Any]:
    return {"minReplicas": warm, "maxReplicas": most, "loadBalancingUtilization": {"target": target}}


def fleets(*policies: dict[str, Any], regions: tuple[str, ...] = REGIONS, **target: Any) -> list[R]:
    """A service `chat` with a group and an autoscaler in each region."""
    groups = [managed(region) for region, _ in zip(regions, policies, strict=False)]
    scalers = [autoscaler(group, f"as-{group.name}", **one) for group, one in zip(groups, policies, strict=True)]
    return [service([backend(group, **target) for group in groups]), *groups, *scalers]


def peak(number: float, per_machine: float | None = None) -> Demand:
    return Demand(Amounts(number), Amounts(per_machine))


def chat(*resources: R, demand: Demand = INFERRED, deployed: bool = True) -> ServiceFailover:
    return next(one for one in failovers(build(*resources, deployed=deployed), demand) if one.name == "chat")


def assert_agrees(stack: Stack) -> None:
    """The command and the rule come to the same of every service, and the same properties keep both from deciding.

    Of Cloud Run the command says as well what `llm-backend-failover-signal` says.
    """
    found = {one.urn: one for one in failovers(stack)}
    silent = {finding.urn for finding in findings(SIGNAL, stack) if finding.status == "failed"}
    assert {urn for urn, one in found.items() if one.undetected} == silent & {
        urn for urn, one in found.items() if one.is_cloud_run and one.verdict != "not applicable"
    }
    found = {urn: one for urn, one in found.items() if not one.undetected}
    of_rule = {finding.urn: finding for finding in findings(RULE, stack) if finding.urn in found}
    assert {urn: STATUSES[one.verdict] for urn, one in found.items()} == {
        urn: finding.status for urn, finding in of_rule.items()
    }
    undecided = [urn for urn, one in found.items() if one.verdict == "undecided"]
    assert {urn: found[urn].blocked_by for urn in undecided} == {
        urn: tuple(one.property_name for one in of_rule[urn].undecided) for urn in undecided
    }
    for finding in findings(RULE, stack, after_scale_out=True):
        survives = found[finding.urn].survives_after_scale_out if finding.urn in found else None
        # Without numbers the command says nothing of it: which backend has which group is not known.
        if finding.status in ("passed", "failed") and survives is not None:
            assert survives is (finding.status == "passed")


@settings(parent=SETTINGS, max_examples=100)
@given(parts=stacks(), deployed=st.booleans())
def test_any_stack_gets_the_verdict_of_the_rule(parts: list[R], deployed: bool) -> None:
    assert_agrees(build(*parts, deployed=deployed))


@pytest.mark.parametrize("recording", NAMES)
def test_recorded_stacks_get_the_verdict_of_the_rule(recording: str) -> None:
    assert_agrees(Stack(recorded_resources(recording)))


def test_three_uneven_regions() -> None:
    """Machines take 4 requests per second; 9.6 + 4.8 + 4.8 are 60 % of the capacity of 32."""
    found = chat(*fleets(policy(0.6, 4), policy(0.6, 2), policy(0.6, 2), **RATE))
    assert (found.verdict, found.unit, found.peak_rps) == ("fails", "requests per second", None)
    assert [(one.region, one.warm_machines, one.max_machines, one.warm_capacity) for one in found.regions] == [
        ("europe-west4", 2, 8, 8),
        ("us-central1", 4, 8, 16),
        ("us-east1", 2, 8, 8),
    ]
    assert [one.load for one in found.regions] == pytest.approx([4.8, 9.6, 4.8])
    by_region = {one.region: one for one in found.losses}
    assert [one.warm.is_survivable for one in found.losses] == [True, False, True]
    assert [one.after_scale_out.is_survivable for one in found.losses] == [True, True, True]
    assert_picture(
        by_region["us-central1"].warm,
        {"europe-west4": 1.2, "us-east1": 1.2},
        {("us-central1", "us-east1"): 3.2, ("us-central1", "europe-west4"): 3.2},
        3.2,
    )
    assert_picture(
        by_region["us-central1"].after_scale_out,
        {"europe-west4": 4.8 / 32, "us-east1": 14.4 / 32},
        {("us-central1", "us-east1"): 9.6},
        0,
    )
    assert_picture(
        by_region["europe-west4"].warm,
        {"us-central1": 11.2 / 16, "us-east1": 1.0},
        {("europe-west4", "us-east1"): 3.2, ("europe-west4", "us-central1"): 1.6},
        0,
    )


def assert_picture(
    picture: Picture, utilizations: dict[str, float], flows: dict[tuple[str, str], float], excess: float
) -> None:
    assert {one.region: one.utilization for one in picture.survivors} == pytest.approx(utilizations)
    assert picture.flows is not None
    assert {(flow.source, flow.target): flow.load for flow in picture.flows} == pytest.approx(flows)
    assert picture.excess == pytest.approx(excess)


def test_the_smallest_changes_of_three_uneven_regions() -> None:
    found = chat(*fleets(policy(0.6, 4), policy(0.6, 2, 2), policy(0.6, 2), **RATE))
    assert found.remedies is not None
    assert found.remedies.machines == (
        Change("as-mig-us-east1", "min_replicas", 2, 3, "us-east1"),
        Change("as-mig-us-east1", "max_replicas", 2, 3, "us-east1"),
        Change("as-mig-europe-west4", "min_replicas", 2, 3, "europe-west4"),
    )
    setting = "load_balancing_utilization.target"
    assert found.remedies.targets == (
        Change("as-mig-us-central1", setting, 0.6, 0.5, "us-central1"),
        Change("as-mig-us-east1", setting, 0.6, 0.5, "us-east1"),
        Change("as-mig-europe-west4", setting, 0.6, 0.5, "europe-west4"),
    )
    assert (found.remedies.highest_fill, found.remedies.needed) == (0.5, "")


def test_cpu_targets_are_of_the_machine_not_of_the_load_balancers_target() -> None:
    cpu = {"loadBalancingUtilization": None, "cpuUtilization": {"target": 0.6}}
    found = chat(*fleets(cpu, cpu))
    assert found.remedies is not None
    assert found.remedies.machines is None
    assert found.remedies.targets == (
        Change("as-mig-us-central1", "cpu_utilization.target", 0.6, 0.4, "us-central1"),
        Change("as-mig-us-east1", "cpu_utilization.target", 0.6, 0.4, "us-east1"),
    )


def test_targets_that_are_low_enough_stay() -> None:
    found = chat(*fleets(policy(0.9, 2), policy(0.3, 2), policy(0.9, 2), **RATE))
    assert found.remedies is not None
    setting = "load_balancing_utilization.target"
    assert found.remedies.targets == (
        Change("as-mig-us-central1", setting, 0.9, 0.66, "us-central1"),
        Change("as-mig-europe-west4", setting, 0.9, 0.66, "europe-west4"),
    )


def test_further_signals_leave_it_undecided() -> None:
    metrics = {"metrics": [{"name": "queue", "target": 5}]}
    found = chat(*fleets({**policy(0.9, 2), **metrics}, policy(0.9, 2), **RATE))
    assert (found.verdict, found.remedies) == ("undecided", None)
    assert found.reasons == (
        "an autoscaler also follows other signals, so the steady load is not known; set `--peak-rps`",
    )
    assert [one.warm.is_survivable for one in found.losses] == [False, False]


PYTHON_NAMES = {
    "min_replicas": ("autoscalingPolicy", "minReplicas"),
    "max_replicas": ("autoscalingPolicy", "maxReplicas"),
    "load_balancing_utilization.target": ("autoscalingPolicy", "loadBalancingUtilization", "target"),
    "cpu_utilization.target": ("autoscalingPolicy", "cpuUtilization", "target"),
    "target_size": ("targetSize",),
}


def with_changes(parts: list[R], changes: tuple[Change, ...]) -> list[R]:
    """The same stack after somebody did what the changes say."""
    changed = copy.deepcopy(parts)
    for change in changes:
        resource = next(one for one in changed if one.name == change.resource)
        *parents, last = PYTHON_NAMES[change.setting]
        properties = resource.inputs
        for parent in parents:
            properties = properties.setdefault(parent, {})
        assert properties.get(last, change.before) == change.before
        properties[last] = change.after
    return changed


def status(parts: list[R], name: str) -> Status:
    return statuses(RULE, build(*parts, deployed=True))[name]


@st.composite
def failing(draw: st.DrawFn) -> list[R]:
    """Stacks of a service over two to four regions, of which many do not survive."""
    number = draw(st.integers(2, 4))
    by_load: list[dict[str, Any]] = [
        {"loadBalancingUtilization": {"target": target}} for target in (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8)
    ]
    by_cpu: list[dict[str, Any]] = [
        {"loadBalancingUtilization": None, "cpuUtilization": {"target": target}} for target in (0.3, 0.4, 0.6)
    ]
    by_both: list[dict[str, Any]] = [{"cpuUtilization": {"target": 0.5}, "loadBalancingUtilization": {"target": 0.6}}]
    signals = st.sampled_from([*by_load, *by_cpu, *by_both]).map(copy.deepcopy)
    groups = [managed(region) for region in REGIONS[:number]]
    scalers = [
        autoscaler(group, f"as-{group.name}", minReplicas=draw(st.integers(0, 5)), maxReplicas=6, **draw(signals))
        for group in groups
    ]
    targets = st.sampled_from([{"maxUtilization": 0.8}, {"maxUtilization": 0.6}, {"capacityScaler": 0.5}])
    return [service([backend(group, **draw(targets)) for group in groups]), *groups, *scalers]


@settings(max_examples=100)
@given(parts=failing() | stacks())
def test_what_it_says_to_change_makes_the_rule_pass(parts: list[R]) -> None:
    for found in failovers(build(*parts, deployed=True)):
        assert (found.remedies is None) == (found.verdict not in ("fails", "one region"))
        for changes in (found.remedies.machines, found.remedies.targets) if found.remedies else ():
            if changes is not None:
                assert changes
                assert status(with_changes(parts, changes), found.name) == "passed"
        if found.remedies and found.remedies.machines is None and found.remedies.targets is None:
            assert found.remedies.needed


@settings(max_examples=100)
@given(parts=failing(), number=st.integers(1, 60), per_machine=st.sampled_from([0.5, 2.0, 3.0]))
def test_with_a_peak_the_changes_are_enough_and_one_less_is_not(
    parts: list[R], number: int, per_machine: float
) -> None:
    service_, *rest = parts
    alike = [{**entry, "maxUtilization": 0.8} for entry in service_.inputs["backends"]]
    parts = [service(alike), *rest]
    demand = peak(number, per_machine)
    found = chat(*parts, demand=demand)
    assert found.verdict in ("survives", "fails")
    assert found.enough is not None
    if not found.remedies:
        return
    machines = found.remedies.machines
    assert machines
    assert chat(*with_changes(parts, machines), demand=demand).verdict == "survives"
    for change in machines:
        if change.setting == "min_replicas":
            fewer = tuple(replace(one, after=one.after - 1) if one is change else one for one in machines)
            assert chat(*with_changes(parts, fewer), demand=demand).verdict == "fails"


def test_whichever_backend_has_which_group() -> None:
    """On a first preview that is not known, and one verdict holds in all ways to pair them."""
    groups = [managed("us-central1"), managed("us-east1")]
    backends = [backend(groups[0], **RATE, capacityScaler=0.1), backend(groups[1], **RATE)]
    parts = [service(backends), *groups, *(autoscaler(group) for group in groups)]
    assert chat(*parts, deployed=False).verdict == "fails"
    assert chat(*parts, demand=peak(1), deployed=False).verdict == "undecided"


@pytest.mark.parametrize(
    ("target", "demand", "verdict", "capacities"),
    [
        (RATE, peak(8), "survives", [8, 12]),
        (RATE, peak(8.1), "fails", [8, 12]),
        ({**RATE, "capacityScaler": 0.5}, peak(8), "fails", [4, 6]),
        # RATE mode says what a machine takes: the number for all services is for others.
        (RATE, peak(8, 1), "survives", [8, 12]),
        ({}, peak(8), "undecided", []),
        ({}, peak(8, 4), "survives", [8, 12]),
        ({}, peak(8, 3), "fails", [6, 9]),
        # A limit beside the utilization says what a machine takes at most.
        (BOTH, peak(8), "undecided", [8, 12]),
        (BOTH, peak(9), "fails", [8, 12]),
        (BOTH, peak(8, 9), "survives", [8, 12]),
        (BOTH, peak(6, 3), "survives", [6, 9]),
        ({"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerInstance": 32}, peak(8), "undecided", []),
        ({"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerInstance": 32}, peak(8, 4), "survives", [8, 12]),
        ({**RATE, "maxConnectionsPerInstance": 9}, peak(8), "undecided", [8, 12]),
        ({**RATE, "maxConnectionsPerInstance": 9}, peak(8, 2), "fails", [4, 6]),
    ],
)
def test_a_peak(target: dict[str, Any], demand: Demand, verdict: Verdict, capacities: list[float]) -> None:
    found = chat(*fleets(policy(0.9, 2), policy(0.9, 3), **target), demand=demand)
    assert found.verdict == verdict
    assert [one.warm_capacity for one in found.regions] == pytest.approx(capacities)
    assert bool(found.reasons) is (verdict == "undecided")
    assert found.unit == ("requests per second" if capacities else "")
    assert found.is_at_most is (
        target in (BOTH, {**RATE, "maxConnectionsPerInstance": 9}) and not demand.rps_per_machine.default
    )


def test_a_peak_arises_in_proportion_to_capacity() -> None:
    found = chat(*fleets(policy(0.9, 2), policy(0.9, 6), **RATE), demand=peak(16))
    assert [(one.region, one.load) for one in found.regions] == [("us-central1", 4), ("us-east1", 12)]
    nothing = chat(*fleets(policy(0.9, 0), policy(0.9, 0), **RATE), demand=peak(16))
    assert [(one.region, one.load) for one in nothing.regions] == [("us-central1", 8), ("us-east1", 8)]
    assert nothing.losses[0].warm.unserved == 16


def test_a_peak_needs_no_signal_that_follows_the_load_balancer() -> None:
    by_queue = {"loadBalancingUtilization": None, "metrics": [{"name": "queue", "target": 5}]}
    parts = fleets({**by_queue, "minReplicas": 2}, {**by_queue, "minReplicas": 3}, **RATE)
    assert chat(*parts).verdict == "undecided"
    assert chat(*parts, demand=peak(8)).verdict == "survives"
    assert chat(*parts, demand=peak(9)).verdict == "fails"
    unknown = fleets({**by_queue, "minReplicas": Computed()}, by_queue, **RATE)
    assert chat(*unknown, demand=peak(8), deployed=False).verdict == "undecided"


def test_a_peak_beyond_all_machines() -> None:
    found = chat(*fleets(policy(0.9, 2), policy(0.9, 3), **RATE), demand=peak(1e9))
    assert found.remedies is not None
    assert found.remedies.needed == "Add a region: 10000 more VMs are not enough here."
    assert found.enough is None


def test_the_fewest_machines_for_a_peak() -> None:
    found = chat(*fleets(policy(0.9, 9, 9), policy(0.9, 9, 9), policy(0.9, 9, 9), **RATE), demand=peak(30))
    assert found.verdict == "survives"
    assert found.remedies is None
    assert found.enough == (("europe-west4", 4), ("us-central1", 4), ("us-east1", 4))


def test_groups_of_a_fixed_size() -> None:
    """No signal says what they carry, and a peak does; with one of them empty nothing is left in any case."""
    groups = [managed("us-central1", targetSize=2), managed("us-east1", targetSize=2)]
    parts = [service([backend(group, **RATE) for group in groups]), *groups]
    found = chat(*parts)
    assert (found.verdict, found.remedies) == ("undecided", None)
    assert found.reasons == ("`mig-us-central1` has a fixed size, and no signal shows its load; set `--peak-rps`",)
    empty = managed("us-east1", targetSize=0)
    found = chat(service([backend(group, **RATE) for group in (groups[0], empty)]), groups[0], empty)
    assert found.verdict == "fails"
    assert found.remedies is not None
    assert found.remedies.needed.startswith("Use autoscalers with targets")
    found = chat(*parts, demand=peak(10))
    assert found.remedies is not None
    assert found.remedies.machines == (
        Change("mig-us-central1", "target_size", 2, 3, "us-central1"),
        Change("mig-us-east1", "target_size", 2, 3, "us-east1"),
    )
    changed = with_changes(parts, found.remedies.machines)
    assert chat(*changed, demand=peak(10)).verdict == "survives"


@pytest.mark.parametrize(
    ("demand", "needed"),
    [
        (INFERRED, "Add a backend in another region that can carry the whole load alone"),
        (peak(7), "7 requests per second"),
    ],
)
def test_one_region(demand: Demand, needed: str) -> None:
    found = chat(*fleets(policy(0.5, 2)), demand=demand)
    assert (found.verdict, found.losses) == ("one region", ())
    assert found.remedies is not None
    assert needed in found.remedies.needed


def test_a_regional_service_is_not_judged() -> None:
    group = managed("us-central1")
    parts = [serving(group, region="us-central1"), group, autoscaler(group)]
    assert chat(*parts).verdict == "not applicable"


def test_drained_backends() -> None:
    found = chat(*fleets(policy(0.5, 2), policy(0.5, 2), capacityScaler=0))
    assert found.remedies is not None
    assert found.remedies.needed == "Give the backends of at least two regions a `capacity_scaler` above 0."
    assert [one.utilization for one in found.losses[0].warm.survivors] == [None]


def test_units() -> None:
    assert chat(*fleets(policy(0.5, 2), policy(0.5, 2))).unit == "VMs at 100 % utilization"
    small, large = template("small", "g2-standard-8"), template("large", "g2-standard-48")
    groups = [managed("us-central1", small), managed("us-east1", large)]
    scalers = [autoscaler(group) for group in groups]
    weighed = chat(serving(*groups), *groups, *scalers, small, large)
    assert weighed.unit == "GPUs or vCPUs at 100 % utilization"
    peaked = chat(serving(*groups), *groups, *scalers, small, large, demand=peak(4, 2))
    c2, n2 = template("c2", "c2-standard-8"), template("n2", "n2-standard-8")
    groups = [managed("us-central1", c2), managed("us-east1", n2)]
    parts = [serving(*groups), *groups, *(autoscaler(group) for group in groups), c2, n2]
    assert [one.warm_capacity for one in chat(*parts).regions] == pytest.approx([12.8, 12.8])
    assert [one.warm_capacity for one in chat(*parts, demand=peak(4, 2)).regions] == [4, 4]
    assert peaked.reasons == (
        "its backends differ in their VMs or targets, and --rps-per-machine is one number for all of them",
    )


@pytest.mark.parametrize(
    ("inputs", "target", "regions", "note"),
    [
        ({"serviceLbPolicy": "p"}, {}, REGIONS, "Its `service_lb_policy` may set a different overflow order or none"),
        ({"serviceLbPolicy": Computed()}, {}, REGIONS, "Its `service_lb_policy` may set a different overflow order"),
        ({}, {"preference": "PREFERRED"}, REGIONS, "Its preferred backends are filled first"),
        ({}, {"preference": "DEFAULT"}, REGIONS, ""),
        ({}, {}, ("us-east1", "mars-north1", "venus-east2"), "It is not known where these regions are"),
    ],
)
def test_who_takes_what_is_not_known(
    inputs: dict[str, Any], target: dict[str, Any], regions: tuple[str, ...], note: str
) -> None:
    first, *rest = fleets(*[policy(0.5, 2)] * 3, regions=regions[:3], **target)
    first.inputs.update(inputs)
    found = chat(first, *rest)
    assert found.verdict == "survives"
    assert [one.startswith(note) for one in found.notes] == ([True] if note else [])
    survivors = found.losses[0].warm.survivors
    assert {one.load is None for one in survivors} == {bool(note)}
    assert (found.losses[0].warm.flows is None) is bool(note)
    assert found.losses[0].warm.utilization == pytest.approx(0.75)


def test_two_regions_need_no_order() -> None:
    found = chat(*fleets(policy(0.375, 2), policy(0.375, 2), regions=("mars-north1", "venus-east2"), **RATE))
    assert found.losses[0].warm.survivors == (Survivor("venus-east2", 8, 6),)
    assert found.losses[0].warm.flows == (Flow("mars-north1", "venus-east2", 3),)


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        (
            Demand(Amounts(by_name={"chta": 4.0})),
            "--peak-rps chta: there is no such backend service; there are: batch, chat",
        ),
        (
            Demand(Amounts(4.0), Amounts(by_name={"x\n": 4.0})),
            r"--rps-per-machine x\n: there is no such backend service; there are: batch, chat",
        ),
        (
            Demand(Amounts(by_name={"chat": 4.0}), Amounts(by_name={"batch": 4.0})),
            "--rps-per-machine batch: it needs --peak-rps for the same service",
        ),
        (
            Demand(Amounts(4.0), Amounts(by_name={"chat": 4.0})),
            "--rps-per-machine chat: the service is in RATE mode, whose `max_rate_per_instance` already sets that; "
            "omit it",
        ),
    ],
)
def test_a_demand_that_does_not_fit(demand: Demand, message: str) -> None:
    first, *rest = fleets(policy(0.5, 2), policy(0.5, 2), **RATE)
    batch = R(first.type, "batch", first.inputs)
    with pytest.raises(DemandError) as error:
        failovers(build(first, batch, *rest, deployed=True), demand)
    assert str(error.value) == message


def test_a_name_goes_before_the_number_for_all() -> None:
    first, *rest = fleets(policy(0.5, 2), policy(0.5, 2), **RATE)
    batch = R(first.type, "batch", first.inputs)
    stack = build(first, batch, *rest, deployed=True)
    by_name = {one.name: one for one in failovers(stack, Demand(Amounts(9.0, {"chat": 8.0})))}
    assert {name: (one.peak_rps, one.verdict) for name, one in by_name.items()} == {
        "batch": (9, "fails"),
        "chat": (8, "survives"),
    }
    (only,) = [one for one in failovers(stack, Demand(Amounts(by_name={"chat": 9.0}))) if one.name == "batch"]
    assert (only.peak_rps, only.verdict) == (None, "survives")
