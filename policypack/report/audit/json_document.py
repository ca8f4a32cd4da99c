"""The report of an audit as one JSON document, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from policypack.audit.record import FindingRecord, RuleCount
from policypack.audit.results import AuditResults, StackFinding, StackTotal

# Fields are only added within 1.x.
SCHEMA_VERSION: Final = "1.0"


def write(results: AuditResults, file: Path) -> None:
    """Writes the document stack by stack."""
    with file.open("w", encoding="utf-8") as text:
        write_to(text, results)


def write_to(stream: TextIO, results: AuditResults) -> None:
    """Writes the document to a stream."""
    for part in _document(results):
        stream.write(part)


def _document(results: AuditResults) -> Iterator[str]:
    """The document in parts, so that it is never in memory as a whole."""
    for i, (key, value) in enumerate(_head(results).items()):
        yield f"{'{' if i == 0 else ','}\n{_dumps(key)}: {_dumps(value)}"
    yield ',\n"stacks": '
    yield from _list(_stack(results, stack) for stack in results.stacks())
    if results.baseline is not None:
        yield f',\n"changes": {{\n"isJudgedAlike": {_dumps(results.is_judged_alike)}'
        for key, items in (
            ("newFindings", map(_fields, results.new_findings())),
            ("fixedFindings", map(_fields, results.fixed_findings())),
            ("newStacks", results.new_stacks()),
            ("goneStacks", results.gone_stacks()),
        ):
            yield f',\n"{key}": '
            yield from _list(items)
        yield "\n}"
    yield "\n}\n"


def _head(results: AuditResults) -> dict[str, object]:
    totals = results.totals
    return {
        "schemaVersion": SCHEMA_VERSION,
        "today": results.today,
        "targets": [
            {"target": target.target, "stacks": target.stacks, **({"error": target.error} if target.error else {})}
            for target in results.targets
        ],
        "summary": {
            "stacks": totals.stacks,
            "resources": totals.resources,
            "stacksByStatus": totals.statuses,
            "mandatoryViolations": totals.mandatory,
            "advisoryViolations": totals.advisory,
            "undecided": totals.undecided,
            "waived": totals.waived,
        },
        "rules": [
            {
                "rule": rule.rule,
                "level": rule.level,
                "violatingStacks": rule.stacks,
                **_verdicts(rule.passed, rule.failed, rule.undecided, rule.waived, rule.not_applicable),
            }
            for rule in results.rules
        ],
    }


def _stack(results: AuditResults, stack: StackTotal) -> dict[str, object]:
    document: dict[str, object] = {
        "url": stack.url,
        "target": stack.target,
        "project": stack.project,
        "stack": stack.name,
        "status": stack.status,
    }
    if stack.error:
        return {**document, "error": stack.error}
    counts = (RuleCount(*count) for count in results.counts_of(stack))
    return {
        **document,
        "resources": stack.resources,
        "mandatoryViolations": stack.mandatory,
        "advisoryViolations": stack.advisory,
        "undecided": stack.undecided,
        "waived": stack.waived,
        "rules": {count.rule: _verdicts(*count[2:]) for count in counts},
        "findings": [_fields(finding) for finding in results.findings_of(stack)],
    }


def _verdicts(passed: int, failed: int, undecided: int, waived: int, not_applicable: int) -> dict[str, int]:
    return {
        "passed": passed,
        "failed": failed,
        "undecided": undecided,
        "waived": waived,
        "notApplicable": not_applicable,
    }


def _fields(finding: FindingRecord | StackFinding) -> dict[str, object]:
    """The fields that say something."""
    names = {"waived_until": "waivedUntil"}
    return {names.get(key, key): value for key, value in finding._asdict().items() if value != ""}


def _list(items: Iterable[object]) -> Iterator[str]:
    start = "["
    for item in items:
        yield f"{start}\n{_dumps(item)}"
        start = ","
    yield "[]" if start == "[" else "\n]"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
