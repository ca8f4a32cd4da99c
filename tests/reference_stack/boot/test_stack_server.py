"""The boot document: complete, valid YAML, valid units, and a script that fetches what was pinned."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_stack.config import parse_config
from llm_stack.machines import cloud_init as boot
from tests.reference_stack.stacks import MACHINE_STACKS, raw_config

REPOSITORIES = {host: f"us-docker.pkg.dev/my-llm-project/llm-{host}" for host in ("docker.io", "ghcr.io")}


def settings(stack_dir: Path, stack: str) -> boot.ServerSettings:
    config = parse_config(raw_config(stack_dir, stack), "my-llm-project", stack)
    return boot.ServerSettings.of(
        config.project, config.compute, bucket="weights-bucket", secret="api-key", repositories=REPOSITORIES
    )


def document(stack_dir: Path, stack: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(boot.cloud_init(settings(stack_dir, stack)))
    return loaded


def files(stack_dir: Path, stack: str) -> dict[str, str]:
    return {entry["path"]: entry["content"] for entry in document(stack_dir, stack)["write_files"]}


def environment(stack_dir: Path, stack: str) -> dict[str, str]:
    lines = files(stack_dir, stack)["/etc/llm/server.env"].splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_every_placeholder_is_filled(stack_dir: Path, stack: str) -> None:
    text = boot.cloud_init(settings(stack_dir, stack))
    assert text.startswith("#cloud-config\n")
    assert not re.search(r"\{\{|\}\}", text)


def test_every_value_has_its_placeholder(stack_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}
    monkeypatch.setattr(boot, "fill", lambda template, values: given.update(values) or template)
    boot.cloud_init(settings(stack_dir, "dev"))
    assert set(boot.PLACEHOLDER.findall(boot.TEMPLATE.read_text())) == set(given)


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="port"):
        boot.fill("listen {{ port }}", {})


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_images_are_pinned_and_mirrored(stack_dir: Path, stack: str) -> None:
    values = environment(stack_dir, stack)
    for key in ("IMAGE", "PROXY_IMAGE"):
        assert re.fullmatch(r"(us-docker\.pkg\.dev/\S+@sha256:[0-9a-f]{64})?", values[key])
    assert values["IMAGE"]
    assert bool(values["PROXY_IMAGE"]) == (stack == "dev")


def test_keep_alive_outlives_the_load_balancer(stack_dir: Path) -> None:
    assert "--env=VLLM_HTTP_TIMEOUT_KEEP_ALIVE=620" in environment(stack_dir, "prod")["DOCKER_ARGUMENTS"]
    assert "keepalive_timeout 620s;" in files(stack_dir, "dev")["/etc/llm/nginx.conf"]


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_stops_within_the_draining_time(stack_dir: Path, stack: str) -> None:
    unit = files(stack_dir, stack)["/etc/systemd/system/llm-server.service"]
    stop = int(re.findall(r"docker stop --time=(\d+)", unit)[0])
    assert 0 < stop <= min(settings(stack_dir, stack).draining_seconds, 90)


def test_units_of_each_runtime(stack_dir: Path) -> None:
    assert document(stack_dir, "prod")["runcmd"][-1].endswith(" llm-server.service")
    assert document(stack_dir, "dev")["runcmd"][-1].endswith(" llm-server.service llm-proxy.service")


def test_gpu_machines_get_driver_and_devices(stack_dir: Path) -> None:
    gpu, cpu = environment(stack_dir, "prod"), environment(stack_dir, "dev")
    assert gpu["GPU_DRIVER"] == "latest"
    assert "--device=/dev/nvidia0 " in gpu["DOCKER_ARGUMENTS"]
    assert cpu["GPU_DRIVER"] == ""
    assert "nvidia" not in cpu["DOCKER_ARGUMENTS"]


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_shell_parses(stack_dir: Path, stack: str) -> None:
    for path in ("/etc/llm/prepare.sh", "/etc/llm/retry.sh", "/etc/llm/server.env"):
        subprocess.run(["bash", "-n"], input=files(stack_dir, stack)[path], text=True, check=True)


@pytest.mark.parametrize("name", ["prepare.sh", "retry.sh"])
def test_scripts_arrive_as_they_are(stack_dir: Path, name: str) -> None:
    assert files(stack_dir, "dev")[f"/etc/llm/{name}"] == (boot.HERE / name).read_text()


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_scripts_have_no_known_mistakes() -> None:
    subprocess.run(["shellcheck", *boot.HERE.glob("*.sh")], check=True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_units_verify(stack_dir: Path, stack: str, tmp_path: Path) -> None:
    units = []
    for path, content in files(stack_dir, stack).items():
        if path.endswith(".service"):
            unit = tmp_path / Path(path).name
            # The machine that tests has no docker; verify looks for the program.
            unit.write_text(content.replace("/usr/bin/docker", "/bin/true"))
            units.append(str(unit))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "llm-" in line]
    assert (done.returncode, ours) == (0, [])
