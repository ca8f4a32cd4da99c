"""`subnet-flow-logs` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks import Computed, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "subnet-flow-logs"
NETWORK = R("Network", "vpc")


def stack(options: dict[str, Any] | None = None, **inputs: Any) -> tuple[R, ...]:
    subnet = R(
        "Subnetwork", "subnet", {"region": "us-central1", "network": Out(NETWORK, "id"), **inputs}, options or {}
    )
    beside = R("Subnetwork", "beside", {"region": "us-central1", "network": Out(NETWORK, "id")})
    nics = [{"subnetwork": Out(subnet, "id")}]
    template = R("RegionInstanceTemplate", "template", {"region": "us-central1", "networkInterfaces": nics})
    group = mig(versions=[{"instanceTemplate": Out(template, "selfLink")}])
    return subnet, beside, template, group, NETWORK, service([backend(group)])


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
    check_verdict(RULE, stack(**inputs), status, "subnet")
    check_verdict(RULE, stack(**inputs), None, "beside")


@pytest.mark.parametrize(("sampling", "status"), [(0.5, "passed"), (0.4, "failed"), (0, "failed")])
def test_the_smallest_sampling(sampling: float, status: str) -> None:
    built = build(*stack(logConfig={"flowSampling": sampling}))
    assert statuses(RULE, built, min_sampling=0.5) == {"subnet": status}


def test_outputs_alone() -> None:
    def verdict(**outputs: Any) -> dict[str, Any]:
        path = "projects/p-demo/regions/us-central1/subnetworks/subnet-1a2b3c4"
        shown = {"inputs": None, "outputs": {"id": path, "purpose": "PRIVATE", **outputs}}
        return dict(statuses(RULE, build(*stack(shown), deployed=True)))

    assert verdict(logConfig={"flowSampling": 0.5}) == {"subnet": "passed"}
    assert verdict(logConfig=None) == {"subnet": "failed"}
    assert verdict(logConfig={"flowSampling": 0}) == {"subnet": "undecided"}
    assert verdict() == {"subnet": "undecided"}


def test_the_messages() -> None:
    (found,) = findings(RULE, build(*stack()))
    assert found.problems[0].observed == "Subnetwork `subnet` has no flow logs."
    (found,) = findings(RULE, build(*stack(logConfig={"flowSampling": 0.25})), min_sampling=0.8)
    assert found.problems[0].observed == "Subnetwork `subnet` samples 0.25 of its connections."
    assert found.problems[0].fix.startswith('Set `log_config={"flow_sampling": 0.8,')
