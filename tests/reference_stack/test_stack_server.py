"""The boot document: complete, valid YAML, valid units, and a script that fetches what was pinned."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import server
import yaml
from config import parse_config

from tests.reference_stack.stacks import STACKS, raw_config

REPOSITORIES = {host: f"us-docker.pkg.dev/my-llm-project/llm-{host}" for host in ("docker.io", "ghcr.io")}


def settings(stack_dir: Path, stack: str) -> server.ServerSettings:
    config = parse_config(raw_config(stack_dir, stack), "my-llm-project", stack)
    return server.ServerSettings(
        project=config.project,
        bucket="weights-bucket",
        secret="api-key",
        repositories=REPOSITORIES,
        model=config.model,
        gpu=config.machine.gpu,
        timeout_seconds=config.traffic.timeout_seconds,
        draining_seconds=config.traffic.draining_seconds,
    )


def document(stack_dir: Path, stack: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(server.cloud_init(settings(stack_dir, stack)))
    return loaded


def files(stack_dir: Path, stack: str) -> dict[str, str]:
    return {entry["path"]: entry["content"] for entry in document(stack_dir, stack)["write_files"]}


def environment(stack_dir: Path, stack: str) -> dict[str, str]:
    lines = files(stack_dir, stack)["/etc/llm/server.env"].splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


@pytest.mark.parametrize("stack", STACKS)
def test_every_placeholder_is_filled(stack_dir: Path, stack: str) -> None:
    text = server.cloud_init(settings(stack_dir, stack))
    assert text.startswith("#cloud-config\n")
    assert not re.search(r"\{\{|\}\}", text)


def test_every_value_has_its_placeholder(stack_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}
    monkeypatch.setattr(server, "fill", lambda template, values: given.update(values) or template)
    server.cloud_init(settings(stack_dir, "dev"))
    assert set(server.PLACEHOLDER.findall(server.TEMPLATE.read_text())) == set(given)


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="port"):
        server.fill("listen {{ port }}", {})


@pytest.mark.parametrize("stack", STACKS)
def test_images_are_pinned_and_mirrored(stack_dir: Path, stack: str) -> None:
    values = environment(stack_dir, stack)
    for key in ("IMAGE", "PROXY_IMAGE"):
        assert re.fullmatch(r"(us-docker\.pkg\.dev/\S+@sha256:[0-9a-f]{64})?", values[key])
    assert values["IMAGE"]
    assert bool(values["PROXY_IMAGE"]) == (stack == "dev")


def test_keep_alive_outlives_the_load_balancer(stack_dir: Path) -> None:
    assert "--env=VLLM_HTTP_TIMEOUT_KEEP_ALIVE=620" in environment(stack_dir, "prod")["DOCKER_ARGUMENTS"]
    assert "keepalive_timeout 620s;" in files(stack_dir, "dev")["/etc/llm/nginx.conf"]


@pytest.mark.parametrize("stack", STACKS)
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


@pytest.mark.parametrize("stack", STACKS)
def test_shell_parses(stack_dir: Path, stack: str) -> None:
    for path in ("/etc/llm/prepare.sh", "/etc/llm/server.env"):
        subprocess.run(["bash", "-n"], input=files(stack_dir, stack)[path], text=True, check=True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("stack", STACKS)
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


FAKE_CURL = """#!/bin/bash
url="${@: -1}"
for ((i = 1; i <= $#; i++)); do
  [[ "${!i}" == --output ]] && next=$((i + 1)) && output="${!next}"
  [[ "${!i}" == @* ]] && header="${!i}" && sent="$(cat "${header#@}")"
done
case "$url" in
  *metadata*) echo '{"access_token":"token-1","expires_in":3599,"token_type":"Bearer"}' ;;
  *secretmanager*) [[ "$sent" == "Authorization: Bearer token-1" ]] && echo '  "data": "a2V5LTE=",' ;;
  *weights-bucket/*) [[ "$sent" == "Authorization: Bearer token-1" ]] && cp "$BUCKET_DIR/${url##*/v1/}" "$output" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the programs that the script calls, and a bucket with two files."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "curl").write_text(FAKE_CURL)
    for name in ("docker", "iptables", "docker-credential-gcr", "cos-extensions", "mount", "mountpoint"):
        (programs / name).write_text(f'#!/bin/bash\necho "{name} $*" >> "{tmp_path}/calls"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    (tmp_path / "bucket" / "part").mkdir(parents=True)
    (tmp_path / "bucket" / "config.json").write_text("{}")
    (tmp_path / "bucket" / "part" / "weights.bin").write_text("weights")
    hashed = subprocess.run(
        ["sha256sum", "config.json", "part/weights.bin"],
        cwd=tmp_path / "bucket",
        capture_output=True,
        check=True,
    )
    (tmp_path / "bucket" / "SHA256SUMS").write_bytes(hashed.stdout)
    return tmp_path


def prepare(stack_dir: Path, machine: Path) -> subprocess.CompletedProcess[str]:
    script = files(stack_dir, "dev")["/etc/llm/prepare.sh"]
    script = script.replace("/var/lib/llm/models", f"{machine}/models").replace("/run/llm", f"{machine}/run")
    manifest = hashlib.sha256((machine / "bucket" / "SHA256SUMS").read_bytes()).hexdigest()
    values = environment(stack_dir, "dev") | {"MANIFEST_SHA256": manifest, "BUCKET_DIR": f"{machine}/bucket"}
    values["PATH"] = f"{machine}/bin:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", script], env=values, capture_output=True, text=True, timeout=30, check=False)


def test_machine_fetches_key_and_weights(stack_dir: Path, machine: Path) -> None:
    done = prepare(stack_dir, machine)
    assert done.returncode == 0, done.stderr
    assert (machine / "run" / "key.env").read_text() == "LLAMA_API_KEY=key-1\n"
    assert (machine / "run" / "key.env").stat().st_mode & 0o077 == 0
    assert (machine / "models" / "part" / "weights.bin").read_text() == "weights"
    assert "docker-credential-gcr configure-docker --registries=us-docker.pkg.dev" in (machine / "calls").read_text()


def test_machine_refuses_weights_that_differ_from_the_manifest(stack_dir: Path, machine: Path) -> None:
    (machine / "bucket" / "part" / "weights.bin").write_text("others")
    assert prepare(stack_dir, machine).returncode != 0
    assert not list((machine / "models").glob(".complete-*"))


def test_machine_does_not_fetch_twice(stack_dir: Path, machine: Path) -> None:
    assert prepare(stack_dir, machine).returncode == 0
    shutil.rmtree(machine / "bucket" / "part")
    assert prepare(stack_dir, machine).returncode == 0
