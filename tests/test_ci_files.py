"""The CI files, by their tools' own schemas, and the script that they share."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from policypack import VERSION

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
import fcntl, io, json, os, sys, zipfile
from pathlib import Path
from typing import Any

folder = Path(os.environ["GITHUB"])
path, *rest = sys.argv[2:]
method = rest[rest.index("--method") + 1] if "--method" in rest else "GET"
with open(folder / "lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    state = json.loads((folder / "state.json").read_text())
    kind, _, last = path.removeprefix("repos/acme/llm/").rpartition("/")
    if method == "GET" and last == "artifacts":
        items = [dict(id=i, name=name) for i, name, _ in state["artifacts"]]
        print(json.dumps([dict(artifacts=items)]))
    elif method == "GET" and last == "zip":
        (report,) = [text for i, _, text in state["artifacts"] if str(i) == kind.rpartition("/")[2]]
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("policy.md", report)
        sys.stdout.buffer.write(file.getvalue())
    elif method == "GET":
        print(json.dumps([[dict(id=int(i), body=body) for i, body in state["comments"].items()]]))
    else:
        body = sys.stdin.read() if method != "DELETE" else ""
        if method == "POST":
            state["comments"][str(len(state["written"]) + 100)] = body
        elif method == "PATCH":
            state["comments"][last] = body
        else:
            del state["comments"][last]
        state["written"].append([method, path])
        # What other jobs do while this one writes.
        state["artifacts"] += state["meanwhile"]
        state["meanwhile"] = []
        (folder / "state.json").write_text(json.dumps(state))
"""
MARKER = "<!-- llm-policypack -->"


def report(stack: str, verdict: str, more: str = "") -> str:
    return f"{MARKER}\n### LLM policy pack: {verdict}\n\n44 rules judged llm, stack {stack}.\n\nAll of {stack}.{more}\n"


PROD = [1, "policy-report-prod-1", report("prod", "2 violations, none of them mandatory")]
DEV = [2, "policy-report-dev-2", report("dev", "No violations")]


@pytest.fixture
def github(tmp_path: Path) -> Path:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    return tmp_path


def start(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "GITHUB": str(folder)}
    command = [str(ROOT / "scripts/comment.py"), "acme/llm", "7", "55"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def comments_after(folder: Path, jobs: int = 1, **given: Any) -> tuple[dict[str, str], list[list[str]]]:
    """The comments of the pull request, and what was written, after so many jobs have commented at the same time."""
    state = {"artifacts": [], "comments": {"5": "Looks good"}, "meanwhile": [], "written": [], **given}
    (folder / "state.json").write_text(json.dumps(state))
    for job in [start(folder) for _ in range(jobs)]:
        errors = job.communicate(timeout=60)[1]
        assert job.returncode == 0, errors
    after = json.loads((folder / "state.json").read_text())
    return after["comments"], after["written"]


def test_the_comment_of_one_stack_is_its_report(github: Path) -> None:
    comments, _ = comments_after(github, artifacts=[PROD])
    assert comments == {"5": "Looks good", "100": PROD[2]}


def test_the_comment_that_is_there_is_written_anew(github: Path) -> None:
    comments, written = comments_after(github, artifacts=[PROD], comments={"11": f"{MARKER}\nold"})
    assert comments == {"11": PROD[2]}
    assert written == [["PATCH", "repos/acme/llm/issues/comments/11"]]


def test_the_comment_holds_every_stack_and_shows_those_that_fail_first(github: Path) -> None:
    comments, _ = comments_after(github, artifacts=[DEV, PROD])
    text = comments["100"]
    assert text.startswith(f"{MARKER}\n### LLM policy pack: 2 stacks\n")
    places = [text.index(part) for part in ("**2 violations", "**No violations", "All of prod.", "All of dev.")]
    assert places == sorted(places)


def test_a_report_that_comes_while_another_is_written_is_in_the_comment(github: Path) -> None:
    comments, _ = comments_after(github, artifacts=[DEV], meanwhile=[PROD])
    assert "All of prod." in comments["100"]
    assert "All of dev." in comments["100"]


def test_jobs_that_comment_at_the_same_time_leave_one_comment_with_all(github: Path) -> None:
    comments, _ = comments_after(github, jobs=4, artifacts=[DEV], meanwhile=[PROD])
    (text,) = [body for body in comments.values() if body.startswith(MARKER)]
    assert "All of prod." in text
    assert "All of dev." in text


def test_a_stack_that_is_judged_again_counts_once(github: Path) -> None:
    again = [9, PROD[1], report("prod", "No violations")]
    comments, _ = comments_after(github, artifacts=[PROD, again])
    assert comments["100"] == again[2]


def test_reports_that_do_not_fit_leave_every_verdict(github: Path) -> None:
    long = [[i + 10, f"policy-report-{i}", report(f"s{i}", f"{i} violations", "x" * 30_000)] for i in range(1, 6)]
    comments, _ = comments_after(github, artifacts=[*long, DEV])
    text = comments["100"]
    assert len(text) <= 65_536
    assert all(f"**{i} violations**: 44 rules judged llm, stack s{i}." in text for i in range(1, 6))
    assert "3 of the reports do not fit here" in text


def test_without_a_report_there_is_no_comment(github: Path) -> None:
    comments, written = comments_after(github)
    assert (comments, written) == ({"5": "Looks good"}, [])
