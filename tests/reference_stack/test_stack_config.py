"""What the configuration refuses, and that it says which key and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_stack.config import given_keys, parse_config
from llm_stack.section import ConfigError
from tests.reference_stack.stacks import GONE, STACKS, changed, raw_config

REFUSED = [
    # stack, what is changed, the key that the error names, the fix it names
    ("dev", {"regions/us-east1": GONE}, "regions", "at least two"),
    ("dev", {"regions": GONE}, "regions", "mapping"),
    ("dev", {"region": {}}, "region", "Did you mean `regions`"),
    ("dev", {"extra": {}}, "extra", "known keys are compute, regions"),
    ("dev", {"regions/us-east1/min_replica": 2}, "regions.us-east1.min_replica", "Did you mean `min_replicas`"),
    ("dev", {"regions/us-east1/min_replicas": 1}, "regions.us-east1.min_replicas", "Give 2 to"),
    ("dev", {"regions/us-east1/min_replicas": "2"}, "regions.us-east1.min_replicas", "Give 2 to"),
    ("dev", {"regions/us-east1/min_replicas": True}, "regions.us-east1.min_replicas", "Give 2 to"),
    ("dev", {"regions/us-east1/max_replicas": GONE}, "regions.us-east1.max_replicas", "Set it"),
    ("dev", {"regions/us-east1/min_replicas": 5}, "regions.us-east1.max_replicas", "Raise max_replicas"),
    ("dev", {"regions/us-east1/cidr": "10.10.0.128/25"}, "regions.us-east1.cidr", "its own range"),
    ("dev", {"regions/us-east1/cidr": "10.10.1.1/24"}, "regions.us-east1.cidr", "10.10.0.0/24"),
    ("dev", {"regions/us-east1/cidr": "8.8.8.0/24"}, "regions.us-east1.cidr", "private"),
    (
        "dev",
        {"regions/us-east1/cidr": "10.10.1.0/28", "regions/us-east1/max_replicas": 40},
        "regions.us-east1.cidr",
        "larger",
    ),
    ("dev", {"regions/us-east1/proxy_cidr": "10.9.0.0/23"}, "regions.us-east1.proxy_cidr", "Remove it"),
    ("dev", {"regions/us-east1/zones": ["us-east1-b"]}, "regions.us-east1.zones", "at least two"),
    ("dev", {"regions/us-east1/zones": ["us-east1-b", "us-east4-c"]}, "regions.us-east1.zones", "zones of us-east1"),
    ("dev", {"regions/us-east1/zones": "us-east1-b"}, "regions.us-east1.zones", "list"),
    ("dev", {"regions/us-east1/reserve": "yes"}, "regions.us-east1.reserve", "true or false"),
    ("dev", {"regions/useast": {}}, "regions.useast", "us-central1"),
    ("internal", {"regions/europe-west1/proxy_cidr": GONE}, "regions.europe-west1.proxy_cidr", "Set it"),
    (
        "internal",
        {"regions/europe-west1/proxy_cidr": "10.30.1.0/24"},
        "regions.europe-west1.proxy_cidr",
        "its own range",
    ),
    ("internal", {"regions/europe-west1/proxy_cidr": "10.30.8.0/27"}, "regions.europe-west1.proxy_cidr", "/26"),
    ("prod", {"machine/gpu": GONE}, "machine.gpu", "nvidia-l4"),
    ("prod", {"machine/gpu/type": "nvidia-t4"}, "machine.gpu.type", "Set it to nvidia-l4"),
    ("prod", {"machine/gpu/driver": "R550; rm"}, "machine.gpu.driver", "default, latest or a version"),
    ("dev", {"machine/gpu": {"type": "nvidia-l4"}}, "machine.gpu", "Remove it"),
    ("dev", {"machine/secure_boot": False}, "machine.secure_boot", "secure_boot_reason"),
    ("dev", {"model/runtime": "vllm", "model/file": GONE, "model/proxy_image": GONE}, "model.runtime", "llama.cpp"),
    ("dev", {"model/runtime": "ollama"}, "model.runtime", "Choose one"),
    ("dev", {"model/image": "ghcr.io/ggml-org/llama.cpp:server"}, "model.image", "@sha256:"),
    ("dev", {"model/image": "llama@sha256:" + 64 * "0"}, "model.image", "registry/name@sha256:"),
    ("dev", {"model/proxy_image": GONE}, "model.proxy_image", "Set it"),
    ("dev", {"model/manifest_sha256": GONE}, "model.manifest_sha256", "Set it"),
    ("dev", {"model/manifest_sha256": "abc"}, "model.manifest_sha256", "SHA-256"),
    ("dev", {"model/load_seconds": 3001}, "model.load_seconds", "Get it to 3000 s"),
    ("dev", {"model/arguments": ["--ctx-size 8192"]}, "model.arguments", "one word an entry"),
    ("dev", {"model/arguments": ["--ctx-size", 8192]}, "model.arguments", "quote numbers"),
    ("dev", {"model/weights": "/v1"}, "model.weights", "folder of the bucket"),
    ("dev", {"traffic/max_utilization": 0.9}, "traffic.max_utilization", "to 0.8"),
    ("dev", {"traffic/autoscaler_target": 0.51}, "traffic.autoscaler_target", "Lower it to 0.5 or less"),
    ("dev", {"regions/us-east1/min_replicas": 3}, "traffic.autoscaler_target", "Lower it to 0.4 or less"),
    ("prod", {"traffic/autoscaler_target": 0.67}, "traffic.autoscaler_target", "Lower it to 0.66 or less"),
    ("prod", {"regions/us-west1/min_replicas": 9}, "traffic.autoscaler_target", "Lower it to 0.4 or less"),
    ("dev", {"traffic/draining_seconds": 300}, "traffic.draining_seconds", "timeout_seconds or more"),
    ("dev", {"traffic/timeout_seconds": 30}, "traffic.timeout_seconds", "Give 60 to"),
    ("dev", {"frontend/kind": "public"}, "frontend.kind", "Choose one"),
    ("dev", {"frontend/domain": "LLM.example.com"}, "frontend.domain", "lower case"),
    ("dev", {"frontend/client_ranges": []}, "frontend.client_ranges", "Merge"),
    ("internal", {"frontend/requests_per_minute": 5}, "frontend.requests_per_minute", "Remove it"),
    ("dev", {"operations/alert_emails": []}, "operations.alert_emails", "one mail address"),
    ("dev", {"operations/log_sample_rate": 0}, "operations.log_sample_rate", "Give 0.01 to 1"),
    ("dev", {"compute": "gke"}, "compute", "Choose one"),
    ("dev", {"compute": None}, "compute", "Choose one"),
    ("dev", {"compute": "cloud-run"}, "machine", "known keys are compute, regions, instance"),
    ("run", {"compute": GONE}, "instance", "known keys are compute, regions, machine"),
    ("run", {"regions/europe-west1": GONE}, "regions", "at least two"),
    ("run", {"regions/europe-west1/min_instances": 0}, "regions.europe-west1.min_instances", "Give 1 to"),
    ("run", {"regions/europe-west1/max_instances": 1}, "regions.europe-west1.max_instances", "Give 2 to"),
    ("run", {"regions/europe-west1/min_instances": 5}, "regions.europe-west1.max_instances", "Raise max_instances"),
    ("run", {"regions/europe-west1/cidr": "10.40.0.0/27"}, "regions.europe-west1.cidr", "/26"),
    ("run", {"regions/europe-west1/cidr": "10.40.1.0/26"}, "regions.europe-west4.cidr", "its own range"),
    ("run", {"regions/europe-west1/max_instances": 64}, "regions.europe-west1.cidr", "larger"),
    ("run", {"regions/europe-west1/zones": ["europe-west1-a"]}, "regions.europe-west1.zones", "known keys are cidr"),
    ("run", {"instance/gpu": "nvidia-t4"}, "instance.gpu", "Set it to nvidia-l4"),
    ("run", {"instance/cpu": 2}, "instance.cpu", "Give 4 to 8"),
    ("run", {"instance/cpu": "8"}, "instance.cpu", "Give 4 to 8"),
    ("run", {"instance/memory_gib": 8}, "instance.memory_gib", "Give 16 to 32"),
    ("run", {"instance/gpu": GONE}, "model.load_seconds", "Get it to 600 s"),
    ("run", {"instance/gpu": GONE, "model/load_seconds": 300}, "model.runtime", "llama.cpp"),
    ("run", {"instance/gpu": GONE, "instance/zonal_redundancy": False}, "instance.zonal_redundancy", "Remove it"),
    ("run", {"model/load_seconds": 1801}, "model.load_seconds", "Get it to 1800 s"),
    ("run", {"model/manifest_sha256": 64 * "0"}, "model.manifest_sha256", "Remove it"),
    ("run", {"model/arguments": ["--max-num-seqs", "64"]}, "model.arguments", "Remove it"),
    ("run", {"model/arguments": ["--max-num-seqs=64"]}, "model.arguments", "Remove it"),
    ("run", {"traffic/concurrency": 101}, "traffic.concurrency", "Give 1 to 100"),
    ("run", {"traffic/steady_requests": 17}, "traffic.steady_requests", "Lower it to 16"),
    ("run", {"traffic/draining_seconds": 900}, "traffic.draining_seconds", "known keys are concurrency"),
    ("run", {"frontend/kind": "internal", "frontend/requests_per_minute": GONE}, "frontend.kind", "external"),
    ("run", {"frontend/iap_members": ["group:llm@example.com"]}, "frontend.iap_members", "Remove it"),
]


@pytest.mark.parametrize(("stack", "changes", "key", "fix"), REFUSED)
def test_refused_with_key_and_fix(stack_dir: Path, stack: str, changes: dict[str, Any], key: str, fix: str) -> None:
    raw = changed(raw_config(stack_dir, stack), changes)
    with pytest.raises(ConfigError) as refused:
        parse_config(raw, "my-llm-project", stack)
    named, _, rest = str(refused.value).partition(": ")
    assert named == key
    assert fix in rest


@pytest.mark.parametrize(("project", "stack"), [("", "dev"), ("My_Project", "dev"), ("my-llm-project", "Dev_1")])
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
    [("us-central1", "us"), ("europe-west1", "europe"), ("asia-east1", "asia"), ("southamerica-east1", "us")],
)
def test_location_follows_the_first_region(stack_dir: Path, region: str, location: str) -> None:
    raw = raw_config(stack_dir, "dev")
    first = raw["regions"].pop("us-central1") | {"zones": [f"{region}-a", f"{region}-b"]}
    raw["regions"] = {region: first, **raw["regions"]}
    assert parse_config(raw, "my-llm-project", "dev").location == location


def test_all_given_keys_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PULUMI_CONFIG", '{"llm-reference:regions": "{}", "llm-reference:oops": "1", "gcp:project": "p"}'
    )
    assert given_keys() == ["regions", "oops"]
