"""What the catalogue costs behind the SDK, next to as many policies that do nothing, and to one of each kind.

`python -m benchmarks.servicer [SERVICES]` judges a stack of 2 x SERVICES + 2 resources, by default 502.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policypack.pack import policies

from .requests import analyze_requests, analyze_stack_request
from .shapes import services

_ROUNDS: Final = 3
_OPERATIONS: Final = {"preview": "true", "update": "false", "policy analyze": None}


def main() -> None:
    """Prints, for each operation, seconds of CPU time: the pack's, those of empty policies, and of one of each kind."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    state = services(number)
    requests, whole = analyze_requests(state), analyze_stack_request(state)
    print(f"{len(requests)} resources; CPU seconds, median of {_ROUNDS}")
    print(f"{'operation':16}{'policies':>9}{'call':>15}{'pack':>8}{'empty':>8}{'one':>8}{'ratio':>7}")
    for operation, dry_run in _OPERATIONS.items():
        _set_dry_run(dry_run)
        times: dict[str, list[float]] = {}
        for _ in range(_ROUNDS):
            idle = [_emptied(policy) for policy in policies()]
            single = list({type(policy): policy for policy in idle}.values())
            for name, made in (("pack", policies()), ("empty", idle), ("one", single)):
                analyzed, analyzed_stack = _measure(made, requests, whole)
                times.setdefault(f"Analyze {name}", []).append(analyzed)
                times.setdefault(f"AnalyzeStack {name}", []).append(analyzed_stack)
        median = {key: statistics.median(found) for key, found in times.items()}
        median |= {
            f"both {name}": median[f"Analyze {name}"] + median[f"AnalyzeStack {name}"]
            for name in ("pack", "empty", "one")
        }
        for call in ("Analyze", "AnalyzeStack", "both"):
            pack, empty, one = (median[f"{call} {name}"] for name in ("pack", "empty", "one"))
            print(f"{operation:16}{len(policies()):9}{call:>15}{pack:8.2f}{empty:8.2f}{one:8.2f}{pack / one:7.2f}")


def _set_dry_run(value: str | None) -> None:
    os.environ.pop("PULUMI_DRY_RUN", None)
    if value is not None:
        os.environ["PULUMI_DRY_RUN"] = value


def _emptied(policy: Policy) -> Policy:
    """A policy of the same kind and name that looks at nothing."""

    def validate(args: Any, report_violation: Callable[..., None]) -> None:
        del args, report_violation

    kind = ResourceValidationPolicy if isinstance(policy, ResourceValidationPolicy) else StackValidationPolicy
    return kind(policy.name, policy.description, validate=validate, enforcement_level=policy.enforcement_level)


def _measure(
    made: list[Policy], requests: list[analyzer_pb2.AnalyzeRequest], whole: analyzer_pb2.AnalyzeStackRequest
) -> tuple[float, float]:
    servicer: Any = _PolicyAnalyzerServicer("pack", "0.0.1", made, EnforcementLevel.ADVISORY)
    start = time.process_time()
    for request in requests:
        servicer.Analyze(request, None)
    middle = time.process_time()
    servicer.AnalyzeStack(whole, None)
    return middle - start, time.process_time() - middle


if __name__ == "__main__":
    main()
