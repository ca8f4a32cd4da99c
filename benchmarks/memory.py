"""Whether judging one stack after another leaves anything behind.

`python -m benchmarks.memory [STACKS]` judges as many different stacks of 200 resources, by default 200.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import Final

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.rules import RULES
from policypack.sources.state import load_state

from .shapes import realistic

_STEPS: Final = 5


def main() -> None:
    """Prints how much memory is in use after some stacks, in KiB, once what is garbage has been collected."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    settings = default_settings(RULES)
    print(f"{'stacks':>8}{'KiB in use':>12}{'KiB at peak':>13}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        tracemalloc.start()
        for seed in range(number + 1):
            path.write_bytes(realistic(seed))
            evaluate(load_state(path), RULES, settings)
            if seed % (number // _STEPS) == 0:
                peak = tracemalloc.get_traced_memory()[1]
                gc.collect()
                print(f"{seed:8}{tracemalloc.get_traced_memory()[0] / 1024:12.0f}{peak / 1024:13.0f}", flush=True)
                tracemalloc.reset_peak()


if __name__ == "__main__":
    main()
