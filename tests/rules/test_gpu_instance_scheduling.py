"""`gpu-instance-scheduling` on failing, passing, unknown and not applicable machines."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.config.error import ConfigurationError
from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, Out, R, build, check_verdict, finding, statuses

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
    ("machine_type", "gpus", "status"),
    [
        pytest.param("g2-standard-8", [("nvidia-l4", 1)], "passed", id="those that it has"),
        pytest.param("g2-standard-8", [("nvidia-l4-vws", 1)], "passed", id="as virtual workstations"),
        pytest.param("g2-standard-8", [], "passed", id="not named"),
        pytest.param("g2-standard-8", [("nvidia-l4", 4)], "failed", id="more than it has"),
        pytest.param("g2-standard-8", [("nvidia-tesla-t4", 1)], "failed", id="others"),
        pytest.param(
            "a2-highgpu-2g", [("projects/p/zones/z/acceleratorTypes/nvidia-tesla-a100", 2)], "passed", id="URL"
        ),
        pytest.param("n1-standard-8", [("nvidia-tesla-a100", 1)], "failed", id="GPUs of A2 on N1"),
        pytest.param("n1-standard-8", [("nvidia-tesla-t4", 4)], "passed", id="GPUs that N1 takes"),
        pytest.param("g4-standard-12", [("nvidia-rtx-pro-6000", 1)], "passed", id="a type that is not listed"),
        pytest.param("g2-standard-8", [("nvidia-l4", Computed())], "undecided", id="computed number"),
        pytest.param("g2-standard-8", [(Computed(), 1)], "undecided", id="computed GPU"),
        pytest.param(Computed(), [("nvidia-l4", 1)], "undecided", id="computed type"),
    ],
)
def test_gpus_are_those_of_the_machine_type(machine_type: Any, gpus: list[Any], status: str) -> None:
    attached = [{"type": kind, "count": count} for kind, count in gpus]
    inputs = {"machineType": machine_type, "guestAccelerators": attached, "scheduling": STOPS}
    check_verdict(RULE, with_path(inputs), status)


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
        ({"machineType": Computed(), "scheduling": STOPS}, "undecided"),
        ({"machineType": Computed(), "guestAccelerators": GPU}, "failed"),
        ({"machineType": "zones/us-central1-a/machineTypes/a3-highgpu-8g"}, "failed"),
    ],
)
def test_machines_with_gpus(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, with_path(inputs), status)


DELETES = {"instanceTerminationAction": "DELETE"}


@pytest.mark.parametrize("machine_type", ["g2-standard-8", "n2-standard-8"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("scheduling", "status"),
    [
        pytest.param({**DELETES}, "failed", id="STANDARD by default"),
        pytest.param({"instanceTerminationAction": "STOP", "provisioningModel": "STANDARD"}, "failed", id="STANDARD"),
        pytest.param({**DELETES, "maxRunDuration": {"seconds": 7200}}, "passed", id="limited by a duration"),
        pytest.param({**DELETES, "terminationTime": "2030-01-01T00:00:00Z"}, "passed", id="limited by a time"),
        pytest.param({**DELETES, "maxRunDuration": Computed()}, "undecided", id="maybe limited"),
        pytest.param({**DELETES, **SPOT}, "passed", id="SPOT"),
        pytest.param({**DELETES, "preemptible": True, "automaticRestart": False}, "passed", id="preemptible"),
        pytest.param({**DELETES, "provisioningModel": Computed()}, "undecided", id="computed model"),
        pytest.param({"instanceTerminationAction": Computed()}, "undecided", id="computed action"),
    ],
)
def test_termination_actions(scheduling: dict[str, Any], status: str, kind: str, machine_type: str) -> None:
    fine = "passed" if machine_type.startswith("g2") else "not applicable"
    inputs = {"machineType": machine_type, "scheduling": {**STOPS, **scheduling}}
    check_verdict(RULE, with_path(inputs, kind=kind), fine if status == "passed" else status)


SPECIFIC = {"type": "SPECIFIC_RESERVATION", "specificReservation": {"key": "k", "values": ["v"]}}


@pytest.mark.parametrize("machine_type", ["a3-highgpu-1g", "a3-highgpu-4g", "a3-ultragpu-8g", "a4-highgpu-8g-nolssd"])
@pytest.mark.parametrize(
    ("scheduling", "affinity", "status"),
    [
        pytest.param(STOPS, None, "failed", id="STANDARD without a reservation"),
        pytest.param(STOPS, {"type": "NO_RESERVATION"}, "failed", id="STANDARD that takes none"),
        pytest.param(STOPS, {"type": "ANY_RESERVATION"}, "undecided", id="STANDARD with what there is"),
        pytest.param(STOPS, SPECIFIC, "passed", id="STANDARD with its reservation"),
        pytest.param(STOPS, Computed(), "undecided", id="a computed affinity"),
        pytest.param({**STOPS, **SPOT}, None, "passed", id="SPOT"),
        pytest.param({**STOPS, "preemptible": True, "automaticRestart": False}, None, "passed", id="preemptible"),
        pytest.param(FLEX, None, "passed", id="FLEX_START"),
        pytest.param({**STOPS, "provisioningModel": Computed()}, None, "undecided", id="a computed model"),
    ],
)
def test_types_that_need_a_reservation(machine_type: str, scheduling: Any, affinity: Any, status: str) -> None:
    inputs = {"machineType": machine_type, "scheduling": scheduling, "reservationAffinity": affinity}
    check_verdict(RULE, with_path(inputs), status)


def test_resize_requests_reserve_capacity() -> None:
    machines = with_path({"machineType": "a3-ultragpu-8g", "scheduling": STOPS})
    request = R(
        "gcp:compute/regionResizeRequest:RegionResizeRequest",
        "request",
        {"instanceGroupManager": Out(machines[1], "name"), "resizeBy": 1},
    )
    check_verdict(RULE, [*machines, request], "passed")
    stray = R(request.type, "request", {**request.inputs, "instanceGroupManager": Computed()})
    check_verdict(RULE, [*machines, stray], "undecided")


def test_types_that_take_a_reservation_only() -> None:
    for scheduling, affinity, status in (
        ({**STOPS, **SPOT}, None, "failed"),
        (FLEX, None, "failed"),
        (STOPS, SPECIFIC, "passed"),
    ):
        inputs = {"machineType": "a4x-highgpu-4g", "scheduling": scheduling, "reservationAffinity": affinity}
        check_verdict(RULE, with_path(inputs), status)


@pytest.mark.parametrize(
    "machine_type",
    ["a3-highgpu-8g", "a3-megagpu-8g", "a3-edgegpu-8g", "a2-highgpu-1g", "g2-standard-8", "g4-standard-48"],
)
def test_types_that_are_to_be_had(machine_type: str) -> None:
    check_verdict(RULE, with_path({"machineType": machine_type, "scheduling": STOPS}), "passed")


def test_tpus_are_not_judged() -> None:
    check_verdict(RULE, with_path({"machineType": "ct6e-standard-4t"}), "not applicable")


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
        ("`on_host_maintenance` is not TERMINATE.", 'Set `scheduling={"on_host_maintenance": "TERMINATE"}`.'),
        ("`preemptible` is not set with SPOT.", 'Set `scheduling={"preemptible": True}`.'),
        ("`automatic_restart` is not set with SPOT.", 'Set `scheduling={"automatic_restart": False}`.'),
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
    assert {one.property_name for one in found.undecided} == {property_name}
