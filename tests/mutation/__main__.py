"""Mutates the pack: `python -m tests.mutation [MODULE ...] [--each NUMBER] [--seed SEED] [--jobs NUMBER]`.

A mutant is a module with one thing changed, see `mutants.py`. One of a rule is killed if `tests/rules/test_<rule>.py`
or another test of rules that names it fails on it, one of the model or of what rules share if any test of rules or
model does. Prints those that survive. Those in `equivalent.py` change nothing, and are not drawn.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tests.mutation.equivalent import is_equivalent
from tests.mutation.judging import Survivor, Trial, judge
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.put import ROOT

_FOLDERS: Final = ("rules", "model")
_SHARED: Final = ("forwarding", "on_gke", "shared")
_TESTS: Final = (
    "tests/test_legality.py",
    "tests/model",
    "tests/rules",
    "tests/test_failover.py",
    "tests/test_failover_cloud_run.py",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Mutates the pack.")
    modules = "as llm_backend_regions, or a glob as 'model/fleets/*' (default: all rules)"
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=modules)
    parser.add_argument("--each", type=int, default=12, help="how many mutants of each; 0 for all (default: 12)")
    parser.add_argument("--seed", default="1", help="the same seed takes the same mutants (default: 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time (default: all cores)")
    given = parser.parse_args()
    chosen = [path for path in _modules() if any(_is_named(path, name) for name in given.modules or ["rules/*/*"])]
    if unknown := [name for name in given.modules if not any(_is_named(path, name) for path in _modules())]:
        parser.error(f"no module is named {', '.join(unknown)}; name one as llm_backend_regions or model/fleets/zones")
    trials = [
        Trial(path, _drawn(_mutants_of(path), given.each, f"{given.seed}:{path.stem}"), _tests_of(path))
        for path in chosen
    ]
    survivors = list[Survivor]()

    def report(trial: Trial, survive: list[Survivor]) -> None:
        survivors.extend(survive)
        print(f"{name_of(trial.path)}: {len(trial.mutants) - len(survive)} of {len(trial.mutants)} killed", flush=True)
        for survivor in survive:
            mutant = survivor.mutant
            place = f"{trial.path.relative_to(ROOT)}:{mutant.line}"
            print(f"  {place}: {mutant.before}  ->  {mutant.after}  ({survivor.tests} tests)", flush=True)

    if failing := judge(trials, given.jobs, report):
        sys.exit("\n  ".join(["No mutant was judged, as these fail without any mutation: mend them first", *failing]))
    judged = sum(len(trial.mutants) for trial in trials)
    print(f"{judged - len(survivors)} of {judged} killed")
    return 0


def _modules() -> list[Path]:
    found = (path for folder in _FOLDERS for path in ROOT.glob(f"policypack/{folder}/**/*.py"))
    return sorted(path for path in found if path.stem != "__init__")


def _mutants_of(path: Path) -> list[Mutant]:
    source = path.read_text()
    return [mutant for mutant in mutants(source) if not is_equivalent(name_of(path), source, mutant)]


def name_of(path: Path) -> str:
    """`model/fleets/zones` for `policypack/model/fleets/zones.py`."""
    return path.relative_to(ROOT / "policypack").with_suffix("").as_posix()


def _is_rule(path: Path) -> bool:
    kind, area, *_ = path.relative_to(ROOT / "policypack").parts
    return kind == "rules" and area not in _SHARED


def _is_named(path: Path, name: str) -> bool:
    return path.stem == name or fnmatchcase(name_of(path), name)


def _drawn(every: list[Mutant], number: int, seed: str) -> list[Mutant]:
    if number in range(1, len(every)):
        return sorted(random.Random(seed).sample(every, number), key=lambda mutant: mutant.line)
    return every


def _tests_of(path: Path) -> frozenset[str]:
    """The files with the tests that judge a module."""
    own = ROOT / f"tests/rules/test_{path.stem}.py"
    if _is_rule(path):
        name = f'"{path.stem.replace("_", "-")}"'
        files = [own, *(file for file in own.parent.glob("test_*.py") if name in file.read_text())]
    else:
        files = [file for test in _TESTS for file in ROOT.glob(test if test.endswith(".py") else f"{test}/test_*.py")]
    return frozenset(str(file.relative_to(ROOT)) for file in files)


if __name__ == "__main__":
    sys.exit(main())
