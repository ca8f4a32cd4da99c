"""The report of an audit as JUnit XML, for the test reports of CI systems.

A stack is a test suite, and a test case in it a rule that has something to say: what passed is only counted. As in the
report of `check` a mandatory violation is a failure, and advisory violations, what is undecided and what is waived are
skipped. A stack that could not be read is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree import ElementTree

from policypack import PACK_NAME
from policypack.audit.results import AuditResults
from policypack.audit.totals import StackTotal
from policypack.evaluate import Finding
from policypack.report.audit.text import NOTHING_JUDGED, summary
from policypack.report.junit_elements import DECLARATION, as_text, element, outcome, with_counts
from policypack.wording import counted, lines_of, title_of

# What keeps the report of thousands of stacks within what CI systems read.
_MOST_SAID: Final = 5
_MOST_TARGETS: Final = 20


def render(results: AuditResults) -> Iterator[str]:
    """The report suite by suite, in ASCII so that no encoding can break it."""
    overview = _overview(results)
    yield f"{DECLARATION}{as_text(_root(results, overview)).removesuffix(' />')}>\n"
    yield _suite_text(overview)
    for stack in results.stacks_with_findings():
        yield _suite_text(with_counts(_suite(results, stack)))
    yield "</testsuites>\n"


def _suite_text(suite: ElementTree.Element) -> str:
    ElementTree.indent(suite, level=1)
    return f"  {as_text(suite)}\n"


def _root(results: AuditResults, overview: ElementTree.Element) -> ElementTree.Element:
    """The element around all suites, with the sums of their counts, which stand before them."""
    unreadable, (violated, others) = results.totals.unreadable, results.mandatory_and_other_cases
    counts = {
        "tests": unreadable + violated + others,
        "failures": violated,
        "errors": unreadable,
        "skipped": others,
    }
    sums = {name: str(number + int(overview.get(name, "0"))) for name, number in counts.items()}
    return element("testsuites", name=", ".join(target.target for target in results.targets[:_MOST_TARGETS]), **sums)


def _overview(results: AuditResults) -> ElementTree.Element:
    """The counts of all stacks, and a test case for each target, so that no report is without any."""
    totals, suite = results.totals, element("testsuite", name=PACK_NAME)
    properties = ElementTree.SubElement(suite, "properties")
    numbers: dict[str, int] = {"stacks": totals.stacks, "resources": totals.resources, **dict(totals.statuses.items())}
    facts = {"today": results.today, "summary": summary(totals)}
    for name, value in (*facts.items(), *numbers.items()):
        properties.append(element("property", name=name, value=str(value)))
    for target in results.targets:
        case = _case(suite, target.target, PACK_NAME)
        if target.error:
            case.append(outcome("error", "target", [target.error]))
        elif not totals.stacks - totals.unreadable - totals.statuses.get("nothing to judge", 0):
            case.append(outcome("skipped", "empty", [f"{NOTHING_JUDGED}."]))
    return with_counts(suite)


def _suite(results: AuditResults, stack: StackTotal) -> ElementTree.Element:
    suite = element("testsuite", name=stack.url)
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"project": stack.project, "stack": stack.name, "resources": str(stack.resources)}
    if stack.owner:
        facts["owner"] = stack.owner
    for name, value in facts.items():
        properties.append(element("property", name=name, value=value))
    if stack.error:
        _case(suite, "state", stack.url).append(outcome("error", "unreadable", [stack.error]))
        return suite
    by_rule: dict[str, list[Finding]] = {}
    for finding in results.findings_of(stack):
        by_rule.setdefault(finding.rule.name, []).append(finding)
    for rule in sorted(by_rule):
        _case(suite, rule, stack.url).append(_outcome(by_rule[rule]))
    return suite


def _outcome(findings: list[Finding]) -> ElementTree.Element:
    """What a rule says about a stack: its worst verdict counts."""
    worst = findings[0]
    lines = [*_said(findings[:_MOST_SAID]), *_rest(len(findings) - _MOST_SAID)]
    if worst.status == "failed" and worst.level == "mandatory":
        return outcome("failure", "mandatory", lines)
    return outcome("skipped", "advisory" if worst.status == "failed" else worst.status, lines)


def _said(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        advisory = ["Advisory violation."] if finding.status == "failed" and finding.level == "advisory" else []
        yield " ".join((f"{title_of(finding)}.", *advisory, *lines_of(finding)))


def _rest(number: int) -> list[str]:
    return [f"And {counted(number, 'further finding')}."] if number > 0 else []


def _case(suite: ElementTree.Element, name: str, class_name: str) -> ElementTree.Element:
    case = element("testcase", name=name, classname=class_name)
    suite.append(case)
    return case
