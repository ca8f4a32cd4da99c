"""Where the number of the project comes from, which the grants of the keys have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from policypack.model.values.values import UNKNOWN
from tests.reference_stack.stacks import changed, run_program, stack_config

pytestmark = pytest.mark.usefixtures("_warm")
AGENTS = ("compute-system", "gs-project-accounts", "gcp-sa-artifactregistry", "gcp-sa-secretmanager")
MEMBERS = {f"serviceAccount:service-123456789012@{agent}.iam.gserviceaccount.com" for agent in AGENTS}

# Makes the keys as a deployment does, with a bucket that comes with a number or without one.
DEPLOY = """
import os
import sys
import pulumi

class Google(pulumi.runtime.Mocks):
    def new_resource(self, args):
        if args.typ == "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":
            # In one piece: resources are made in threads.
            sys.stdout.write(args.inputs["member"] + "\\n")
        told = {"projectNumber": int(sys.argv[1])} if args.typ == "gcp:storage/bucket:Bucket" and sys.argv[1:] else {}
        return args.name, args.inputs | told

    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Google(), project="p", stack="s")
from llm_stack.components.encryption import Encryption, EncryptionArgs

@pulumi.runtime.test
def deploy():
    args = EncryptionArgs(
        enabled=True,
        project="my-llm-project",
        project_number=None,
        regions=("us-east1",),
        regional_agents=("compute-system", "gcp-sa-secretmanager"),
        location="us",
        location_agents=("gs-project-accounts", "gcp-sa-artifactregistry"),
    )
    return Encryption("llm", args).storage_key

status = 0
try:
    deploy()
except pulumi.RunError as error:
    status = 1
    print(error, file=sys.stderr)
sys.stdout.flush()
sys.stderr.flush()
# The mocks leave an event loop that may complain when the interpreter takes it down.
os._exit(status)
"""


def deploy(stack_dir: Path, *number: str) -> subprocess.CompletedProcess[str]:
    python = stack_dir / "venv" / "bin" / "python"
    return subprocess.run(
        [python, "-c", DEPLOY, *number], cwd=stack_dir, capture_output=True, text=True, timeout=60, check=False
    )


def test_configured_it_is_known_at_once(stack_dir: Path) -> None:
    config = changed(stack_config(stack_dir, "dev"), {"llm-reference:operations/project_number": 123456789012})
    run = run_program(stack_dir, "dev", config)
    assert set(run.of("Bucket")) == {"llm-weights"}
    assert {grant["member"] for grant in run.of("CryptoKeyIAMMember").values()} == MEMBERS


def test_otherwise_an_empty_bucket_tells_it(stack_dir: Path) -> None:
    run = run_program(stack_dir, "dev", stack_config(stack_dir, "dev"))
    assert set(run.of("Bucket")) == {"llm-number", "llm-weights"}
    assert all(grant["member"] is UNKNOWN for grant in run.of("CryptoKeyIAMMember").values())
    done = deploy(stack_dir, "123456789012")
    assert (done.returncode, set(done.stdout.split()), done.stderr) == (0, MEMBERS, "")


def test_a_bucket_without_it_says_what_to_set(stack_dir: Path) -> None:
    """Pulumi prints the message of a RunError without a traceback."""
    done = deploy(stack_dir)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "operations.project_number: is not known, as the bucket llm-number came without it. Set it to what "
        "`gcloud projects describe my-llm-project --format='value(projectNumber)'` prints.\n"
    )
