"""Mutates the pack: `python -m tests.mutation [MODULE ...] [--each NUMBER] [--seed SEED] [--jobs NUMBER]`.

A mutant is a module with one thing changed, see `mutants.py`. One of a rule is killed if `tests/rules/test_<rule>.py`
or another test of rules that names it fails on it, one of the model or of what rules share if any test of rules or
model does. Prints those that survive. Those in `equivalent.py` change nothing, and are not drawn.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from tests.mutation.equivalent import is_equivalent
from tests.mutation.mutants import Mutant, mutants

ROOT: Final = Path(__file__).parent.parent.parent
_FOLDERS: Final = ("rules", "model")
_TESTS: Final = (
    "tests/test_legality.py",
    "tests/model",
    "tests/rules",
    "tests/test_failover.py",
    "tests/test_failover_cloud_run.py",
)
_TIMEOUT_SECONDS: Final = 600


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
    killed = judged = 0
    sound = set[frozenset[str]]()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        clones = SimpleQueue[Path]()
        for number in range(given.jobs):
            clones.put(_clone(Path(folder, str(number))))
        for path in chosen:
            tests = _tests_of(path)
            if frozenset(tests) not in sound and not _passes(ROOT, tests):
                sys.exit(f"tests of {path.stem} fail without any mutation: mend them first")
            sound.add(frozenset(tests))
            drawn = _drawn(_mutants_of(path), given.each, f"{given.seed}:{path.stem}")
            survive = list(pool.map(lambda mutant, path=path: _survives(clones, path, mutant), drawn))
            survivors = [mutant for mutant, survives in zip(drawn, survive, strict=True) if survives]
            judged, killed = judged + len(drawn), killed + len(drawn) - len(survivors)
            print(f"{path.stem}: {len(drawn) - len(survivors)} of {len(drawn)} killed", flush=True)
            for mutant in survivors:
                print(f"  {path.relative_to(ROOT)}:{mutant.line}: {mutant.before}  ->  {mutant.after}")
    print(f"{killed} of {judged} killed")
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


def _is_named(path: Path, name: str) -> bool:
    return path.stem == name or fnmatchcase(name_of(path), name)


def _clone(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "venv", "__pycache__")))


def _drawn(every: list[Mutant], number: int, seed: str) -> list[Mutant]:
    if number in range(1, len(every)):
        return sorted(random.Random(seed).sample(every, number), key=lambda mutant: mutant.line)
    return every


def _tests_of(path: Path) -> list[str]:
    """The files with the tests of a module, those first that name it: they fail first."""
    own = ROOT / f"tests/rules/test_{path.stem}.py"
    if own.exists():
        name = f'"{path.stem.replace("_", "-")}"'
        others = (file for file in sorted(own.parent.glob("test_*.py")) if file != own and name in file.read_text())
        return [str(file.relative_to(ROOT)) for file in (own, *others)]
    files = [
        file for test in _TESTS for file in sorted(ROOT.glob(test if test.endswith(".py") else f"{test}/test_*.py"))
    ]
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return [str(file.relative_to(ROOT)) for file in sorted(files, key=lambda file: module not in file.read_text())]


def _survives(clones: SimpleQueue[Path], path: Path, mutant: Mutant) -> bool:
    clone = clones.get()
    target = clone / path.relative_to(ROOT)
    try:
        _write(target, mutant.source)
        return _passes(clone, _tests_of(path))
    finally:
        _write(target, path.read_text())
        clones.put(clone)


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    # Of the module before this one, which may be as long and as old, nothing compiled is left.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def _passes(clone: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
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
