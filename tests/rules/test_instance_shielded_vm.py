"""`instance-shielded-vm` on failing, passing, unknown and not applicable machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, check_verdict, finding

RULE = "instance-shielded-vm"
ALL = {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True}
NO_SECURE_BOOT = {**ALL, "enableSecureBoot": False}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("config", "status"),
    [
        (ALL, "passed"),
        ({"enableSecureBoot": True}, "passed"),
        ({"enableSecureBoot": "true"}, "passed"),
        (NO_SECURE_BOOT, "failed"),
        ({"enableVtpm": True, "enableIntegrityMonitoring": True}, "failed"),
        ({**ALL, "enableVtpm": False}, "failed"),
        ({**ALL, "enableIntegrityMonitoring": False}, "failed"),
        ({}, "failed"),
        (None, "failed"),
        (Computed(), "undecided"),
        ({**ALL, "enableVtpm": Computed()}, "undecided"),
        ({**ALL, "enableSecureBoot": Computed()}, "undecided"),
        ({"enableVtpm": Computed()}, "failed"),
        ("on", "undecided"),
    ],
)
def test_config(config: Any, status: str, kind: str) -> None:
    check_verdict(RULE, with_path({"shieldedInstanceConfig": config}, kind=kind), status)


@pytest.mark.parametrize(
    ("machine_type", "config", "status"),
    [
        ("c3-standard-192-metal", None, "not applicable"),
        ("zones/us-central1-a/machineTypes/c3-standard-192-metal", None, "not applicable"),
        (Computed(), None, "undecided"),
        (Computed(), ALL, "passed"),
        ("e2-standard-4", None, "failed"),
    ],
)
def test_bare_metal_has_no_such_options(machine_type: Any, config: Any, status: str) -> None:
    inputs = {"machineType": machine_type, "shieldedInstanceConfig": config}
    check_verdict(RULE, with_path(inputs), status)


GPU = [{"type": "nvidia-tesla-t4", "count": 1}]


@pytest.mark.parametrize(
    ("inputs", "config", "status"),
    [
        ({}, NO_SECURE_BOOT, "passed"),
        ({"machineType": "a3-highgpu-8g"}, {}, "passed"),
        ({"machineType": "n1-standard-8", "guestAccelerators": GPU}, NO_SECURE_BOOT, "passed"),
        ({"machineType": "n1-standard-8", "guestAccelerators": [{"type": "t4", "count": 0}]}, NO_SECURE_BOOT, "failed"),
        ({"machineType": "n1-standard-8"}, NO_SECURE_BOOT, "failed"),
        ({"machineType": "n1-standard-8", "guestAccelerators": Computed()}, NO_SECURE_BOOT, "undecided"),
        ({"machineType": "n1-standard-8", "guestAccelerators": Computed()}, ALL, "passed"),
        ({}, None, "failed"),
        ({}, {**NO_SECURE_BOOT, "enableVtpm": False}, "failed"),
    ],
)
def test_secure_boot_may_be_off_with_gpus(inputs: dict[str, Any], config: Any, status: str) -> None:
    resources = with_path({**inputs, "shieldedInstanceConfig": config})
    check_verdict(RULE, resources, status, gpu_secure_boot=False)


def test_the_message_names_all_that_is_off() -> None:
    config = {"enableVtpm": False}
    (problem,) = finding(RULE, *on_path(machine({"shieldedInstanceConfig": config}))).problems
    assert problem.observed == "`enable_secure_boot` is off. `enable_vtpm` is off."


@pytest.mark.parametrize("config", [None, NO_SECURE_BOOT])
@pytest.mark.parametrize(
    ("inputs", "is_named"),
    [
        ({"machineType": "g2-standard-8"}, True),
        ({"machineType": "n1-standard-8", "guestAccelerators": GPU}, True),
        ({"machineType": "n1-standard-8"}, False),
    ],
)
def test_the_fix_names_the_option_for_drivers_that_nobody_signed(
    inputs: dict[str, Any], is_named: bool, config: Any
) -> None:
    (problem,) = finding(RULE, *on_path(machine({**inputs, "shieldedInstanceConfig": config}))).problems
    assert ("turn the option `gpu_secure_boot` off" in problem.fix) is is_named
