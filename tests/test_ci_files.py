"""The CI files: by their tools' own schemas, and what keeps a change's code away from what can write."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from policypack import VERSION

ROOT = Path(__file__).parent.parent
WORKFLOWS = [*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "docs/ci").glob("github-*.yml")]
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": [ROOT / "action.yml"],
    "vendor.dependabot": [ROOT / ".github/dependabot.yml"],
    "vendor.gitlab-ci": [ROOT / "docs/ci/gitlab-ci.yml"],
    "vendor.cloudbuild": [*(ROOT / "docs/ci").glob("cloudbuild-*.yaml")],
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
        text = re.sub(r"@[0-9a-f]{40} # .*", "", file.read_text())
        assert set(re.findall(r"\bv\d+\.\d+\.\d+\b", text)) == {f"v{VERSION}"}, file


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


def test_the_guide_has_the_inputs_of_the_action() -> None:
    guide = (ROOT / "docs/organization.md").read_text().partition("### The action")[2].partition("### ")[0]
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE) == list(action["inputs"])
    assert set(re.findall(r"`(status|reports)`", guide)) == set(action["outputs"])


def test_the_hooks_of_pre_commit() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [(hook["id"], hook["entry"]) for hook in hooks] == [
        ("llm-policypack-check", "llm-policypack check"),
        ("llm-policypack-config", "llm-policypack config check"),
    ]


def jobs_of(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())["jobs"]
    return found


def steps_of(file: Path) -> list[dict[str, Any]]:
    if file.name == "action.yml":
        steps: list[dict[str, Any]] = yaml.safe_load(file.read_text())["runs"]["steps"]
        return steps
    return [step for job in jobs_of(file).values() for step in job.get("steps", ())]


def pins() -> dict[str, set[str]]:
    """What each action is used at, comment included; this repository's own, which a tag publishes, apart."""
    found: dict[str, set[str]] = {}
    for file in [*WORKFLOWS, ROOT / "action.yml"]:
        for action, version in re.findall(r"uses: ([^\s@]+)(?:@([^\n]*))?", file.read_text()):
            if not action.startswith((".", "OWNER/")) and "/llm-policypack" not in action:
                found.setdefault(action, set()).add(version)
    return found


@pytest.mark.parametrize("action", pins())
def test_an_action_is_pinned_by_one_commit_everywhere(action: str) -> None:
    (version,) = pins()[action]
    assert re.match(r"[0-9a-f]{40} # v\d+\.\d+\.\d+\b", version), version


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda file: file.name)
def test_no_script_has_an_expression_in_it(file: Path) -> None:
    """What a pull request names would be run: values come as environment variables."""
    assert [step["run"] for step in steps_of(file) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_checkout_leaves_no_token_behind(file: Path) -> None:
    checkouts = [step["with"] for step in steps_of(file) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(given["persist-credentials"] is False for given in checkouts)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_read_unless_a_job_says_more(file: Path) -> None:
    assert yaml.safe_load(file.read_text())["permissions"] == {"contents": "read"}


# What each job with more permissions checks out; those that call a workflow hand them on.
BASE = "${{ github.event.pull_request.base.sha }}"
PACK_OF_THE_BASE = "${{ inputs.pack-version || github.event.pull_request.base.sha || github.sha }}"
MAY_WRITE: dict[tuple[str, str], list[str | None]] = {
    ("ci.yml", "policy"): [],
    ("ecosystem.yml", "comment"): [BASE],
    ("policy-check.yml", "report"): [PACK_OF_THE_BASE],
    ("policy-preview.yml", "preview"): [None, "${{ inputs.pack-version }}"],  # for branches that are trusted
    ("release.yml", "publish"): [],
    ("release.yml", "pypi"): [],
    ("github-audit.yml", "audit"): [],
    ("github-fork-comment.yml", "comment"): [f"v{VERSION}"],
    ("github-pull-request.yml", "check"): [],
    ("github-pull-request.yml", "preview"): [],
}


def test_what_may_write_runs_nothing_of_a_pull_request() -> None:
    found = {
        (file.name, name): [
            step["with"].get("ref")
            for step in job.get("steps", ())
            if step.get("uses", "").startswith("actions/checkout@")
        ]
        for file in WORKFLOWS
        for name, job in jobs_of(file).items()
        if "write" in job.get("permissions", {}).values()
    }
    assert found == MAY_WRITE


def test_the_comment_on_forks_follows_the_check_and_may_do_no_more_than_comment() -> None:
    check, comment = (
        yaml.safe_load((ROOT / f"docs/ci/github-{name}.yml").read_text()) for name in ("pull-request", "fork-comment")
    )
    assert comment[True] == {"workflow_run": {"workflows": [check["name"]], "types": ["completed"]}}
    job = comment["jobs"]["comment"]
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    checkout, write = job["steps"]
    assert checkout["with"]["repository"] == "OWNER/llm-policypack"
    # Numbers, and a name that GitHub gives: nothing that the pull request says.
    assert write["env"] == {
        "GH_TOKEN": "${{ github.token }}",
        "REPOSITORY": "${{ github.repository }}",
        "RUN": "${{ github.event.workflow_run.id }}",
    }


def test_secrets_reach_the_preview_of_a_trusted_branch_alone() -> None:
    holders = {(file.name, name) for file in WORKFLOWS for name, job in jobs_of(file).items() if "secrets." in str(job)}
    assert holders == {("policy-preview.yml", "preview"), ("github-pull-request.yml", "preview")}
    assert jobs_of(ROOT / "docs/ci/github-pull-request.yml")["preview"]["if"] == "github.event_name == 'push'"
