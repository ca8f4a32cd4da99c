"""Machines of other types than the shipped ones: what the program registers, and that the pack is content with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.rules import RULES
from policypack.sources.program import load_program
from tests.reference_stack.stacks import changed, copy_stack, stack_config

pytestmark = pytest.mark.usefixtures("_warm")
IMAGES = "projects/cos-cloud/global/images/family/"
X86, ARM = f"{IMAGES}cos-125-lts", f"{IMAGES}cos-arm64-125-lts"
ANY = {"type": "ANY_RESERVATION"}
H100, H200 = {"type": "nvidia-h100-80gb", "count": 1}, {"type": "nvidia-h200-141gb", "count": 8}


SPECIFIC = {
    "type": "SPECIFIC_RESERVATION",
    "specificReservation": {"key": "compute.googleapis.com/reservation-name", "values": ["llm"]},
}
# The stack, its machine; of the template boot disk and image, provisioning model and reservation.
BUILT: dict[str, tuple[str, dict[str, Any], tuple[Any, ...]]] = {
    "arm": ("dev", {"type": "c4a-standard-8"}, ("hyperdisk-balanced", ARM, "STANDARD", ANY)),
    "spot": (
        "prod",
        {"type": "a3-highgpu-1g", "gpu": H100, "provisioning": "spot"},
        ("pd-balanced", X86, "SPOT", ANY),
    ),
    "reservation": (
        "prod",
        {"type": "a3-ultragpu-8g", "gpu": H200, "reservation": "llm"},
        ("hyperdisk-balanced", X86, "STANDARD", SPECIFIC),
    ),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_machine_type_is_built_as_it_has_to_be(tmp_path: Path, stack_dir: Path, name: str) -> None:
    stack, machine, expected = BUILT[name]
    project = copy_stack(stack_dir, tmp_path / "reference_stack")
    changes = {f"llm-reference:machine/{key}": value for key, value in machine.items()}
    config = changed(stack_config(stack_dir, stack), changes)
    (project / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))
    loaded = load_program(project, stack, timeout=60).stack
    templates: list[Any] = [one.inputs for one in loaded.resources if one.type.endswith(":RegionInstanceTemplate")]
    assert templates
    for one in templates:
        disk, model = one["disks"][0], one["scheduling"]["provisioningModel"]
        assert (disk["diskType"], disk["sourceImage"], model, one["reservationAffinity"]) == expected
    report = evaluate(loaded, RULES, default_settings(RULES))
    assert (*report.with_status("failed"), *report.with_status("undecided")) == ()
