"""What an audit of many stacks costs: judging a realistic stack, next to parsing its state.

`python -m benchmarks.audit [STACKS]` judges as many different stacks of 200 resources, by default 40.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import orjson

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.rules import RULES
from policypack.sources.state import load_state

from .shapes import realistic

T = TypeVar("T")

_RESOURCES: Final = 200
_ROUNDS: Final = 5


def main() -> None:
    """Prints CPU time in milliseconds a stack, and the factor over parsing."""
    states = [realistic(seed, _RESOURCES) for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 40)]
    settings = default_settings(RULES)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{seed}.json" for seed in range(len(states))]
        for path, state in zip(paths, states, strict=True):
            path.write_bytes(state)
        times = {
            "orjson.loads": _fastest(orjson.loads, states),
            "load_state": _fastest(load_state, paths),
            "load_state, evaluate": _fastest(lambda path: evaluate(load_state(path), RULES, settings), paths),
        }
    size = sum(map(len, states)) / len(states) / _RESOURCES
    print(f"{len(states)} stacks of {_RESOURCES} resources, {size:.0f} bytes a resource, {len(RULES)} rules")
    print(f"{'':24}{'ms a stack':>11}{'us a resource':>15}{'x parsing':>11}")
    for name, seconds in times.items():
        factor = seconds / times["orjson.loads"]
        print(f"{name:24}{seconds * 1e3:11.2f}{seconds / _RESOURCES * 1e6:15.1f}{factor:11.1f}")


def _fastest(work: Callable[[T], object], subjects: Sequence[T]) -> float:
    """The CPU time for one subject in seconds, in the fastest of some rounds over all; it includes forgetting it."""
    times = []
    for _ in range(_ROUNDS):
        gc.collect()
        start = time.process_time()
        for subject in subjects:
            work(subject)
        times.append((time.process_time() - start) / len(subjects))
    return min(times)


if __name__ == "__main__":
    main()
