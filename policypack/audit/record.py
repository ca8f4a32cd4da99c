"""What an audit keeps of a stack: plain data, which is pickled, written to the journal and reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from policypack.audit.store import Entry
from policypack.evaluate import Finding, Report, RuleReport, Status
from policypack.model.graph.stack import Stack
from policypack.wording import printable

_KEPT = ("failed", "undecided", "waived")


class RuleCount(NamedTuple):
    """How many resources of a stack a rule gave which verdict."""

    rule: str
    level: str
    passed: int
    failed: int
    undecided: int
    waived: int
    not_applicable: int


class FindingRecord(NamedTuple):
    """A verdict that somebody may have to act on: `failed`, `undecided` or `waived`.

    `waived_until` is the last day of a waiver in force, `YYYY-MM-DD`; empty if there is none.
    """

    rule: str
    level: str
    severity: str
    status: Status
    urn: str
    type: str
    name: str
    observed: str
    required: str
    fix: str
    reasons: str
    waiver: str
    waived_until: str


@dataclass(frozen=True, slots=True)
class StackRecord:
    """What came of one stack.

    Attributes:
        url: where its state is.
        version: the version of the state, as the store listed it.
        project: the name of its Pulumi project; empty if nothing tells.
        name: its name; empty if nothing tells.
        resources: how many resources it has.
        error: why it could not be judged; empty if it was.
        rules: the verdicts of each rule that judged something in it.
        findings: the verdicts that somebody may have to act on.
    """

    url: str
    version: str | None
    project: str
    name: str
    resources: int = 0
    error: str = ""
    rules: tuple[RuleCount, ...] = ()
    findings: tuple[FindingRecord, ...] = ()


def judged(entry: Entry, stack: Stack, report: Report) -> StackRecord:
    """The record of a stack that was judged."""
    rules = tuple(_count(rule) for rule in report.rules if rule.findings)
    kept = (finding for rule in report.rules for finding in rule.findings if finding.status in _KEPT)
    project, name = _names(entry, stack)
    findings = tuple(_finding(finding) for finding in kept)
    return StackRecord(entry.url, entry.version, project, name, len(stack.resources), "", rules, findings)


def unreadable(entry: Entry, why: str) -> StackRecord:
    """The record of a stack that could not be judged."""
    return StackRecord(
        entry.url, entry.version, printable(entry.project or ""), printable(entry.name or ""), error=printable(why)
    )


def _names(entry: Entry, stack: Stack) -> tuple[str, str]:
    """The names of project and stack; a place that does not tell them leaves it to the resources."""
    first = next(iter(stack.resources), None)
    parts = first.urn.split("::") if first else ["", ""]
    project = entry.project if entry.project is not None else parts[1]
    name = entry.name if entry.name is not None else parts[0].removeprefix("urn:pulumi:")
    return printable(project), printable(name)


def _count(rule: RuleReport) -> RuleCount:
    statuses = [finding.status for finding in rule.findings]
    return RuleCount(
        rule.rule.name,
        rule.level,
        statuses.count("passed"),
        statuses.count("failed"),
        statuses.count("undecided"),
        statuses.count("waived"),
        statuses.count("not applicable"),
    )


def _finding(finding: Finding) -> FindingRecord:
    texts = (
        finding.urn,
        finding.type,
        finding.name,
        " ".join(problem.observed for problem in finding.problems),
        " ".join(problem.required for problem in finding.problems),
        " ".join(problem.fix for problem in finding.problems),
        "; ".join(finding.reasons),
        _waiver(finding),
        max((waiver.expires.isoformat() for waiver in finding.waivers), default=""),
    )
    return FindingRecord(
        finding.rule.name, finding.level, finding.rule.severity, finding.status, *(printable(text) for text in texts)
    )


def _waiver(finding: Finding) -> str:
    in_force = (f"Waived until {w.expires} by {w.owner}. The reason is: {w.reason}" for w in finding.waivers)
    return " ".join([*in_force, *(waiver.expiry_sentence for waiver in finding.expired)])
