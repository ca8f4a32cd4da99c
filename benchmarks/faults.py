"""Fault injection: `python -m benchmarks.faults [STACKS]`, a line for each fault and one for the whole backend."""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from policypack.audit.executors.processes import run
from policypack.commands.audit import exit_status
from tests.audit.injected import FAULTS, backend_of, verdicts, with_fault
from tests.audit.states import ONE_RULE, audited

_WORKERS = 2


def main(stacks: int) -> None:
    """Prints for each fault how many verdicts of other stacks it changes, how the audit ends, and what it takes."""
    execute = partial(run, workers=_WORKERS)
    with tempfile.TemporaryDirectory() as folder:
        backend = backend_of(Path(folder, "backend"), stacks)
        with audited(backend, journal=Path(folder, "whole"), config=ONE_RULE, execute=execute) as results:
            before, ended = verdicts(results), exit_status(results, ())
        print(f"{'fault':28} changed  lost  lines  status  seconds", flush=True)
        for fault in FAULTS:
            store, started = with_fault(backend, fault), time.monotonic()
            with audited(store, journal=Path(folder, fault), config=ONE_RULE, execute=execute) as results:
                after, unreadable = verdicts(results), results.totals.unreadable
                changed = sum(after.get(url, said) != said for url, said in before.items())
                lost = sum(url not in after for url in before)
                status = f"{ended}->{exit_status(results, ())}"
            print(
                f"{fault:28} {changed:7}  {lost:4}  {unreadable:5}  {status:>6}  {time.monotonic() - started:7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
