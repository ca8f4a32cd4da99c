"""The report as SARIF 2.1.0, made for GitHub code scanning; `sarif_log` says how."""

from __future__ import annotations

from typing import Any

from policypack.evaluate import Finding
from policypack.findings.order import OPEN, importance
from policypack.judgement import Results
from policypack.report.check.verdicts import nothing_judged
from policypack.report.sarif_log import MOST_RESULTS, SarifResult, left_out_of_sarif, sarif_log
from policypack.report.text import json_text


def render(results: Results) -> str:
    """The report as SARIF."""
    return json_text(log_of(results))


def log_of(results: Results) -> dict[str, Any]:
    """The report as a SARIF log with one run."""
    shown = sorted((finding for status in OPEN for finding in results.report.with_status(status)), key=importance)
    return sarif_log(
        [part for part in (results.stack.project, None if results.stacks else results.stack.name) if part],
        [(report.rule, report.level) for report in results.report.rules],
        [_result(finding, results) for finding in shown[:MOST_RESULTS]],
        _notifications(results, len(shown) - MOST_RESULTS),
        root="The root of the repository.",
    )


def _notifications(results: Results, left_out: int) -> list[str]:
    nothing = nothing_judged(results.report)
    return [
        *([f"{nothing}."] if nothing else []),
        *left_out_of_sarif(left_out),
        *(f"{note}." for note in results.notes),
    ]


def _result(finding: Finding, results: Results) -> SarifResult:
    location = results.location_of(finding)
    # GitHub shows nothing that has no line.
    stack = results.stack_of(finding.urn)
    return SarifResult(finding, location.path, location.line or 1, finding.urn, (stack, stack) if stack else None)
