"""Fuzzes the rules: `python -m tests.fuzz [CASES] [--seed SEED] [--case NUMBER]`.

Each case is one generated stack and one of the checks in `checks.py`, by its number. A case that breaks is made small
and printed as Python; `--case` runs it again. Exit status: 0 if all held, 1 if not.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from policypack import evaluate
from tests.fuzz.checks import CHECKS, Check, broken_by
from tests.fuzz.generate import generate
from tests.fuzz.intent import Intent
from tests.fuzz.shrink import shrunk, written

_BATCH = 250
_TRIES = 5


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Judges generated stacks.")
    parser.add_argument("cases", nargs="?", type=int, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--seed", default=str(time.time_ns() % 10**9), help="the same seed makes the same stacks")
    parser.add_argument("--case", type=int, help="only this case")
    given = parser.parse_args()
    if given.case is not None:
        return _report(list(broken_cases(given.seed, given.case, given.case + 1)), given.seed)
    print(f"{given.cases} cases with the seed {given.seed}", flush=True)
    started, broken = time.monotonic(), list[tuple[int, str]]()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        starts = range(0, given.cases, _BATCH)
        for found in pool.map(partial(_batch, given.seed, given.cases), starts):
            broken += found
    seconds = time.monotonic() - started
    print(f"{given.cases} cases in {seconds:.0f} s, {given.cases / seconds:.0f} a second, {len(broken)} broken")
    return _report(broken[:10], given.seed)


def _batch(seed: str, cases: int, start: int) -> list[tuple[int, str]]:
    return list(broken_cases(seed, start, min(start + _BATCH, cases)))


def broken_cases(seed: str, start: int, stop: int) -> Iterator[tuple[int, str]]:
    """The numbers of the cases for which something does not hold, and what."""
    evaluate.raise_internal_errors = True
    for number in range(start, stop):
        case = f"{seed}:{number}"
        problem = broken_by(_check(number), generate(case), case)
        if problem:
            print(f"case {number}, {_check(number).__name__}: {problem}", flush=True)
            yield number, problem


def _check(number: int) -> Check:
    return CHECKS[number % len(CHECKS)]


def _report(broken: list[tuple[int, str]], seed: str) -> int:
    evaluate.raise_internal_errors = True
    for number, problem in broken:
        case = f"{seed}:{number}"
        # A smaller stack draws other parts to hide, so that several draws have to be tried.
        signature = problem.split(" of ")[0]

        def breaks(intent: Intent, number: int = number, case: str = case, signature: str = signature) -> bool:
            found = (broken_by(_check(number), intent, f"{case}.{i}" if i else case) for i in range(_TRIES))
            return any(one is not None and one.split(" of ")[0] == signature for one in found)

        print(f"\ncase {number}, {_check(number).__name__}: {problem}\n{written(shrunk(generate(case), breaks))}")
        print(f"Again: python -m tests.fuzz --seed {seed} --case {number}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
