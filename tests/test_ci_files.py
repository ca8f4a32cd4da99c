"""The CI files, by their tools' own schemas, and the script that they share."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from policypack.version import VERSION

ROOT = Path(__file__).parent.parent
SCHEMAS = {
    "vendor.github-workflows": [*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "docs/ci").glob("github-*.yml")],
    "vendor.dependabot": [ROOT / ".github/dependabot.yml"],
    "vendor.gitlab-ci": [ROOT / "docs/ci/gitlab-ci.yml"],
    "vendor.cloudbuild": [ROOT / "docs/ci/cloudbuild.yaml"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_files_are_what_their_tools_take(schema: str) -> None:
    assert SCHEMAS[schema]
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    result = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *transform, *SCHEMAS[schema]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_every_file_of_the_folder_is_checked_and_pins_this_version() -> None:
    files = set((ROOT / "docs/ci").iterdir())
    assert files == {path for paths in SCHEMAS.values() for path in paths if path.parent.name == "ci"}
    for file in files:
        assert set(re.findall(r"\bv\d+\.\d+\.\d+\b", file.read_text())) == {f"v{VERSION}"}, file


def test_what_the_callers_hand_over_is_what_the_called_take() -> None:
    """actionlint sees this only where both are in one repository."""
    for caller in [ROOT / "docs/ci/github-pull-request.yml", ROOT / ".github/workflows/ci.yml"]:
        for job in yaml.safe_load(caller.read_text())["jobs"].values():
            if "uses" in job:
                called = re.sub(r"^.*(\.github/.*\.yml).*$", r"\1", job["uses"])
                # YAML takes the key `on` for true.
                takes = yaml.safe_load((ROOT / called).read_text())[True]["workflow_call"]
                assert set(job["with"]) <= set(takes["inputs"])
                assert {name for name, entry in takes["inputs"].items() if entry.get("required")} <= set(job["with"])
                assert set(job.get("secrets", {})) <= set(takes.get("secrets", {}))


def test_the_hooks_of_pre_commit() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [(hook["id"], hook["entry"]) for hook in hooks] == [
        ("llm-policypack-check", "llm-policypack check"),
        ("llm-policypack-config", "llm-policypack config check"),
    ]


GH = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["LOG"], "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if "--jq" in sys.argv and os.environ["OWN"]:
    assert os.environ["MARKER"] == "<!-- llm-policypack -->"
    print(os.environ["OWN"])
"""
COMMENTS = "repos/acme/llm/issues/7/comments"


@pytest.mark.parametrize(
    ("own", "written"),
    [
        ("", ["--method", "POST", COMMENTS]),
        ("11\n12", ["--method", "PATCH", "repos/acme/llm/issues/comments/11"]),
    ],
)
def test_one_comment_is_kept_up_to_date(tmp_path: Path, own: str, written: list[str]) -> None:
    report = tmp_path / "policy.md"
    report.write_text("<!-- llm-policypack -->\n**1 violation**\n")
    status, _, calls = comment(tmp_path, report, own)
    assert status == 0
    assert calls[0][:3] == ["api", "--paginate", COMMENTS]
    assert calls[1:] == [["api", *written, "--field", f"body=@{report}", "--silent"]]


def test_without_a_report_there_is_no_comment(tmp_path: Path) -> None:
    status, errors, calls = comment(tmp_path, tmp_path / "policy.md", "")
    assert (status, calls) == (0, [])
    assert "the check could not judge" in errors


def comment(folder: Path, report: Path, own: str) -> tuple[int, str, list[list[str]]]:
    gh, log = folder / "gh", folder / "log"
    gh.write_text(GH)
    gh.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "LOG": str(log), "OWN": own}
    result = subprocess.run(
        [ROOT / "scripts/comment.sh", COMMENTS, report],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return result.returncode, result.stderr, calls
