"""All benchmarks, one after the other, with the machine and the versions that they ran on: `make bench`."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

from .measure import median, run

_ROOT: Final = Path(__file__).parent.parent
_SCRIPTS: Final = (
    ("startup",),
    ("peers",),
    ("servicer",),
    ("growth",),
    ("memory",),
    ("audit",),
    ("audit_run", "2000", "1"),
    ("audit_run", "2000", "2"),
    ("audit_run", "10000", "2"),
)


def main() -> None:
    """Prints everything; it takes about half an hour."""
    print(f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}")
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pulumi", "pulumi-policy", "orjson")))
    print(f"\n== Commands that judge nothing (medians of 5)\n{_answer_times()}", flush=True)
    for script in _SCRIPTS:
        print(f"\n== python -m benchmarks.{' '.join(script)}", flush=True)
        module, *arguments = script
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], cwd=_ROOT, check=False)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _answer_times() -> str:
    lines = []
    for command in (["--help"], ["rules"], ["explain", "llm-backend-regions"]):
        cost = median(5, lambda command=command: run([sys.executable, "-m", "policypack", *command], _ROOT))  # type: ignore[misc]
        lines.append(f"{cost.wall:.2f} s  {' '.join(command)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
