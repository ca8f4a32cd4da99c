"""The recipe of the stack's README, run: what its commands upload is what a machine of the stack serves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reference_stack.boot.gcloud import put_gcloud
from tests.reference_stack.boot.google import Google, serving
from tests.reference_stack.boot.machine import Machine
from tests.reference_stack.stacks import STACKS, changed, run_program, shipped, stack_config

pytestmark = pytest.mark.usefixtures("_warm")
MODEL = {"weights.gguf": b"GGUF", "sub folder/chat template (v2).jinja": b"{{ messages }}", "empty": b""}
HIDDEN = {".gitattributes": b"*.gguf filter=lfs", ".cache/huggingface/download/weights.gguf.metadata": b"etag"}
PULUMI = """#!/bin/bash
[[ "$1 $2" == "stack output" ]] && exec cat "$OUTPUTS/$3"
exit 1
"""


def steps(stack_dir: Path) -> dict[int, str]:
    """The commands of each step under Deploy."""
    text = (stack_dir / "README.md").read_text().split("\n## Deploy\n")[1].split("\n## ")[0]
    numbered = re.split(r"^(\d)\. ", text, flags=re.MULTILINE)[1:]
    return {
        int(number): "\n".join(re.findall(r"^ +```sh\n(.*?)^ +```", step, re.MULTILINE | re.DOTALL))
        for number, step in zip(numbered[::2], numbered[1::2], strict=True)
    }


def outputs(folder: Path, stack: str) -> dict[str, Any]:
    """What the program exports."""
    (root,) = (one for one in shipped(folder, stack).resources if one.type.endswith(":Stack"))
    return dict(root.outputs or {})


class Desk:
    """Where the commands are run: beside the stack, with stand-ins for gcloud and pulumi."""

    def __init__(self, root: Path, stack_dir: Path) -> None:
        self.root, self.programs = root, root / "bin"
        self.environment = os.environ | {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "BUCKETS": str(root / "buckets"),
            "OUTPUTS": str(root / "outputs"),
        }
        put_gcloud(self.programs)
        (self.programs / "python3").symlink_to(sys.executable)
        (self.programs / "pulumi").write_text(PULUMI)
        (self.programs / "pulumi").chmod(0o755)
        (root / "upload_model.py").symlink_to(stack_dir / "upload_model.py")
        for name, content in (MODEL | HIDDEN).items():
            file = root / "my-model" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def run(self, commands: str) -> str:
        command = ["bash", "-euo", "pipefail", "-c", commands]
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def export(self, exported: dict[str, Any]) -> None:
        for name, value in exported.items():
            file = self.root / "outputs" / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(value if isinstance(value, str) else json.dumps(value, default=str))


def test_what_the_commands_upload_is_what_a_machine_serves(stack_dir: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path, stack_dir)
    prepare, give = steps(stack_dir)[1], steps(stack_dir)[4]
    # The model is there already.
    manifest = desk.run("\n".join(line for line in prepare.splitlines() if not line.strip().startswith("hf ")))
    config = changed(stack_config(stack_dir, "dev"), {"llm-reference:model/manifest_sha256": manifest.strip()})
    deployed = run_program(stack_dir, "dev", config)
    (bucket,) = (one["name"] for name, one in deployed.of("Bucket").items() if name == "llm-weights")
    (tmp_path / "buckets" / bucket).mkdir(parents=True)
    desk.export(outputs(stack_dir, "dev"))
    assert desk.run(give) == manifest

    google = Google(tmp_path / "buckets")
    key = (tmp_path / "buckets" / "secret-llm-dev-api-key").read_text()
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    google.secrets["v1/projects/my-llm-project/secrets/llm-dev-api-key/versions/latest:access"] = key
    template = deployed.of("RegionInstanceTemplate")["llm-us-east1-template"]
    with serving(google, tmp_path / "curl") as curl_home:
        machine = Machine(tmp_path / "machine", curl_home, template["metadata"]["user-data"])
        assert machine.boot() == ""
    assert machine.served == MODEL
    assert machine.keys == [f"LLAMA_API_KEY={key}"]


@pytest.mark.parametrize("stack", STACKS)
def test_each_output_that_is_named_is_there(stack_dir: Path, stack: str) -> None:
    exported = outputs(stack_dir, stack)
    readme = (stack_dir / "README.md").read_text()
    named = set(re.findall(r"pulumi stack output (\w+)", readme))
    elsewhere = {"internal": {"certificate_proof"}}.get(stack, {"authority"})
    assert named - exported.keys() == elsewhere
    if stack != "run":
        assert {"backends", "answer"} <= exported["check_health"].keys()
