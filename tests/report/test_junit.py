"""The JUnit report is what CI systems read, and shows as failed what makes `check` fail, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from junitparser import Failure, JUnitXml, Skipped

from policypack.evaluate import Finding
from policypack.judgement import Results
from policypack.model.graph.resource import Place
from policypack.report.check.junit import render
from policypack.wording import printable
from tests.report.made import FAIL, HOSTILE, WAIVER, hostile_results, made_finding, made_results, many_findings
from tests.report.valid import junit_root


def read(results: Results) -> ElementTree.Element:
    """The report, after all that is asked of every report."""
    return junit_root(render(results))


@pytest.mark.parametrize(
    ("finding", "tag", "type_", "message"),
    [
        (made_finding(), None, None, None),
        (
            made_finding(problems=(FAIL,)),
            "failure",
            "mandatory",
            "Observed: It is so. Required: It has to be other. Fix: Make it other.",
        ),
        (
            made_finding(problems=(FAIL,), expired=(WAIVER,)),
            "failure",
            "mandatory",
            "Observed: It is so. Required: It has to be other. Fix: Make it other. "
            "Waiver: expired after 2026-12-31, owner the team: it has to be.",
        ),
        (
            made_finding(problems=(FAIL,), level="advisory"),
            "skipped",
            "advisory",
            "Advisory violation. Observed: It is so. Required: It has to be other. Fix: Make it other.",
        ),
        (
            made_finding(reasons=("a is not known", "b")),
            "skipped",
            "undecided",
            "Undecided: a is not known. Undecided: b.",
        ),
        (
            made_finding(problems=(FAIL,), waivers=(WAIVER,)),
            "skipped",
            "waived",
            "Waiver: in force until 2026-12-31, owner the team: it has to be. "
            "Observed: It is so. Required: It has to be other. Fix: Make it other.",
        ),
        (
            made_finding(not_applicable="it is serverless"),
            "skipped",
            "not applicable",
            "Not applicable: it is serverless.",
        ),
    ],
)
def test_what_a_test_case_says(finding: Finding, tag: str | None, type_: str | None, message: str | None) -> None:
    # Where no rule applies there is another case, which says so.
    case, *_ = read(made_results([finding])).iter("testcase")
    assert case.attrib == {
        "name": "chat (gcp:compute/backendService:BackendService)",
        "classname": "llm-backend-regions",
        "file": "Pulumi.yaml",
    }
    found = [(child.tag, child.get("type"), child.get("message")) for child in case]
    assert found == ([] if tag is None else [(tag, type_, message)])


def test_another_reader_counts_the_verdicts_alike(results: Results) -> None:
    read(results)
    suites = list(JUnitXml.fromstring(render(results)))
    assert [suite.name for suite in suites] == sorted(rule.rule.name for rule in results.report.rules if rule.findings)
    cases = [case for suite in suites for case in suite]
    failed = [finding for finding in results.report.with_status("failed") if finding.level == "mandatory"]
    passed = results.report.with_status("passed")
    assert len(cases) == sum(len(rule.findings) for rule in results.report.rules)
    by_result = {
        kind: sorted(case.classname for case in cases if any(isinstance(result, kind) for result in case.result))
        for kind in (Failure, Skipped)
    }
    assert by_result[Failure] == sorted(finding.rule.name for finding in failed)
    assert sorted(case.classname for case in cases if case.is_passed) == sorted(f.rule.name for f in passed)
    assert len(by_result[Skipped]) == len(cases) - len(failed) - len(passed)


def test_resources_of_one_name_and_type_are_told_apart() -> None:
    findings = [made_finding(), made_finding(urn="urn:pulumi:dev::llm::acme:x:Y$gcp::chat"), made_finding(name="other")]
    names = [case.get("name") for case in read(made_results(findings)).iter("testcase")]
    assert names == [findings[0].urn, findings[1].urn, "other (gcp:compute/backendService:BackendService)"]


def test_a_suite_says_what_its_rule_is() -> None:
    (suite,) = read(made_results([made_finding()], notes=("a is not known",))).iter("testsuite")
    assert [(found.get("name"), found.get("value")) for found in suite.iter("property")] == [
        ("title", "Backends are in at least two regions"),
        ("severity", "critical"),
        ("level", "mandatory"),
        ("url", "https://cloud.google.com/load-balancing/docs/backend-service"),
        ("note", "a is not known"),
    ]


def test_a_test_case_is_at_the_line_that_makes_the_resource() -> None:
    place = Place(str(Path("policypack/cli.py").resolve()), 7)
    (case,) = read(made_results([made_finding()], place=place)).iter("testcase")
    assert (case.get("file"), case.get("line")) == ("policypack/cli.py", "7")


def test_hostile_text_is_text() -> None:
    root = read(hostile_results())
    assert [case.get("name") for case in root.iter("testcase")] == [
        f"{printable(HOSTILE)} (gcp:compute/backendService:BackendService)"
    ] * 4


def test_an_empty_stack_is_neither_success_nor_failure() -> None:
    root = read(made_results([]))
    (case,) = root.iter("testcase")
    assert [(child.tag, child.get("message")) for child in case] == [
        ("skipped", "Nothing was judged: every rule is disabled.")
    ]
    assert (root.get("tests"), root.get("skipped"), root.get("failures")) == ("1", "1", "0")


def test_thirty_thousand_findings_take_seconds() -> None:
    results = many_findings(30_000)
    start = time.process_time()
    text = render(results)
    assert time.process_time() - start < 60
    assert ElementTree.fromstring(text).get("tests") == "30000"
