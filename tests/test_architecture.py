"""The import arrows: source -> model -> rules -> findings -> report, checked on the syntax tree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACK = ROOT / "policypack"

# Part of the pack -> the parts that it may import besides itself. A module belongs to the longest part that it begins
# with; the rooms of the model, and the folders of the reports, are parts of their own.
# Of the rooms of the model each may import those of the rows above it that it names.
ROOMS = {
    "values": "",
    "graph": "values",
    "products": "values graph",
    "machines": "values graph",
    "software": "values graph machines",
    "kubernetes": "values graph",
    "balancing": "values graph products kubernetes",
    "fleets": "values graph products machines balancing",
    "run": "values graph machines balancing fleets",
    "observability": "values graph balancing",
    "network": "values graph products machines balancing",
    "firewalls": "values graph machines balancing network",
    "frontend": "values graph products balancing",
    "security": "values graph software balancing run frontend",
    "gke": "values graph products software kubernetes security",
}
MODEL = {f"policypack.model.{room}" for room in ROOMS}
ALLOWED = {
    **{
        f"policypack.model.{room}": {f"policypack.model.{earlier}" for earlier in rooms.split()}
        for room, rooms in ROOMS.items()
    },
    "policypack.model.gke": {*(f"policypack.model.{one}" for one in ROOMS["gke"].split()), "policypack.wording"},
    "policypack.model": set(),
    "policypack.wording": set(),
    "policypack.config.terms": set(),
    "policypack.verdict": MODEL,
    "policypack.rule": {"policypack.verdict"} | MODEL,
    "policypack.rules": {"policypack.rule", "policypack.verdict", "policypack.wording"} | MODEL,
    "policypack.config": {"policypack.verdict", "policypack.rule", "policypack.wording"},
    "policypack.authoring": {
        "policypack.report",
        "policypack.config",
        "policypack.rule",
        "policypack.rules",
    }
    | MODEL,
    "policypack.selection": {"policypack.rule"} | MODEL,
    "policypack.evaluate": {
        "policypack.verdict",
        "policypack.rule",
        "policypack.config",
        "policypack.selection",
    }
    | MODEL,
    "policypack.garbage": set(),
    "policypack.sources": {"policypack.wording"} | MODEL,
    "policypack.audit": {
        "policypack.findings",
        "policypack.wording",
        "policypack.verdict",
        "policypack.config",
        "policypack.evaluate",
        "policypack.garbage",
        "policypack.rule",
        "policypack.rules",
        "policypack.sources",
    }
    | MODEL,
    "policypack.failover": {"policypack.wording", "policypack.selection"} | MODEL,
    "policypack.findings": {"policypack.evaluate", "policypack.wording"},
    "policypack.baseline": {
        "policypack.config",
        "policypack.evaluate",
        "policypack.rules",
        "policypack.wording",
    }
    | MODEL,
    "policypack.judgement": {
        "policypack.baseline",
        "policypack.config",
        "policypack.evaluate",
        "policypack.rules",
        "policypack.selection",
        "policypack.sources",
        "policypack.wording",
    }
    | MODEL,
    "policypack.report": {
        "policypack.wording",
        "policypack.verdict",
        "policypack.evaluate",
        "policypack.rule",
    },
    "policypack.report.check": {
        "policypack.baseline",
        "policypack.findings",
        "policypack.wording",
        "policypack.evaluate",
        "policypack.failover",
        "policypack.report",
        "policypack.report.failover",
        "policypack.judgement",
        "policypack.rule",
        "policypack.selection",
    }
    | MODEL,
    "policypack.report.audit": {
        "policypack.wording",
        "policypack.judgement",
        "policypack.audit",
        "policypack.evaluate",
        "policypack.report",
    },
    "policypack.report.trend": {
        "policypack.wording",
        "policypack.evaluate",
        "policypack.audit",
        "policypack.report",
        "policypack.report.audit",
    },
    "policypack.report.failover": {
        "policypack.wording",
        "policypack.failover",
        "policypack.report",
    },
    "policypack.pack": {
        "policypack.findings",
        "policypack.wording",
        "policypack.config",
        "policypack.evaluate",
        "policypack.rule",
        "policypack.rules",
        "policypack.sources",
    },
    "policypack.testing": {
        "policypack.verdict",
        "policypack.commands",
        "policypack.config",
        "policypack.evaluate",
        "policypack.judgement",
        "policypack.report.check",
    },
    "policypack.commands": {
        "policypack.wording",
        "policypack.verdict",
        "policypack.audit",
        "policypack.authoring",
        "policypack.baseline",
        "policypack.config",
        "policypack.evaluate",
        "policypack.failover",
        "policypack.judgement",
        "policypack.report",
        "policypack.report.audit",
        "policypack.rule",
        "policypack.rules",
        "policypack.sources",
    },
    "policypack.cli": {"policypack.commands", "policypack.garbage"},
    "policypack.__main__": {"policypack.cli", "policypack.commands"},
    "policypack": set(),
}
KNOWS_THE_SDK = {"policypack/sources/engine.py", "policypack/sources/sdk.py", "policypack/pack.py"}
CLI_LIBRARIES = {"click", "fsspec", "jinja2", "pyarrow", "requests", "rich", "yaml"}
# Parts for people who work on the pack or its configuration, which enforcement has no use for.
NOT_ENFORCED = {
    "policypack.audit",
    "policypack.authoring",
    "policypack.cli",
    "policypack.commands",
    "policypack.baseline",
    "policypack.config.choice",
    "policypack.config.files",
    "policypack.failover",
    "policypack.judgement",
    "policypack.report",
    "policypack.sources.program",
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
    """The part of the pack that a module belongs to."""
    return max((part for part in ALLOWED if f"{module}.".startswith(f"{part}.")), key=len)


@pytest.mark.parametrize("path", sorted(PACK.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    own, imports = part_of(module_of(path)), imports_of(path)
    inside = {part_of(module) for module in imports if module.partition(".")[0] == "policypack"}
    # The pack itself is its name and version, and all use its terms.
    assert inside - {own, "policypack", "policypack.config.terms"} <= ALLOWED[own]
    assert not any(module.startswith("reference_stack") for module in imports)
    if any(module.startswith("pulumi_policy") for module in imports):
        assert str(path.relative_to(ROOT)) in KNOWS_THE_SDK


@pytest.mark.parametrize("path", sorted((PACK / "rules").rglob("*.py")), ids=lambda path: str(path.relative_to(PACK)))
def test_rules_do_not_ask_for_the_type_of_what_is_unknown(path: Path) -> None:
    """They read values with `known`, or the model has the question."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert "isinstance" not in [
        ast.unparse(call.func) for call in calls if any(ast.unparse(argument) == "Unknown" for argument in call.args)
    ]


def test_a_room_is_taken_in_at_a_glance() -> None:
    files = [file for file in PACK.rglob("*.py") if file.stem != "__init__"]
    sizes = Counter(str(file.parent.relative_to(ROOT)) for file in files)
    assert {folder: size for folder, size in sizes.items() if size > 12} == {}
    longest = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    # It is a table.
    del longest["policypack/authoring/backend_kinds.py"]
    assert {name: lines for name, lines in longest.items() if lines > 350} == {}


def test_the_architecture_names_what_rules_share() -> None:
    table = (ROOT / "docs/architecture.md").read_text().partition("What rules share, in")[2].partition("\n\n`")[0]
    shared = [file.stem for file in (PACK / "rules/shared").glob("*.py") if file.stem != "__init__"]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == sorted(shared)


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
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(result.stdout.split())
    assert "policypack.pack" in loaded
    assert not {name.partition(".")[0] for name in loaded} & (CLI_LIBRARIES | {"pulumi_gcp"})
    assert not loaded & NOT_ENFORCED


def test_the_runtime_is_pulumi_policy_alone() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line.partition(">")[0] for line in lines if line and not line.startswith("#")] == ["pulumi-policy"]
