"""Judges stacks by the pack of a tree: `python judge.py TREE REQUESTS VERDICTS`.

Runs by itself, in a process that imports the pack of that tree, and asks it as the engine does: through the SDK's
servicer and `policypack.pack.policies`, which stay the same while everything below is moved about.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

# Waivers and certificates do not expire between two runs.
TODAY = date(2026, 1, 1)
Row: TypeAlias = tuple[str, str, str, str]


def main() -> None:
    """Writes one line for each stack, and the names of the rules as the first."""
    tree, requests, verdicts = map(Path, sys.argv[1:])
    sys.path.insert(0, str(tree))
    from policypack import pack

    assert Path(pack.__file__).is_relative_to(tree), f"{pack.__file__} is not of {tree}"
    with requests.open() as source, verdicts.open("w") as target:
        names = sorted({policy.name for policy in pack.policies(update=False, today=TODAY)})
        target.write(f"{json.dumps(names)}\n")
        for line in source:
            name, resources, stack = json.loads(line)
            target.write(f"{json.dumps([name, _judged(pack, resources, stack)])}\n")


def _judged(pack: Any, resources: list[dict[str, Any]], stack: dict[str, Any] | None) -> list[Row]:
    """The violations and what is undecided, as (policy, resource, verdict, message)."""
    from google.protobuf.json_format import ParseDict
    from pulumi.runtime.proto import analyzer_pb2
    from pulumi_policy import EnforcementLevel
    from pulumi_policy.policy import _PolicyAnalyzerServicer

    policies = pack.policies(update=False, today=TODAY)
    servicer = _PolicyAnalyzerServicer("pack", "0.0.1", policies, EnforcementLevel.ADVISORY)
    messages = [ParseDict(request, analyzer_pb2.AnalyzeRequest()) for request in resources]
    try:
        responses = [servicer.Analyze(message, None) for message in messages]
        if stack is not None:
            responses.append(servicer.AnalyzeStack(ParseDict(stack, analyzer_pb2.AnalyzeStackRequest()), None))
    except Exception as error:
        return [("the pack", "", "raises", f"{type(error).__name__}: {error}")]
    return sorted({_row(found) for response in responses for found in response.diagnostics})


def _row(diagnostic: Any) -> Row:
    resource = diagnostic.urn.rpartition("::")[2]
    _, undecided, reasons = diagnostic.message.partition("undecided: ")
    if undecided and diagnostic.message.startswith("can't run policy"):
        return diagnostic.policyName, resource, "undecided", reasons
    return diagnostic.policyName, resource, "failed", diagnostic.message


if __name__ == "__main__":
    main()
