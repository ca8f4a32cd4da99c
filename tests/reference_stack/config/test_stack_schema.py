"""Schema and tables are those of the models, and the catalogue of machine types agrees with the pack's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from llm_stack import schema
from llm_stack.machines import catalogue
from policypack.model.machines.provisioning import provisioning_of
from policypack.model.machines.settings import SPOT
from policypack.model.machines.shape import gpus_of_type, takes_gpus
from tests.reference_stack.stacks import GONE, STACKS, changed

SCHEMA: dict[str, Any] = json.loads(schema.SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
PREFIX = "config/llm-reference:"


def stack_file(stack_dir: Path, stack: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((stack_dir / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return loaded


def test_the_schema_is_current() -> None:
    assert schema.SCHEMA.read_text(encoding="utf-8") == schema.as_text(), "run make docs"
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_tables_of_the_readme_are_current() -> None:
    text = schema.README.read_text(encoding="utf-8")
    assert text == schema.in_readme(text), "run make docs"


@pytest.mark.parametrize("stack", STACKS)
def test_the_schema_takes_the_shipped_stacks(stack_dir: Path, stack: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(stack_file(stack_dir, stack))] == []
    first = (stack_dir / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={schema.SCHEMA.name}"


@pytest.mark.parametrize(
    ("stack", "changes"),
    [
        ("dev", {"regions/us-east1/minreplicas": 2}),
        ("dev", {"regions/us-east1/min_replicas": "2"}),
        ("dev", {"regions/us-east1/min_replicas": 1}),
        ("dev", {"regions/us-east1/max_replicas": GONE}),
        ("dev", {"regions/us-east1/zones": ["us-east1"]}),
        ("dev", {"regions/us-east1": GONE}),
        ("dev", {"frontend/kind": "public"}),
        ("dev", {"frontend/domain": "LLM"}),
        ("dev", {"model/manifest_sha256": "abc"}),
        ("dev", {"model/proxy_image": GONE}),
        ("dev", {"operations": GONE}),
        ("dev", {"instance": {}}),
        ("dev", {"oops": 1}),
        ("dev", {"compute": "gke"}),
        ("dev", {"compute": "cloud-run"}),
        ("prod", {"model/file": "a.gguf"}),
        ("internal", {"frontend/client_ranges": ["*"]}),
        ("run", {"compute": GONE}),
        ("run", {"machine": {}}),
    ],
    ids=str,
)
def test_the_schema_refuses_what_a_key_alone_shows(stack_dir: Path, stack: str, changes: dict[str, Any]) -> None:
    broken = changed(stack_file(stack_dir, stack), {f"{PREFIX}{path}": value for path, value in changes.items()})
    assert not VALIDATOR.is_valid(broken)


def test_the_schema_leaves_other_providers_alone(stack_dir: Path) -> None:
    other = {"config/gcp:accessToken": "x", "config/aws:region": "eu-west-1", "encryptionsalt": "v1:abc"}
    assert VALIDATOR.is_valid(changed(stack_file(stack_dir, "dev"), other))


@pytest.mark.parametrize("machine_type", catalogue.TYPES)
def test_the_pack_knows_the_same_gpus_and_provisioning(machine_type: str) -> None:
    listing, provisioning = catalogue.TYPES[machine_type], provisioning_of(machine_type)
    assert gpus_of_type(machine_type) == (listing.gpu, listing.gpus)
    assert provisioning.needs_reservation == listing.reserved
    assert (SPOT not in provisioning.refused) == listing.spot


def test_gpus_that_are_attached_are_none_that_come_with_a_type() -> None:
    assert all(takes_gpus("n1-standard-8", [(gpu, 1)]) for gpu in catalogue.ATTACHED)
    assert not {listing.gpu for listing in catalogue.TYPES.values()} & {*catalogue.ATTACHED}


@pytest.mark.parametrize(
    ("machine_type", "disk", "architecture"),
    [
        ("g2-standard-8", "pd-balanced", "x86-64"),
        ("g4-standard-48", "hyperdisk-balanced", "x86-64"),
        ("a3-highgpu-8g", "pd-balanced", "x86-64"),
        ("a3-ultragpu-8g", "hyperdisk-balanced", "x86-64"),
        ("a4x-highgpu-4g", "hyperdisk-balanced", "arm64"),
        ("c4a-standard-8", "hyperdisk-balanced", "arm64"),
        ("n4-standard-8", "hyperdisk-balanced", "x86-64"),
        ("t2a-standard-8", "pd-balanced", "arm64"),
        ("e2-standard-4", "pd-balanced", "x86-64"),
        ("n2-custom-8-32768", "pd-balanced", "x86-64"),
    ],
)
def test_boot_disk_and_architecture(machine_type: str, disk: str, architecture: str) -> None:
    listing = catalogue.listing_of(machine_type)
    assert listing is not None
    assert (listing.boot_disk, listing.architecture) == (disk, architecture)
