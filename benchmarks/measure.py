"""Runs a command and says what it cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a command costs: seconds on the clock, seconds of all its processors, and the peak of its memory in MiB."""

    wall: float
    cpu: float
    memory: float
    output: bytes


def run(command: Sequence[str | Path], folder: Path | None = None) -> Cost:
    """Runs a command once, whatever its exit status."""
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = 0
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def median(repeat: int, once: Callable[[], Cost]) -> Cost:
    """The medians of several runs, with the output of the last."""
    costs = [once() for _ in range(repeat)]
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.memory for cost in costs),
        costs[-1].output,
    )
