"""How the cost of a resource changes as stacks grow: it should not.

`python -m benchmarks.growth` judges stacks of several shapes and sizes with all rules.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.garbage import collect_seldom
from policypack.rules import RULES
from policypack.sources.state import load_state

from .shapes import llm_backends, one_network, services

_SHAPES: Final[dict[str, tuple[Callable[[int], bytes], tuple[int, ...]]]] = {
    "services": (services, (1000, 10_000)),
    "one network": (one_network, (100, 400, 1600)),
    "LLM backends": (llm_backends, (20, 80, 320)),
}
_ROUNDS: Final = 3


def main() -> None:
    """Prints CPU time in microseconds a resource, to read a state and to judge it."""
    collect_seldom()
    print(f"{'shape':14}{'resources':>10}{'read':>8}{'judge':>8}{'both':>8}{'growth':>8}")
    for name, (make, sizes) in _SHAPES.items():
        first = 0.0
        for size in sizes:
            number, read, judged = _measure(make(size))
            both = read + judged
            first = first or both
            print(
                f"{name:14}{number:10}{read * 1e6:8.0f}{judged * 1e6:8.0f}{both * 1e6:8.0f}{both / first:8.2f}",
                flush=True,
            )


def _measure(state: bytes) -> tuple[int, float, float]:
    """The number of resources, and the seconds of CPU time for one of them."""
    settings = default_settings(RULES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        path.write_bytes(state)
        del state
        rounds = []
        for _ in range(_ROUNDS):
            gc.collect()
            start = time.process_time()
            stack = load_state(path)
            middle = time.process_time()
            evaluate(stack, RULES, settings)
            end = time.process_time()
            number = len(stack.resources)
            rounds.append((middle - start, end - middle))
            del stack
    read, judged = min(rounds, key=sum)
    return number, read / number, judged / number


if __name__ == "__main__":
    main()
