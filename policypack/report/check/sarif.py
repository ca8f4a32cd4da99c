"""The report as SARIF 2.1.0, made for GitHub code scanning; `sarif_log` says how."""

from __future__ import annotations

from typing import Any, Final

from policypack.evaluate import Finding, Status
from policypack.report.sarif_log import MOST_RESULTS, SarifResult, left_out_of_sarif, sarif_log
from policypack.report.text import json_text, nothing_judged, one_line, said_of
from policypack.results import Results
from policypack.rule import Severity

# Most important first.
_SHOWN: Final[tuple[Status, ...]] = ("failed", "undecided", "waived")
_SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")


def render(results: Results) -> str:
    """The report as SARIF."""
    return json_text(log_of(results))


def log_of(results: Results) -> dict[str, Any]:
    """The report as a SARIF log with one run."""
    shown = sorted((finding for status in _SHOWN for finding in results.report.with_status(status)), key=_importance)
    return sarif_log(
        [part for part in (results.stack.project, results.stack.name) if part],
        [(report.rule, report.level) for report in results.report.rules],
        [_result(finding, results) for finding in shown[:MOST_RESULTS]],
        _notifications(results, len(shown) - MOST_RESULTS),
        root="The root of the repository.",
    )


def _importance(finding: Finding) -> tuple[int, bool, int, str, str]:
    return (
        _SHOWN.index(finding.status),
        finding.level != "mandatory",
        _SEVERITIES.index(finding.rule.severity),
        finding.rule.name,
        finding.urn,
    )


def _notifications(results: Results, left_out: int) -> list[str]:
    judged = any(rule.findings for rule in results.report.rules)
    return [
        *([] if judged else [f"{nothing_judged(results.report)}."]),
        *left_out_of_sarif(left_out),
        *(f"{note}." for note in results.notes),
    ]


def _result(finding: Finding, results: Results) -> SarifResult:
    location = results.location_of(finding)
    return SarifResult(
        finding.rule,
        finding.level,
        finding.status,
        f"{finding.name} ({finding.type}). {' '.join(said_of(finding))}",
        location.path,
        # GitHub shows nothing that has no line.
        location.line or 1,
        (("resource", finding.name, finding.urn),),
        finding.urn,
        tuple(
            f"{one_line(waiver.owner)}, until {waiver.expires}: {one_line(waiver.reason)}" for waiver in finding.waivers
        ),
    )
