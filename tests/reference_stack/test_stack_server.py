"""The boot document: complete, valid YAML, valid units, and a script that fetches what was pinned."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
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


FAKE_CURL = r"""#!/bin/bash
url="${@: -1}"
for ((i = 1; i <= $#; i++)); do
  [[ "${!i}" == --output ]] && next=$((i + 1)) && output="${!next}"
  [[ "${!i}" == @* ]] && header="${!i}" && sent="$(cat "${header#@}")"
done
case "$url" in
  *metadata*) echo '{"access_token":"token-1","expires_in":3599,"token_type":"Bearer"}' ;;
  *secretmanager*) [[ "$sent" == "Authorization: Bearer token-1" ]] && echo '  "data": "a2V5LTE=",' ;;
  *[!A-Za-z0-9:/._~%-]*) exit 3 ;; # what curl says of a malformed URL
  *weights-bucket/*)
    name="$(printf '%b' "$(sed 's/%/\\x/g' <<< "${url##*/v1/}")")"
    [[ "$sent" == "Authorization: Bearer token-1" ]] && cp "$BUCKET_DIR/$name" "$output" || exit 22 ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the programs that the script calls, and a bucket with an uploaded model."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "curl").write_text(FAKE_CURL)
    for name in ("docker", "iptables", "docker-credential-gcr", "cos-extensions", "mount", "mountpoint"):
        (programs / name).write_text(f'#!/bin/bash\necho "{name} $*" >> "{tmp_path}/calls"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    for name, content in WEIGHTS.items():
        file = tmp_path / "model" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    uploaded(tmp_path)
    return tmp_path


# What real folders of models hold; the last ones are left by git and by Hugging Face's tools.
WEIGHTS = {
    "config.json": "{}",
    "part/weights.bin": "weights",
    "chat template's (v2).jinja": "{{ messages }}",
    "größe.txt": "8B",
    ".gitattributes": "*.bin filter=lfs",
    ".cache/huggingface/download/weights.bin.metadata": "etag",
}
SERVED = {name: content for name, content in WEIGHTS.items() if not name.startswith(".")}
GCLOUD = f"""#!{sys.executable}
import os, pathlib, shutil, sys
source, url = sys.argv[3:]
target = pathlib.Path(os.environ["BUCKET_DIR"], url.removeprefix("gs://weights-bucket/v1/"))
target.parent.mkdir(parents=True, exist_ok=True)
shutil.copy(source, target)
"""


def upload_model(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    gcloud = machine / "bin" / "gcloud"
    gcloud.write_text(GCLOUD)
    gcloud.chmod(0o755)
    environment = os.environ | {"PATH": f"{machine}/bin:{os.environ['PATH']}", "BUCKET_DIR": f"{machine}/bucket"}
    command = [sys.executable, str(Path(server.__file__).with_name("upload_model.py")), *arguments]
    return subprocess.run(
        command, cwd=machine, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def uploaded(machine: Path) -> None:
    for arguments in (["model"], ["model", "gs://weights-bucket/v1/"]):
        done = upload_model(machine, *arguments)
        assert done.returncode == 0, done.stderr


def prepare(stack_dir: Path, machine: Path) -> subprocess.CompletedProcess[str]:
    script = files(stack_dir, "dev")["/etc/llm/prepare.sh"]
    script = script.replace("/var/lib/llm/models", f"{machine}/models").replace("/run/llm", f"{machine}/run")
    manifest = hashlib.sha256((machine / "bucket" / "SHA256SUMS").read_bytes()).hexdigest()
    values = environment(stack_dir, "dev") | {"MANIFEST_SHA256": manifest, "BUCKET_DIR": f"{machine}/bucket"}
    values["PATH"] = f"{machine}/bin:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", script], env=values, capture_output=True, text=True, timeout=60, check=False)


def test_machine_fetches_key_and_weights(stack_dir: Path, machine: Path) -> None:
    done = prepare(stack_dir, machine)
    assert done.returncode == 0, done.stderr
    assert (machine / "run" / "key.env").read_text() == "LLAMA_API_KEY=key-1\n"
    assert (machine / "run" / "key.env").stat().st_mode & 0o077 == 0
    for name, content in SERVED.items():
        assert (machine / "models" / name).read_text() == content
    assert "docker-credential-gcr configure-docker --registries=us-docker.pkg.dev" in (machine / "calls").read_text()


def test_machine_refuses_weights_that_differ_from_the_manifest(stack_dir: Path, machine: Path) -> None:
    (machine / "bucket" / "part" / "weights.bin").write_text("others")
    assert prepare(stack_dir, machine).returncode != 0
    assert not list((machine / "models").glob(".complete-*"))


def test_machine_names_the_file_that_is_missing(stack_dir: Path, machine: Path) -> None:
    (machine / "bucket" / "part" / "weights.bin").unlink()
    done = prepare(stack_dir, machine)
    assert done.returncode != 0
    assert "gs://weights-bucket/qwen3-4b/v1/part/weights.bin could not be fetched" in done.stderr


def test_upload_is_what_the_manifest_lists(machine: Path) -> None:
    bucket = machine / "bucket"
    assert {str(file.relative_to(bucket)) for file in bucket.rglob("*") if file.is_file()} == {*SERVED, "SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=bucket, check=True)


def test_links_are_uploaded_as_what_they_point_at(machine: Path) -> None:
    (machine / "blob").write_text("linked")
    (machine / "model" / "linked.bin").symlink_to("../blob")
    uploaded(machine)
    assert (machine / "bucket" / "linked.bin").read_text() == "linked"


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        pytest.param(lambda model: None, ["nowhere"], "nowhere has no files", id="no-folder"),
        pytest.param(lambda model: (model / "a\nb").write_text(""), ["model"], "rename the file", id="line-break"),
        pytest.param(lambda model: (model / "x").symlink_to("gone"), ["model"], "link to nothing", id="dangling-link"),
        pytest.param(lambda model: None, ["model", "bucket"], "no folder of a bucket", id="no-bucket"),
        pytest.param(
            lambda model: (model / "new").write_text(""), ["model", "gs://b/p"], "other files than", id="new-file"
        ),
        pytest.param(
            lambda model: (model / "config.json").write_text("[]"),
            ["model", "gs://b/p"],
            "config.json is not what",
            id="changed-file",
        ),
        pytest.param(
            lambda model: (model / "SHA256SUMS").unlink(), ["model", "gs://b/p"], "has no SHA256SUMS", id="no-manifest"
        ),
    ],
)
def test_a_folder_that_cannot_be_served_is_refused(
    machine: Path, change: Callable[[Path], object], arguments: list[str], said: str
) -> None:
    change(machine / "model")
    done = upload_model(machine, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_machine_does_not_fetch_twice(stack_dir: Path, machine: Path) -> None:
    assert prepare(stack_dir, machine).returncode == 0
    shutil.rmtree(machine / "bucket" / "part")
    assert prepare(stack_dir, machine).returncode == 0
