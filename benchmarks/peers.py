"""`check` of a state beside Checkov and conftest on the same resources as a Terraform plan, all in one run.

The whole catalogue here, the first six rules in Rego for conftest, and all that Checkov has. Usage:
`python -m benchmarks.peers [--repeat N] [--checkov PATH] [--conftest PATH]`
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from .measure import Cost, median, run
from .plan import terraform_plan
from .shapes import services

_SIZES: Final = (1, 100, 1000)
_ROOT: Final = Path(__file__).parent.parent
_REGO: Final = Path(__file__).parent / "rego"


def main() -> None:
    """Prints a table: for each size and tool the seconds, MiB, and how many services it found to be bad."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--checkov", default=shutil.which("checkov"))
    parser.add_argument("--conftest", default=shutil.which("conftest"))
    arguments = parser.parse_args()
    for name in ("checkov", "conftest"):
        if not getattr(arguments, name):
            print(f"{name} is not on PATH: skipped. `make bench` installs it, conftest where there is Go.")
    print(_versions(arguments.checkov, arguments.conftest))
    print("resources  tool        wall s   cpu s   MiB  bad services found  ratio to ours")
    for number in _SIZES:
        _compare(number, arguments.repeat, arguments.checkov, arguments.conftest)


def _versions(checkov: str | None, conftest: str | None) -> str:
    commands = [[tool, "--version"] for tool in (conftest, checkov) if tool]
    return "; ".join(" ".join(run(command).output.decode().split()) for command in commands)


def _compare(number: int, repeat: int, checkov: str | None, conftest: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        state, plan = Path(name, "state.json"), Path(name, "plan.json")
        # The memory of a process that starts another one counts as the other's peak: this one stays small.
        writer = get_context("spawn").Process(target=_write, args=(number, state, plan))
        writer.start()
        writer.join()
        command: list[str | Path] = [sys.executable, "-m", "policypack", "check", state]
        ours = median(repeat, lambda: run(command, _ROOT))
        _show(number, "ours", ours, ours, _bad_in(ours, r"(?:^  |, )(chat-\d+)(?=,|  gcp:)"))
        if conftest:
            theirs = median(repeat, lambda: run([conftest, "test", plan, "--policy", _REGO, "--no-color"]))
            _show(number, "conftest", theirs, ours, _bad_in(theirs, r"(chat-\d+):"))
        if checkov:
            scan: list[str | Path] = [
                checkov,
                "--file",
                plan,
                "--framework",
                "terraform_plan",
                "--skip-download",
                "--output",
                "json",
            ]
            # It takes too long to be run as often.
            theirs = median(min(repeat, 3), lambda: run([*scan, "--quiet", "--compact"]))
            _show(number, "checkov", theirs, ours, _bad_in(theirs, r"backend_service\.(chat-\d+)"))


def _write(number: int, state: Path, plan: Path) -> None:
    state.write_bytes(services(number))
    plan.write_bytes(terraform_plan(json.loads(state.read_bytes())["deployment"]["resources"]))


def _bad_in(cost: Cost, pattern: str) -> set[str]:
    # What is only undecided comes last in our report.
    certain = cost.output.decode().partition("\nUndecided\n")[0]
    return set(re.findall(pattern, certain, re.MULTILINE))


def _show(number: int, tool: str, cost: Cost, ours: Cost, bad: set[str]) -> None:
    costs = f"{cost.wall:>7.2f} {cost.cpu:>7.2f} {cost.memory:>5.0f}"
    print(f"{2 * number + 1:>9}  {tool:<10} {costs}  {len(bad):>18}  {cost.wall / ours.wall:.2f}", flush=True)


if __name__ == "__main__":
    main()
