"""The stacks' configurations, and what their program registers."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from policypack.model.graph.stack import Stack
from policypack.sources.program import load_program

PACKAGE = "llm_stack"
MACHINE_STACKS = ("dev", "prod", "internal")
STACKS = (*MACHINE_STACKS, "run")


class _Gone:
    """Stands for a key that is taken out; it has a name, for those of tests."""

    def __repr__(self) -> str:
        return "gone"


GONE = _Gone()


def stack_config(folder: Path, stack: str) -> dict[str, Any]:
    return copy.deepcopy(_config_in((folder / f"Pulumi.{stack}.yaml").read_text()))


@cache
def _config_in(text: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(text)["config"]
    return config


def raw_config(stack_dir: Path, stack: str) -> dict[str, Any]:
    """The top-level keys without the project's name."""
    prefix = "llm-reference:"
    config = stack_config(stack_dir, stack)
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}


def changed(raw: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    raw = copy.deepcopy(raw)
    for path, value in changes.items():
        *parents, last = path.split("/")
        target = raw
        for parent in parents:
            target = target[parent]
        if value is GONE:
            del target[last]
        else:
            target[last] = value
    return raw


@dataclass(frozen=True)
class Registered:
    resources: list[dict[str, Any]]

    def counts(self, *, custom: bool) -> dict[str, int]:
        return dict(Counter(row["type"] for row in self.resources if row["custom"] == custom))

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The inputs of the resources of a type (its last word), by name."""
        return {row["name"]: row["inputs"] for row in self.resources if row["type"].rsplit(":", 1)[-1] == kind}


def copy_stack(source: Path, target: Path) -> Path:
    """A copy of the reference stack to change, which runs in the same virtual environment."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("venv", ".mypy_cache"))
    (target / "venv").symlink_to(source / "venv")
    return target


@cache
def shipped(folder: Path, stack: str) -> Stack:
    """A stack as it is; its program is run once for all tests that ask for it."""
    return load_program(folder, stack, timeout=60).stack


def _with_config(folder: Path, stack: str, config: dict[str, Any]) -> Stack:
    with TemporaryDirectory() as temporary:
        project = copy_stack(folder, Path(temporary) / "reference_stack")
        (project / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))
        return load_program(project, stack, timeout=60).stack


def run_program(folder: Path, stack: str, config: dict[str, Any]) -> Registered:
    """What the program registers with a configuration."""
    is_own = config == stack_config(folder, stack)
    resources = (shipped(folder, stack) if is_own else _with_config(folder, stack, config)).resources
    return Registered(
        [
            {"type": r.type, "name": r.name, "inputs": r.inputs, "custom": r.type.startswith("gcp:")}
            for r in resources
            if r.type != "pulumi:pulumi:Stack"
        ]
    )
