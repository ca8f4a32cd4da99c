"""Who owns what: the file, the filter, and every format."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from policypack.audit.owners import Owners, read_owners
from policypack.commands.audit import audit
from policypack.config.error import ConfigurationError
from policypack.report.formats import schema_of
from tests.audit.states import BAD, GOOD, ONE_RULE, checkpoint, one_by_one, put, service

FILE = """
owners:
  - {owner: "@acme/platform", project: "*"}
  - {owner: "@acme/chat", project: "chat-*"}
  - {owner: "=sre|*", project: "chat-*", stack: prod}
"""
OF = {
    ("chat-api", "dev"): "@acme/chat",
    ("chat-api", "prod"): "=sre|*",
    ("web", "prod"): "@acme/platform",
    ("", ""): "@acme/platform",
    ("Chat-api", "dev"): "@acme/platform",
}


def test_the_last_entry_that_matches_counts(tmp_path: Path) -> None:
    owners = read_owners(put(tmp_path, {"o.yaml": FILE.encode()}) / "o.yaml")
    assert owners
    assert {names: owners.of(*names) for names in OF} == OF
    assert Owners().of("web", "prod") == ""


WRONG: dict[str, tuple[str, list[str]]] = {
    "no YAML": ("owners: [", ["o.yaml is not valid YAML in line 1, column 10: "]),
    "no list": ("owners: chat", ["o.yaml: `owners` has to be a list"]),
    "empty": ("", ["o.yaml: `owners` has to be a list"]),
    "another key": (
        'owner: x\nowners: [{owner: a, project: "*"}]',
        ["o.yaml: there is no key `owner`, only `owners`"],
    ),
    "two mistakes": (
        'owners:\n- {owner: a, projects: "*"}\n- {owner: a}\n- {owner: a, project: x}',
        ["o.yaml: entry 1: there is no key `projects`, only ", "o.yaml: entry 2: it has no `project`"],
    ),
    "no text": ('owners: [{owner: 7, project: "*"}]', ["o.yaml: entry 1: `owner` has to be a text"]),
    "no owner": ('owners: [{owner: " ", project: "*"}]', ["o.yaml: entry 1: `owner` has to be a text"]),
    "a word": ("owners: [chat]", ["o.yaml: entry 1: it has to have `owner` and `project`"]),
    "a key twice": (
        "owners:\n- owner: a\n  project: x\n  owner: b",
        ["o.yaml is not valid YAML in line 4, column 3: the key `owner` appears twice."],
    ),
    "the list twice": (
        "owners: [{owner: a, project: x}]\nowners: [{owner: b, project: x}]",
        ["o.yaml is not valid YAML in line 2, column 1: the key `owners` appears twice."],
    ),
    "a key twice in JSON": (
        '{"owners": [{"owner": "a", "project": "x", "project": "y"}]}',
        ["o.yaml is not valid YAML in line 1, column 44: the key `project` appears twice."],
    ),
    "no such owner": ('owners: [{owner: b, project: "*"}]', ["o.yaml has no owner `a`; it has `b`"]),
}


@pytest.mark.parametrize(("text", "problems"), WRONG.values(), ids=WRONG.keys())
def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problems: list[str]) -> None:
    monkeypatch.chdir(put(tmp_path, {"o.yaml": text.encode()}))
    with pytest.raises(ConfigurationError) as caught:
        read_owners(Path("o.yaml"), ("a",))
    assert [
        said for said, start in zip(caught.value.problems, problems, strict=True) if not said.startswith(start)
    ] == []
    with pytest.raises(ConfigurationError, match="none cannot be read: No such file or directory"):
        read_owners(Path("none"))


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("policypack.audit.executors.processes.run", lambda jobs, workers: one_by_one(jobs))
    monkeypatch.chdir(tmp_path)
    stacks = {"chat-api/dev.json": GOOD, "chat-api/prod.json": BAD, "web/prod.json": BAD, "web/broken.json": b"{"}
    put(tmp_path / "backend/.pulumi/stacks", {**stacks, "other/dev.json": checkpoint(service("chat", 1, "other"))})
    owners = FILE.replace('project: "*"', "project: web")
    return put(tmp_path, {"o.yaml": owners.encode(), "c.json": json.dumps(ONE_RULE).encode()})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        audit, ["backend", "--policy-config", "c.json", "--journal", "j", "--owners", "o.yaml", *arguments]
    )


def test_owners_in_every_format(backend: Path) -> None:
    formats = ("json", "csv", "parquet", "sarif", "xml", "html", "md")
    result = run(*(part for suffix in formats for part in ("--output", f"f.{suffix}")))
    assert result.exit_code == 1, result.output
    document = json.loads((backend / "f.json").read_text())
    Draft202012Validator(schema_of("audit")).validate(document)
    assert {(stack["project"], stack["stack"]): stack["owner"] for stack in document["stacks"]} == {
        ("chat-api", "dev"): "@acme/chat",
        ("chat-api", "prod"): "=sre|*",
        ("web", "prod"): "@acme/platform",
        ("web", "broken"): "@acme/platform",
        ("other", "dev"): None,
    }
    assert [(one["owner"], one["stacks"], one["violatingStacks"], one["unreadable"]) for one in document["owners"]] == [
        ("=sre|*", 1, 1, 0),
        ("@acme/platform", 2, 1, 1),
        ("@acme/chat", 1, 0, 0),
        (None, 1, 1, 0),
    ]
    assert document["projectsWithoutOwner"] == ["other"]
    with (backend / "f.csv").open() as file:
        assert sorted((row["project"], row["owner"]) for row in csv.DictReader(file)) == [
            ("chat-api", "'=sre|*"),
            ("other", ""),
            ("web", "'@acme/platform"),
            ("web", "'@acme/platform"),
        ]
    assert set(pq.read_table(backend / "f.parquet")["owner"].to_pylist()) == {"=sre|*", "@acme/platform", None}
    (sarif_run,) = json.loads((backend / "f.sarif").read_text())["runs"]
    assert sorted(found.get("properties", {}).get("owner", "") for found in sarif_run["results"]) == [
        "",
        "=sre|*",
        "@acme/platform",
    ]
    assert (backend / "f.xml").read_text().count('name="owner" value="@acme/platform"') == 2
    assert "| `=sre\\|*` | 1 | 1 | 1 | - | - | - |" in (backend / "f.md").read_text()
    assert "Projects without an owner" in (backend / "f.html").read_text()
    for part in ("Owners", "@acme/platform", "without an owner", "Projects without an owner: 1", "  other"):
        assert part in result.stdout


def test_an_owner_stands_beside_what_a_fix_sets(backend: Path) -> None:
    put(backend, {"c.json": json.dumps({"all": "disabled", "llm-backend-timeout": "mandatory"}).encode()})
    run("--owner", "@acme/platform", "--output", "f.sarif")
    (sarif_run,) = json.loads((backend / "f.sarif").read_text())["runs"]
    (found,) = sarif_run["results"]
    assert found["properties"]["owner"] == "@acme/platform"
    assert {one["path"]: one["value"] for one in found["properties"]["settings"]} == {
        "timeoutSec": 600,
        "connectionDrainingTimeoutSec": 600,
    }


ONLY: dict[str, tuple[list[str], int, str]] = {
    "one that violates": (["--owner", "=sre|*"], 1, "1 stack: 1 with mandatory violations."),
    "one that complies": (["--owner", "@acme/chat"], 0, "1 stack: 1 compliant."),
    "two": (["--owner", "@acme/chat", "--owner", "@acme/platform"], 1, "3 stacks: "),
    "one that is not there": (["--owner", "nobody"], 2, "error: o.yaml has no owner `nobody`; it has "),
}


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(("arguments", "status", "said"), ONLY.values(), ids=ONLY.keys())
def test_the_stacks_of_an_owner(arguments: list[str], status: int, said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, said in result.output) == (status, True), result.output


def test_an_owner_without_stacks_is_not_judged(backend: Path) -> None:
    put(backend, {"o.yaml": b'owners: [{owner: a, project: "nothing-*"}]'})
    result = run("--owner", "a")
    assert result.exit_code == 2
    assert "note: no stack is owned by a" in result.output


def test_the_changes_of_an_owner(backend: Path) -> None:
    run()
    put(backend, {"last": (backend / "j").read_bytes()})
    folder = backend / "backend/.pulumi/stacks"
    put(folder, {"chat-api/dev.json": BAD, "web/new.json": GOOD})
    (folder / "web/prod.json").unlink()
    changes = {}
    for owner in ("@acme/chat", "@acme/platform"):
        run("--owner", owner, "--baseline", "last", "--output", "f.json")
        found = json.loads((backend / "f.json").read_text())["changes"]
        changes[owner] = {
            key: [one if isinstance(one, str) else one["url"] for one in found[key]]
            for key in ("newFindings", "fixedFindings", "newStacks", "goneStacks")
        }
    base = f"file://{folder}"
    assert changes == {
        "@acme/chat": {
            "newFindings": [f"{base}/chat-api/dev.json"],
            "fixedFindings": [],
            "newStacks": [],
            "goneStacks": [],
        },
        "@acme/platform": {
            "newFindings": [],
            "fixedFindings": [],
            "newStacks": [f"{base}/web/new.json"],
            "goneStacks": [f"{base}/web/prod.json"],
        },
    }


def test_an_owner_needs_the_file(backend: Path) -> None:
    result = CliRunner().invoke(audit, ["backend", "--owner", "a", "--journal", str(backend / "j")])
    assert result.exit_code == 2
    assert "--owner needs a file that maps stacks to owners: --owners FILE" in result.output
