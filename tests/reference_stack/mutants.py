"""What mutated programs of the reference stack register, kept as merge patches of what the program itself registers."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest import mock

from policypack.model.graph.stack import Stack
from policypack.sources.program import run
from tests import kept
from tests.projects import ENVIRONMENT
from tests.reference_stack.mutations import MUTATIONS
from tests.reference_stack.mutations.mutation import Mutation
from tests.reference_stack.stacks import PACKAGE, copy_stack
from tests.sources.deployed import DEPLOYED
from tests.warm_interpreter import warm_interpreter

KEPT_FILE: Final = Path(__file__).with_name("mutants.json")


def load(stack_dir: Path, mutated: Mutation) -> Stack:
    """The stack of the mutated program: by what is kept of it, or else by running it."""
    return (kept_run(stack_dir, mutated) or run_mutated(stack_dir, mutated)).stack


def kept_run(stack_dir: Path, mutated: Mutation) -> kept.Run | None:
    """What is kept of what the mutated program registers, if it was of this program."""
    patch = kept.patches_in(KEPT_FILE).get(fingerprint(stack_dir, mutated))
    return None if patch is None else run_unmutated(stack_dir, mutated.stack, deployed=mutated.deployed).patched(patch)


def run_mutated(stack_dir: Path, mutated: Mutation) -> kept.Run:
    """What the mutated program registers now."""
    with TemporaryDirectory() as folder:
        project = copy_stack(stack_dir, Path(folder) / "reference_stack")
        for file, text, replacement in mutated.edits:
            source = (project / PACKAGE / file).read_text()
            assert source.count(text) == 1, (file, text)
            (project / PACKAGE / file).write_text(source.replace(text, replacement))
        return kept.run_project(project, mutated.stack, deployed=mutated.deployed)


@functools.cache
def run_unmutated(stack_dir: Path, stack: str, *, deployed: bool) -> kept.Run:
    """What the program itself registers; it is run once for all tests."""
    return kept.run_project(stack_dir, stack, deployed=deployed)


def fingerprint(stack_dir: Path, mutated: Mutation) -> str:
    """It differs when what the mutated program registers may differ."""
    of_mutation = json.dumps([mutated.edits, DEPLOYED if mutated.deployed else None])
    return kept.fingerprint(_fingerprint_of_program(stack_dir, mutated.stack) + of_mutation)


@functools.cache
def _fingerprint_of_program(stack_dir: Path, stack: str) -> str:
    package = [path for path in (stack_dir / PACKAGE).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    entry = [stack_dir / name for name in ("__main__.py", "Pulumi.yaml", f"Pulumi.{stack}.yaml")]
    found = hashlib.sha256()
    for path in [*entry, *sorted(package)]:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def main(stack_dir: Path = ENVIRONMENT.parent) -> None:
    """Keeps what each mutated program registers, and runs those of which it is not known."""
    patches: dict[str, Any] = {}
    known = kept.patches_in(KEPT_FILE)
    with warm_interpreter(ENVIRONMENT / "bin/python") as execute, mock.patch.object(run, "execute", execute):
        for number, (name, mutated) in enumerate(MUTATIONS.items(), 1):
            key = fingerprint(stack_dir, mutated)
            if key not in known:
                print(f"{number}/{len(MUTATIONS)} {name}", flush=True)
                unmutated = run_unmutated(stack_dir, mutated.stack, deployed=mutated.deployed)
                known[key] = kept.patch_between(unmutated.result, run_mutated(stack_dir, mutated).result)
            patches[key] = known[key]
    kept.write_patches(KEPT_FILE, patches)


if __name__ == "__main__":
    main()
