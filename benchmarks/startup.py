"""What one run of `check` costs, and what of it no rule can change: the interpreter, imports and the parser.

`python -m benchmarks.startup [SERVICES]` checks a state of 2 x SERVICES + 5 resources, by default 2,005.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from .shapes import services

_ROUNDS: Final = 5
_PARSE: Final = "import orjson, pathlib, sys; orjson.loads(pathlib.Path(sys.argv[1]).read_bytes())"
_LOAD: Final = (
    "import pathlib, sys; from policypack.sources.state import load_state; load_state(pathlib.Path(sys.argv[1]))"
)
_JUDGE: Final = """
import os, pathlib, sys
from policypack.evaluate import evaluate
from policypack.config.options import default_settings
from policypack.rules import RULES
from policypack.sources.state import load_state
report = evaluate(load_state(pathlib.Path(sys.argv[1])), RULES, default_settings(RULES))
os._exit(0)
"""
_STEPS: Final = {
    "the interpreter": ["-c", "pass"],
    "importing rich": ["-c", "import rich.console, rich.table"],
    "importing the rules": ["-c", "import policypack.rules"],
    "importing what judges": ["-c", "import policypack.cli, policypack.judgement, policypack.report.console"],
    "importing orjson, parsing": ["-c", _PARSE],
    "reading the stack": ["-c", _LOAD],
    "judging it, no report": ["-c", _JUDGE],
    "check": ["-m", "policypack", "check"],
}


class Cost(NamedTuple):
    """What a process took: seconds of CPU time, and peak memory in MiB."""

    seconds: float
    memory: float


def main() -> None:
    """Prints CPU time and peak memory of processes that each do a bit more than the one before."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        path.write_bytes(services(number))
        print(f"{number} services, {path.stat().st_size / 1e6:.1f} MB; the fastest of {_ROUNDS}")
        print(f"{'':28}{'CPU s':>7}{'MiB':>7}")
        for name, arguments in _STEPS.items():
            found = min(_cost([sys.executable, *arguments, str(path)]) for _ in range(_ROUNDS))
            print(f"{name:28}{found.seconds:7.2f}{found.memory:7.0f}", flush=True)


def _cost(command: Sequence[str]) -> Cost:
    """Runs a command in a process of its own, so that the peak is that process's."""
    meter = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    run = subprocess.run([sys.executable, "-c", meter, *command], capture_output=True, text=True, check=True)
    seconds, kibibytes = run.stdout.split()
    return Cost(float(seconds), float(kibibytes) / 1024)


if __name__ == "__main__":
    main()
