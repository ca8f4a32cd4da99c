"""`make preview` as far as it goes without the Pulumi CLI: what it would call, with which environment, and where."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reference_stack.stacks import copy_stack

ROOT = Path(__file__).parent.parent
FAKE_PULUMI = f"""#!{sys.executable}
import json, os, sys
call = {{"arguments": sys.argv[1:], "environment": {{k: v for k, v in os.environ.items() if k.startswith("PULUMI_")}}}}
with open(os.environ["FAKE_PULUMI_LOG"], "a") as log:
    log.write(json.dumps(call) + "\\n")
"""
CREDENTIALS = ("GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with its environments installed, and a `pulumi` that only writes down how it was called."""
    root = tmp_path / "clone"
    copy_stack(ROOT / "reference_stack", root / "reference_stack")
    shutil.copytree(ROOT / "scripts", root / "scripts")
    (root / ".venv").symlink_to(sys.prefix)
    pulumi = tmp_path / "bin/pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text(FAKE_PULUMI)
    pulumi.chmod(0o755)
    return root


def preview(clone: Path, stack: str = "dev", **environment: str) -> tuple[int, str, list[dict[str, Any]]]:
    log = clone.parent / "calls"
    inherited = {key: value for key, value in os.environ.items() if key not in CREDENTIALS}
    result = subprocess.run(
        [clone / "scripts/preview.sh", stack],
        env={
            **inherited,
            "PATH": f"{clone.parent}/bin:{os.environ['PATH']}",
            "HOME": str(clone.parent),
            "PULUMI_CONFIG_PASSPHRASE_FILE": "/the/users/own",
            "FAKE_PULUMI_LOG": str(log),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return result.returncode, result.stderr, calls


def test_a_stack_is_made_configured_and_previewed_with_the_pack(clone: Path) -> None:
    status, errors, calls = preview(clone)
    assert (status, errors) == (0, "")
    project = str(clone / ".pulumi-local/reference_stack")
    assert [call["arguments"] for call in calls] == [
        ["stack", "init", "dev", "--no-select", "--non-interactive", "--cwd", project],
        [
            *["config", "set", "gcp:accessToken", "placeholder", "--plaintext"],
            *["--stack", "dev", "--non-interactive", "--cwd", project],
        ],
        ["preview", "--stack", "dev", "--policy-pack", str(clone), "--non-interactive", "--cwd", project],
    ]
    for call in calls:
        assert call["environment"]["PULUMI_BACKEND_URL"] == f"file://{clone}/.pulumi-local/state"
        assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in call["environment"]
    assert (clone / ".pulumi-local/state").is_dir()
    assert (clone / ".pulumi-local/reference_stack/venv/bin/python").exists()
    assert (clone / ".pulumi-local/reference_stack/__main__.py").exists()


def test_it_can_be_repeated(clone: Path) -> None:
    assert preview(clone)[0] == preview(clone)[0] == 0


def test_the_users_own_credentials_are_used(clone: Path) -> None:
    _, _, calls = preview(clone, GOOGLE_OAUTH_ACCESS_TOKEN="token")
    assert [call["arguments"][0] for call in calls] == ["stack", "preview"]
    (clone.parent / ".config/gcloud").mkdir(parents=True)
    (clone.parent / ".config/gcloud/application_default_credentials.json").write_text("{}")
    _, _, calls = preview(clone)
    assert [call["arguments"][0] for call in calls[2:]] == ["stack", "preview"]


def test_an_unknown_stack_and_a_missing_pack_are_refused(clone: Path) -> None:
    status, errors, calls = preview(clone, "staging")
    assert (status, calls) == (2, [])
    assert "make preview STACK=NAME" in errors
    (clone / ".venv").unlink()
    status, errors, calls = preview(clone)
    assert (status, calls) == (2, [])
    assert "not installed" in errors


def test_without_the_cli_make_says_how_to_get_it() -> None:
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    if shutil.which("pulumi", path=environment["PATH"]):
        pytest.skip("the Pulumi CLI is in a system folder here")
    result = subprocess.run(
        ["make", "--no-print-directory", "preview"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert result.stdout == ""
    assert result.stderr.startswith("make preview needs the Pulumi CLI on PATH: install it as https://www.pulumi.com")
