"""The scripts of the CI files do what they say, with stand-ins for the services."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from policypack import VERSION
from tests.ci_sandbox import ROOT, STAND_IN, Sandbox, run_action
from tests.projects import make_project

# Without pulumi-gcp, which takes seconds to import.
PROGRAM = """import pulumi

scheme = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP"}
pulumi.CustomResource("gcp:compute/backendService:BackendService", "llm", scheme)
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A checkout with a project `infra` that has a stack and violations."""
    make_project(tmp_path / "infra", PROGRAM)
    sandbox = Sandbox(tmp_path)
    for name in ("pipx", "pip", "gcloud", "git", "pulumi"):
        sandbox.add(name)
    return sandbox


def test_the_action_judges_all_stacks_and_keeps_the_reports(sandbox: Sandbox) -> None:
    stack = sandbox.folder / "infra/Pulumi.cases.yaml"
    stack.with_name("Pulumi.prod.yaml").write_text(stack.read_text())
    found = run_action(sandbox, project="infra", setup="touch made", formats="md json")
    assert (found.status, found.outputs["status"]) == (1, "1"), found.log
    assert sandbox.calls == [["pipx", "install", "--quiet", f"{ROOT}[cli]"]]
    assert (sandbox.folder / "infra/made").exists()
    reports = Path(found.outputs["reports"])
    assert {file.name for file in reports.iterdir()} == {"policy.md", "policy.json"}
    assert found.summary == (reports / "policy.md").read_text()
    assert {"cases", "prod"} <= set(found.summary.replace("`", " ").replace(":", " ").replace(",", " ").split())
    assert found.uploaded == {"name": "policy-report", "path": str(reports), "overwrite": "True"}


def test_the_action_hands_its_inputs_over_as_words(sandbox: Sandbox) -> None:
    sandbox.add("llm-policypack", STAND_IN)
    words = {"project": "in fra; false", "stacks": "dev $(false) *", "policy-config": "a b.json", "profile": "core"}
    (sandbox.folder / words["project"]).mkdir()
    found = run_action(sandbox, **words, setup="true", formats="html", **{"fail-on": "advisory undecided"})
    reports = found.outputs["reports"]
    assert (found.status, sandbox.calls[1:]) == (
        0,
        [
            [
                *("llm-policypack", "check", "in fra; false", "--policy-config", "a b.json", "--profile", "core"),
                *("--output", f"{reports}/policy.md", "--stack", "dev", "--stack", "$(false)", "--stack", "*"),
                *("--fail-on", "advisory", "--fail-on", "undecided", "--output", f"{reports}/policy.html"),
            ]
        ],
    )


@pytest.mark.parametrize(
    ("inputs", "status", "outputs"),
    [({"setup": "exit 3"}, 3, set()), ({"setup": "true", "stacks": "nope"}, 2, {"status", "reports"})],
    ids=["what the project needs is not installed", "a stack that is not there"],
)
def test_the_action_says_that_it_could_not_judge(
    sandbox: Sandbox, inputs: dict[str, str], status: int, outputs: set[str]
) -> None:
    found = run_action(sandbox, project="infra", **inputs)
    assert (found.status, set(found.outputs)) == (status, outputs)
    assert found.summary.splitlines()[0] == "### LLM policy pack: could not judge"
    assert Path(found.uploaded["path"], "policy.md").exists()


def gitlab() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docs/ci/gitlab-ci.yml").read_text())
    return loaded


def test_gitlab_judges_all_stacks(sandbox: Sandbox) -> None:
    job = gitlab()
    sandbox.environment = {name: str(value) for name, value in job["variables"].items()}
    install, _ = job["policy-check"]["before_script"]
    assert sandbox.run(install).returncode == 0
    pack = sandbox.environment["POLICY_PACK"]
    assert sandbox.calls == [["pip", "install", "--quiet", f"llm-policypack[cli] @ git+{pack}@v{VERSION}"]]
    (check,) = job["policy-check"]["script"]
    assert sandbox.run(check).returncode == 1
    kept = {*job["policy-check"]["artifacts"]["paths"], job["policy-check"]["artifacts"]["reports"]["junit"]}
    assert {file.name for file in sandbox.folder.glob("policy.*")} == kept


def test_gitlab_gives_the_token_to_the_job_alone_that_runs_nothing_of_the_change() -> None:
    jobs = gitlab()
    assert [name for name, job in jobs.items() if "TOKEN" in json.dumps(job)] == ["policy-preview"]
    note = jobs["policy-note"]
    assert note["variables"] == {"GIT_STRATEGY": "none"}
    assert note["environment"] == {"name": "policy-note", "action": "access"}
    assert "environment" not in jobs["policy-check"]


def test_gitlab_credentials_are_found_from_every_folder(sandbox: Sandbox) -> None:
    job = gitlab()["policy-preview"]
    sandbox.environment = job["variables"] | gitlab()["variables"] | {"GOOGLE_ID_TOKEN": "secret", "STACK": "prod"}
    script = "\n".join([*job["before_script"], *job["script"]])
    (sandbox.folder / ".policypack").mkdir()
    show = '\ncd /\nprintf %s "$GOOGLE_APPLICATION_CREDENTIALS"'
    result = sandbox.run(script + show, CI_PROJECT_DIR=str(sandbox.folder))
    assert (result.returncode, result.stderr) == (0, "")
    credentials = Path(result.stdout)
    assert credentials.is_absolute()
    document = json.loads(credentials.read_text())
    assert Path(document["credential_source"]["file"]).read_text() == "secret"
    assert document["audience"].removeprefix("//") == job["id_tokens"]["GOOGLE_ID_TOKEN"]["aud"].removeprefix(
        "https://"
    )
    assert credentials.parent.stat().st_mode & 0o077 == 0
    pack = f"{sandbox.folder}/.policypack"
    assert sandbox.calls[-1] == [
        *("pulumi", "preview", "--non-interactive", "--cwd", "infra", "--stack", "prod", "--policy-pack", pack)
    ]


def cloud_build(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The substitutions of a file, and its scripts by the steps' ids."""
    build = yaml.safe_load((ROOT / f"docs/ci/cloudbuild-{name}.yaml").read_text())
    assert build["options"]["automapSubstitutions"] is True
    return build["substitutions"], {
        step["id"]: step["script"].removeprefix("#!/usr/bin/env bash\n") for step in build["steps"]
    }


def test_cloud_build_judges_keeps_the_reports_and_then_fails(sandbox: Sandbox) -> None:
    substitutions, scripts = cloud_build("check")
    sandbox.environment = substitutions | {"BUILD_ID": "b-1"}
    # What the environment of the project is made with.
    check = scripts["check"].replace("python -m venv venv && venv/bin/pip install", "pip install")
    assert sandbox.run(check, shell=("bash",)).returncode == 0
    assert sandbox.run(scripts["keep the reports"], shell=("bash",)).returncode == 0
    assert sandbox.run(scripts["judge"], shell=("bash",)).returncode == 1
    assert {file.name for file in (sandbox.folder / "reports").iterdir()} == {"policy.html", "policy.md", "policy.json"}
    assert sandbox.calls[-1] == ["gcloud", "storage", "cp", "--recursive", "reports", "gs://my-policy-reports/b-1/"]


def test_cloud_build_previews_with_the_pack(sandbox: Sandbox) -> None:
    substitutions, scripts = cloud_build("preview")
    sandbox.environment = substitutions
    (sandbox.folder / ".policypack").mkdir()
    assert sandbox.run(scripts["preview"], shell=("bash",)).returncode == 0
    pack = f"{sandbox.folder}/.policypack"
    assert sandbox.calls[-1] == [
        *("pulumi", "preview", "--non-interactive", "--cwd", "infra", "--stack", "dev", "--policy-pack", pack)
    ]


# Copies from and to buckets, which are folders.
GCLOUD = f"""{STAND_IN}
import shutil
source, target = (name.replace("gs:/", os.environ["BUCKETS"]) for name in sys.argv[3:])
os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
shutil.copy(source, target)
"""


def test_the_scheduled_job_of_the_guide_compares_with_what_it_kept_last(sandbox: Sandbox) -> None:
    guide = (ROOT / "docs/audit.md").read_text()
    (script,) = re.findall(r"`audit\.sh`.*?```sh\n(.*?)```", guide, re.DOTALL)
    sandbox.add("gcloud", GCLOUD)
    audit = 'open(name, "w").write(str(len(sys.argv))) for name in ("audit.journal", "findings.parquet")'
    sandbox.add("llm-policypack", f"{STAND_IN}\n[{audit}]\nsys.exit(int(os.environ['STATUS']))\n")
    buckets = sandbox.folder / "buckets"

    def night(status: int) -> list[str]:
        """What one container tells the command, and leaves in the bucket."""
        container = sandbox.folder / f"night-{status}"
        container.mkdir()
        result = sandbox.run(script, cwd=container, shell=("sh",), BUCKETS=str(buckets), STATUS=str(status))
        assert result.returncode == status, result.stderr
        return next(call for call in reversed(sandbox.calls) if call[0] == "llm-policypack")[1:]

    first = ["audit", "gs://STATE_BUCKET", "--journal", "audit.journal", "--output", "findings.parquet"]
    assert night(0) == first
    kept = {file.relative_to(buckets): file.read_text() for file in buckets.rglob("*") if file.is_file()}
    assert [path.suffix for path in sorted(kept)] == [".journal", ".parquet", ".journal"]
    assert night(2) == [*first, "--baseline", "last.journal"]
    assert {file.relative_to(buckets): file.read_text() for file in buckets.rglob("*") if file.is_file()} == kept
    assert night(1) == [*first, "--baseline", "last.journal"]
    assert (buckets / "AUDIT_BUCKET/audit.journal").read_text() == "9"


@pytest.mark.parametrize(("status", "kept"), [(0, 2), (1, 2), (2, 0)], ids=["fine", "violations", "could not judge"])
def test_the_nightly_audit_keeps_only_what_it_could_judge(sandbox: Sandbox, status: int, kept: int) -> None:
    job = yaml.safe_load((ROOT / "docs/ci/github-audit.yml").read_text())["jobs"]["audit"]
    steps = {step["name"]: step for step in job["steps"] if "name" in step}
    sandbox.environment = job["env"] | {"GITHUB_OUTPUT": str(sandbox.folder / "output")}
    sandbox.add("llm-policypack", f"{STAND_IN}\nsys.exit({status})\n")
    assert sandbox.run(steps["Fetch the last audit"]["run"]).returncode == 0
    assert sandbox.run(steps["Audit"]["run"]).returncode == status
    output = (sandbox.folder / "output").read_text().strip()
    assert output == f"status={status}"
    assert f"steps.audit.outputs.status == '{status}'" in steps["Keep this audit"]["if"] or not kept
    if kept:
        assert sandbox.run(steps["Keep this audit"]["run"]).returncode == 0
    assert len([call for call in sandbox.calls if call[:3] == ["gcloud", "storage", "cp"]]) == 1 + kept
