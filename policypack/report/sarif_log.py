"""A SARIF 2.1.0 log with one run, made for GitHub code scanning, out of results of any kind of run.

GitHub makes an open alert of every result, whatever its `kind` and `suppressions` say, and takes the severity of an
alert from `security-severity` of its rule, if that has one, not from the result. So only what is not passed becomes a
result, and what is undecided, known or waived belongs to a rule of its own, such as `RULE/undecided`, a mere note.

Sources: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
and https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

from policypack import PACK_NAME, VERSION
from policypack.config.terms import Level, Severity
from policypack.evaluate import Finding
from policypack.report.json_parts import setting_json
from policypack.rule import AnyRule
from policypack.wording import lines_of, one_line, printable, title_of, waiver_text

SarifLevel: TypeAlias = Literal["error", "warning", "note"]

# GitHub refuses a run with more.
MOST_RESULTS: Final = 25_000

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
_LEVELS: Final[dict[Level, SarifLevel]] = {"mandatory": "error", "advisory": "warning"}
_PROBLEM_SEVERITIES: Final = {"error": "error", "warning": "warning", "note": "recommendation"}
_SECURITY_AREAS: Final = {"edge", "instances", "network"}
_SECURITY_RULES: Final = {"backend-no-plaintext-secrets", "internet-neg-tls", "run-service-ingress"}
# In the middle of the ranges that GitHub calls by these names.
_SECURITY_SCORES: Final[dict[Severity, str]] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}


@dataclass(frozen=True)
class SarifResult:
    """A finding where SARIF shows it.

    Attributes:
        finding: what is said.
        path: a file, relative to the root of the repository, with `/` between its parts.
        line: the line in it, from 1.
        identity: what tells it from the other findings of its rule, the same from one run to the next.
        stack: the stack that it is of, and its URL, if there are several.
        owner: who owns the stack, if that is known.
    """

    finding: Finding
    path: str
    line: int
    identity: str
    stack: tuple[str, str] | None = None
    owner: str = ""

    @property
    def rule_id(self) -> str:
        name, status = self.finding.rule.name, self.finding.status
        return name if status == "failed" else f"{name}/{status}"


def sarif_log(
    category: Iterable[str],
    rules: Iterable[tuple[AnyRule, Level]],
    results: Sequence[SarifResult],
    notifications: Iterable[str],
    *,
    root: str,
    is_successful: bool = True,
) -> dict[str, Any]:
    """A log with one run.

    Args:
        category: the parts of what tells several analyses in one repository apart.
        rules: the rules that are enabled.
        results: no more than `MOST_RESULTS`, the most important first.
        notifications: what a reader has to know about the run, sentences.
        root: what paths are relative to, a sentence.
        is_successful: the run could judge.
    """
    descriptors = _descriptors(rules, results)
    index = {descriptor["id"]: number for number, descriptor in enumerate(descriptors)}
    said = [{"level": "note", "message": {"text": text}} for text in notifications]
    run = {
        "tool": {"driver": {"name": PACK_NAME, "semanticVersion": VERSION, "rules": descriptors}},
        # The part after the last slash is free.
        "automationDetails": {"id": "".join(f"{quote(part, safe='')}/" for part in (PACK_NAME, *category))},
        "originalUriBaseIds": {_ROOT: {"description": {"text": root}}},
        "invocations": [{"executionSuccessful": is_successful, "toolExecutionNotifications": said}],
        "results": [_result(result, index[result.rule_id]) for result in results],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def left_out_of_sarif(number: int) -> list[str]:
    """What is said of results beyond those that GitHub takes; empty if there are none."""
    return [f"{number} results are left out, the least important ones."] if number > 0 else []


def _descriptors(rules: Iterable[tuple[AnyRule, Level]], results: Iterable[SarifResult]) -> list[dict[str, Any]]:
    """All enabled rules and, after them, those for what is undecided, known or waived that results need."""
    plain = {rule.name: _descriptor(rule, level) for rule, level in rules}
    noted = {result.rule_id: result for result in results if result.finding.status != "failed"}
    notes = {name: _note_descriptor(result) for name, result in noted.items()}
    return [found[name] for found in (plain, notes) for name in sorted(found)]


def _descriptor(rule: AnyRule, level: Level) -> dict[str, Any]:
    is_security = rule.area in _SECURITY_AREAS or rule.name in _SECURITY_RULES
    severity = {"security-severity": _security_severity(rule, level)} if is_security else {}
    return _any_descriptor(rule, rule.name, rule.title, _LEVELS[level], severity)


def _security_severity(rule: AnyRule, level: Level) -> str:
    """The score by severity, below what fails a pull request (high) for a rule that is advisory."""
    high = rule.severity in ("critical", "high")
    return _SECURITY_SCORES["medium" if high and level == "advisory" else rule.severity]


def _note_descriptor(result: SarifResult) -> dict[str, Any]:
    rule, status = result.finding.rule, result.finding.status
    return _any_descriptor(rule, result.rule_id, f"{status.capitalize()}: {rule.title}", "note", {})


def _any_descriptor(
    rule: AnyRule, name: str, title: str, level: SarifLevel, properties: dict[str, Any]
) -> dict[str, Any]:
    text = _help(rule)
    return {
        "id": name,
        **({"deprecatedIds": [name.replace(rule.name, alias, 1) for alias in rule.aliases]} if rule.aliases else {}),
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
    """The page of the rule, as `policypack.authoring.pages` makes it, less what is about this repository."""
    sections = (f"## {heading}\n\n{rule.sections[heading]}" for heading in rule.sections)
    return "\n\n".join((rule.summary, f"Reference: <{rule.url}>.", *sections))


def _result(result: SarifResult, index: int) -> dict[str, Any]:
    finding = result.finding
    # A `fix` of SARIF replaces text of a file, which is not known here.
    settings = [setting_json(value) for problem in finding.problems for value in problem.settings]
    properties = {
        **({"owner": printable(result.owner)} if result.owner else {}),
        **({"settings": settings} if settings else {}),
    }
    where = f"{result.stack[0]}: " if result.stack else ""
    text = f"{where}{title_of(finding)}. {' '.join(lines_of(finding))}"
    places = [("resource", printable(finding.name), finding.urn), *([("stack", *result.stack)] if result.stack else [])]
    return {
        "ruleId": result.rule_id,
        "ruleIndex": index,
        "level": _LEVELS[finding.level] if finding.status == "failed" else "note",
        # Readers make a link of `[text](target)`, and a name may look like one.
        "message": {"text": text.replace("](", "] (")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(result.path, errors="backslashreplace"), "uriBaseId": _ROOT},
                    "region": {"startLine": result.line},
                },
                "logicalLocations": [
                    {"name": name, "fullyQualifiedName": full, "kind": kind} for kind, name, full in places
                ],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(result)},
        **({"suppressions": _suppressions(finding)} if finding.waivers else {}),
        **({"properties": properties} if properties else {}),
    }


def _fingerprint(result: SarifResult) -> str:
    """What GitHub tells alerts apart by, in place of a hash of the line.

    It stays when lines move, and it differs for resources that a loop makes in one line.
    """
    identity = f"{result.rule_id} {result.identity}".encode("utf-8", "backslashreplace")
    return f"{hashlib.sha256(identity).hexdigest()[:16]}:1"


def _suppressions(finding: Finding) -> list[dict[str, Any]]:
    return [
        {"kind": "external", "status": "accepted", "justification": waiver_text(waiver)} for waiver in finding.waivers
    ]
