"""What the configuration refuses, and that it says which key and what to do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from llm_stack.config import given_keys, parse_config
from llm_stack.machines.cloud_init import systemd_word
from llm_stack.reading.mistake import ConfigError
from tests.reference_stack.config.broken import REFUSED, Row
from tests.reference_stack.config.broken_values import BUILT, MACHINES, PLACES, SEVERAL, TEXTS
from tests.reference_stack.stacks import GONE, STACKS, changed, raw_config


def mistakes(stack_dir: Path, stack: str, changes: dict[str, Any], **options: Any) -> dict[str, str]:
    """The fixes of what is refused, by key."""
    raw = changed(raw_config(stack_dir, stack), changes)
    try:
        parse_config(raw, "my-llm-project", stack, **options)
    except ConfigError as error:
        return {mistake.key: mistake.fix for mistake in error.mistakes}
    return {}


def name_of(row: Row) -> str:
    stack, changes, _ = row
    return " ".join([stack, *(f"{key}={'gone' if value is GONE else value}" for key, value in changes.items())])


@pytest.mark.parametrize("row", [*REFUSED, *MACHINES, *PLACES, *TEXTS, *SEVERAL], ids=name_of)
def test_refused_with_all_keys_and_fixes(stack_dir: Path, row: Row) -> None:
    stack, changes, expected = row
    found = mistakes(stack_dir, stack, changes)
    assert {key: fix[: len(expected.get(key, fix))] for key, fix in found.items()} == expected


@pytest.mark.parametrize(("stack", "changes"), BUILT, ids=str)
def test_legal_neighbours_are_built(stack_dir: Path, stack: str, changes: dict[str, Any]) -> None:
    assert mistakes(stack_dir, stack, changes) == {}


@pytest.mark.parametrize(("project", "stack"), [("My_Project", "dev"), ("my-llm-project", "Dev_1")])
def test_names_that_cannot_be_ids(stack_dir: Path, project: str, stack: str) -> None:
    with pytest.raises(ConfigError, match="resource id"):
        parse_config(raw_config(stack_dir, "dev"), project, stack)


@pytest.mark.parametrize("stack", STACKS)
def test_accepted(stack_dir: Path, stack: str) -> None:
    raw = raw_config(stack_dir, stack)
    config = parse_config(raw, "my-llm-project", stack)
    form = {"compute", "instance"} if stack == "run" else {"machine"}
    assert set(raw) == {"regions", "model", "traffic", "frontend", "operations"} | form
    assert config.regions == tuple(raw["regions"])
    assert config.resource_id == f"llm-{stack}"


def test_uneven_regions_that_survive(stack_dir: Path) -> None:
    raw = changed(raw_config(stack_dir, "dev"), {"regions/us-east1/min_replicas": 3, "traffic/autoscaler_target": 0.4})
    assert parse_config(raw, "my-llm-project", "dev").compute.traffic.autoscaler_target == 0.4


def test_more_warm_instances_carry_more(stack_dir: Path) -> None:
    changes = {"regions/europe-west1/min_instances": 2, "regions/europe-west4/min_instances": 2}
    raw = changed(raw_config(stack_dir, "run"), changes | {"traffic/steady_requests": 32})
    assert parse_config(raw, "my-llm-project", "run").compute.traffic.steady_requests == 32


def test_cloud_run_without_a_gpu(stack_dir: Path) -> None:
    changes = {"instance": {"cpu": 2, "memory_gib": 8}, "model/load_seconds": 300}
    changes |= {"model/runtime": "llama.cpp", "model/file": "model.gguf"}
    instance = parse_config(changed(raw_config(stack_dir, "run"), changes), "my-llm-project", "run").compute.instance
    assert (instance.gpu, instance.zonal_redundancy) == (None, True)


def test_names_that_make_a_bucket_s_name_too_long(stack_dir: Path) -> None:
    raw = raw_config(stack_dir, "run")
    with pytest.raises(ConfigError, match="stack name: makes a bucket's name longer than 63"):
        parse_config(raw, "a-project-with-thirty-letters1", "a-stack-of-20-letter")


def test_secure_boot_off_with_a_reason(stack_dir: Path) -> None:
    changes = {"machine/secure_boot": False, "machine/secure_boot_reason": "unsigned driver"}
    config = parse_config(changed(raw_config(stack_dir, "prod"), changes), "my-llm-project", "prod")
    assert config.compute.machine.secure_boot is False


@pytest.mark.parametrize(
    ("region", "location"),
    [("us-east4", "us"), ("europe-west1", "europe"), ("asia-east1", "asia"), ("southamerica-east1", "us")],
)
def test_location_follows_the_first_region_by_name(stack_dir: Path, region: str, location: str) -> None:
    raw = with_region(raw_config(stack_dir, "dev"), region)
    del raw["regions"]["us-central1"]
    assert parse_config(raw, "my-llm-project", "dev").location == location


def test_location_follows_the_home_region_whatever_is_added(stack_dir: Path) -> None:
    raw = changed(raw_config(stack_dir, "dev"), {"operations/home_region": "us-east1"})
    config = parse_config(with_region(raw, "asia-east1"), "my-llm-project", "dev")
    assert (config.home, config.location) == ("us-east1", "us")


def with_region(raw: dict[str, Any], region: str) -> dict[str, Any]:
    zones = {"zones": [f"{region}-a", f"{region}-b"], "cidr": "10.10.9.0/24"}
    return changed(raw, {f"regions/{region}": raw["regions"]["us-central1"] | zones})


def test_all_given_keys_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PULUMI_CONFIG", '{"llm-reference:regions": "{}", "llm-reference:oops": "1", "gcp:project": "p"}'
    )
    assert given_keys() == ["llm-reference:regions", "llm-reference:oops", "gcp:project"]


@pytest.mark.parametrize(
    "argument",
    [
        '{"a": 1}',
        "$(reboot)",
        "`id`",
        "--foo=$HOME",
        "100%",
        "%h",
        "a 'b' c",
        "back\\slash",
        ";",
        "|",
        "größe",
        "a; rm -rf /",
    ],
)
def test_an_argument_reaches_the_server_as_it_is(stack_dir: Path, argument: str) -> None:
    raw = changed(raw_config(stack_dir, "prod"), {"model/arguments": ["--override-generation-config", argument]})
    config = parse_config(raw, "my-llm-project", "prod")
    assert config.compute.model.arguments == ("--override-generation-config", argument)
    # Of what systemd reads in double quotes a shell reads all the same but `$$` and `%%`.
    word = systemd_word(argument)
    assert shlex.split(word.replace("$$", "$").replace("%%", "%")) == [argument]
    assert len(re.findall(r"(?<!%)%(?:%%)*(?!%)|(?<!\$)\$(?:\$\$)*(?!\$)", word)) == 0
