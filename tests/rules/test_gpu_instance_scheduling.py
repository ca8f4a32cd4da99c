"""`gpu-instance-scheduling` on failing, passing, unknown and not applicable machines."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.config.options import ConfigurationError
from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, build, check_verdict, finding, statuses

RULE = "gpu-instance-scheduling"
GPU = [{"type": "nvidia-tesla-t4", "count": 1}]
STOPS = {"onHostMaintenance": "TERMINATE"}
SPOT = {"provisioningModel": "SPOT", "preemptible": True, "automaticRestart": False}
FLEX = {
    **STOPS,
    "provisioningModel": "FLEX_START",
    "automaticRestart": False,
    "instanceTerminationAction": "DELETE",
    "maxRunDuration": {"seconds": 86400},
}
BOUND = {**STOPS, "provisioningModel": "RESERVATION_BOUND"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("scheduling", "status"),
    [
        (STOPS, "passed"),
        ({**STOPS, "provisioningModel": "STANDARD", "automaticRestart": True}, "passed"),
        ({"onHostMaintenance": "MIGRATE"}, "failed"),
        ({}, "failed"),
        (None, "failed"),
        ({"provisioningModel": "STANDARD"}, "failed"),
        (Computed(), "undecided"),
        ({"onHostMaintenance": Computed()}, "undecided"),
        ({"provisioningModel": Computed()}, "undecided"),
        ({**STOPS, "provisioningModel": Computed()}, "undecided"),
        ({**STOPS, "provisioningModel": "spot"}, "undecided"),
        ({**STOPS, **SPOT}, "passed"),
        (SPOT, "passed"),
        ({**SPOT, "onHostMaintenance": "MIGRATE"}, "failed"),
        ({**SPOT, "automaticRestart": None}, "failed"),
        ({**SPOT, "automaticRestart": True}, "failed"),
        ({**SPOT, "automaticRestart": Computed()}, "undecided"),
        ({**SPOT, "preemptible": None}, "failed"),
        ({**SPOT, "preemptible": Computed()}, "undecided"),
        ({"preemptible": True, "automaticRestart": False}, "passed"),
        ({"preemptible": True}, "failed"),
        ({"preemptible": Computed(), "automaticRestart": False}, "undecided"),
        (FLEX, "passed"),
        ({**FLEX, "onHostMaintenance": None}, "undecided"),
        ({**FLEX, "automaticRestart": None}, "failed"),
        ({**FLEX, "instanceTerminationAction": None}, "failed"),
        ({**FLEX, "instanceTerminationAction": "STOP"}, "failed"),
        ({**FLEX, "instanceTerminationAction": Computed()}, "undecided"),
        ({**FLEX, "maxRunDuration": None}, "failed"),
        ({**FLEX, "maxRunDuration": {"seconds": 0}}, "failed"),
        ({**FLEX, "maxRunDuration": Computed()}, "undecided"),
        (BOUND, "failed"),
        ({**BOUND, "onHostMaintenance": None}, "failed"),
    ],
)
def test_scheduling(scheduling: Any, status: str, kind: str) -> None:
    check_verdict(RULE, with_path({"scheduling": scheduling}, kind=kind), status)


@pytest.mark.parametrize(
    ("affinity", "status"),
    [
        ({"type": "SPECIFIC_RESERVATION"}, "passed"),
        ({"type": "ANY_RESERVATION"}, "failed"),
        ({"type": Computed()}, "undecided"),
        (Computed(), "undecided"),
        (None, "failed"),
    ],
)
def test_a_bound_machine_names_its_reservation(affinity: Any, status: str) -> None:
    check_verdict(RULE, with_path({"scheduling": BOUND, "reservationAffinity": affinity}), status)


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"machineType": "n2-standard-8"}, "not applicable"),
        ({"machineType": "n1-standard-8", "guestAccelerators": []}, "not applicable"),
        ({"machineType": "n1-standard-8", "guestAccelerators": GPU}, "failed"),
        ({"machineType": "n1-standard-8", "guestAccelerators": [{"type": "t4", "count": 0}]}, "not applicable"),
        ({"machineType": "n1-standard-8", "guestAccelerators": [{"type": "t4", "count": Computed()}]}, "undecided"),
        ({"machineType": "n1-standard-8", "guestAccelerators": Computed()}, "undecided"),
        ({"machineType": Computed()}, "undecided"),
        ({"machineType": Computed(), "scheduling": STOPS}, "passed"),
        ({"machineType": Computed(), "guestAccelerators": GPU}, "failed"),
        ({"machineType": "zones/us-central1-a/machineTypes/a3-highgpu-8g"}, "failed"),
    ],
)
def test_machines_with_gpus(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, with_path(inputs), status)


@pytest.mark.parametrize(
    ("models", "status"), [(["STANDARD", "RESERVATION_BOUND"], "failed"), (["SPOT"], "passed")]
)  # fmt: skip
def test_models_may_be_limited(models: list[str], status: str) -> None:
    check_verdict(RULE, with_path({"scheduling": SPOT}), status, provisioning_models=models)


@pytest.mark.parametrize(
    ("models", "problem"),
    [
        ([], "is empty, which lets no VM pass: name one, or disable the rule"),
        (["SPOT", "spot"], "has `spot`, known are STANDARD, SPOT, FLEX_START, RESERVATION_BOUND"),
    ],
)
def test_models_that_make_no_sense(models: list[str], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        statuses(RULE, build(), provisioning_models=models)


def test_the_message_says_what_each_model_needs() -> None:
    found = finding(
        RULE, *on_path(machine({"scheduling": {"onHostMaintenance": "s3cr3t", "provisioningModel": "SPOT"}}))
    )
    assert [(problem.observed, problem.fix) for problem in found.problems] == [
        ("`on_host_maintenance` is not TERMINATE.", 'Set `"on_host_maintenance": "TERMINATE"` in `scheduling`.'),
        ("`preemptible` is not on with SPOT.", 'Set `"preemptible": True` in `scheduling`.'),
        ("`automatic_restart` is not off with SPOT.", 'Set `"automatic_restart": False` in `scheduling`.'),
    ]


@pytest.mark.parametrize(
    ("inputs", "property_name"),
    [
        pytest.param({"machineType": Computed()}, "machine_type", id="computed machine type"),
        pytest.param(
            {"machineType": "n1-standard-8", "guestAccelerators": Computed()}, "guest_accelerators", id="computed GPUs"
        ),
        pytest.param({"scheduling": {"preemptible": Computed()}}, "preemptible", id="computed default"),
    ],
)
def test_the_property_that_decides_is_named(inputs: dict[str, Any], property_name: str) -> None:
    found = finding(RULE, *on_path(machine(inputs)))
    assert [one.property_name for one in found.undecided] == [property_name]
