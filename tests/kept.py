"""What changed programs register, kept as merge patches of what the unchanged program registers.

Running one takes a tenth of a second to a second, and there are hundreds. The unchanged programs run in each test run,
and so do samples of the changed ones.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from unittest import mock

from policypack.model.graph.stack import Stack
from policypack.sources import program
from policypack.sources.program import load_program, run
from policypack.sources.program.config import StackConfig, read_config
from policypack.sources.program.project import choose_stack, read_project
from policypack.sources.program.resources import stack_of
from tests.sources.deployed import DEPLOYED

# The result of `runner.py`, its resources by URN.
Result: TypeAlias = dict[str, Any]

COMMAND: Final = "make corpus"
_TIMEOUT: Final = 60


@dataclass(frozen=True)
class Run:
    """What a program registers, and the configuration of its stack."""

    result: Result
    config: StackConfig

    def patched(self, patch: Any) -> Run:
        return Run(merged(self.result, patch), self.config)

    @property
    def stack(self) -> Stack:
        return stack_of(self.result["resources"].values(), self.config, is_complete=not self.result["unseen"])


def run_project(folder: Path, stack: str | None = None, *, deployed: bool = False) -> Run:
    """Runs the program of a project, as a first preview or as deployed."""
    results: list[Result] = []

    def run_and_keep(*args: Any) -> Result:
        results.append(run.run_program(*args))
        return results[-1]

    with mock.patch.object(program, "run_program", run_and_keep):
        load_program(folder, stack, computed=DEPLOYED if deployed else None, timeout=_TIMEOUT)
    project = read_project(folder)
    resources = {record["urn"]: _steady(record) for record in results[0]["resources"]}
    return Run({**results[0], "resources": resources}, read_config(project, choose_stack(project, stack)))


def _steady(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what differs from run to run, or with lines of the program that moved."""
    return {**record, "place": None, "edges": {key: sorted(urns) for key, urns in record["edges"].items()}}


def fingerprint(text: str) -> str:
    """A key for what is kept, of all that it depends on."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@functools.cache
def patches_in(file: Path) -> dict[str, Any]:
    """What a file keeps, by fingerprint; nothing if there is none yet."""
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


def write_patches(file: Path, kept: Mapping[str, Any]) -> None:
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(kept[key], sort_keys=True)}" for key in sorted(kept))
    file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def merged(value: Any, patch: Any) -> Any:
    """The value with a merge patch: as of RFC 7396, but that what is new may have nulls."""
    if not (isinstance(value, dict) and isinstance(patch, dict)):
        return patch
    changed = {key: merged(value.get(key), change) for key, change in patch.items() if change is not None}
    return {**{key: kept for key, kept in value.items() if key not in patch}, **changed}


def patch_between(old: Any, new: Any) -> Any:
    """The merge patch that makes the one of the other."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    changes = {key: patch_between(old.get(key), value) for key, value in new.items() if old.get(key) != value}
    patch = {**dict.fromkeys(old.keys() - new.keys()), **changes}
    assert merged(old, patch) == new
    return patch
