"""What mutated programs of the reference stack register, kept as merge patches of what the program itself registers.

Running one takes a second, and there are hundreds. `make corpus` runs those anew whose program, stack or mutation has
changed since.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias
from unittest import mock

from policypack.model.graph.stack import Stack
from policypack.sources import program
from policypack.sources.program import load_program, run
from tests.projects import ENVIRONMENT
from tests.reference_stack.mutations import MUTATIONS
from tests.reference_stack.mutations.mutation import Mutation
from tests.reference_stack.stacks import PACKAGE, copy_stack
from tests.sources.deployed import DEPLOYED
from tests.warm_interpreter import warm_interpreter

# The result of `runner.py`, its resources by URN.
Result: TypeAlias = dict[str, Any]

KEPT_FILE: Final = Path(__file__).with_name("mutants.json")
COMMAND: Final = "make corpus"
_TIMEOUT: Final = 60


def load(stack_dir: Path, mutated: Mutation) -> Stack:
    """The stack of the mutated program: by what is kept of it, or else by running it."""
    result = kept_result(stack_dir, mutated) or run_mutated(stack_dir, mutated)
    given = {**result, "resources": list(result["resources"].values())}
    with mock.patch.object(program, "run_program", return_value=given):
        return load_program(stack_dir, mutated.stack).stack


def kept_result(stack_dir: Path, mutated: Mutation) -> Result | None:
    """What is kept of what the mutated program registers, if it was of this program."""
    patch = kept_patches().get(fingerprint(stack_dir, mutated))
    if patch is None:
        return None
    result: Result = merged(_run_unmutated(stack_dir, mutated.stack, deployed=mutated.deployed), patch)
    return result


def run_mutated(stack_dir: Path, mutated: Mutation) -> Result:
    """What the mutated program registers now."""
    with TemporaryDirectory() as folder:
        project = copy_stack(stack_dir, Path(folder) / "reference_stack")
        for file, text, replacement in mutated.edits:
            source = (project / PACKAGE / file).read_text()
            assert source.count(text) == 1, (file, text)
            (project / PACKAGE / file).write_text(source.replace(text, replacement))
        return _run(project, mutated.stack, deployed=mutated.deployed)


@functools.cache
def _run_unmutated(stack_dir: Path, stack: str, *, deployed: bool) -> Result:
    return _run(stack_dir, stack, deployed=deployed)


def _run(project: Path, stack: str, *, deployed: bool) -> Result:
    results: list[Result] = []

    def run_and_keep(*args: Any) -> Result:
        results.append(run.run_program(*args))
        return results[-1]

    with mock.patch.object(program, "run_program", run_and_keep):
        load_program(project, stack, computed=DEPLOYED if deployed else None, timeout=_TIMEOUT)
    return {**results[0], "resources": {record["urn"]: _steady(record) for record in results[0]["resources"]}}


def _steady(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what differs from run to run, or with lines of the program that moved."""
    return {**record, "place": None, "edges": {key: sorted(urns) for key, urns in record["edges"].items()}}


@functools.cache
def kept_patches() -> dict[str, Any]:
    """What is kept, by the fingerprint of the mutation."""
    kept: dict[str, Any] = json.loads(KEPT_FILE.read_text(encoding="utf-8"))
    return kept


def fingerprint(stack_dir: Path, mutated: Mutation) -> str:
    """It differs when what the mutated program registers may differ."""
    of_mutation = json.dumps([mutated.edits, DEPLOYED if mutated.deployed else None])
    return hashlib.sha256((_fingerprint_of_program(stack_dir, mutated.stack) + of_mutation).encode()).hexdigest()[:20]


@functools.cache
def _fingerprint_of_program(stack_dir: Path, stack: str) -> str:
    package = [path for path in (stack_dir / PACKAGE).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    entry = [stack_dir / name for name in ("__main__.py", "Pulumi.yaml", f"Pulumi.{stack}.yaml")]
    found = hashlib.sha256()
    for path in [*entry, *sorted(package)]:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


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
    return {**dict.fromkeys(old.keys() - new.keys()), **changes}


def main(stack_dir: Path = ENVIRONMENT.parent) -> None:
    """Keeps what each mutated program registers, and runs those of which it is not known."""
    kept = {}
    known = kept_patches() if KEPT_FILE.exists() else {}
    with warm_interpreter(ENVIRONMENT / "bin/python") as execute, mock.patch.object(run, "execute", execute):
        for number, (name, mutated) in enumerate(MUTATIONS.items(), 1):
            key = fingerprint(stack_dir, mutated)
            if key not in known:
                print(f"{number}/{len(MUTATIONS)} {name}", flush=True)
                unmutated = _run_unmutated(stack_dir, mutated.stack, deployed=mutated.deployed)
                result = run_mutated(stack_dir, mutated)
                known[key] = patch_between(unmutated, result)
                assert merged(unmutated, known[key]) == result, name
            kept[key] = known[key]
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(kept[key], sort_keys=True)}" for key in sorted(kept))
    KEPT_FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
