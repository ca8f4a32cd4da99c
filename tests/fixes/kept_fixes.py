"""What the programs of the fixes register, kept as merge patches of what those register from which they are made."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest import mock

from policypack.model.graph.stack import Stack
from policypack.sources.program import run
from tests import kept
from tests.fixes.rows import FIXES
from tests.fixes.together import broken, joined, mended
from tests.projects import ENVIRONMENT, make_project
from tests.warm_interpreter import warm_interpreter

KEPT_FILE: Final = Path(__file__).with_name("kept.json")


def programs() -> Iterator[tuple[str, str]]:
    """Each program that is broken or mended, and before it the one that it is made from."""
    for rows in joined(FIXES):
        yield from ((rows[0].program, changed(rows)) for changed in (broken, mended))


def load(program: str, changed: str) -> Stack:
    """The stack of a program made from another: by what is kept of it, or else by running it."""
    return (kept_run(program, changed) or run_text(changed)).stack


def kept_run(program: str, changed: str) -> kept.Run | None:
    """What is kept of what it registers."""
    if program == changed:
        return run_text(program)
    patch = kept.patches_in(KEPT_FILE).get(fingerprint(program, changed))
    return None if patch is None else run_text(program).patched(patch)


@functools.cache
def run_text(program: str) -> kept.Run:
    with TemporaryDirectory() as folder:
        return kept.run_project(make_project(Path(folder), program))


def fingerprint(program: str, changed: str) -> str:
    """It differs when what the changed program registers may differ."""
    return kept.fingerprint(f"{program}\0{changed}")


def main() -> None:
    """Keeps what each program registers, and runs those of which it is not known."""
    known = kept.patches_in(KEPT_FILE)
    with warm_interpreter(ENVIRONMENT / "bin/python") as execute, mock.patch.object(run, "execute", execute):
        for program, changed in programs():
            key = fingerprint(program, changed)
            if key not in known:
                print(f"running {key}", flush=True)
                known[key] = kept.patch_between(run_text(program).result, run_text(changed).result)
    wanted = {fingerprint(*both) for both in programs()}
    kept.write_patches(KEPT_FILE, {key: known[key] for key in wanted})


if __name__ == "__main__":
    main()
