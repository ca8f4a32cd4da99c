"""What leaves the repository: the published pack, the installed package, and packs that others make of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from policypack import REPOSITORY, VERSION
from policypack.pack import policies
from policypack.rules import RULES
from tests.test_preview import FAKE_PULUMI
from tests.test_wire import running_pack

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    subprocess.run([ROOT / "scripts/pack.sh", folder], check=True, timeout=60)
    return folder


def test_what_is_archived_is_the_pack_alone(published: Path) -> None:
    installed = published / ".venv/lib/pulumi.py"
    installed.parent.mkdir(parents=True)
    installed.write_text("what `pulumi install` puts there")
    subprocess.run(["git", "init", "--quiet"], cwd=published, check=True, timeout=60)
    archived = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=published,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.splitlines()
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "policypack").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert set(archived) == source | {
        ".gitignore",
        "LICENSE",
        "PulumiPolicy.yaml",
        "__main__.py",
        "requirements.txt",
    }
    assert sum((published / name).stat().st_size for name in archived) < 2_500_000


def test_what_is_published_starts_and_has_unique_names(published: Path) -> None:
    with running_pack(None, published) as client:
        info = client.info()
    assert sorted(policy["name"] for policy in info["policies"]) == sorted(rule.name for rule in RULES)


def test_publishing_is_done_from_that_folder_and_nothing_else(tmp_path: Path) -> None:
    result, calls = publish(tmp_path, "acme")
    assert (result.returncode, result.stderr) == (0, "")
    assert [call["arguments"] for call in calls] == [["install"], ["policy", "publish", "acme"]]
    folders = {call["environment"]["PULUMI_TEST_FOLDER"] for call in calls}
    assert len(folders) == 1
    assert not any(Path(folder).is_relative_to(ROOT) or Path(folder).exists() for folder in folders)


def test_publishing_needs_an_organization(tmp_path: Path) -> None:
    result, calls = publish(tmp_path, "")
    assert (result.returncode, result.stderr) == (2, "Name the organization: make publish ORG=acme\n")
    assert calls == []


def publish(folder: Path, organization: str) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    pulumi, log = folder / "pulumi", folder / "log"
    pulumi.write_text(FAKE_PULUMI.replace("import json, os, sys\n", TELLS_WHERE))
    pulumi.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "FAKE_PULUMI_LOG": str(log)}
    result = subprocess.run(
        [ROOT / "scripts/publish.sh", organization],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result, [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


TELLS_WHERE = "import json, os, sys\nos.environ['PULUMI_TEST_FOLDER'] = os.getcwd()\n"


def test_a_folder_with_something_in_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    result = subprocess.run(
        [ROOT / "scripts/pack.sh", tmp_path], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (2, f"{tmp_path} is not empty: name another folder.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_one_version_and_one_runtime_everywhere() -> None:
    requirements = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert PYPROJECT["project"]["dependencies"] == requirements
    assert yaml.safe_load((ROOT / "PulumiPolicy.yaml").read_text())["version"] == VERSION
    assert f"\n## {VERSION}\n" in (ROOT / "CHANGELOG.md").read_text()
    assert re.search(
        PYPROJECT["tool"]["hatch"]["version"]["pattern"], (ROOT / "policypack/__init__.py").read_text(), re.M
    )


def test_the_example_of_a_pack_of_ones_own_runs(tmp_path: Path) -> None:
    [program] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/organization.md").read_text(), re.DOTALL)
    # In place of installing this package.
    (tmp_path / "__main__.py").write_text(f"import sys\n\nsys.path.append({str(ROOT)!r})\n{program}")
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    with running_pack(None, tmp_path) as client:
        info = client.info()
    expected = [rule.name for rule in RULES if rule.name.startswith(("llm-backend-", "load-balancer-"))]
    assert (info["name"], sorted(policy["name"] for policy in info["policies"])) == (
        "acme",
        sorted(["labels", *expected]),
    )


@pytest.mark.parametrize(
    ("globs", "names"),
    [
        (("llm-backend-regions",), {"llm-backend-regions"}),
        (("load-balancer-*", "llm-backend-regions"), {"llm-backend-regions", "load-balancer-attributes"}),
        (("*",), {rule.name for rule in RULES}),
        ((), {rule.name for rule in RULES}),
    ],
)
def test_a_selection_of_policies(globs: tuple[str, ...], names: set[str]) -> None:
    if "load-balancer-*" in globs:
        names = names | {"load-balancer-balancing-mode", "load-balancer-in-sight", "load-balancer-product"}
    assert {policy.name for policy in policies(*globs, update=True)} == names


def test_a_selection_that_fits_no_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match="`llm-backend-region`; did you mean `llm-backend-regions`"):
        policies("load-balancer-*", "llm-backend-region")


def test_the_command_is_installed_under_its_name() -> None:
    assert PYPROJECT["project"]["scripts"] == {"llm-policypack": "policypack.__main__:main"}
    program = "import sys; from policypack.__main__ import main; sys.argv = ['bin/llm-policypack', '--help']; main()"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.startswith("Usage: llm-policypack [OPTIONS] COMMAND [ARGS]...\n")


# A release


def repository(folder: Path) -> Path:
    """A copy of what a release looks at, as a repository of its own."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    for name in names.split("\0"):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/rules/", "policypack/r", "policypack/m")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, timeout=60, check=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, timeout=60, check=True)
    return folder


def release(folder: Path, *arguments: str) -> tuple[int, str]:
    """The status of the script, and what it prints."""
    result = subprocess.run(
        [sys.executable, folder / "scripts/release.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stderr == ""
    return result.returncode, result.stdout


def test_a_release_needs_an_owner_and_one_version_and_a_section_of_the_changelog(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    release(folder, "owner", "OWNER")
    status, problems = release(folder, "check")
    places = re.search(r"OWNER is a placeholder in (.*): scripts/release.py owner NAME sets it", problems)
    assert (status, places and set(places[1].split(", "))) == (1, set(PLACES_OF_THE_OWNER))
    status, changed = release(folder, "owner", "acme")
    assert (status, set(changed.split())) == (0, set(PLACES_OF_THE_OWNER))
    assert release(folder, "check") == (0, "Ready to be released.\n")

    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- A rule.\n\n## 0.1.0\n\nThe first.\n")
    status, problems = release(folder, "check", "v9.9.9")
    assert (status, problems.splitlines()) == (
        1,
        [
            f"policypack/__init__.py: the version is {VERSION}, and the tag v9.9.9: one of them is wrong",
            f"CHANGELOG.md: what is under Unreleased is in no release: move it to {VERSION}, or set another version",
        ],
    )
    status, changed = release(folder, "version", "9.9.9")
    assert (status, set(changed.split())) == (0, set(PLACES_OF_THE_VERSION))
    assert release(folder, "check", "v9.9.9") == (0, "Ready to be released.\n")
    assert release(folder, "notes", "v9.9.9") == (0, "- A rule.\n")
    left = subprocess.run(
        ["git", "grep", "-lw", VERSION.replace(".", r"\.")], cwd=folder, capture_output=True, text=True, check=False
    )
    assert set(left.stdout.split()) <= {"CHANGELOG.md", "requirements-dev.txt"}


PLACES_OF_THE_OWNER = (
    ".github/workflows/policy-check.yml",
    ".github/workflows/policy-preview.yml",
    ".pre-commit-hooks.yaml",
    "README.md",
    "SECURITY.md",
    "action.yml",
    "docs/audit.md",
    "docs/ci/cloudbuild-check.yaml",
    "docs/ci/cloudbuild-preview.yaml",
    "docs/ci/github-audit.yml",
    "docs/ci/github-check.yml",
    "docs/ci/github-fork-comment.yml",
    "docs/ci/github-pull-request.yml",
    "docs/organization.md",
    "policypack/__init__.py",
    "pyproject.toml",
)
PLACES_OF_THE_VERSION = (
    *(place for place in PLACES_OF_THE_OWNER if place not in {"pyproject.toml", "SECURITY.md"}),
    "CHANGELOG.md",
    "PulumiPolicy.yaml",
    "docs/ci/gitlab-ci.yml",
)


def test_the_repository_is_named_as_one_owners_everywhere() -> None:
    owner = REPOSITORY.split("/")[-2]
    for place in PLACES_OF_THE_OWNER:
        owners = set(re.findall(r"(\w[\w-]*)/llm-policypack\b", (ROOT / place).read_text())) - {"cache"}
        assert owners == {owner}, place
    assert PYPROJECT["project"]["urls"]["Repository"] == REPOSITORY


def test_what_is_released_can_be_made_again_byte_by_byte_and_is_the_pack(tmp_path: Path, published: Path) -> None:
    for name in ("one", "two"):
        subprocess.run(
            [sys.executable, ROOT / "scripts/release.py", "build", tmp_path / name],
            capture_output=True,
            timeout=120,
            check=True,
        )
    sums = (tmp_path / "one/SHA256SUMS").read_text()
    assert sums == (tmp_path / "two/SHA256SUMS").read_text()
    assert {line.split()[1] for line in sums.splitlines()} == {
        f"llm-policypack-pack-{VERSION}.tar.gz",
        f"llm_policypack-{VERSION}-py3-none-any.whl",
        f"llm_policypack-{VERSION}.tar.gz",
    }
    with tarfile.open(tmp_path / f"one/llm-policypack-pack-{VERSION}.tar.gz") as archive:
        names = set(archive.getnames())
    assert names == {
        path.relative_to(published).as_posix()
        for path in published.rglob("*")
        if path.is_file() and not {".venv", ".git", "__pycache__"} & set(path.parts)
    }


@pytest.mark.parametrize(
    ("pip_audit", "status", "output", "errors"),
    [
        (None, 2, "", "make vulnerabilities needs pip-audit on PATH: install it with pipx install pip-audit.\n"),
        ("echo 'No known vulnerabilities found'", 0, "No known vulnerabilities found\n", ""),
        (
            "echo 'Found 1 known vulnerability in 1 package'; exit 1",
            1,
            "Found 1 known vulnerability in 1 package\n",
            "",
        ),
        (
            "echo 'ERROR:click: Dependency not found on PyPI' >&2; exit 1",
            2,
            "",
            "ERROR:click: Dependency not found on PyPI\n"
            "make vulnerabilities could not ask the database of vulnerabilities, so it says nothing of what is pinned: "
            "it needs a network that reaches the package index.\n",
        ),
    ],
    ids=["not installed", "none", "one", "no database"],
)
def test_vulnerabilities(tmp_path: Path, pip_audit: str | None, status: int, output: str, errors: str) -> None:
    for name in ("bash", "dirname", "grep", "tail"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    if pip_audit:
        (tmp_path / "pip-audit").write_text(f"#!/bin/sh\n{pip_audit}\n")
        (tmp_path / "pip-audit").chmod(0o755)
    result = subprocess.run(
        ["bash", ROOT / "scripts/vulnerabilities.sh"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (status, output, errors)
