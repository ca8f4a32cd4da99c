"""Mutates the rules: `python -m tests.mutation [RULE ...] [--each NUMBER] [--seed SEED]`.

A mutant is a rule with one thing changed, see `mutants.py`. It is killed if `tests/rules/test_<rule>.py` fails on it.
Prints those that survive.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.mutation.mutants import Mutant, mutants

ROOT: Final = Path(__file__).parent.parent.parent
_TIMEOUT_SECONDS: Final = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Mutates the rules.")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="as llm_backend_regions (default: all)")
    parser.add_argument("--each", type=int, default=12, help="how many mutants of each; 0 for all (default: 12)")
    parser.add_argument("--seed", default="1", help="the same seed takes the same mutants (default: 1)")
    given = parser.parse_args()
    modules = {path.stem: path for path in sorted(ROOT.glob("policypack/rules/*/*.py")) if path.stem != "__init__"}
    if unknown := sorted(set(given.rules) - set(modules)):
        parser.error(f"there is no rule {', '.join(unknown)}; name one as its module: llm_backend_regions")
    killed = judged = 0
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "venv", "__pycache__"))
        for name in given.rules or modules:
            drawn = _drawn(mutants(modules[name].read_text()), given.each, f"{given.seed}:{name}")
            survivors = _survivors(clone, modules[name], drawn)
            judged, killed = judged + len(drawn), killed + len(drawn) - len(survivors)
            print(f"{name}: {len(drawn) - len(survivors)} of {len(drawn)} killed", flush=True)
            for mutant in survivors:
                print(f"  {modules[name].relative_to(ROOT)}:{mutant.line}: {mutant.before}  ->  {mutant.after}")
    print(f"{killed} of {judged} killed")
    return 0


def _drawn(every: list[Mutant], number: int, seed: str) -> list[Mutant]:
    if number in range(1, len(every)):
        return sorted(random.Random(seed).sample(every, number), key=lambda mutant: mutant.line)
    return every


def _survivors(clone: Path, module: Path, drawn: list[Mutant]) -> list[Mutant]:
    target, original = clone / module.relative_to(ROOT), module.read_text()
    test = f"tests/rules/test_{module.stem}.py"
    if not _passes(clone, test):
        sys.exit(f"{test} fails without any mutation: mend it first")
    survivors = []
    for mutant in drawn:
        _write(target, mutant.source)
        if _passes(clone, test):
            survivors.append(mutant)
    _write(target, original)
    return survivors


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    # Of the module before this one, which may be as long and as old, nothing compiled is left.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def _passes(clone: Path, test: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    try:
        result = subprocess.run(
            command, cwd=clone, env=environment, timeout=_TIMEOUT_SECONDS, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
