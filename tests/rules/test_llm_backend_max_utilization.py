"""`llm-backend-max-utilization` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fleets import managed, template
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service

RULE = "llm-backend-max-utilization"
US, EU = mig("us-central1"), mig("europe-west4")
SERVERLESS = R("RegionNetworkEndpointGroup", "run", {"region": "us-central1"})
NEG = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
UNKNOWN_NEG = R("RegionNetworkEndpointGroup", "some", {"region": "us-central1", "networkEndpointType": Computed()})
OTHER_STACK = R("StackReference", "platform")
RESOURCES = (US, EU, SERVERLESS, NEG, UNKNOWN_NEG, OTHER_STACK)
METRIC = {"name": "orca.named_metrics.queue", "maxUtilization": 0.7}


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"maxUtilization": 0.8}, "passed"),
        ({"maxUtilization": 0.1}, "passed"),
        ({"maxUtilization": "0.8"}, "passed"),
        ({"balancingMode": None, "maxUtilization": 0.8}, "passed"),
        ({"balancingMode": None, "maxUtilization": None}, "failed"),
        ({"maxUtilization": None}, "failed"),
        ({"maxUtilization": None, "maxRatePerInstance": 4}, "failed"),
        ({"maxUtilization": 0.81}, "failed"),
        ({"maxUtilization": 1}, "failed"),
        ({"maxUtilization": 1.5}, "failed"),
        ({"maxUtilization": 0}, "failed"),
        ({"maxUtilization": -0.5}, "failed"),
        ({"maxUtilization": Computed()}, "undecided"),
        ({"maxUtilization": "high"}, "undecided"),
        ({"balancingMode": Computed()}, "undecided"),
        ({"balancingMode": "RATE", "maxRatePerInstance": 4}, "passed"),
        ({"balancingMode": "RATE", "maxRate": 400}, "passed"),
        ({"balancingMode": "RATE", "maxRatePerEndpoint": 4}, "passed"),
        ({"balancingMode": "RATE"}, "failed"),
        ({"balancingMode": "RATE", "maxRate": 0}, "failed"),
        ({"balancingMode": "RATE", "maxRate": Computed()}, "undecided"),
        ({"balancingMode": "RATE", "maxRate": 4, "maxRatePerInstance": Computed()}, "passed"),
        ({"balancingMode": "CONNECTION", "maxConnectionsPerInstance": 100}, "passed"),
        ({"balancingMode": "CONNECTION", "maxRate": 100}, "failed"),
        ({"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerInstance": 32}, "passed"),
        ({"balancingMode": "IN_FLIGHT"}, "failed"),
        ({"balancingMode": "CUSTOM_METRICS", "customMetrics": [{**METRIC, "dryRun": False}]}, "passed"),
        ({"balancingMode": "CUSTOM_METRICS", "customMetrics": [METRIC]}, "passed"),
        ({"balancingMode": "CUSTOM_METRICS", "customMetrics": [{**METRIC, "dryRun": True}]}, "failed"),
        ({"balancingMode": "CUSTOM_METRICS", "customMetrics": [{**METRIC, "dryRun": True}], "maxRate": 5}, "passed"),
        ({"balancingMode": "CUSTOM_METRICS", "customMetrics": [{**METRIC, "dryRun": Computed()}]}, "undecided"),
        ({"balancingMode": "CUSTOM_METRICS", "customMetrics": Computed()}, "undecided"),
        ({"balancingMode": "CUSTOM_METRICS"}, "failed"),
        ({"balancingMode": "CUSTOM_METRICS", "maxRate": Computed()}, "undecided"),
        ({"balancingMode": "ROUND_ROBIN"}, "undecided"),
    ],
)
def test_one_backend(properties: dict[str, Any], status: str) -> None:
    check_verdict(RULE, [service([backend(US, **properties)]), US], status)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({}, "failed", id="by CPUs alone"),
        pytest.param({"balancingMode": None}, "failed", id="by CPUs alone, by default"),
        pytest.param({"maxRatePerInstance": 4}, "passed", id="with a rate"),
        pytest.param({"maxRate": 40}, "passed", id="with a rate of the group"),
        pytest.param({"maxConnectionsPerInstance": 4}, "passed", id="with connections"),
        pytest.param({"maxRatePerInstance": 0}, "failed", id="with a rate of 0, which is none"),
        pytest.param({"maxRatePerInstance": Computed()}, "undecided", id="with a computed rate"),
        pytest.param({"balancingMode": "RATE", "maxUtilization": None, "maxRate": 4}, "passed", id="in RATE mode"),
    ],
)
def test_machines_with_gpus(properties: dict[str, Any], expected: Expected) -> None:
    gpu, cpu = template(), template("cpu", "e2-standard-8")
    computed, tpu = template("computed", Computed()), template("tpu", "ct6e-standard-4t")
    attached = template("attached", "n1-standard-8", guestAccelerators=[{"type": "nvidia-tesla-t4", "count": 1}])
    doubtful = "undecided" if expected == "failed" else expected
    for of, wanted in (
        (gpu, expected),
        (attached, expected),
        (cpu, "passed"),
        (tpu, "passed"),
        (computed, doubtful),
    ):
        group = managed(of=of)
        check_verdict(RULE, [service([backend(group, **properties)]), group, of], wanted, limits_for_gpus=True)
    one = R("Instance", "one", {"zone": "us-central1-a", "machineType": "g2-standard-8"})
    unmanaged = R("InstanceGroup", "unmanaged", {"zone": "us-central1-a", "instances": [Out(one, "selfLink")]})
    entry = {**backend(unmanaged, **properties), "group": Out(unmanaged, "selfLink")}
    check_verdict(RULE, [service([entry]), unmanaged, one], expected, limits_for_gpus=True)
    outside = managed()
    check_verdict(RULE, [service([backend(outside, **properties)]), outside], "passed", limits_for_gpus=True)
    elsewhere = backend("projects/p/zones/us-central1-a/instanceGroups/llm", **properties)
    check_verdict(RULE, [service([elsewhere])], "passed", limits_for_gpus=True)
    group = managed(of=gpu)
    check_verdict(RULE, [service([backend(group, **properties)]), group, gpu], "passed")


UNSET = {"maxUtilization": None}


@pytest.mark.parametrize(
    ("backends", "inputs", "expected"),
    [
        ([backend(US), backend(EU)], {}, "passed"),
        ([backend(US), backend(EU, **UNSET)], {}, "failed"),
        ([backend(US, **UNSET), backend(EU, maxUtilization=Computed())], {}, "failed"),
        (Computed((US,), [backend(US, **UNSET)]), {}, ("undecided", "failed")),
        ([Computed((US,), backend(US, **UNSET))], {}, ("undecided", "failed")),
        ([backend(SERVERLESS, **UNSET)], {}, "not applicable"),
        ([backend("projects/p/global/networkEndpointGroups/n", **UNSET)], {}, "not applicable"),
        ([backend(NEG, balancingMode="RATE", **UNSET)], {}, "failed"),
        ([backend(Computed((OTHER_STACK,)), **UNSET)], {}, "undecided"),
        ([backend(UNKNOWN_NEG, **UNSET)], {}, "not applicable"),
        ([backend("zones/r1-a/instanceGroups/x"), backend(Computed((OTHER_STACK,)), **UNSET)], {}, "failed"),
        ([], {}, "not applicable"),
        ([backend(US, **UNSET)], {"region": "us-central1", "loadBalancingScheme": "EXTERNAL"}, "not applicable"),
        ([backend(US, **UNSET)], {"region": "us-central1", "loadBalancingScheme": Computed()}, "undecided"),
        ([backend(US, **UNSET)], {"region": "us-central1"}, "failed"),
    ],
)
def test_services(backends: Any, inputs: dict[str, Any], expected: Expected) -> None:
    check_verdict(RULE, [service(backends, **inputs), *RESOURCES], expected)


@pytest.mark.parametrize(
    ("options", "target", "status"),
    [
        ({"max": 0.9}, 0.9, "passed"),
        ({"max": 0.7}, 0.8, "failed"),
        ({"min": 0.5}, 0.4, "failed"),
        ({"min": 0.5}, 0.5, "passed"),
    ],
)
def test_bounds(options: dict[str, Any], target: float, status: str) -> None:
    check_verdict(RULE, [service([backend(US, maxUtilization=target)]), US], status, **options)


def test_zero_in_outputs_alone_means_not_set() -> None:
    group = "projects/p/regions/us-central1/instanceGroups/a"
    outputs = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": [{"group": group, "balancingMode": "RATE", "maxUtilization": 0, "maxRate": 5}],
    }
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    check_verdict(RULE, [read], "passed")


def test_the_message_names_each_backend_once() -> None:
    (found,) = findings(RULE, build(service([backend(US, **UNSET), backend(EU, **UNSET)]), US, EU, deployed=True))
    assert [problem.observed for problem in found.problems] == [
        "Backend `mig-us-central1` has no `max_utilization`, so it never counts as full. "
        "Backend `mig-europe-west4` has no `max_utilization`, so it never counts as full."
    ]


@pytest.mark.parametrize(
    ("properties", "inputs", "words"),
    [
        ({"balancingMode": "UTILIZATION"}, {}, '`balancing_mode="RATE"` and `max_rate_per_endpoint`'),
        ({"balancingMode": None}, {}, '`balancing_mode="RATE"` and `max_rate_per_endpoint`'),
        (
            {"balancingMode": None},
            {"protocol": "TCP"},
            '`balancing_mode="CONNECTION"` and `max_connections_per_endpoint`',
        ),
        ({"balancingMode": "RATE"}, {}, "Set `max_rate_per_endpoint`"),
        ({"balancingMode": "CUSTOM_METRICS"}, {}, "Set `custom_metrics`"),
    ],
)
def test_the_fix_for_a_zonal_neg_is_one_that_it_takes(
    properties: dict[str, Any], inputs: dict[str, Any], words: str
) -> None:
    neg = R("NetworkEndpointGroup", "neg", {"zone": "us-central1-a"})
    entry = {"group": Out(neg, "id"), **properties}
    (found,) = findings(RULE, build(service([entry], **inputs), neg))
    assert words in found.problems[0].fix


def test_the_fix_for_an_instance_group_limits_each_instance() -> None:
    group = mig()
    (found,) = findings(RULE, build(service([{"group": Out(group), "balancingMode": "RATE"}]), group))
    assert found.problems[0].fix == "Set `max_rate_per_instance` to what one server can handle."
