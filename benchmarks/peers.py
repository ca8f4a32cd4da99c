"""`check` of a state beside Checkov and conftest on the same resources as a Terraform plan, all in one run.

The whole catalogue here, the first six rules in Rego for conftest, and all that Checkov has, which is nothing about
backend services. What each found is counted in its JSON; ours and conftest's are timed as they print text. Usage:
`python -m benchmarks.peers [--repeat N] [--checkov PATH] [--conftest PATH]`
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
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
        check: list[str | Path] = [sys.executable, "-m", "policypack", "check", state]
        ours = median(repeat, lambda: run(check, _ROOT))
        _show(number, "ours", ours, ours, _failed_here(run([*check, "--format", "json"], _ROOT)))
        if conftest:
            test: list[str | Path] = [conftest, "test", plan, "--policy", _REGO]
            theirs = median(repeat, lambda: run([*test, "--no-color"]))
            _show(number, "conftest", theirs, ours, _failed_in_conftest(run([*test, "--output", "json"])))
        if checkov:
            scan: list[str | Path] = [checkov, "--file", plan, "--framework", "terraform_plan", "--skip-download"]
            # It takes too long to be run as often.
            theirs = median(min(repeat, 3), lambda: run([*scan, "--output", "json", "--quiet", "--compact"]))
            _show(number, "checkov", theirs, ours, _failed_in_checkov(theirs))


def _write(number: int, state: Path, plan: Path) -> None:
    state.write_bytes(services(number))
    plan.write_bytes(terraform_plan(json.loads(state.read_bytes())["deployment"]["resources"]))


def _failed_here(cost: Cost) -> set[str]:
    findings = json.loads(cost.output)["findings"]
    return _services(finding["name"] for finding in findings if finding["status"] == "failed")


def _failed_in_conftest(cost: Cost) -> set[str]:
    failures = (failure for file in json.loads(cost.output) for failure in file.get("failures", ()))
    return _services(re.sub(r"^\S+ |:.*", "", failure["msg"]) for failure in failures)


def _failed_in_checkov(cost: Cost) -> set[str]:
    """It prints no results at all if it has no check for any resource of the plan."""
    failed = json.loads(cost.output).get("results", {}).get("failed_checks", ())
    return _services(check["resource"].rpartition(".")[2] for check in failed)


def _services(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("chat-")}


def _show(number: int, tool: str, cost: Cost, ours: Cost, bad: set[str]) -> None:
    costs = f"{cost.wall:>7.2f} {cost.cpu:>7.2f} {cost.memory:>5.0f}"
    print(f"{2 * number + 1:>9}  {tool:<10} {costs}  {len(bad):>18}  {cost.wall / ours.wall:.2f}", flush=True)


if __name__ == "__main__":
    main()
