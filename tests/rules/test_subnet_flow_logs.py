"""`subnet-flow-logs` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.subnets import shown, subnet, with_machines
from tests.stacks import Computed, Out, R, build, check_verdict, findings

RULE = "subnet-flow-logs"


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"logConfig": {"flowSampling": 0.5}}, "passed"),
        ({"logConfig": {"flowSampling": 1}}, "passed"),
        ({"logConfig": {"flowSampling": "0.1"}}, "passed"),
        ({"logConfig": {"metadata": "INCLUDE_ALL_METADATA"}}, "passed"),
        ({"logConfig": {}}, "passed"),
        ({"logConfig": [{"flowSampling": 0.5}]}, "passed"),
        ({"logConfig": {"flowSampling": 0}}, "failed"),
        ({}, "failed"),
        ({"logConfig": {"flowSampling": Computed()}}, "undecided"),
        ({"logConfig": Computed()}, "undecided"),
        ({"purpose": Computed()}, "undecided"),
        ({"purpose": Computed(), "logConfig": {}}, "passed"),
        ({"purpose": "PRIVATE"}, "failed"),
        ({"purpose": "GLOBAL_MANAGED_PROXY"}, "not applicable"),
        ({"purpose": "REGIONAL_MANAGED_PROXY"}, "not applicable"),
        ({"purpose": "INTERNAL_HTTPS_LOAD_BALANCER", "logConfig": Computed()}, "not applicable"),
        ({"purpose": "PRIVATE_SERVICE_CONNECT"}, "not applicable"),
    ],
)
def test_one_subnetwork(inputs: dict[str, Any], status: str) -> None:
    """The one beside it has no machines of the serving path."""
    check_verdict(RULE, with_machines(subnet(**inputs)), status, "subnet")
    check_verdict(RULE, with_machines(subnet(**inputs)), None, "beside")


@pytest.mark.parametrize(("sampling", "status"), [(0.5, "passed"), (0.4, "failed"), (0, "failed")])
def test_the_smallest_sampling(sampling: float, status: str) -> None:
    check_verdict(RULE, with_machines(subnet(logConfig={"flowSampling": sampling})), status, "subnet", min_sampling=0.5)


@pytest.mark.parametrize(("min_sampling", "status"), [(0.5, "passed"), (0.6, "failed")])
def test_the_sampling_that_is_left_out(min_sampling: float, status: str) -> None:
    check_verdict(RULE, with_machines(subnet(logConfig={})), status, "subnet", min_sampling=min_sampling)


def test_outputs_alone() -> None:
    check_verdict(RULE, shown(purpose="PRIVATE", logConfig={"flowSampling": 0.5}), "passed", "subnet")
    check_verdict(RULE, shown(purpose="PRIVATE", logConfig=None), "failed", "subnet")
    check_verdict(RULE, shown(purpose="PRIVATE", logConfig={"flowSampling": 0}), "undecided", "subnet")
    check_verdict(RULE, shown(purpose="PRIVATE"), "undecided", "subnet")


def test_the_messages() -> None:
    (found,) = findings(RULE, build(*with_machines(subnet())))
    assert found.problems[0].observed == "Subnetwork `subnet` has no flow logs."
    (found,) = findings(RULE, build(*with_machines(subnet(logConfig={"flowSampling": 0.25}))), min_sampling=0.8)
    assert found.problems[0].observed == "Subnetwork `subnet` samples 0.25 of its connections."
    assert found.problems[0].fix.startswith('Set `log_config={"flow_sampling": 0.8,')


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        pytest.param("projects/p-demo/global/networkProfiles/us-central1-b-vpc-roce", "not applicable", id="RoCE"),
        pytest.param("https://www.googleapis.com/compute/v1/projects/p/global/networkProfiles/us-central1-a-vpc-falcon",
                     "not applicable", id="Falcon"),
        pytest.param(None, "failed", id="an ordinary network"),
        pytest.param(Computed(), "undecided", id="not known"),
    ],
)  # fmt: skip
def test_networks_for_rdma(profile: Any, status: str) -> None:
    network = R("Network", "vpc", {"networkProfile": profile})
    stack = [one for one in with_machines(subnet(network=Out(network, "id"))) if one.name != "vpc"]
    check_verdict(RULE, [*stack, network], status, "subnet")
