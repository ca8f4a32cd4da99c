"""What a shell completes, and that it takes no more than what declares the commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem, ShellComplete

from policypack.cli import main
from policypack.commands.completion import written_rules
from policypack.rules import RULES
from tests.command import PATIENCE, ROOT
from tests.projects import make_project
from tests.test_help import commands

# What reads, judges and reports, and the libraries for that.
HEAVY = ("policypack.model", "policypack.rules")
LIBRARIES = {"fsspec", "grpc", "importlib.metadata", "jinja2", "orjson", "pulumi", "requests", "rich", "yaml"}


def completed(*words: str) -> list[CompletionItem]:
    """What a shell is told with the cursor in the last word."""
    *before, last = words
    return ShellComplete(main, {}, "llm-policypack", "").get_completions(before, last)


def values(*words: str) -> list[str]:
    return [item.value for item in completed(*words)]


def test_commands() -> None:
    assert values("con") == ["config"]
    assert values("config", "") == ["check", "init", "schema"]


def test_options() -> None:
    assert values("check", "--all") == ["--all-stacks"]
    assert values("rules", "--area", "avail") == ["availability"]
    assert set(values("rules", "--area", "")) == {rule.area for rule in RULES}


@pytest.mark.parametrize("words", [("explain",), ("check", "--rule"), ("audit", "states", "--skip")])
def test_rules_with_their_titles(words: tuple[str, ...]) -> None:
    found = {item.value: item.help for item in completed(*words, "")}
    assert found == {rule.name: rule.title for rule in RULES}
    assert values(*words, "backend-c") == [rule.name for rule in RULES if rule.name.startswith("backend-c")]


def test_what_the_files_of_rules_show() -> None:
    assert list(written_rules()) == [(rule.name, rule.area, rule.title) for rule in RULES]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path, "")
    for stack in ("dev", "prod"):
        (folder / f"Pulumi.{stack}.yaml").write_text("")
    return folder


def test_stacks_of_a_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert values("check", str(project), "--stack", "") == ["cases", "dev", "prod"]
    assert values("check", "--quiet", str(project), "--stack", "dev", "--stack", "p") == ["prod"]
    assert values("failover", str(project / "Pulumi.yaml"), "--stack", "d") == ["dev"]
    monkeypatch.chdir(project)
    assert values("check", "--stack", "d") == ["dev"]


@pytest.mark.parametrize("target", ["-", "missing", "x" * 300])
def test_what_is_no_project_has_no_stacks(target: str) -> None:
    assert values("check", target, "--stack", "") == []


@pytest.mark.parametrize("command", ["check", "failover", "audit"])
def test_paths_are_left_to_the_shell(command: str) -> None:
    assert [(item.type, item.value) for item in completed(command, "ref")] == [("file", "ref")]


def test_help_and_completion_import_what_declares_commands_and_nothing_else() -> None:
    names = [name.split() for name, _ in commands(main)]
    program = f"""
import sys
from click.shell_completion import ShellComplete
from policypack.cli import main

for command in {names!r}:
    main([*command, "--help"], standalone_mode=False)
    for words in ([], command, [*command, "--"], [*command, "--rule"]):
        ShellComplete(main, {{}}, "llm-policypack", "").get_completions(words, "")
print("imported", *sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    imported = result.stdout.splitlines()[-1].split()
    assert "policypack.commands.check" in imported
    assert [name for name in imported if name in LIBRARIES or name.startswith(HEAVY)] == []
