"""The import arrows: source -> model -> rules -> findings -> report, checked on the syntax tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACK = ROOT / "policypack"

# Part of the pack -> the parts that it may import besides itself.
ALLOWED = {
    "policypack.model": set(),
    "policypack.rule": {"policypack.model"},
    "policypack.rules": {"policypack.rule", "policypack.model"},
    "policypack.options": {"policypack.rule"},
    "policypack.schema": {"policypack.options", "policypack.rule"},
    "policypack.config_file": {"policypack.options", "policypack.rule", "policypack.schema"},
    "policypack.docs": {
        "policypack.options",
        "policypack.report",
        "policypack.rule",
        "policypack.rules",
        "policypack.schema",
    },
    "policypack.new_rule": {"policypack.options", "policypack.rule"},
    "policypack.evaluate": {"policypack.rule", "policypack.model", "policypack.options"},
    "policypack.sources": {"policypack.model"},
    "policypack.audit": {
        "policypack.evaluate",
        "policypack.model",
        "policypack.options",
        "policypack.rule",
        "policypack.rules",
        "policypack.sources",
    },
    "policypack.failover": {"policypack.evaluate", "policypack.model"},
    "policypack.report": {
        "policypack.audit",
        "policypack.evaluate",
        "policypack.failover",
        "policypack.model",
        "policypack.rule",
        "policypack.version",
    },
    "policypack.pack": {
        "policypack.evaluate",
        "policypack.options",
        "policypack.rule",
        "policypack.rules",
        "policypack.schema",
        "policypack.sources",
        "policypack.version",
    },
    "policypack.judge": {
        "policypack.config_file",
        "policypack.evaluate",
        "policypack.options",
        "policypack.report",
        "policypack.rules",
        "policypack.sources",
    },
    "policypack.testing": {"policypack.evaluate", "policypack.judge", "policypack.report"},
    "policypack.commands": {
        "policypack.audit",
        "policypack.config_file",
        "policypack.docs",
        "policypack.evaluate",
        "policypack.failover",
        "policypack.judge",
        "policypack.new_rule",
        "policypack.options",
        "policypack.report",
        "policypack.rule",
        "policypack.rules",
        "policypack.schema",
        "policypack.sources",
    },
    "policypack.cli": {"policypack.commands", "policypack.version"},
    "policypack.version": set(),
    "policypack.__main__": {"policypack.cli"},
    "policypack": set(),
}
KNOWS_THE_SDK = {"policypack/sources/engine.py", "policypack/pack.py"}
CLI_LIBRARIES = {"click", "fsspec", "jinja2", "pyarrow", "requests", "rich", "yaml"}
# Parts for people who work on the pack or its configuration, which enforcement has no use for.
NOT_ENFORCED = {
    "policypack.audit",
    "policypack.cli",
    "policypack.commands",
    "policypack.config_file",
    "policypack.docs",
    "policypack.failover",
    "policypack.new_rule",
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """All modules that a file imports, at the top or inside functions."""
    package = module_of(path).split(".") if path.name == "__init__.py" else module_of(path).split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return found


def part_of(module: str) -> str:
    """The part of the pack that a module belongs to: the first two names."""
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize("path", sorted(PACK.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    own, imports = part_of(module_of(path)), imports_of(path)
    inside = {part_of(module) for module in imports if module.partition(".")[0] == "policypack"}
    assert inside - {own} <= ALLOWED[own]
    assert not any(module.startswith("reference_stack") for module in imports)
    if any(module.startswith("pulumi_policy") for module in imports):
        assert str(path.relative_to(ROOT)) in KNOWS_THE_SDK


def test_the_reference_stack_does_not_know_the_pack() -> None:
    files = [path for path in (ROOT / "reference_stack").rglob("*.py") if "venv" not in path.parts]
    assert files
    assert not any(module.startswith("policypack") for path in files for module in imports_of(path))


def test_enforcement_imports_none_of_the_command_lines_libraries() -> None:
    """`pulumi` itself imports yaml where it is installed, so the pack's own imports are what counts."""
    program = (
        "import sys; import pulumi, pulumi_policy, grpc; before = set(sys.modules); import policypack.pack; "
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    loaded = set(result.stdout.split())
    assert "policypack.pack" in loaded
    assert not {name.partition(".")[0] for name in loaded} & (CLI_LIBRARIES | {"pulumi_gcp"})
    assert not loaded & NOT_ENFORCED


def test_the_runtime_is_pulumi_policy_alone() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line.partition(">")[0] for line in lines if line and not line.startswith("#")] == ["pulumi-policy"]
