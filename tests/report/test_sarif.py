"""The SARIF report is SARIF 2.1.0, is what GitHub code scanning asks for, and opens no false alarm there."""

from __future__ import annotations

import gzip
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from policypack.evaluate import Finding, Report, Status
from policypack.judgement import Results
from policypack.model.graph.resource import Place
from policypack.report.check.sarif import render
from policypack.report.sarif_log import MOST_RESULTS
from policypack.rules import RULES
from tests.report.made import BY_NAME, FAIL, WAIVER, hostile_results, made_finding, made_results, many_findings
from tests.report.valid import sarif_run


def run_of(results: Results) -> dict[str, Any]:
    """The one run of the report, after all that SARIF and GitHub ask of every report."""
    return sarif_run(render(results))


def test_what_is_not_passed_is_a_result(results: Results) -> None:
    run = run_of(results)
    suffixes: dict[Status, str] = {"failed": "", "undecided": "/undecided", "waived": "/waived"}
    wanted = {
        (f"{finding.rule.name}{suffix}", finding.urn)
        for status, suffix in suffixes.items()
        for finding in results.report.with_status(status)
    }
    found = {
        (result["ruleId"], result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"])
        for result in run["results"]
    }
    assert found == wanted
    enabled = sorted(rule.rule.name for rule in results.report.rules)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]][: len(enabled)] == enabled


@pytest.mark.parametrize(
    ("finding", "rule", "level"),
    [
        (made_finding(problems=(FAIL,)), "llm-backend-regions", "error"),
        (made_finding(problems=(FAIL,), reasons=("r",)), "llm-backend-regions", "error"),
        (made_finding(problems=(FAIL,), expired=(WAIVER,)), "llm-backend-regions", "error"),
        (made_finding(problems=(FAIL,), level="advisory"), "llm-backend-regions", "warning"),
        (made_finding(reasons=("r",)), "llm-backend-regions/undecided", "note"),
        (made_finding(problems=(FAIL,), waivers=(WAIVER,)), "llm-backend-regions/waived", "note"),
        (made_finding(reasons=("r",), waivers=(WAIVER,)), "llm-backend-regions/waived", "note"),
    ],
)
def test_rule_and_level_say_the_verdict(finding: Finding, rule: str, level: str) -> None:
    run = run_of(made_results([finding]))
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [(rule, level)]


def test_what_is_passed_or_not_applicable_is_no_result() -> None:
    findings = [made_finding(name="a"), made_finding(name="b", not_applicable="n")]
    assert run_of(made_results(findings))["results"] == []


def test_a_waived_finding_is_suppressed_and_no_other() -> None:
    findings = [made_finding(name="a", problems=(FAIL,), waivers=(WAIVER,)), made_finding(name="b", problems=(FAIL,))]
    failed, waived = run_of(made_results(findings))["results"]
    assert "suppressions" not in failed
    assert waived["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "in force until 2026-12-31, owner the team: it has to be",
        }
    ]


def test_a_message_has_everything() -> None:
    finding = made_finding(problems=(FAIL,), reasons=("r",), expired=(WAIVER,))
    (result,) = run_of(made_results([finding]))["results"]
    assert result["message"]["text"] == (
        "chat (gcp:compute/backendService:BackendService). Observed: It is so. Required: It has to be other. "
        "Fix: Make it other. Undecided: r. "
        "Waiver: expired after 2026-12-31, owner the team: it has to be."
    )


@pytest.mark.parametrize(
    ("rule", "level", "score"),
    [
        ("firewall-no-open-ingress", "mandatory", "9.5"),
        ("backend-cloud-armor", "mandatory", "8.0"),
        ("instance-shielded-vm", "mandatory", "5.5"),
        ("instance-disk-encryption", "mandatory", "2.0"),
        ("firewall-no-open-ingress", "advisory", "5.5"),
        ("backend-cloud-armor", "advisory", "5.5"),
        ("instance-disk-encryption", "advisory", "2.0"),
        ("llm-backend-regions", "mandatory", None),
    ],
)
def test_the_severity_of_security_rules(rule: str, level: str, score: str | None) -> None:
    run = run_of(made_results([made_finding(rule, level=level, problems=(FAIL,))]))
    assert run["tool"]["driver"]["rules"][0]["properties"].get("security-severity") == score


def test_what_is_undecided_or_waived_has_no_security_severity() -> None:
    findings = [
        made_finding("firewall-no-open-ingress", "a", reasons=("r",)),
        made_finding("firewall-no-open-ingress", "b", problems=(FAIL,), waivers=(WAIVER,)),
    ]
    run = run_of(made_results(findings))
    rules = run["tool"]["driver"]["rules"]
    used = [rules[result["ruleIndex"]] for result in run["results"]]
    assert [rule["id"].split("/")[1] for rule in used] == ["undecided", "waived"]
    assert [rule["properties"].get("security-severity") for rule in used] == [None, None]


def test_a_fingerprint_is_of_rule_and_resource_not_of_the_line() -> None:
    def fingerprints(line: int) -> list[str]:
        place = Place(str(Path("__main__.py").resolve()), line)
        findings = [made_finding(name=name, problems=(FAIL,)) for name in ("a", "b")]
        run = run_of(made_results(findings, place=place))
        lines = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run["results"]]
        assert lines == [line, line]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]

    assert fingerprints(3) == fingerprints(30)


def test_all_rules_are_fit_for_github() -> None:
    findings = [made_finding(rule.name, problems=(FAIL,), level=rule.level) for rule in RULES]
    rules = run_of(made_results(findings))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(BY_NAME)
    links = {link for rule in rules for link in re.findall(r"\]\(([^)]+)\)", rule["help"]["markdown"])}
    assert [link for link in links if not link.startswith("https://")] == []


def test_several_stacks_of_a_repository_are_told_apart(results: Results) -> None:
    assert run_of(results)["automationDetails"] == {"id": "llm-backends-gcp/llm/cases/"}
    assert run_of(made_results([]))["automationDetails"] == {"id": "llm-backends-gcp/"}


def test_standard_input_is_shown_at_the_project_file() -> None:
    (result,) = run_of(made_results([made_finding(problems=(FAIL,))]))["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "Pulumi.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1},
    }


def test_hostile_text_is_text() -> None:
    run = run_of(hostile_results())
    assert render(hostile_results()).isascii()
    assert [result for result in run["results"] if "](" in result["message"]["text"]] == []
    paths = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]}
    assert [unquote(path) for path in paths] == ["\x1b[31m\r\n\t\"'.json"]


def test_an_empty_stack_is_no_silent_success() -> None:
    (invocation,) = run_of(made_results([]))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert [notification["message"]["text"] for notification in invocation["toolExecutionNotifications"]] == [
        "Nothing was judged: every rule is disabled."
    ]


def test_notes_are_notifications(results: Results) -> None:
    (invocation,) = run_of(replace(results, notes=("a is not known", "b")))["invocations"]
    texts = [notification["message"]["text"] for notification in invocation["toolExecutionNotifications"]]
    assert texts == ["a is not known.", "b."]


def test_of_too_many_results_the_most_important_are_kept() -> None:
    results = many_findings(30_000)
    start = time.process_time()
    text = render(results)
    assert time.process_time() - start < 60
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000
    (run,) = json.loads(text)["runs"]
    levels = [result["level"] for result in run["results"]]
    assert levels == ["error"] * 15_000 + ["note"] * (MOST_RESULTS - 15_000)
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "5000 results are left out, the least important ones."


def test_results_are_ordered_by_importance() -> None:
    findings = [
        made_finding("llm-backend-regions", "a", reasons=("r",)),
        made_finding("instance-disk-encryption", "b", level="advisory", problems=(FAIL,)),
        made_finding("backend-authentication", "c", level="advisory", problems=(FAIL,)),
        made_finding("instance-shielded-vm", "d", problems=(FAIL,)),
        made_finding("llm-backend-zones", "e", problems=(FAIL,), waivers=(WAIVER,)),
        made_finding("firewall-no-open-ingress", "f", problems=(FAIL,)),
    ]
    run = run_of(made_results(findings))
    names = [result["locations"][0]["logicalLocations"][0]["name"] for result in run["results"]]
    assert names == ["f", "d", "c", "b", "a", "e"]


def test_rules_that_judge_nothing_are_listed(results: Results) -> None:
    nothing = replace(results, report=Report(tuple(rule for rule in results.report.rules if not rule.findings)))
    run = run_of(nothing)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [r.rule.name for r in nothing.report.rules]
