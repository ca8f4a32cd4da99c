"""`check` with several stacks of a project: one report of each format, and all mistakes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policypack.baseline import read_baseline
from policypack.judgement import Results, judge_stacks
from policypack.report.formats import render
from policypack.sources import target as targets
from policypack.sources.error import SourceError
from policypack.sources.program import run
from policypack.sources.target import load_targets
from tests.command import PATIENCE, wait_until
from tests.projects import make_project
from tests.report.valid import junit_root, parsed, sarif_run
from tests.test_cli import STATE, assert_refused, check

ROOT = Path(__file__).parent.parent
PROGRAM = """
import pulumi

regions = pulumi.Config().require_object("regions")
pulumi.CustomResource("gcp:compute/backendService:BackendService", "chat", {
    "loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP", "portName": "http", "backends": [
        {"group": f"projects/p/regions/{region}/instanceGroups/a", "maxUtilization": 0.8} for region in regions
    ],
})
"""


def make_stacks(folder: Path, program: str = PROGRAM, **regions: list[str]) -> Path:
    """A project whose stacks have backends in these regions."""
    project = make_project(folder, program, stack=next(iter(regions)))
    for name, found in regions.items():
        (project / f"Pulumi.{name}.yaml").write_text(f"config:\n  llm:regions: {json.dumps(found)}\n")
    return project


@pytest.fixture(scope="module", autouse=True)
def _all_warm(_forks: object) -> Iterator[None]:
    """What a fixture of the module runs does so in a fork too."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "execute", _forks)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_stacks(
        tmp_path_factory.mktemp("stacks") / "infra",
        dev=["us-central1"],
        stage=["us-central1"],
        prod=["us-central1", "europe-west4"],
    )


@pytest.fixture(scope="module")
def results(project: Path) -> Results:
    return judge_stacks(str(project), [])


def failed(results: Results, rule: str) -> list[str]:
    found = (one for one in results.report.with_status("failed") if one.rule.name == rule)
    return sorted(results.stack_of(finding.urn) for finding in found)


def test_all_stacks_that_have_a_file_are_judged(results: Results) -> None:
    assert results.title == "infra, stacks dev, prod, stage"
    assert failed(results, "llm-backend-regions") == ["dev", "stage"]
    assert failed(results, "backend-cloud-armor") == ["dev", "prod", "stage"]


def test_each_stack_is_judged_by_itself(results: Results, project: Path) -> None:
    """Nothing of one stack is taken for the other's: the verdicts are those of a run of its own."""
    for name, one in zip(("dev", "prod", "stage"), results.each, strict=True):
        alone = judge_stacks(str(project), [name])
        assert [rule.findings for rule in one.report.rules] == [rule.findings for rule in alone.report.rules]


def test_only_those_that_are_named_and_each_once(project: Path) -> None:
    chosen = judge_stacks(str(project), ["prod", "dev", "prod"])
    assert [one.stack.name for one in chosen.each] == ["prod", "dev"]


def test_what_stacks_have_in_common_is_said_once(results: Results) -> None:
    lines = "".join(render("check", "terminal", results)).splitlines()
    regions = lines.index("critical  llm-backend-regions  mandatory")
    assert lines[regions + 1] == "  chat (dev, stage)  gcp:compute/backendService:BackendService"
    armor = lines.index("high  backend-cloud-armor  mandatory")
    assert lines[armor + 1] == "  chat (dev, prod, stage)  gcp:compute/backendService:BackendService"


def test_one_report_of_each_format_tells_the_stacks_apart(results: Results) -> None:
    said = {name: "".join(render("check", name, results)) for name in ("json", "sarif", "junit", "markdown", "html")}
    document = json.loads(said["json"])
    assert [entry["stack"] for entry in document["stacks"]] == ["dev", "prod", "stage"]
    assert document["target"]["stack"] is None
    run = sarif_run(said["sarif"])
    assert run["automationDetails"]["id"] == "llm-backends-gcp/llm/"
    texts = [result["message"]["text"] for result in run["results"] if result["ruleId"] == "llm-backend-regions"]
    assert [text.partition(":")[0] for text in texts] == ["dev", "stage"]
    names = [case.get("name") or "" for case in junit_root(said["junit"]).iter("testcase")]
    assert any("urn:pulumi:prod::" in name for name in names)
    assert "| `chat` in `dev`, `stage` BackendService | `llm-backend-regions` |" in said["markdown"]
    parsed(said["html"])
    assert "stack stage" in said["html"]


def test_a_note_names_its_stacks_unless_it_is_of_all(tmp_path: Path) -> None:
    project = make_stacks(tmp_path, dev=["us-central1"], prod=["us-central1"])
    (project / "Pulumi.prod.yaml").write_text(
        'config:\n  llm:regions: ["us-central1"]\n  llm:token:\n    secure: v1:abc:def\n'
    )
    (note,) = judge_stacks(str(project), []).notes
    assert note.startswith("prod: encrypted configuration values are not known")


def test_a_baseline_has_all_stacks(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    assert check(project, "--all-stacks", "--write-baseline", file).returncode == 0
    assert {known.urn.partition("::")[0] for known in read_baseline(file)} == {
        f"urn:pulumi:{name}" for name in ("dev", "prod", "stage")
    }
    for asked in (["--all-stacks"], ["--stack", "dev"], ["--stack", "dev", "--stack", "prod"]):
        assert check(project, *asked, "--baseline", file).returncode == 0
    check(project, "--stack", "dev", "--baseline", file, "--write-baseline", file)
    assert check(project, "--all-stacks", "--baseline", file).returncode == 0


def test_the_options(project: Path) -> None:
    result = check(project, "--stack", "dev", "--stack", "prod", "--format", "json")
    assert result.returncode == 1
    assert [entry["stack"] for entry in json.loads(result.stdout)["stacks"]] == ["dev", "prod"]
    once, twice = (check(project, *["--stack", "dev"] * times) for times in (1, 2))
    assert (twice.returncode, twice.stdout) == (once.returncode, once.stdout)
    both = check(project, "--all-stacks", "--stack", "dev")
    assert (both.returncode, both.stdout) == (2, "")
    assert_refused(check(STATE, "--all-stacks"), "is a state: omit them")
    assert_refused(check(STATE, "--stack", "a", "--stack", "b"), "is a state: omit them")
    assert_refused(check(project / "none", "--all-stacks"), "There is no folder")
    assert_refused(check(project, "--stack", "dev", "--stack", "none"), "Stack none: The project has no stack none")


@pytest.mark.parametrize("command", ["check", "failover"])
def test_an_empty_name_is_no_stack(project: Path, command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "policypack", command, str(project), "--stack", ""],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (2, "")
    assert "it is empty: give the name of a stack" in result.stderr


def test_a_path_that_is_not_there_is_said_to_be_so() -> None:
    assert_refused(
        check("path/that/is/not/there", "--stack", "dev"), "There is no file or folder path/that/is/not/there"
    )


def test_what_is_wrong_with_each_stack_is_said_at_once(tmp_path: Path) -> None:
    project = make_stacks(tmp_path, dev=["us-central1"], prod=["us-central1"], stage=["us-central1"])
    for name in ("dev", "stage"):
        (project / f"Pulumi.{name}.yaml").write_text("config: {}\n")
    result = check(project, "--all-stacks")
    assert (result.returncode, result.stdout) == (2, "")
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == [" Stack dev", " Stack stage"]


def test_a_project_without_stacks_is_refused(tmp_path: Path) -> None:
    project = make_stacks(tmp_path, dev=[])
    (project / "Pulumi.dev.yaml").unlink()
    assert_refused(check(project, "--all-stacks"), "The project has no stacks", "Pulumi.NAME.yaml")


def test_as_many_run_at_a_time_as_there_are_cores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    under_way, most = set[str](), [0]
    three = threading.Barrier(3, timeout=PATIENCE)

    def load(folder: Path, name: str, answers: Path | None) -> Any:
        under_way.add(name)
        most[0] = max(most[0], len(under_way))
        three.wait()
        under_way.remove(name)
        return name

    monkeypatch.setattr(targets, "_load_project", load)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    names = [f"s{number}" for number in range(9)]
    assert [str(one) for one in load_targets(str(tmp_path), names)] == names
    assert most == [3]


def test_another_error_is_not_taken_for_the_stacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(folder: Path, name: str, answers: Path | None) -> Any:
        raise (SourceError("x") if name == "a" else ZeroDivisionError)

    monkeypatch.setattr(targets, "_load_project", load)
    with pytest.raises(ZeroDivisionError):
        load_targets(str(tmp_path), ["a", "b"])


SLEEPS = "import os, pulumi, time\nopen(f'{pulumi.get_stack()}.pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n"


def test_a_terminated_run_stops_all_programs(tmp_path: Path) -> None:
    project = make_stacks(tmp_path, SLEEPS, dev=[], prod=[])
    command = [sys.executable, "-m", "policypack", "check", str(project), "--all-stacks"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        files = [project / f"{name}.pid" for name in ("dev", "prod")]
        wait_until(lambda: all(file.exists() and file.read_text() for file in files))
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (143, "terminated\n")
    for file in files:
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)
