"""What a whole audit costs: many stacks from a store that makes each as it is read, next to parsing the same bytes.

`python -m benchmarks.audit_run [STACKS] [WORKERS]` audits as many stacks of 200 resources, by default 10,000 with as
many processes as there are CPUs. With `--scheduler ADDRESS` at its end it does so on a Dask cluster.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import orjson

from policypack.audit.executors.dask import run as on_cluster
from policypack.audit.executors.processes import run as in_processes
from policypack.audit.fingerprint import fingerprint, pack_digest
from policypack.audit.journal import Journal
from policypack.audit.results import AuditResults
from policypack.audit.run import Progress, run_audit
from policypack.audit.stores.content import MEBIBYTE
from policypack.audit.stores.store import Entry
from policypack.audit.worker import JobOptions
from policypack.config.options import default_settings
from policypack.rules import RULES

from .shapes import realistic

_RESOURCES: Final = 200
_BYTES: Final = 560_000
_STACKS_A_BATCH: Final = 32


@dataclass(frozen=True)
class SeededStore:
    """States made from seeds as they are read: a store of any size that takes no room."""

    stacks: int
    target: str = "seed://"
    readers: int = 1

    def entries(self) -> Iterator[Entry]:
        """The seeds."""
        return (Entry(f"seed://{i}", str(i), _BYTES, version="1") for i in range(self.stacks))

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The state of a seed."""
        return realistic(int(entry.key), _RESOURCES)

    def advice(self, entry: Entry) -> str:
        """Nothing: no seed is damaged."""
        return ""


def main() -> None:
    """Prints the time of an audit, of making its states and of parsing them alone, and the memory that it took."""
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    stacks = numbers[0] if numbers else 10_000
    workers = numbers[1] if len(numbers) > 1 else os.cpu_count() or 1
    scheduler = sys.argv[sys.argv.index("--scheduler") + 1] if "--scheduler" in sys.argv else None
    made, parsed = _cpu_of_parsing(stacks, workers)
    before = _cpu()
    wall, memory = _time_of_audit(stacks, workers, scheduler)
    audited = _cpu() - before - made
    print(
        f"{stacks} stacks of {_RESOURCES} resources, {workers} processes; seconds of CPU time, all processes together"
    )
    print(f"making the states          {made:8.1f}")
    print(f"orjson.loads of them       {parsed:8.1f}")
    print(f"the audit, without making  {audited:8.1f}    {audited / parsed:.1f} x")
    print(f"the audit took {wall:.1f} s, {stacks / wall:.0f} stacks a second, making included")
    print("memory of the first process at 25, 50, 75 and 100 % of the stacks, MiB:", *memory)
    print("the largest worker, MiB:", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)


def _cpu() -> float:
    """The CPU time of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _time_of_audit(stacks: int, workers: int, scheduler: str | None) -> tuple[float, list[int]]:
    settings, today = default_settings(RULES), date.today()
    options = JobOptions(settings, today, 64 * MEBIBYTE, pack_digest())
    memory: list[int] = []

    def show(progress: Progress) -> None:
        if progress.judged * 4 >= stacks * (len(memory) + 1):
            memory.append(_resident())

    execute = partial(on_cluster, scheduler=scheduler) if scheduler else partial(in_processes, workers=workers)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        with closing(Journal(Path(folder, "journal"), fingerprint(settings, today), settings, today)) as journal:
            run_audit([SeededStore(stacks)], options, journal, execute, on_progress=show)
            assert AuditResults(journal).totals.stacks == stacks
        return time.perf_counter() - start, memory


def _resident() -> int:
    """The memory of this process in MiB: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // MEBIBYTE


def _cpu_of_parsing(stacks: int, workers: int) -> tuple[float, float]:
    """The CPU time of making all states, and of parsing them with `orjson.loads`, in as many processes."""
    batches = [range(i, min(i + _STACKS_A_BATCH, stacks)) for i in range(0, stacks, _STACKS_A_BATCH)]
    with ProcessPoolExecutor(workers) as pool:
        times = list(pool.map(_make_and_parse, batches))
    return sum(made for made, _ in times), sum(parsed for _, parsed in times)


def _make_and_parse(seeds: range) -> tuple[float, float]:
    start = time.process_time()
    states = [realistic(seed, _RESOURCES) for seed in seeds]
    made = time.process_time()
    for state in states:
        orjson.loads(state)
    return made - start, time.process_time() - made


if __name__ == "__main__":
    main()
