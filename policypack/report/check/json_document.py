"""The report as a JSON document for other programs; `report.schema.json` says what each field means."""

from __future__ import annotations

from typing import Any, Final

from policypack import PACK_NAME, VERSION
from policypack.baseline import Comparison
from policypack.config.terms import Level
from policypack.evaluate import Finding, RuleReport, WaiverState, WaiverUse
from policypack.judgement import Results
from policypack.report.check.verdicts import nothing_judged
from policypack.report.json_parts import counts_json, finding_json, waiver_json
from policypack.report.text import json_text

# Within 1.x fields are added, and none is renamed, removed or given another meaning.
SCHEMA_VERSION: Final = "1.3"

_LEVELS: Final[tuple[Level, ...]] = ("mandatory", "advisory")
_WAIVER_STATES: Final[dict[WaiverState, str]] = {"in force": "inForce", "expired": "expired", "unused": "unused"}


def render(results: Results) -> str:
    """The report as JSON."""
    return json_text(document_of(results))


def document_of(results: Results) -> dict[str, Any]:
    """The report as a document of the schema."""
    rules = sorted(results.report.rules, key=lambda rule: rule.rule.name)
    findings = [finding for rule in rules for finding in rule.findings]
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": PACK_NAME, "version": VERSION},
        "target": _target(results),
        "stacks": [_target(one) for one in results.each],
        "today": results.today.isoformat(),
        "notes": list(results.notes),
        "summary": {
            "judgedResources": len({finding.urn for finding in findings}),
            "nothingJudged": _nothing(results),
            **{level: counts_json(found.status for found in findings if found.level == level) for level in _LEVELS},
        },
        "rules": [_rule(rule) for rule in rules],
        "findings": [_finding(finding, results) for finding in findings if finding.status != "passed"],
        "passed": [{"rule": found.rule.name, "urn": found.urn} for found in findings if found.status == "passed"],
        "waivers": [_waiver_use(use) for rule in rules for use in rule.waivers],
        "baseline": results.comparison and _baseline(results.comparison),
    }


def _nothing(results: Results) -> dict[str, Any] | None:
    nothing = results.report.nothing
    return nothing and {"reason": f"{nothing_judged(results.report)}.", "names": list(nothing.names)}


def _baseline(comparison: Comparison) -> dict[str, Any]:
    fixed = [{"rule": known.rule, "urn": known.urn, "subject": known.subject} for known in comparison.fixed]
    return {"file": comparison.file.name, "fixed": fixed}


def _target(results: Results) -> dict[str, Any]:
    return {
        "title": results.title,
        "kind": "preview" if results.is_preview else "state",
        "project": results.stack.project,
        "stack": None if results.stacks else results.stack.name,
        "file": results.file_location.path if results.file else None,
        "resources": len(results.stack.resources),
    }


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
        "counts": counts_json(finding.status for finding in report.findings),
    }


def _finding(finding: Finding, results: Results) -> dict[str, Any]:
    location = results.location_of(finding)
    return finding_json(finding, location={"path": location.path, "line": location.line})


def _waiver_use(use: WaiverUse) -> dict[str, Any]:
    return {
        "rule": use.rule.name,
        "state": _WAIVER_STATES[use.state],
        **waiver_json(use.waiver),
        "urns": [finding.urn for finding in use.findings],
    }
