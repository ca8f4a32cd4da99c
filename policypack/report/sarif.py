"""The report as SARIF 2.1.0, made for GitHub code scanning.

GitHub makes an open alert of every result, whatever its `kind` and `suppressions` say, and takes the severity of an
alert from `security-severity` of its rule, if that has one, not from the result. So only what is not passed becomes a
result, and what is undecided or waived belongs to a rule of its own, `RULE/undecided` or `RULE/waived`, a mere note.

Sources: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
and https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

from policypack.evaluate import Finding, RuleReport, Status
from policypack.rule import SECTIONS, AnyRule, Level, Severity
from policypack.version import PACK_NAME, VERSION

from .results import Results
from .text import json_text, nothing_judged, one_line, said_of

SarifLevel: TypeAlias = Literal["error", "warning", "note"]

# GitHub refuses a run with more.
MOST_RESULTS: Final = 25_000

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
# Most important first.
_SHOWN: Final[tuple[Status, ...]] = ("failed", "undecided", "waived")
_LEVELS: Final[dict[Level, SarifLevel]] = {"mandatory": "error", "advisory": "warning"}
_PROBLEM_SEVERITIES: Final = {"error": "error", "warning": "warning", "note": "recommendation"}
_SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")
_SECURITY_AREAS: Final = {"edge", "instances", "network"}
# In the middle of the ranges that GitHub calls by these names.
_SECURITY_SCORES: Final[dict[Severity, str]] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}


def render(results: Results) -> str:
    """The report as SARIF."""
    return json_text(log_of(results))


def log_of(results: Results) -> dict[str, Any]:
    """The report as a SARIF log with one run."""
    shown = sorted((finding for status in _SHOWN for finding in results.report.with_status(status)), key=_importance)
    kept, left_out = shown[:MOST_RESULTS], len(shown) - MOST_RESULTS
    descriptors = _descriptors(results.report.rules, kept)
    index = {descriptor["id"]: number for number, descriptor in enumerate(descriptors)}
    run = {
        "tool": {"driver": {"name": PACK_NAME, "semanticVersion": VERSION, "rules": descriptors}},
        "automationDetails": {"id": _category(results)},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(results, left_out)}],
        "results": [_result(finding, index[_rule_id(finding)], results) for finding in kept],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _importance(finding: Finding) -> tuple[int, bool, int, str, str]:
    return (
        _SHOWN.index(finding.status),
        finding.level != "mandatory",
        _SEVERITIES.index(finding.rule.severity),
        finding.rule.name,
        finding.urn,
    )


def _category(results: Results) -> str:
    """What tells the analyses of several stacks in one repository apart; the part after the last slash is free."""
    parts = (results.stack.project, results.stack.name)
    return "".join(f"{quote(part, safe='')}/" for part in (PACK_NAME, *parts) if part)


def _notifications(results: Results, left_out: int) -> list[dict[str, Any]]:
    judged = any(rule.findings for rule in results.report.rules)
    texts = [
        *([] if judged else [f"{nothing_judged(results.report)}."]),
        *([f"{left_out} results are left out, the least important ones."] if left_out > 0 else []),
        *(f"{note}." for note in results.notes),
    ]
    return [{"level": "note", "message": {"text": text}} for text in texts]


def _descriptors(rules: Iterable[RuleReport], findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """All enabled rules and, after them, those for what is undecided or waived that results need."""
    plain = {rule.rule.name: _descriptor(rule.rule, rule.level) for rule in rules}
    notes = {_rule_id(finding): _note_descriptor(finding) for finding in findings if finding.status != "failed"}
    return [found[name] for found in (plain, notes) for name in sorted(found)]


def _rule_id(finding: Finding) -> str:
    return finding.rule.name if finding.status == "failed" else f"{finding.rule.name}/{finding.status}"


def _descriptor(rule: AnyRule, level: Level) -> dict[str, Any]:
    is_security = rule.area in _SECURITY_AREAS
    severity = {"security-severity": _security_severity(rule, level)} if is_security else {}
    return _any_descriptor(rule, rule.name, rule.title, _LEVELS[level], severity)


def _security_severity(rule: AnyRule, level: Level) -> str:
    """The score by severity, below what fails a pull request (high) for a rule that is advisory."""
    high = rule.severity in ("critical", "high")
    return _SECURITY_SCORES["medium" if high and level == "advisory" else rule.severity]


def _note_descriptor(finding: Finding) -> dict[str, Any]:
    titles = {"undecided": f"Undecided: {finding.rule.title}", "waived": f"Waived: {finding.rule.title}"}
    return _any_descriptor(finding.rule, _rule_id(finding), titles[finding.status], "note", {})


def _any_descriptor(
    rule: AnyRule, name: str, title: str, level: SarifLevel, properties: dict[str, Any]
) -> dict[str, Any]:
    text = _help(rule)
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.replace("/", "-").split("-")),
        "shortDescription": {"text": f"{title}."},
        "fullDescription": {"text": one_line(rule.summary)},
        "help": {"text": text, "markdown": text},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": [rule.area, *(["security"] if properties else [])],
            "precision": "very-high",
            "problem.severity": _PROBLEM_SEVERITIES[level],
            **properties,
        },
    }


def _help(rule: AnyRule) -> str:
    """The page of the rule, as `policypack.docs` makes it, less what is about this repository."""
    sections = (f"## {heading}\n\n{rule.sections[heading]}" for heading in SECTIONS)
    return "\n\n".join((rule.summary, f"It stands on <{rule.url}>.", *sections))


def _result(finding: Finding, index: int, results: Results) -> dict[str, Any]:
    location = results.location_of(finding)
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": index,
        "level": _LEVELS[finding.level] if finding.status == "failed" else "note",
        "message": {"text": _message(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(location.path), "uriBaseId": _ROOT},
                    # GitHub shows nothing that has no line.
                    "region": {"startLine": location.line or 1},
                },
                "logicalLocations": [
                    {"name": finding.name, "fullyQualifiedName": finding.urn, "kind": "resource"},
                ],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding)},
        **({"suppressions": _suppressions(finding)} if finding.waivers else {}),
    }


def _message(finding: Finding) -> str:
    text = f"{finding.name} ({finding.type}). {' '.join(said_of(finding))}"
    # Readers make a link of `[text](target)`, and a name may look like one.
    return text.replace("](", "] (")


def _uri(path: str) -> str:
    return quote(path, errors="backslashreplace")


def _fingerprint(finding: Finding) -> str:
    """What GitHub tells alerts apart by, in place of a hash of the line.

    It stays when lines move, and it differs for resources that a loop makes in one line.
    """
    identity = f"{_rule_id(finding)} {finding.urn}".encode("utf-8", "backslashreplace")
    return f"{hashlib.sha256(identity).hexdigest()[:16]}:1"


def _suppressions(finding: Finding) -> list[dict[str, Any]]:
    return [
        {
            "kind": "external",
            "status": "accepted",
            "justification": f"{one_line(waiver.owner)}, until {waiver.expires}: {one_line(waiver.reason)}",
        }
        for waiver in finding.waivers
    ]
