"""The report as a JSON document for other programs; `report.schema.json` says what each field means."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from policypack.evaluate import Finding, RuleReport, Status, WaiverState, WaiverUse
from policypack.report.text import json_text
from policypack.results import Results
from policypack.rule import Level, Waiver
from policypack.version import PACK_NAME, VERSION

# Within 1.x fields are added, and none is renamed, removed or given another meaning.
SCHEMA_VERSION: Final = "1.0"

_LEVELS: Final[tuple[Level, ...]] = ("mandatory", "advisory")
_STATUSES: Final[dict[Status, str]] = {
    "failed": "failed",
    "undecided": "undecided",
    "waived": "waived",
    "passed": "passed",
    "not applicable": "notApplicable",
}
_WAIVER_STATES: Final[dict[WaiverState, str]] = {"in force": "inForce", "expired": "expired", "unused": "unused"}


def render(results: Results) -> str:
    """The report as JSON."""
    return json_text(document_of(results))


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the document."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
    return found


def document_of(results: Results) -> dict[str, Any]:
    """The report as a document of `schema()`."""
    rules = sorted(results.report.rules, key=lambda rule: rule.rule.name)
    findings = [finding for rule in rules for finding in rule.findings]
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": PACK_NAME, "version": VERSION},
        "target": _target(results),
        "today": results.today.isoformat(),
        "notes": list(results.notes),
        "summary": {
            "judgedResources": len({finding.urn for finding in findings}),
            **{level: _counts(finding for finding in findings if finding.level == level) for level in _LEVELS},
        },
        "rules": [_rule(rule) for rule in rules],
        "findings": [_finding(finding, results) for finding in findings if finding.status != "passed"],
        "passed": [{"rule": found.rule.name, "urn": found.urn} for found in findings if found.status == "passed"],
        "waivers": [_waiver_use(use) for rule in rules for use in rule.waivers],
    }


def _target(results: Results) -> dict[str, Any]:
    return {
        "title": results.title,
        "kind": "preview" if results.is_preview else "state",
        "project": results.stack.project,
        "stack": results.stack.name,
        "file": results.file_location.path if results.file else None,
        "resources": len(results.stack.resources),
    }


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    counts = dict.fromkeys(_STATUSES.values(), 0)
    for finding in findings:
        counts[_STATUSES[finding.status]] += 1
    return counts


def _rule(report: RuleReport) -> dict[str, Any]:
    rule = report.rule
    return {
        "name": rule.name,
        "title": rule.title,
        "area": rule.area,
        "severity": rule.severity,
        "level": report.level,
        "url": rule.url,
        "frameworks": [
            {"name": framework.name, "version": framework.version, "reference": framework.reference}
            for framework in rule.frameworks
        ],
        "counts": _counts(report.findings),
    }


def _finding(finding: Finding, results: Results) -> dict[str, Any]:
    location = results.location_of(finding)
    return {
        "rule": finding.rule.name,
        "level": finding.level,
        "severity": finding.rule.severity,
        "status": _STATUSES[finding.status],
        "urn": finding.urn,
        "type": finding.type,
        "name": finding.name,
        "location": {"path": location.path, "line": location.line},
        "problems": [
            {"observed": problem.observed, "required": problem.required, "fix": problem.fix}
            for problem in finding.problems
        ],
        "reasons": list(finding.reasons),
        "notApplicable": finding.not_applicable or None,
        "waivers": [_waiver(waiver) for waiver in finding.waivers],
        "expiredWaivers": [_waiver(waiver) for waiver in finding.expired],
    }


def _waiver_use(use: WaiverUse) -> dict[str, Any]:
    return {
        "rule": use.rule.name,
        "state": _WAIVER_STATES[use.state],
        **_waiver(use.waiver),
        "urns": [finding.urn for finding in use.findings],
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "resource": waiver.resource,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
    }
