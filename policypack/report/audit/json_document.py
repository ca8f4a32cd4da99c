"""The report of an audit as one JSON document, for other programs; `report.schema.json` says what each field means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from policypack import PACK_NAME, VERSION
from policypack.audit.record import RuleCount
from policypack.audit.results import AuditResults
from policypack.audit.totals import OwnerTotal, RuleTotal, StackFinding, StackStatus, StackTotal, Totals
from policypack.report.json_parts import finding_json, problems_json
from policypack.report.text import json_text
from policypack.wording import printable

# Within 2.x fields are added, and none is renamed, removed or given another meaning.
SCHEMA_VERSION: Final = "2.1"

_STATUSES: Final[dict[StackStatus, str]] = {
    "violations": "violations",
    "advisories": "advisories",
    "undecided": "undecided",
    "compliant": "compliant",
    "nothing to judge": "nothingToJudge",
    "unreadable": "unreadable",
}


def render(results: AuditResults) -> Iterator[str]:
    """The document in parts, so that it is never in memory as a whole."""
    for i, (key, value) in enumerate(_head(results).items()):
        yield f"{'{' if i == 0 else ','}\n{_dumps(key)}: {_dumps(value)}"
    yield ',\n"stacks": '
    yield from _list(_stack(results, stack) for stack in results.stacks())
    yield ',\n"changes": '
    yield from changes_json(results) if results.baseline else ["null"]
    yield "\n}\n"


def _head(results: AuditResults) -> dict[str, object]:
    totals = results.totals
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": PACK_NAME, "version": VERSION},
        "today": results.today,
        "targets": [
            {"target": target.target, "stacks": target.stacks, "error": target.error or None}
            for target in results.targets
        ],
        "summary": {
            "stacks": totals.stacks,
            "resources": totals.resources,
            "stacksByStatus": statuses_json(totals),
            "mandatoryViolations": totals.mandatory,
            "advisoryViolations": totals.advisory,
            "undecided": totals.undecided,
            "waived": totals.waived,
        },
        "rules": [
            {"rule": rule.rule, "level": rule.level, "violatingStacks": rule.stacks, "counts": _counts(rule)}
            for rule in results.rules
        ],
        "owners": [_owner(total) for total in results.owners] if results.has_owners else None,
        "projectsWithoutOwner": list(results.projects_without_owner),
    }


def _owner(total: OwnerTotal) -> dict[str, object]:
    return {
        "owner": total.owner or None,
        "stacks": total.stacks,
        "violatingStacks": total.violating,
        "mandatoryViolations": total.mandatory,
        "advisoryViolations": total.advisory,
        "undecided": total.undecided,
        "waived": total.waived,
        "unreadable": total.unreadable,
    }


def _stack(results: AuditResults, stack: StackTotal) -> dict[str, object]:
    return {
        "url": stack.url,
        "target": stack.target,
        "project": stack.project,
        "stack": stack.name,
        "owner": stack.owner or None,
        "status": _STATUSES[stack.status],
        "error": stack.error or None,
        "resources": stack.resources,
        "mandatoryViolations": stack.mandatory,
        "advisoryViolations": stack.advisory,
        "undecided": stack.undecided,
        "waived": stack.waived,
        "rules": [{"rule": count.rule, "counts": _counts(count)} for count in results.counts_of(stack)],
        "findings": [finding_json(finding) for finding in results.findings_of(stack)],
    }


def _counts(count: RuleCount | RuleTotal) -> dict[str, int]:
    return {
        "failed": count.failed,
        "undecided": count.undecided,
        "waived": count.waived,
        "passed": count.passed,
        "notApplicable": count.not_applicable,
    }


def statuses_json(totals: Totals) -> dict[str, int]:
    """How many stacks there are of each status."""
    return {key: totals.statuses.get(status, 0) for status, key in _STATUSES.items()}


def changes_json(results: AuditResults) -> Iterator[str]:
    """What has changed since the baseline, in parts."""
    yield f'{{\n"isJudgedAlike": {_dumps(results.is_judged_alike)}'
    for key, items in (
        ("newFindings", map(_stack_finding, results.new_findings())),
        ("fixedFindings", map(_stack_finding, results.fixed_findings())),
        ("newStacks", results.new_stacks()),
        ("goneStacks", results.gone_stacks()),
    ):
        yield f',\n"{key}": '
        yield from _list(items)
    yield "\n}"


def _stack_finding(found: StackFinding) -> dict[str, Any]:
    finding = found.finding
    return {
        "rule": finding.rule.name,
        "level": finding.level,
        "severity": finding.severity,
        "urn": finding.urn,
        "type": finding.type,
        "name": printable(finding.name),
        "url": found.url,
        "project": found.project,
        "stack": found.stack,
        "owner": found.owner or None,
        "problems": problems_json(finding),
    }


def _list(items: Iterable[object]) -> Iterator[str]:
    start = "["
    for item in items:
        yield f"{start}\n{_dumps(item)}"
        start = ","
    yield "[]" if start == "[" else "\n]"


def _dumps(value: object) -> str:
    return json_text(value, indent=None).rstrip("\n")
