"""What programs of tests register, kept as merge patches of what those register from which they are made."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest import mock

from policypack.authoring.examples import example
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from policypack.sources.program import run
from tests import kept
from tests.fixes.rows import FIXES
from tests.fixes.together import broken, joined, mended
from tests.good_programs.good import PROGRAMS
from tests.projects import ENVIRONMENT, make_project
from tests.sources.deployed import DEPLOYED
from tests.warm_interpreter import warm_interpreter

KEPT_FILE: Final = Path(__file__).with_name("kept_programs.json")


@dataclass(frozen=True)
class Made:
    """A program, as a first preview or as deployed, and the one that it is made from, whose first preview runs."""

    original: str
    program: str
    deployed: bool = False

    @property
    def is_original(self) -> bool:
        return self.program == self.original and not self.deployed

    @property
    def fingerprint(self) -> str:
        """It differs when what the program registers may differ."""
        return kept.fingerprint(f"{self.original}\0{self.program}{json.dumps(DEPLOYED) if self.deployed else ''}")


@functools.cache
def programs() -> tuple[Made, ...]:
    """Those of fixes, broken and mended, the examples of rules, and good programs."""
    fixes = (Made(rows[0].program, changed(rows)) for rows in joined(FIXES) for changed in (broken, mended))
    examples = (
        Made(example(rule, "Fails"), example(rule, section), deployed)
        for rule in RULES
        for section in ("Fails", "Passes")
        for deployed in (False, True)
    )
    good = (Made(one.program, one.program, deployed=True) for one in PROGRAMS.values())
    return tuple(dict.fromkeys(made for made in (*fixes, *examples, *good) if not made.is_original))


def load(original: str, program: str, *, deployed: bool = False) -> Stack:
    """The stack of a program made from another: by what is kept of it, or else by running it."""
    made = Made(original, program, deployed)
    return (kept_run(made) or run_text(program, deployed=deployed)).stack


def kept_run(made: Made) -> kept.Run | None:
    """What is kept of what it registers; the original runs."""
    original = run_text(made.original)
    if made.is_original:
        return original
    patch = kept.patches_in(KEPT_FILE).get(made.fingerprint)
    return None if patch is None else original.patched(patch)


@functools.cache
def run_text(program: str, *, deployed: bool = False) -> kept.Run:
    with TemporaryDirectory() as folder:
        return kept.run_project(make_project(Path(folder), program), deployed=deployed)


def main() -> None:
    """Keeps what each program registers, and runs those of which it is not known."""
    known = kept.patches_in(KEPT_FILE)
    with warm_interpreter(ENVIRONMENT / "bin/python") as execute, mock.patch.object(run, "execute", execute):
        for number, made in enumerate(programs(), 1):
            if made.fingerprint not in known:
                print(f"{number}/{len(programs())}", flush=True)
                now = run_text(made.program, deployed=made.deployed)
                known[made.fingerprint] = kept.patch_between(run_text(made.original).result, now.result)
    kept.write_patches(KEPT_FILE, {made.fingerprint: known[made.fingerprint] for made in programs()})


if __name__ == "__main__":
    main()
