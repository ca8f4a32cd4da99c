"""The report as JUnit XML, for the test reports of CI systems.

A rule is a test suite and a resource a test case. A mandatory violation is a failure. JUnit knows no warnings, so
whatever does not decide the exit status of `check` is skipped, with its message: advisory violations, what is
undecided, known, waived, or not applicable.

Jenkins shows the attribute `message`, GitLab the text inside `failure` and `skipped` and `classname` as the suite:
https://github.com/jenkinsci/xunit-plugin and https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from policypack import PACK_NAME
from policypack.evaluate import Finding, Report, RuleReport
from policypack.judgement import Results
from policypack.report.check.verdicts import nothing_judged
from policypack.report.junit_elements import document, element, outcome, with_counts
from policypack.wording import lines_of, title_of


def render(results: Results) -> str:
    """The report as JUnit XML, in ASCII so that no encoding can break it."""
    root = element("testsuites", name=results.subject)
    judged = [rule for rule in results.report.rules if rule.findings]
    for rule in sorted(judged, key=lambda rule: rule.rule.name):
        root.append(_suite(rule, results))
    if results.report.nothing:
        root.append(_empty_suite(results.report))
    return document(root)


def _suite(report: RuleReport, results: Results) -> ElementTree.Element:
    rule, names = report.rule, Counter(title_of(finding) for finding in report.findings)
    suite = element("testsuite", name=rule.name)
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"title": rule.title, "severity": rule.severity, "level": report.level, "url": rule.url}
    for name, value in (*facts.items(), *(("note", note) for note in results.notes)):
        properties.append(element("property", name=name, value=value))
    for finding in report.findings:
        short = title_of(finding)
        suite.append(_case(finding, short if names[short] == 1 else finding.urn, results))
    return with_counts(suite)


def _case(finding: Finding, name: str, results: Results) -> ElementTree.Element:
    location = results.location_of(finding)
    line = {} if location.line is None else {"line": str(location.line)}
    case = element("testcase", name=name, classname=finding.rule.name, file=location.path, **line)
    if finding.status == "failed" and finding.level == "mandatory":
        case.append(outcome("failure", finding.level, lines_of(finding)))
    elif finding.status == "failed":
        case.append(outcome("skipped", finding.level, ("Advisory violation.", *lines_of(finding))))
    elif finding.status != "passed":
        case.append(outcome("skipped", finding.status, lines_of(finding)))
    return case


def _empty_suite(report: Report) -> ElementTree.Element:
    """CI systems take a report without any test case for a mistake, or for success."""
    suite = element("testsuite", name=PACK_NAME)
    case = element("testcase", name="nothing judged", classname=PACK_NAME)
    case.append(outcome("skipped", "empty", (f"{nothing_judged(report)}.",)))
    suite.append(case)
    return with_counts(suite)
